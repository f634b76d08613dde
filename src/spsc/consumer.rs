//! The end that pops.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

use crossbeam_utils::CachePadded;

use super::engine::{Contiguous, Heap, Popping, Storage};
use super::row;
use super::signal::TASK;
use crate::error::TryPopError;
#[cfg(feature = "std")]
use crate::error::{Closed, PopTimeoutError};
#[cfg(feature = "std")]
use {crate::sync::Deadline, core::time::Duration, std::time::Instant};

/// The end of a [`ring`](super::ring) that pops. Dropping it closes the ring and drops what is
/// inside.
///
/// It can be sent to another thread, but not shared: there is one consumer. Handles are padded, so
/// that two ends that lie side by side do not share a cache line.
#[doc(alias = "Receiver")]
#[must_use = "dropping an end closes the ring"]
pub struct Consumer<T, S: Storage = Heap> {
    pub(super) own: CachePadded<S::Popping<T>>,
    /// Not `Sync`.
    alone: PhantomData<Cell<T>>,
}

// SAFETY: the ends of every shape may be sent where `T` may.
unsafe impl<T: Send, S: Storage> Send for Consumer<T, S> {}

impl<T, S: Storage> Consumer<T, S> {
    pub(super) fn new(own: S::Popping<T>) -> Self {
        Self { own: CachePadded::new(own), alone: PhantomData }
    }

    /// Pops the oldest value if there is one. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryPopError::Empty) if nothing is inside now, [`Closed`](TryPopError::Closed) if
    /// nothing is inside and the producer is gone.
    ///
    /// ```
    /// use untorn::spsc::{TryPopError, ring};
    ///
    /// let (mut producer, mut consumer) = ring(1);
    /// assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
    /// producer.try_push('a').unwrap();
    /// drop(producer);
    /// assert_eq!(consumer.try_pop(), Ok('a'));
    /// assert_eq!(consumer.try_pop(), Err(TryPopError::Closed));
    /// ```
    #[doc(alias = "dequeue")]
    #[doc(alias = "try_recv")]
    #[inline]
    pub fn try_pop(&mut self) -> Result<T, TryPopError> {
        self.own.try_pop()
    }

    /// Pops the oldest value, waiting while the ring is empty. Blocking.
    ///
    /// # Errors
    ///
    /// If nothing is inside and the producer is gone.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(1);
    /// let pushed = std::thread::spawn(move || producer.push("late"));
    /// assert_eq!(consumer.pop(), Ok("late"));
    /// assert!(consumer.pop().is_err()); // the producer is gone
    /// # pushed.join().unwrap().unwrap();
    /// ```
    #[cfg(feature = "std")]
    #[doc(alias = "recv")]
    #[inline]
    pub fn pop(&mut self) -> Result<T, Closed> {
        match self.try_pop() {
            Ok(value) => Ok(value),
            Err(nothing) => self.pop_nothing(nothing, Deadline::NEVER).map_err(|_| Closed(())),
        }
    }

    /// Pops the oldest value, waiting at most `timeout` while the ring is empty. Blocking.
    ///
    /// A timeout of zero returns at once; one past the end of the clock waits for ever.
    ///
    /// # Errors
    ///
    /// [`Timeout`](PopTimeoutError::Timeout) if nothing came in time,
    /// [`Closed`](PopTimeoutError::Closed) if nothing is inside and the producer is gone.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::spsc::{PopTimeoutError, ring};
    ///
    /// let (producer, mut consumer) = ring::<u8>(1);
    /// let wait = Duration::from_millis(1);
    /// assert_eq!(consumer.pop_timeout(wait), Err(PopTimeoutError::Timeout));
    /// drop(producer);
    /// assert_eq!(consumer.pop_timeout(wait), Err(PopTimeoutError::Closed));
    /// ```
    #[cfg(feature = "std")]
    #[doc(alias = "recv_timeout")]
    pub fn pop_timeout(&mut self, timeout: Duration) -> Result<T, PopTimeoutError> {
        match self.try_pop() {
            Ok(value) => Ok(value),
            // A ring that has a value costs no look at the clock.
            Err(nothing) => self.pop_nothing(nothing, Deadline::after(timeout)),
        }
    }

    /// Pops the oldest value, waiting until `deadline` at most while the ring is empty. Blocking.
    ///
    /// # Errors
    ///
    /// As [`pop_timeout`](Self::pop_timeout).
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    /// use untorn::spsc::{PopTimeoutError, ring};
    ///
    /// let (_producer, mut consumer) = ring::<u8>(1);
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// assert_eq!(consumer.pop_deadline(deadline), Err(PopTimeoutError::Timeout));
    /// ```
    #[cfg(feature = "std")]
    #[doc(alias = "recv_deadline")]
    pub fn pop_deadline(&mut self, deadline: Instant) -> Result<T, PopTimeoutError> {
        match self.try_pop() {
            Ok(value) => Ok(value),
            Err(nothing) => self.pop_nothing(nothing, Deadline::at(deadline)),
        }
    }

