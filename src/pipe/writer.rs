//! The end that writes.

use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::time::Duration;
use std::io::{Error, ErrorKind, IoSlice, Result, Write};

use super::note::Notes;
use super::{SLICE, WORTH_WAKING};
use crate::spsc::{Producer, WaitError};
use crate::sync::{Arc, Deadline, is_panicking};

/// The end of a [`pipe`](super::pipe) that writes. Dropping it is the end of the stream.
///
/// It can be sent to another thread, but not shared: there is one writer.
#[doc(alias = "PipeWriter")]
#[must_use = "dropping an end closes the pipe"]
pub struct Writer {
    pub(super) ring: Producer<u8>,
    notes: Arc<Notes>,
    /// How much is published at once: at least one byte.
    slice: usize,
    timeout: Option<Duration>,
    on_panic: OnPanic,
    /// The error of the reader, once it was returned.
    last: Option<ErrorKind>,
}

/// What the reader finds when a panic dropped the writer, after the bytes that are left; see
/// [`Writer::set_on_panic`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OnPanic {
    /// An error of the kind [`UnexpectedEof`](ErrorKind::UnexpectedEof): nobody knows whether that was all.
    #[default]
    Error,
    /// The end of the stream, as with the pipes of the system.
    End,
}

impl Writer {
    pub(super) fn new(ring: Producer<u8>, notes: Arc<Notes>) -> Self {
        let slice = (ring.capacity() / 4).clamp(1, SLICE);
        Self { ring, notes, slice, timeout: None, on_panic: OnPanic::default(), last: None }
    }

