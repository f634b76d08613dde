//! What can be wrong with a ring, and why an end of one cannot be had.

use core::error::Error;
use core::fmt;
use std::io;

/// One of the two indices of a ring.
///
/// ```
/// assert_eq!(untorn::shared::RingIndex::Write.to_string(), "write index");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RingIndex {
    /// The producer's: where the next item goes.
    Write,
    /// The consumer's: where the oldest item is.
    Read,
}

impl fmt::Display for RingIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Write => "write index",
            Self::Read => "read index",
        })
    }
}

/// Why a push or a pop did nothing.
///
/// ```
/// use untorn::SharedBuffer;
/// use untorn::shared::{Layout, RingError};
///
/// let mut layout = Layout::builder();
/// let ring = layout.ring::<u64>("prices", 1)?;
/// let buffer = SharedBuffer::new(layout.build());
/// let mut consumer = buffer.ring_consumer(ring)?;
/// assert_eq!(consumer.try_pop(), Err(RingError::Empty));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum RingError {
    /// There is no room for the item now.
    Full,
    /// There is no item now.
    Empty,
    /// That was still so when the time was over.
    Timeout,
    /// That is so, and the other end has left; nobody has taken its place.
    Closed,
    /// That is so, and the process that had the other end has died; nobody has taken its place.
    PeerGone,
    /// An index of the other end is none that a ring can have: who has access to the memory has spoilt
    /// it. Nothing was read or written on the strength of it.
    Corrupt {
        /// Which of the two.
        index: RingIndex,
        /// Where it is in the buffer, in bytes.
        offset: usize,
        /// What it was found to be.
        value: u32,
    },
}

impl fmt::Display for RingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("the ring is full"),
            Self::Empty => f.write_str("the ring is empty"),
            Self::Timeout => f.write_str("the wait lasted until the timeout"),
            Self::Closed => f.write_str("the other end has left"),
            Self::PeerGone => f.write_str("the process that had the other end has died"),
            Self::Corrupt { index, offset, value } => {
                write!(f, "the {index} at {offset} is corrupt: {value} is not within the ring")
            }
        }
    }
}

impl Error for RingError {}

/// Why an end of a ring cannot be had.
///
/// ```
/// use untorn::SharedBuffer;
/// use untorn::shared::{Layout, RingOpenError};
///
/// let mut layout = Layout::builder();
/// let ring = layout.ring::<u64>("prices", 1)?;
/// let buffer = SharedBuffer::new(layout.build());
/// let first = buffer.ring_producer(ring)?;
/// assert!(matches!(buffer.ring_producer(ring), Err(RingOpenError::Taken)));
/// drop(first);
/// assert!(buffer.ring_producer(ring).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum RingOpenError {
    /// Somebody has it, in this process or in another; or its word changed time and again during the call,
    /// as others took it and gave it back, or spoilt it.
    Taken,
    /// The memory has a ring of other items there, or of another capacity. Only in a file, where nobody
    /// compares the layouts.
    OtherRing {
        /// What differs.
        field: &'static str,
        /// What it was found to be.
        found: u32,
        /// What it must be.
        expected: u32,
    },
    /// The indices are none that a ring can have.
    Corrupt(RingError),
    /// The system refused what it takes to tell whether an end is there: to open the memory anew by
    /// `/proc/self/fd`, or the lock.
    System(io::Error),
}

impl fmt::Display for RingOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("somebody has that end of the ring"),
            Self::OtherRing { field, found, expected } => {
                write!(f, "the ring in the memory has {field} {found} instead of {expected}")
            }
            Self::Corrupt(error) => error.fmt(f),
            Self::System(error) => write!(f, "the end of the ring cannot be claimed: {error}"),
        }
    }
}

impl Error for RingOpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Corrupt(error) => Some(error),
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}
