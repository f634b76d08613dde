//! The end that reads.

use alloc::vec::Vec;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::io::{BufRead, Error, ErrorKind, IoSliceMut, Read, Result};

use super::SLICE;
use super::note::Notes;
use crate::spsc::{Consumer, WaitError};
use crate::sync::{Arc, Deadline};

/// The end of a [`pipe`](super::pipe) that reads. Dropping it makes every write fail.
///
/// It can be sent to another thread, but not shared: there is one reader.
#[doc(alias = "PipeReader")]
#[must_use = "dropping an end closes the pipe"]
pub struct Reader {
    pub(super) ring: Consumer<u8>,
    notes: Arc<Notes>,
    /// After how much the room is given back: at least one byte.
    slice: usize,
    timeout: Option<Duration>,
    /// How many of the bytes that come next the caller of `fill_buf` has seen, and may consume.
    lent: usize,
    /// The error of the writer, once it was returned.
    last: Option<ErrorKind>,
}

impl Reader {
    pub(super) fn new(ring: Consumer<u8>, notes: Arc<Notes>) -> Self {
        let slice = (ring.capacity() / 4).clamp(1, SLICE);
        Self { ring, notes, slice, timeout: None, lent: 0, last: None }
    }

    /// Reads into `place` as many bytes as there are now and fit, and returns how many that was: zero if
    /// `place` is empty, or at the end. Never waits.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](ErrorKind::WouldBlock) if nothing is there now, and the writer's error if it left one
    /// and everything was read.
    ///
    /// ```
    /// use std::io::ErrorKind;
    ///
    /// let (mut writer, mut reader) = untorn::pipe::pipe(4);
    /// let mut place = [0; 8];
    /// assert_eq!(reader.try_read(&mut place).unwrap_err().kind(), ErrorKind::WouldBlock);
    /// writer.try_write(b"abc")?;
    /// assert_eq!(reader.try_read(&mut place)?, 3);
    /// drop(writer);
    /// assert_eq!(reader.try_read(&mut place)?, 0);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn try_read(&mut self, place: &mut [u8]) -> Result<usize> {
        if place.is_empty() {
            return Ok(0);
        }
        let taken = self.take(place);
        if taken != 0 {
            return Ok(taken);
        }
        if !self.ring.is_closed() {
            return Err(ErrorKind::WouldBlock.into());
        }
        // The last write may have come after that look, but before the writer went.
        match self.take(place) {
            0 => self.end(),
            taken => Ok(taken),
        }
    }

    /// How long a call that waits may wait for a byte, each by itself; `None`, as at the start, for ever.
    /// Zero is not to wait at all.
    ///
    /// Nothing is lost by a timeout: what comes later is read later. Only calls that gather, such as
    /// `read_exact`, forget what they had. Tasks have timers of their own: the `poll_` calls heed no
    /// timeout.
    ///
    /// ```
    /// use std::io::{ErrorKind, Read};
    /// use std::time::Duration;
    ///
    /// let (_writer, mut reader) = untorn::pipe::pipe(4);
    /// reader.set_timeout(Some(Duration::from_millis(1)));
    /// assert_eq!(reader.read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::TimedOut);
    /// ```
    #[doc(alias = "set_read_timeout")]
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// Refuses what else would come, and says why: the writer gets the error from its next call, or from
    /// the one in which it waits, once as it is, and from then on one of the same kind. An error that would
    /// ask the writer to try again, `Interrupted`, `WouldBlock` or `TimedOut`, becomes the source of an
    /// [`Other`](ErrorKind::Other).
    ///
    /// ```
    /// use std::io::{Error, Write};
    ///
    /// let (mut writer, reader) = untorn::pipe::pipe(4);
    /// reader.close_with_error(Error::other("line 7 is no number"));
    /// assert_eq!(writer.write(b"8").unwrap_err().to_string(), "line 7 is no number");
    /// ```
    pub fn close_with_error(self, error: Error) {
        // Before the ring is dropped, which says that this end is gone (I3).
        self.notes.by_reader.leave(error);
    }

    /// How many bytes the pipe holds, at least: the writer may have written since. Wait-free.
    ///
    /// ```
    /// let (mut writer, reader) = untorn::pipe::pipe(4);
    /// writer.try_write(b"abc")?;
    /// assert_eq!(reader.len(), 3);
    /// # std::io::Result::Ok(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether nothing is there to be read now. Wait-free.
    ///
    /// ```
    /// assert!(untorn::pipe::pipe(4).1.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// How many bytes fit: exactly the number the pipe was made with.
    ///
    /// ```
    /// assert_eq!(untorn::pipe::pipe(1000).1.capacity(), 1000);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Whether the writer is gone: nothing new will come, though bytes may be left. Wait-free.
    ///
    /// ```
    /// let (writer, reader) = untorn::pipe::pipe(4);
    /// assert!(!reader.is_closed());
    /// drop(writer);
    /// assert!(reader.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// Reads what is there now and fits, in slices.
    pub(super) fn take(&mut self, place: &mut [u8]) -> usize {
        let mut taken = 0;
        for slice in place.chunks_mut(self.slice) {
            let popped = self.ring.pop_slice(slice);
            taken += popped;
            if popped < slice.len() {
                break;
            }
        }
        self.forget_lent(taken);
        taken
    }

    /// The same with several buffers.
    pub(super) fn take_into_all(&mut self, places: &mut [IoSliceMut<'_>]) -> usize {
        let mut taken = 0;
        for place in places {
            let count = self.take(place);
            taken += count;
            if count < place.len() {
                break;
            }
        }
        taken
    }

    /// Hands the bytes that are there now over to `place`, in slices; `most` of them at most. Returns how
    /// many that was.
    pub(crate) fn hand_over(&mut self, most: usize, mut place: impl FnMut(&[u8])) -> usize {
        let mut done = 0;
        while done < most {
            let here = self.ring.known().0;
            let len = here.len().min(most - done).min(self.slice);
            if len == 0 {
                break;
            }
            place(&here[..len]);
            self.pass(len);
            done += len;
        }
        done
    }

    /// Gives back the room of the next `count` bytes, which are there.
    fn pass(&mut self, count: usize) {
        self.ring.read_chunk(count).release(count);
        self.forget_lent(count);
    }

    /// After `count` bytes were taken: those of them that were lent can no more be consumed.
    pub(super) fn forget_lent(&mut self, count: usize) {
        self.lent = self.lent.saturating_sub(count);
    }

    /// Lends the bytes that are there.
    pub(super) fn lend(&mut self) -> &[u8] {
        let here = self.ring.known().0;
        self.lent = here.len();
        here
    }

    /// Waits for a byte; `false` at the end.
    pub(super) fn wait(&mut self) -> Result<bool> {
        let deadline = self.timeout.map_or(Deadline::NEVER, Deadline::after);
        let ended = self.ring.items_until(1, deadline);
        self.waited(ended)
    }

    /// What the end of a wait means.
    pub(super) fn waited(&mut self, ended: core::result::Result<usize, WaitError>) -> Result<bool> {
        match ended {
            Ok(_) => Ok(true),
            Err(WaitError::Timeout) => Err(ErrorKind::TimedOut.into()),
            Err(WaitError::Closed | WaitError::TooMany { .. }) => self.end().map(|_| false),
        }
    }

    /// The end, everything being read and the writer gone: zero bytes, or its error.
    #[cold]
    fn end(&mut self) -> Result<usize> {
        self.notes.by_writer.read(&mut self.last).map_or(Ok(0), Err)
    }
}