    #[cfg(feature = "std")]
    #[cold]
    fn pop_nothing(
        &mut self,
        mut nothing: TryPopError,
        deadline: Deadline,
    ) -> Result<T, PopTimeoutError> {
        loop {
            if nothing == TryPopError::Closed {
                return Err(PopTimeoutError::Closed);
            }
            if !self.own.wait(1, deadline) {
                return Err(PopTimeoutError::Timeout);
            }
            match self.try_pop() {
                Ok(value) => return Ok(value),
                Err(again) => nothing = again,
            }
        }
    }

    /// How many values the ring holds, at least: the producer may have pushed since. Wait-free.
    ///
    /// Nobody else pops, so that many pops will find a value.
    ///
    /// ```
    /// let (mut producer, consumer) = untorn::spsc::ring(4);
    /// producer.try_push(1).unwrap();
    /// assert_eq!(consumer.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.own.len()
    }

    /// Whether the ring holds nothing. Wait-free.
    ///
    /// ```
    /// assert!(untorn::spsc::ring::<u8>(4).1.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the ring has no room for another value. Wait-free.
    ///
    /// ```
    /// let (mut producer, consumer) = untorn::spsc::ring(1);
    /// producer.try_push(1).unwrap();
    /// assert!(consumer.is_full());
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.own.is_full()
    }

    /// How many values fit: exactly the number the ring was made with; at least as many in a ring of
    /// [lines](super::line_ring).
    ///
    /// ```
    /// assert_eq!(untorn::spsc::ring::<u8>(3).1.capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.header().capacity
    }

    /// Whether the producer is gone: nothing new will come, though values may be inside. Wait-free.
    ///
    /// ```
    /// let (producer, consumer) = untorn::spsc::ring::<u8>(1);
    /// assert!(!consumer.is_closed());
    /// drop(producer);
    /// assert!(consumer.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.own.header().said.by_producer.is_closed()
    }
}

impl<T, S: Contiguous> Consumer<T, S> {
    /// The oldest value, which stays inside, if there is one. Wait-free.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(2);
    /// assert_eq!(consumer.peek(), None);
    /// producer.try_push('a').unwrap();
    /// assert_eq!(consumer.peek(), Some(&'a'));
    /// assert_eq!(consumer.try_pop(), Ok('a'));
    /// ```
    #[doc(alias = "front")]
    #[inline]
    pub fn peek(&mut self) -> Option<&T> {
        self.peek_mut().map(|value| &*value)
    }

    /// The same, to change it in place. Wait-free.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(2);
    /// producer.try_push(1).unwrap();
    /// *consumer.peek_mut().unwrap() += 1;
    /// assert_eq!(consumer.try_pop(), Ok(2));
    /// ```
    #[inline]
    pub fn peek_mut(&mut self) -> Option<&mut T> {
        let own = self.row();
        if own.items_for_batch(1) == 0 {
            return None;
        }
        let (row, _) = own.ring.rows(own.head, 1);
        // SAFETY: `head < limit <= tail`: the slot holds a value and is ours until `head` passes it (I2,
        // I3), and the result borrows from this end.
        Some(unsafe { &mut *row.cast::<T>() })
    }

    /// The end as one of slots that lie side by side.
    #[inline(always)]
    pub(super) fn row(&mut self) -> &mut row::Popping<T> {
        S::popping(&mut self.own)
    }
}

impl<T, S: Storage> Drop for Consumer<T, S> {
    fn drop(&mut self) {
        /// Leaves when dropped, even where a destructor or a waker panicked.
        struct Leave<'a, T, P: Popping<T>>(&'a mut P, PhantomData<T>);

        impl<T, P: Popping<T>> Drop for Leave<'_, T, P> {
            fn drop(&mut self) {
                // SAFETY: for the last time.
                unsafe { self.0.leave() };
            }
        }

        // Dropped after the end has left, for it runs code of others.
        let _waker = self.own.header().said.by_consumer.recall(TASK);
        let leave = Leave(&mut *self.own, PhantomData);
        let said = &leave.0.header().said;
        // Said and called out first: a destructor may take its time, or wait for the producer.
        said.by_consumer.close();
        said.by_producer.wake_whatever();
        // What is inside may hold memory, or the other half of something that waits for it: it is
        // dropped now, not when the producer goes.
        for _ in 0..leave.0.items_for(usize::MAX) {
            // SAFETY: there are that many, and nothing else is done with the end any more.
            drop(unsafe { leave.0.take_out() });
        }
    }
}

impl<T, S: Storage> fmt::Debug for Consumer<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// Values are in the ring, not in the handle.
impl<T, S: Storage> Unpin for Consumer<T, S> {}

// No call leaves an invariant broken while it runs code of the caller.
impl<T, S: Storage> UnwindSafe for Consumer<T, S> {}
impl<T, S: Storage> RefUnwindSafe for Consumer<T, S> {}
