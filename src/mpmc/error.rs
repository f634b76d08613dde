//! Why a call that does not wait got nothing done.

use core::error::Error;
use core::fmt;

use crate::error::{CLOSED, EMPTY_AND_CLOSED, describe};

/// Why a [`try_push`](super::Queue::try_push) did not push. It carries the value back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TryPushError<T> {
    /// The queue holds as many values as its capacity.
    Full(T),
    /// A thread that has begun to pop the value in the way has not finished within a few microseconds:
    /// most likely it was pre-empted. There is room, but not yet.
    Busy(T),
    /// The queue was closed.
    Closed(T),
}

/// Why a [`try_pop`](super::Queue::try_pop) did not pop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TryPopError {
    /// The queue holds nothing.
    Empty,
    /// A thread that has begun to push the oldest value has not finished within a few microseconds:
    /// most likely it was pre-empted. The queue is not empty, but its first value is not there yet.
    ///
    /// Also if the queue is closed, and the thread that pops the last value has not finished: it is
    /// empty then, and [`Closed`](Self::Closed) as soon as that thread is done.
    Busy,
    /// The queue holds nothing and was closed.
    Closed,
}

impl<T> TryPushError<T> {
    /// The value that was not pushed.
    ///
    /// ```
    /// assert_eq!(untorn::mpmc::TryPushError::Full(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        match self {
            Self::Full(value) | Self::Busy(value) | Self::Closed(value) => value,
        }
    }
}

describe!(TryPushError<T>,
    Self::Full(_) => "Full(..)", "the queue is full";
    Self::Busy(_) => "Busy(..)", "the queue has room for which another thread is not done yet";
    Self::Closed(_) => "Closed(..)", CLOSED;
);
describe!(TryPopError,
    Self::Empty => "the queue is empty";
    Self::Busy => "another thread is in the middle of its push or pop";
    Self::Closed => EMPTY_AND_CLOSED;
);
