//! From another stream into the memory of the pipe, and from there into another.

use core::mem::MaybeUninit;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Result, Write};

use super::{Reader, TRANSFER, Writer};

impl Writer {
    /// Has `source` read into the memory of the pipe, to its end, and returns how many bytes that was.
    /// Blocking; one copy less than [`std::io::copy`].
    ///
    /// The reader gets to see what each read of `source` brings. Whatever it reads has room before: an error
    /// or a timeout loses nothing, and the call can be repeated. Only a reader that goes away takes with it
    /// what is not read, and that is not noticed while `source` keeps this waiting.
    ///
    /// # Errors
    ///
    /// Those of `source`, but for `Interrupted`, after which it is asked again; and as `write`.
    ///
    /// ```
    /// use std::io::Read;
    ///
    /// let (mut writer, mut reader) = untorn::pipe::pipe(4);
    /// let filling = std::thread::spawn(move || writer.fill_from(&mut "hello".as_bytes()));
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!((filling.join().unwrap()?, &*text), (5, "hello"));
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "splice")]
    #[doc(alias = "read_from")]
    pub fn fill_from<R: Read + ?Sized>(&mut self, source: &mut R) -> Result<u64> {
        self.fill_from_at_most(source, u64::MAX)
    }

    /// The same for `count` bytes at most: nothing past them is taken from `source`.
    ///
    /// # Errors
    ///
    /// As [`fill_from`](Self::fill_from).
    ///
    /// ```
    /// let (mut writer, _reader) = untorn::pipe::pipe(8);
    /// let mut source = "hello".as_bytes();
    /// assert_eq!(writer.fill_from_at_most(&mut source, 4)?, 4);
    /// assert_eq!(source, b"o");
    /// assert_eq!(writer.fill_from_at_most(&mut source, 4)?, 1);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn fill_from_at_most<R: Read + ?Sized>(
        &mut self,
        source: &mut R,
        count: u64,
    ) -> Result<u64> {
        let mut done = 0;
        while done < count {
            self.look_for_reader()?;
            let wanted = at_once(self.capacity(), count - done);
            // A read into little room would cost as much as one into more.
            let enough = self.worth_waiting_for(wanted);
            if self.ring.reserve(enough).len() < enough {
                self.wait_for_room(wanted)?;
            }
            match self.fill_once(source, wanted) {
                Ok(0) => break,
                Ok(read) => done += read as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    /// One read of `source`, into the room that there is.
    fn fill_once<R: Read + ?Sized>(&mut self, source: &mut R, wanted: usize) -> Result<usize> {
        let mut slots = self.ring.reserve(wanted);
        if slots.is_empty() {
            // There was room, so the reader has gone meanwhile. A source that is asked for nothing gives
            // nothing, which would pass for its end.
            return Err(self.refusal());
        }
        let (first, second) = slots.as_mut_slices();
        let mut places = [IoSliceMut::new(bytes(first)), IoSliceMut::new(bytes(second))];
        let places = if places[1].is_empty() { &mut places[..1] } else { &mut places[..] };
        let read = source.read_vectored(places)?;
        // SAFETY: slots hold bytes at any time (I1). If `source` claims more than there were, this panics.
        // That the reader has gone is for the next look to say, as after any write.
        _ = unsafe { slots.commit(read) };
        Ok(read)
    }
}

/// Empty slots of the ring as what they are: bytes.
fn bytes(slots: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: they hold bytes (I1), and nobody can put anything else there through the result.
    unsafe { &mut *(core::ptr::from_mut(slots) as *mut [u8]) }
}

/// How much a stream is asked for or given at once: at least one byte of `left`, which is not zero.
fn at_once(capacity: usize, left: u64) -> usize {
    let most = (capacity / 4).clamp(1, TRANSFER);
    usize::try_from(left).map_or(most, |left| left.min(most))
}

impl Reader {
    /// Has what comes written into `sink` from the memory of the pipe, to the end, and returns how many
    /// bytes that was. Blocking; one copy less than [`std::io::copy`].
    ///
    /// What `sink` has not taken stays in the pipe: an error or a timeout loses nothing, and the call can be
    /// repeated. `sink` is not flushed.
    ///
    /// # Errors
    ///
    /// Those of `sink`, but for `Interrupted`, after which it is asked again;
    /// [`WriteZero`](ErrorKind::WriteZero) if it takes nothing; and as `read`.
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// let (mut writer, mut reader) = untorn::pipe::pipe(4);
    /// let draining = std::thread::spawn(move || {
    ///     let mut sink = Vec::new();
    ///     reader.drain_to(&mut sink).map(|count| (count, sink))
    /// });
    /// writer.write_all(b"hello")?;
    /// drop(writer);
    /// assert_eq!(draining.join().unwrap()?, (5, b"hello".to_vec()));
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "splice")]
    #[doc(alias = "write_into")]
    pub fn drain_to<W: Write + ?Sized>(&mut self, sink: &mut W) -> Result<u64> {
        self.drain_to_at_most(sink, u64::MAX)
    }

    /// The same for `count` bytes at most: nothing past them is taken from the pipe.
    ///
    /// # Errors
    ///
    /// As [`drain_to`](Self::drain_to).
    ///
    /// ```
    /// let (mut writer, mut reader) = untorn::pipe::pipe(8);
    /// writer.try_write(b"hello")?;
    /// let mut sink = Vec::new();
    /// assert_eq!(reader.drain_to_at_most(&mut sink, 4)?, 4);
    /// assert_eq!((&*sink, reader.len()), (&b"hell"[..], 1));
    /// # std::io::Result::Ok(())
    /// ```
    pub fn drain_to_at_most<W: Write + ?Sized>(&mut self, sink: &mut W, count: u64) -> Result<u64> {
        let mut done = 0;
        while done < count {
            let chunk = self.ring.read_chunk(at_once(self.ring.capacity(), count - done));
            // If the writer goes after this look, the wait finds what it wrote before, or its note.
            if chunk.is_empty() {
                if !self.wait()? {
                    break;
                }
                continue;
            }
            let (first, second) = chunk.as_slices();
            let rows = [IoSlice::new(first), IoSlice::new(second)];
            let rows = if second.is_empty() { &rows[..1] } else { &rows[..] };
            match sink.write_vectored(rows) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => {
                    // If `sink` claims more than there was, this panics.
                    chunk.release(written);
                    self.forget_lent(written);
                    done += written as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}
