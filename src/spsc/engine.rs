//! The shapes of a ring, behind the same two ends.

use core::marker::PhantomData;
use core::task::{Context, Poll, Waker};

use super::row;
use super::signal::TASK;
use super::storage::Header;
use crate::error::{TryPopError, TryPushError};
#[cfg(feature = "std")]
use crate::sync::Deadline;

/// Where a ring lives, and in which shape: [`Heap`], [`Borrowed`] or [`Lines`](super::Lines).
pub trait Storage: sealed::Shape {}

/// A storage whose slots lie side by side, for slices and chunks: [`Heap`] or [`Borrowed`].
pub trait Contiguous: Storage + sealed::Row {}

/// A ring in a block of its own, which the last end frees.
#[derive(Debug)]
pub struct Heap(());

/// A ring in a [`StaticRing`](super::StaticRing), which lives as long as `'a`.
#[derive(Debug)]
pub struct Borrowed<'a>(PhantomData<&'a ()>);

impl Storage for Heap {}
impl Storage for Borrowed<'_> {}
impl Contiguous for Heap {}
impl Contiguous for Borrowed<'_> {}

pub(super) mod sealed {
    use super::row;

    /// What the ends of a shape are made of.
    pub trait Shape {
        type Pushing<T>: super::Pushing<T>;
        type Popping<T>: super::Popping<T>;
    }

    /// The shape whose ends are those of [`row`].
    pub trait Row: Shape {
        fn pushing<T>(end: &mut Self::Pushing<T>) -> &mut row::Pushing<T>;
        fn popping<T>(end: &mut Self::Popping<T>) -> &mut row::Popping<T>;
    }
}

macro_rules! rows {
    ($($storage:ty),+) => {$(
        impl sealed::Shape for $storage {
            type Pushing<T> = row::Pushing<T>;
            type Popping<T> = row::Popping<T>;
        }

        impl sealed::Row for $storage {
            #[inline(always)]
            fn pushing<T>(end: &mut Self::Pushing<T>) -> &mut row::Pushing<T> {
                end
            }

            #[inline(always)]
            fn popping<T>(end: &mut Self::Popping<T>) -> &mut row::Popping<T> {
                end
            }
        }
    )+};
}

rows!(Heap, Borrowed<'_>);

/// The pushing end of some shape. Dropped by way of [`leave`](Self::leave).
pub trait Pushing<T> {
    fn header(&self) -> &Header;

    /// How many values were pushed; wraps.
    fn tail(&self) -> usize;

    /// How many slots there are for values.
    fn slots(&self) -> usize;

    /// Pushes `value` if there is room.
    fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>>;

    /// How many slots are empty for sure, at most `wanted` if the other end must be looked at for more.
    fn room_for(&mut self, wanted: usize) -> usize;

    /// Waits until there are `count` empty slots or the consumer is gone; `false` when the deadline has
    /// passed.
    #[cfg(feature = "std")]
    fn wait(&mut self, count: usize, deadline: Deadline) -> bool;

    /// The same for a task.
    fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()>;

    /// Ends the waiting of a task that does not ask again.
    fn stop_polling(&self) {
        self.header().said.by_producer.take_back(TASK);
    }

    /// Shows the consumer all that was written, says that this end is gone, and leaves the ring. If the
    /// consumer waits, a thread is woken, and the waker of a task is the caller's to wake.
    ///
    /// # Safety
    ///
    /// The end is not used after that.
    unsafe fn leave(&mut self) -> Option<Waker>;
}

/// The popping end of some shape. Dropped by way of [`leave`](Self::leave).
pub trait Popping<T> {
    fn header(&self) -> &Header;

    /// How many values are inside now, at least.
    fn len(&self) -> usize;

    /// Pops the oldest value if there is one.
    fn try_pop(&mut self) -> Result<T, TryPopError>;

    /// How many values there are for sure, at most `wanted` if the other end must be looked at for more.
    fn items_for(&mut self, wanted: usize) -> usize;

    /// Moves the oldest value out without giving its slot back.
    ///
    /// # Safety
    ///
    /// There is one, as `items_for` has said, and the end is used for nothing after this but for more of
    /// this and to leave.
    unsafe fn take_out(&mut self) -> T;

    /// Waits until there are `count` values or the producer is gone; `false` when the deadline has
    /// passed.
    #[cfg(feature = "std")]
    fn wait(&mut self, count: usize, deadline: Deadline) -> bool;

    /// The same for a task.
    fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()>;

    /// Ends the waiting of a task that does not ask again.
    fn stop_polling(&self) {
        self.header().said.by_consumer.take_back(TASK);
    }

    /// Says that this end is gone, and leaves the ring.
    ///
    /// # Safety
    ///
    /// The end is not used after that.
    unsafe fn leave(&mut self);
}