    /// Writes the first of `bytes`, as many as there is room for now, and returns how many that was. Never
    /// waits.
    ///
    /// # Errors
    ///
    /// [`WouldBlock`](ErrorKind::WouldBlock) if the pipe is full, and as `write` if the reader is gone.
    ///
    /// ```
    /// use std::io::ErrorKind;
    ///
    /// let (mut writer, _reader) = untorn::pipe::pipe(4);
    /// assert_eq!(writer.try_write(b"hello")?, 4);
    /// assert_eq!(writer.try_write(b"o").unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn try_write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.put_if_any(bytes)? {
            Some(written) => Ok(written),
            None => Err(ErrorKind::WouldBlock.into()),
        }
    }

    /// Writes all of `bytes`, waiting while there is not enough room for that, or nothing. The reader gets
    /// to see them at once. Blocking.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](ErrorKind::InvalidInput) if `bytes` are more than the capacity,
    /// [`TimedOut`](ErrorKind::TimedOut) if a [timeout](Self::set_timeout) is set and there was not so much
    /// room in time, and as `write` if the reader is gone. Nothing is written then.
    ///
    /// ```
    /// use std::io::Write;
    /// use std::time::Duration;
    ///
    /// let (mut writer, mut reader) = untorn::pipe::pipe(8);
    /// writer.write_all(b"12345")?;
    /// writer.set_timeout(Some(Duration::ZERO));
    /// assert!(writer.write_atomic(b"6789").is_err()); // a record is not torn
    /// reader.try_read(&mut [0; 2])?;
    /// writer.write_atomic(b"6789")?;
    /// assert_eq!(reader.len(), 7);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn write_atomic(&mut self, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        self.look_for_reader()?;
        if self.ring.reserve(bytes.len()).len() < bytes.len() {
            match self.ring.room_until(bytes.len(), self.deadline()) {
                Ok(()) => {}
                Err(WaitError::Closed) => return Err(self.refusal()),
                Err(WaitError::Timeout) => return Err(ErrorKind::TimedOut.into()),
                Err(error @ WaitError::TooMany { .. }) => {
                    return Err(Error::new(ErrorKind::InvalidInput, error));
                }
            }
        }
        // There is room, and one publication; or the reader has gone meanwhile.
        if self.ring.push_slice(bytes) == 0 { Err(self.refusal()) } else { Ok(()) }
    }

    /// How long a call that waits may wait for room, each by itself; `None`, as at the start, for ever. Zero
    /// is not to wait at all.
    ///
    /// A `write` that could write part of its bytes when the time was over has done that, and reports it.
    /// `write_all` forgets how much it wrote before an error, as with every other writer. Tasks have timers
    /// of their own: the `poll_` calls heed no timeout.
    ///
    /// ```
    /// use std::io::{ErrorKind, Write};
    /// use std::time::Duration;
    ///
    /// let (mut writer, _reader) = untorn::pipe::pipe(2);
    /// writer.set_timeout(Some(Duration::from_millis(1)));
    /// assert_eq!(writer.write(b"abc")?, 2);
    /// assert_eq!(writer.write(b"c").unwrap_err().kind(), ErrorKind::TimedOut);
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "set_write_timeout")]
    pub fn set_timeout(&mut self, timeout: Option<Duration>) {
        self.timeout = timeout;
    }

    /// What the reader finds if a panic drops this end: an error, unless this says otherwise. A stream that
    /// was cut off looks like a whole one if it just ends.
    ///
    /// ```
    /// use std::io::{ErrorKind, Read, Write};
    /// use untorn::pipe::{OnPanic, pipe};
    ///
    /// for (choice, expected) in
    ///     [(OnPanic::Error, Err(ErrorKind::UnexpectedEof)), (OnPanic::End, Ok(4))]
    /// {
    ///     let (mut writer, mut reader) = pipe(8);
    ///     writer.set_on_panic(choice);
    ///     let panicked = std::thread::spawn(move || {
    ///         writer.write_all(b"half").unwrap();
    ///         panic!("before the other half");
    ///     });
    ///     assert!(panicked.join().is_err());
    ///     let mut bytes = Vec::new();
    ///     assert_eq!(reader.read_to_end(&mut bytes).map_err(|error| error.kind()), expected);
    ///     assert_eq!(bytes, b"half");
    /// }
    /// ```
    pub fn set_on_panic(&mut self, choice: OnPanic) {
        self.on_panic = choice;
    }

    /// Ends the stream, as a drop does: for a writer inside of something that lives on. A write after this
    /// fails with `BrokenPipe`.
    ///
    /// ```
    /// use std::io::{Read, Write};
    ///
    /// let (mut writer, mut reader) = untorn::pipe::pipe(8);
    /// writer.close();
    /// assert_eq!(reader.read(&mut [0; 8])?, 0);
    /// assert!(writer.write(b"more").is_err());
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "shutdown")]
    pub fn close(&mut self) {
        self.ring.close();
    }

    /// Ends the stream with an error: the reader gets it after the bytes that are left, once as it is, and
    /// from then on one of the same kind. An error that would ask the reader to try again, `Interrupted`,
    /// `WouldBlock` or `TimedOut`, becomes the source of an [`Other`](ErrorKind::Other).
    ///
    /// A stage of several that fails should call this: an encoder that is dropped writes what makes its
    /// stream look whole. Does nothing if the pipe was closed before.
    ///
    /// ```
    /// use std::io::{Error, Read, Write};
    ///
    /// let (mut writer, mut reader) = untorn::pipe::pipe(8);
    /// writer.write_all(b"half")?;
    /// writer.close_with_error(Error::other("the disk is on fire"));
    /// let mut bytes = Vec::new();
    /// assert_eq!(reader.read_to_end(&mut bytes).unwrap_err().to_string(), "the disk is on fire");
    /// assert_eq!(bytes, b"half");
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "abort")]
    pub fn close_with_error(&mut self, error: Error) {
        if !self.is_closed() {
            // Before the ring says that this end is gone (I3).
            self.notes.by_writer.leave(error);
            self.close();
        }
    }

    /// How many bytes the pipe holds, at most: the reader may have read since. Wait-free.
    ///
    /// ```
    /// let (mut writer, _reader) = untorn::pipe::pipe(4);
    /// writer.try_write(b"abc")?;
    /// assert_eq!(writer.len(), 3);
    /// # std::io::Result::Ok(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether the reader has read everything. Wait-free.
    ///
    /// ```
    /// assert!(untorn::pipe::pipe(4).0.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// How many bytes fit: exactly the number the pipe was made with.
    ///
    /// ```
    /// assert_eq!(untorn::pipe::pipe(1000).0.capacity(), 1000);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Whether the reader is gone, or this end was closed: every write from now on fails. Wait-free.
    ///
    /// ```
    /// let (writer, reader) = untorn::pipe::pipe(4);
    /// assert!(!writer.is_closed());
    /// drop(reader);
    /// assert!(writer.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// Writes what fits now, in slices; nothing if the pipe is full.
    fn put(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        for slice in bytes.chunks(self.slice) {
            let pushed = self.ring.push_slice(slice);
            written += pushed;
            if pushed < slice.len() {
                break;
            }
        }
        written
    }

    /// The same; `None` if there is no room for any of `bytes`. `Some(0)` only if there are none.
    pub(super) fn put_if_any(&mut self, bytes: &[u8]) -> Result<Option<usize>> {
        if bytes.is_empty() {
            return Ok(Some(0));
        }
        let written = self.put(bytes);
        if written == 0 {
            // It may have gone while there was room.
            self.look_for_reader()?;
        }
        Ok((written != 0).then_some(written))
    }

    /// The same with several buffers.
    pub(super) fn put_all_if_any(&mut self, buffers: &[IoSlice<'_>]) -> Result<Option<usize>> {
        let mut written = 0;
        for buffer in buffers.iter().filter(|buffer| !buffer.is_empty()) {
            match self.put_if_any(buffer) {
                Ok(Some(count)) => {
                    written += count;
                    if count < buffer.len() {
                        // The reader may make room at any time, but the next buffer's bytes come after
                        // the rest of these.
                        break;
                    }
                }
                Ok(None) if written == 0 => return Ok(None),
                // Seen again by the next call.
                Err(error) if written == 0 => return Err(error),
                Ok(None) | Err(_) => break,
            }
        }
        Ok(Some(written))
    }

    /// An error if nobody will read.
    pub(super) fn look_for_reader(&mut self) -> Result<()> {
        if self.ring.is_closed() { Err(self.refusal()) } else { Ok(()) }
    }

    /// Why nothing can be written any more.
    #[cold]
    pub(super) fn refusal(&mut self) -> Error {
        let said = self.notes.by_reader.read(&mut self.last);
        said.unwrap_or_else(|| ErrorKind::BrokenPipe.into())
    }

    /// Waits for room that is worth it, for a writer that has `wanted` bytes, at least one; or for any room,
    /// if there is not more in time.
    pub(super) fn wait_for_room(&mut self, wanted: usize) -> Result<()> {
        match self.ring.room_until(self.worth_waiting_for(wanted), self.deadline()) {
            Ok(()) => Ok(()),
            Err(WaitError::Timeout) if !self.ring.reserve(1).is_empty() => Ok(()),
            Err(WaitError::Timeout) => Err(ErrorKind::TimedOut.into()),
            Err(WaitError::Closed | WaitError::TooMany { .. }) => Err(self.refusal()),
        }
    }

    /// How much of `wanted` there must be room for to be woken: at least one, and never more than the
    /// capacity (I2).
    pub(super) fn worth_waiting_for(&self, wanted: usize) -> usize {
        wanted.min(self.capacity() / 4).clamp(1, WORTH_WAKING)
    }

    fn deadline(&self) -> Deadline {
        self.timeout.map_or(Deadline::NEVER, Deadline::after)
    }
}

/// How many bytes there are in all.
pub(super) fn total(buffers: &[IoSlice<'_>]) -> usize {
    buffers.iter().fold(0, |sum, buffer| sum.saturating_add(buffer.len()))
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        loop {
            if let Some(written) = self.put_if_any(bytes)? {
                return Ok(written);
            }
            self.wait_for_room(bytes.len())?;
        }
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        loop {
            if let Some(written) = self.put_all_if_any(buffers)? {
                return Ok(written);
            }
            self.wait_for_room(total(buffers))?;
        }
    }

    /// Does nothing: the reader sees what was written.
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.on_panic == OnPanic::Error && is_panicking() {
            let text = "the writer of the pipe was dropped by a panic";
            self.close_with_error(Error::new(ErrorKind::UnexpectedEof, text));
        }
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// No call leaves an invariant broken while it runs code of the caller.
impl UnwindSafe for Writer {}
impl RefUnwindSafe for Writer {}
