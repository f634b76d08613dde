//! A stream of bytes from one thread to another, in a fixed amount of memory: [`pipe`].
//!
//! **Use it when** one thread writes bytes and another reads them: between the stages of a program, or
//! between blocking code and tasks. Everything that takes a [`Read`](std::io::Read), a
//! [`BufRead`](std::io::BufRead) or a [`Write`](std::io::Write) takes an end of it. **Use something else
//! when** the other end is another process ([`std::io::pipe`]), or when what passes has a type
//! ([`spsc`]).
//!
//! ```
//! use std::io::{BufRead, Write};
//!
//! let (mut writer, reader) = untorn::pipe::pipe(16);
//! let writing = std::thread::spawn(move || {
//!     for number in 1..=100 {
//!         writeln!(writer, "{number}").expect("the reader lives"); // waits while the pipe is full
//!     }
//! });
//! let sum: u32 = reader.lines().map(|line| line.unwrap().parse::<u32>().unwrap()).sum();
//! assert_eq!(sum, 5050); // the writer is gone and the pipe is empty
//! # writing.join().unwrap();
//! ```
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | order | bytes come out as they went in, none is lost while both ends live |
//! | capacity | exact: `capacity` bytes fit; storage is the next power of two |
//! | `read` | waits for one byte, and returns as many as there are and fit. `Ok(0)` only at the end: the writer is gone, and everything was read. So it stays |
//! | `write` | waits for room, and returns how much it wrote, at least one byte. What it returns for is there for the reader at once: `flush` has nothing to do |
//! | `write`, the reader being gone | [`BrokenPipe`](std::io::ErrorKind::BrokenPipe) at once, even if there is room. What was written before and not read is lost |
//! | an empty buffer | `Ok(0)` at once, from every call, whatever the other end does |
//! | `write_atomic` | all of it or nothing, visible to the reader at once |
//! | `try_` calls | never wait: [`WouldBlock`](std::io::ErrorKind::WouldBlock). Wait-free, but for waking the other end if that waits |
//! | timeouts | [`TimedOut`](std::io::ErrorKind::TimedOut), if not a single byte came or went in time |
//! | tasks | the `poll_` calls, and the traits of `futures-io` and `tokio` by the features of that name. An end may wait as a thread now and as a task then |
//! | `fill_buf`, `consume` | lends the memory of the pipe. No more is consumed than was lent, and not read since |
//! | errors of the other end | `close_with_error`: the reader gets what is left and then the error, a writer gets it from its next call. It never has one of the kinds by which the pipe asks for another try, `WouldBlock` and `TimedOut`, nor `Interrupted` |
//! | panics | a writer dropped by a panic ends the stream with an error, unless told otherwise ([`OnPanic`]) |
//! | waiting | spins for a few microseconds, then sleeps; a blocked end takes no processor time |
//! | memory | two blocks, allocated at the start; none later by this crate, but for an error to report |
//!
//! Both ends on one thread are fine with the `try_` calls; a blocking call then may wait for ever.
//!
//! # How it works
//!
//! A pipe is a [ring](crate::spsc) of bytes. `fill_buf` lends its memory, `fill_from` and `drain_to` have
//! another stream read into it and write from it, and `read` and `write` copy.
//!
//! A large copy is published in slices of a quarter of the capacity, at most 8 KiB, so that the other end
//! copies the one while this copies the next.
//!
//! A reader that waits is woken by the first byte. A writer that waits for room is woken when that is worth
//! it: when there is room for what it has left to write, for a quarter of the capacity, or for 4 KiB,
//! whichever is least. Otherwise a reader that takes single bytes would wake it for each.
//!
//! Each end has a note, which it may leave when it goes: the error for the other end.
//!
//! # Invariants
//!
//! * I1: every slot of the ring holds a byte at any time: the memory was zeroed, and nobody writes anything
//!   but bytes to it. So empty slots can be lent as bytes.
//! * I2: no two ends wait for each other. A reader waits only when the pipe is empty; then there is room for
//!   whatever a writer waits for, which is never more than the capacity.
//! * I3: an end writes its note before the ring says that it is gone.
//!
//! # Edges
//!
//! Those of the [ring](crate::spsc#edges). By its E4 and by I3, an end that sees the other gone finds the
//! note.
//!
//! # Limits
//!
//! A `write` that waits for room may wait on with a little room at hand, less than it is to be woken for.
//! If the reader leaves that little and waits for something else than the pipe, which only the writer's
//! next step would bring about, both wait; pipes of the system are not different. A timeout ends such a
//! wait, and writes what fits.
//!
//! One byte at a time costs more than through a `BufWriter` or a `BufReader`: each call looks at the other
//! end. The pipe is the buffer, yet each call is one publication.
//!
//! # References
//!
//! POSIX.1-2024, `pipe`, `read` and `write`, for what happens at the ends; Go's `io.Pipe`, for
//! `CloseWithError`; L. McVoy and C. Staelin, "lmbench: portable tools for performance analysis" (USENIX
//! 1996), for how much of a pipe's time is copying.

mod note;
mod reader;
mod task;
mod transfer;
mod writer;

pub use crate::error::CapacityError;
pub use reader::Reader;
pub use writer::{OnPanic, Writer};

use crate::spsc;
use crate::sync::Arc;
use note::Notes;

/// How much of a large copy the other end gets to see at once, at most. With 16 KiB, an end that waits for
/// the other's slice falls asleep where lines move slowly from core to core; 4 KiB take longer where they do
/// not.
const SLICE: usize = 8 << 10;

/// How much another stream is asked for or given at once, at most. More than [`SLICE`], because that is
/// mostly a system call.
const TRANSFER: usize = 64 << 10;

/// For how much room at most a writer waits.
const WORTH_WAKING: usize = 4 << 10;

/// A pipe that holds `capacity` bytes, and its two ends.
///
/// 64 KiB is a good choice: what pipes of the system have, and it fits into a processor's cache.
///
/// # Panics
///
/// If `capacity` is zero, or more than memory can hold; [`try_pipe`] returns that as an error.
///
/// ```
/// use std::io::{Read, Write};
///
/// let (mut writer, mut reader) = untorn::pipe::pipe(1 << 16);
/// writer.write_all(b"hello")?;
/// drop(writer);
/// let mut text = String::new();
/// reader.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # std::io::Result::Ok(())
/// ```
#[doc(alias = "duplex")]
#[doc(alias = "simplex")]
#[doc(alias = "Readable")]
#[doc(alias = "Writable")]
#[must_use = "dropping an end closes the pipe"]
#[track_caller]
pub fn pipe(capacity: usize) -> (Writer, Reader) {
    match try_pipe(capacity) {
        Ok(ends) => ends,
        Err(error) => panic!("cannot make a pipe: {error}"),
    }
}

/// A pipe that holds `capacity` bytes, and its two ends.
///
/// # Errors
///
/// If `capacity` is zero, or more than memory can hold.
///
/// ```
/// assert!(untorn::pipe::try_pipe(1000).is_ok());
/// let error = untorn::pipe::try_pipe(0).unwrap_err();
/// assert_eq!(error.capacity(), 0);
/// ```
pub fn try_pipe(capacity: usize) -> Result<(Writer, Reader), CapacityError> {
    let (producer, consumer) = spsc::try_ring(capacity)?;
    let notes = Arc::new(Notes::default());
    Ok((Writer::new(producer, Arc::clone(&notes)), Reader::new(consumer, notes)))
}
