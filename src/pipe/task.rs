//! The ends as tasks use them.

use core::task::{Context, Poll, ready};
use std::io::{IoSlice, IoSliceMut, Result};

use super::writer::total;
use super::{Reader, Writer};
use crate::spsc::WaitError;

impl Writer {
    /// Writes the first of `bytes`, as many as there is room for now; pending while there is none.
    ///
    /// The features `futures-io` and `tokio` have the traits for this.
    ///
    /// # Errors
    ///
    /// As `write`, but there is no timeout.
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut writer, _reader) = untorn::pipe::pipe(2);
    /// assert!(matches!(writer.poll_write(&mut context, b"abc"), Poll::Ready(Ok(2))));
    /// assert!(writer.poll_write(&mut context, b"c").is_pending());
    /// ```
    pub fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        loop {
            if let Some(written) = self.put_if_any(bytes)? {
                return Poll::Ready(Ok(written));
            }
            ready!(self.poll_room(context, bytes.len()))?;
        }
    }

    /// The same with several buffers, which are written one after the other.
    ///
    /// # Errors
    ///
    /// As `write`, but there is no timeout.
    ///
    /// ```
    /// use std::io::IoSlice;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut writer, _reader) = untorn::pipe::pipe(4);
    /// let buffers = [IoSlice::new(b"ab"), IoSlice::new(b"cde")];
    /// assert!(matches!(writer.poll_write_vectored(&mut context, &buffers), Poll::Ready(Ok(4))));
    /// ```
    pub fn poll_write_vectored(
        &mut self,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        loop {
            if let Some(written) = self.put_all_if_any(buffers)? {
                return Poll::Ready(Ok(written));
            }
            ready!(self.poll_room(context, total(buffers)))?;
        }
    }

    fn poll_room(&mut self, context: &mut Context<'_>, wanted: usize) -> Poll<Result<()>> {
        let room = ready!(self.ring.poll_room(self.worth_waiting_for(wanted), context));
        Poll::Ready(room.map_err(|_: WaitError| self.refusal()))
    }
}

impl Reader {
    /// Reads into `place` as many bytes as there are now and fit; pending while there is none, zero at the
    /// end.
    ///
    /// The features `futures-io` and `tokio` have the traits for this.
    ///
    /// # Errors
    ///
    /// As `read`, but there is no timeout.
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut writer, mut reader) = untorn::pipe::pipe(2);
    /// let mut place = [0; 4];
    /// assert!(reader.poll_read(&mut context, &mut place).is_pending());
    /// writer.try_write(b"ab")?;
    /// assert!(matches!(reader.poll_read(&mut context, &mut place), Poll::Ready(Ok(2))));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        place: &mut [u8],
    ) -> Poll<Result<usize>> {
        if place.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            let taken = self.take(place);
            if taken != 0 || !ready!(self.poll_wait(context))? {
                return Poll::Ready(Ok(taken));
            }
        }
    }

    /// The same with several buffers, which are filled one after the other.
    ///
    /// # Errors
    ///
    /// As `read`, but there is no timeout.
    ///
    /// ```
    /// use std::io::IoSliceMut;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut writer, mut reader) = untorn::pipe::pipe(4);
    /// writer.try_write(b"abc")?;
    /// let (mut first, mut second) = ([0; 2], [0; 2]);
    /// let mut places = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    /// assert!(matches!(reader.poll_read_vectored(&mut context, &mut places), Poll::Ready(Ok(3))));
    /// assert_eq!([first, second], [*b"ab", *b"c\0"]);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn poll_read_vectored(
        &mut self,
        context: &mut Context<'_>,
        places: &mut [IoSliceMut<'_>],
    ) -> Poll<Result<usize>> {
        if places.iter().all(|place| place.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        loop {
            let taken = self.take_into_all(places);
            if taken != 0 || !ready!(self.poll_wait(context))? {
                return Poll::Ready(Ok(taken));
            }
        }
    }

    /// The bytes that are there, in the memory of the pipe, up to where that ends; pending while there is
    /// none, empty at the end.
    ///
    /// # Errors
    ///
    /// As `fill_buf`, but there is no timeout.
    ///
    /// ```
    /// use std::io::BufRead;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut writer, mut reader) = untorn::pipe::pipe(4);
    /// assert!(reader.poll_fill_buf(&mut context).is_pending());
    /// writer.try_write(b"ab")?;
    /// assert!(matches!(reader.poll_fill_buf(&mut context), Poll::Ready(Ok(b"ab"))));
    /// reader.consume(2);
    /// assert!(reader.poll_fill_buf(&mut context).is_pending());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn poll_fill_buf(&mut self, context: &mut Context<'_>) -> Poll<Result<&[u8]>> {
        ready!(self.poll_here(context))?;
        Poll::Ready(Ok(self.lend()))
    }

    /// Polls for the end or a byte, of which nothing is lent.
    pub(crate) fn poll_here(&mut self, context: &mut Context<'_>) -> Poll<Result<()>> {
        if self.ring.known().0.is_empty() {
            ready!(self.poll_wait(context))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Polls for a byte; `false` at the end.
    fn poll_wait(&mut self, context: &mut Context<'_>) -> Poll<Result<bool>> {
        let ended = ready!(self.ring.poll_items(1, context));
        Poll::Ready(self.waited(ended))
    }
}
