//! The errors of the queues. Those of a push carry the value back.

use core::error::Error;
use core::fmt;

/// A capacity that a queue cannot have.
///
/// ```
/// let error = untorn::spsc::try_ring::<u8>(0).unwrap_err();
/// assert_eq!(error.to_string(), "capacity 0 is too small: a queue holds at least one element");
/// assert_eq!(error.capacity(), 0);
/// ```
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CapacityError {
    pub(crate) capacity: usize,
    pub(crate) reason: Refusal,
}

/// Why a capacity was refused.
#[cfg(feature = "alloc")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Refusal {
    Zero,
    /// The storage for elements of this size has no representable size.
    TooLarge {
        element: usize,
    },
    /// The allocator had no room for it.
    NoMemory {
        element: usize,
    },
}

#[cfg(feature = "alloc")]
impl CapacityError {
    /// The capacity that was asked for.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::try_ring::<u8>(0).unwrap_err().capacity(), 0);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

#[cfg(feature = "alloc")]
impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let capacity = self.capacity;
        match self.reason {
            Refusal::Zero => {
                write!(f, "capacity {capacity} is too small: a queue holds at least one element")
            }
            Refusal::TooLarge { element } => {
                write!(
                    f,
                    "capacity {capacity} is too large: no memory block has the slots for that many \
                     {element}-byte elements"
                )
            }
            Refusal::NoMemory { element } => {
                write!(
                    f,
                    "capacity {capacity} is too large: the allocator has no room for that many \
                     {element}-byte elements"
                )
            }
        }
    }
}

#[cfg(feature = "alloc")]
impl Error for CapacityError {}

/// The queue is closed, or its other end is gone; carries the value back where there is one.
///
/// ```
/// let error = untorn::spsc::Closed("kept");
/// assert_eq!(error.to_string(), "the queue is closed");
/// assert_eq!(error.into_inner(), "kept");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Closed<T = ()>(pub T);

/// Why a `try_push` did not push.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TryPushError<T> {
    /// The queue holds as many elements as its capacity.
    Full(T),
    /// The consumer is gone, and nobody will ever pop.
    Closed(T),
}

/// Why a `try_pop` did not pop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TryPopError {
    /// The queue holds nothing now.
    Empty,
    /// The queue holds nothing and the producer is gone.
    Closed,
}

/// Why a timed push did not push.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PushTimeoutError<T> {
    /// Whenever the call looked there was no room; or, in a queue for many threads, another thread was
    /// not done with it.
    Timeout(T),
    /// The queue is closed, or its consumer is gone.
    Closed(T),
}

/// Why a timed pop did not pop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PopTimeoutError {
    /// Whenever the call looked there was no value; or, in a queue for many threads, another thread was
    /// not done with it.
    Timeout,
    /// The queue holds nothing, and it is closed, or its producer is gone.
    Closed,
}

/// Why a wait for several values, or for room for them, ended without.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitError {
    /// The queue never holds that many.
    TooMany {
        /// How many were waited for.
        count: usize,
        /// How many the queue holds at most.
        capacity: usize,
    },
    /// The other end is gone, and no value is left.
    Closed,
    /// There were not so many before the time was over.
    Timeout,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany { count, capacity } => {
                write!(f, "a wait for {count} never ends: the queue holds {capacity}")
            }
            Self::Closed => f.write_str(CLOSED),
            Self::Timeout => f.write_str("the wait lasted until the timeout"),
        }
    }
}

impl Error for WaitError {}

impl<T> Closed<T> {
    /// The value that was not pushed.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::Closed(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> TryPushError<T> {
    /// The value that was not pushed.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::TryPushError::Full(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::Closed(value) => value,
        }
    }
}

impl<T> PushTimeoutError<T> {
    /// The value that was not pushed.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::PushTimeoutError::Timeout(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::Timeout(value) | Self::Closed(value) => value,
        }
    }
}

pub(crate) const CLOSED: &str = "the queue is closed";
pub(crate) const EMPTY_AND_CLOSED: &str = "the queue is empty and closed";

/// `Debug` without `T: Debug`, `Display` in one clause, `Error` for every value that may be carried.
macro_rules! describe {
    ($error:ident<T>, $($variant:pat => $name:literal, $text:expr;)+) => {
        impl<T> fmt::Debug for $error<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($variant => $name,)+ })
            }
        }
        describe!(@display [T] $error<T>, $($variant => $text;)+);
    };
    ($error:ident, $($variant:pat => $text:expr;)+) => {
        describe!(@display [] $error, $($variant => $text;)+);
    };
    (@display [$($generic:ident)?] $error:ty, $($variant:pat => $text:expr;)+) => {
        impl<$($generic)?> fmt::Display for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($variant => $text,)+ })
            }
        }
        impl<$($generic)?> Error for $error {}
    };
}

#[cfg(feature = "alloc")]
pub(crate) use describe;

describe!(Closed<T>, Self(_) => "Closed(..)", CLOSED;);
describe!(TryPushError<T>,
    Self::Full(_) => "Full(..)", "the queue is full";
    Self::Closed(_) => "Closed(..)", CLOSED;
);
describe!(PushTimeoutError<T>,
    Self::Timeout(_) => "Timeout(..)", "the queue stayed full until the timeout";
    Self::Closed(_) => "Closed(..)", CLOSED;
);
describe!(TryPopError,
    Self::Empty => "the queue is empty";
    Self::Closed => EMPTY_AND_CLOSED;
);
describe!(PopTimeoutError,
    Self::Timeout => "the queue stayed empty until the timeout";
    Self::Closed => EMPTY_AND_CLOSED;
);