impl Read for Reader {
    fn read(&mut self, place: &mut [u8]) -> Result<usize> {
        if place.is_empty() {
            return Ok(0);
        }
        loop {
            let taken = self.take(place);
            if taken != 0 || !self.wait()? {
                return Ok(taken);
            }
        }
    }

    fn read_vectored(&mut self, places: &mut [IoSliceMut<'_>]) -> Result<usize> {
        if places.iter().all(|place| place.is_empty()) {
            return Ok(0);
        }
        loop {
            let taken = self.take_into_all(places);
            if taken != 0 || !self.wait()? {
                return Ok(taken);
            }
        }
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> Result<usize> {
        let mut read = 0;
        loop {
            let now = self.hand_over(usize::MAX, |slice| bytes.extend_from_slice(slice));
            if now == 0 && !self.wait()? {
                return Ok(read);
            }
            read += now;
        }
    }
}

impl BufRead for Reader {
    /// The bytes that are there, in the memory of the pipe, up to where that ends.
    fn fill_buf(&mut self) -> Result<&[u8]> {
        if self.ring.known().0.is_empty() {
            self.wait()?;
        }
        Ok(self.lend())
    }

    /// Takes the next `count` bytes, at most those that `fill_buf` has lent: others nobody has seen.
    fn consume(&mut self, count: usize) {
        self.pass(count.min(self.lent));
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// No call leaves an invariant broken while it runs code of the caller.
impl UnwindSafe for Reader {}
impl RefUnwindSafe for Reader {}
