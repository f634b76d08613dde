//! The end that pushes.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

use crossbeam_utils::CachePadded;

use super::engine::{Contiguous, Heap, Pushing, Storage};
use super::row;
use super::signal::TASK;
#[cfg(any(feature = "std", feature = "async"))]
use crate::error::Closed;
#[cfg(feature = "std")]
use crate::error::PushTimeoutError;
use crate::error::TryPushError;
use crate::sync::atomic::Ordering::Relaxed;
#[cfg(feature = "std")]
use {crate::sync::Deadline, core::time::Duration, std::time::Instant};

/// The end of a [`ring`](super::ring) that pushes. Dropping it closes the ring.
///
/// It can be sent to another thread, but not shared: there is one producer. Handles are padded, so
/// that two ends that lie side by side do not share a cache line.
#[doc(alias = "Sender")]
#[must_use = "dropping an end closes the ring"]
pub struct Producer<T, S: Storage = Heap> {
    pub(super) own: CachePadded<S::Pushing<T>>,
    /// Not `Sync`.
    alone: PhantomData<Cell<T>>,
}

// SAFETY: the ends of every shape may be sent where `T` may.
unsafe impl<T: Send, S: Storage> Send for Producer<T, S> {}

impl<T, S: Storage> Producer<T, S> {
    pub(super) fn new(own: S::Pushing<T>) -> Self {
        Self { own: CachePadded::new(own), alone: PhantomData }
    }

    /// Pushes `value` if there is room. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Full`](TryPushError::Full) if `capacity` values are inside,
    /// [`Closed`](TryPushError::Closed) if the consumer is gone; both carry `value` back.
    ///
    /// ```
    /// use untorn::spsc::{TryPushError, ring};
    ///
    /// let (mut producer, mut consumer) = ring(1);
    /// assert_eq!(producer.try_push('a'), Ok(()));
    /// assert_eq!(producer.try_push('b'), Err(TryPushError::Full('b')));
    /// assert_eq!(consumer.try_pop(), Ok('a'));
    /// drop(consumer);
    /// assert_eq!(producer.try_push('c'), Err(TryPushError::Closed('c')));
    /// ```
    #[doc(alias = "enqueue")]
    #[doc(alias = "try_send")]
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>> {
        self.own.try_push(value)
    }

    /// Pushes `value`, waiting while the ring is full. Blocking.
    ///
    /// # Errors
    ///
    /// If the consumer is gone; carries `value` back.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(1);
    /// let popped = std::thread::spawn(move || (consumer.pop(), consumer.pop()));
    /// producer.push(1).unwrap();
    /// producer.push(2).unwrap();
    /// assert_eq!(popped.join().unwrap(), (Ok(1), Ok(2)));
    /// ```
    #[cfg(feature = "std")]
    #[doc(alias = "send")]
    #[inline]
    pub fn push(&mut self, value: T) -> Result<(), Closed<T>> {
        match self.try_push(value) {
            Ok(()) => Ok(()),
            Err(refused) => self
                .push_refused(refused, Deadline::NEVER)
                .map_err(|error| Closed(error.into_inner())),
        }
    }

    /// Pushes `value`, waiting at most `timeout` while the ring is full. Blocking.
    ///
    /// A timeout of zero returns at once; one past the end of the clock waits for ever.
    ///
    /// # Errors
    ///
    /// [`Timeout`](PushTimeoutError::Timeout) if no room came in time,
    /// [`Closed`](PushTimeoutError::Closed) if the consumer is gone; both carry `value` back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::spsc::{PushTimeoutError, ring};
    ///
    /// let (mut producer, _consumer) = ring(1);
    /// assert_eq!(producer.push_timeout(1, Duration::MAX), Ok(()));
    /// let late = producer.push_timeout(2, Duration::from_millis(1));
    /// assert_eq!(late, Err(PushTimeoutError::Timeout(2)));
    /// ```
    #[cfg(feature = "std")]
    #[doc(alias = "send_timeout")]
    pub fn push_timeout(&mut self, value: T, timeout: Duration) -> Result<(), PushTimeoutError<T>> {
        match self.try_push(value) {
            Ok(()) => Ok(()),
            // A ring that has room costs no look at the clock.
            Err(refused) => self.push_refused(refused, Deadline::after(timeout)),
        }
    }

    /// Pushes `value`, waiting until `deadline` at most while the ring is full. Blocking.
    ///
    /// # Errors
    ///
    /// As [`push_timeout`](Self::push_timeout).
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (mut producer, _consumer) = untorn::spsc::ring(1);
    /// // Both within one time.
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// assert_eq!(producer.push_deadline('a', deadline), Ok(()));
    /// assert!(producer.push_deadline('b', deadline).is_err());
    /// ```
    #[cfg(feature = "std")]
    #[doc(alias = "send_deadline")]
    pub fn push_deadline(
        &mut self,
        value: T,
        deadline: Instant,
    ) -> Result<(), PushTimeoutError<T>> {
        match self.try_push(value) {
            Ok(()) => Ok(()),
            Err(refused) => self.push_refused(refused, Deadline::at(deadline)),
        }
    }

    #[cfg(feature = "std")]
    #[cold]
    fn push_refused(
        &mut self,
        mut refused: TryPushError<T>,
        deadline: Deadline,
    ) -> Result<(), PushTimeoutError<T>> {
        loop {
            let value = match refused {
                TryPushError::Closed(value) => return Err(PushTimeoutError::Closed(value)),
                TryPushError::Full(value) => value,
            };
            if !self.own.wait(1, deadline) {
                return Err(PushTimeoutError::Timeout(value));
            }
            match self.try_push(value) {
                Ok(()) => return Ok(()),
                Err(again) => refused = again,
            }
        }
    }

    /// How many values the ring holds, at most: the consumer may have popped since. Wait-free.
    ///
    /// Nobody else pushes, so `capacity().saturating_sub(len())` pushes will not find it full. A ring of
    /// [lines](super::line_ring) may hold more than its capacity; what was popped of a line counts here
    /// until all of that line was popped.
    ///
    /// ```
    /// let (mut producer, _consumer) = untorn::spsc::ring(4);
    /// producer.try_push(1).unwrap();
    /// assert_eq!(producer.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        // Relaxed: a number to look at; a later `try_push` makes the edge (E2).
        self.own.tail().wrapping_sub(self.own.header().head.load(Relaxed))
    }

    /// Whether the ring holds nothing, as far as [`len`](Self::len) knows: that everything was popped from a
    /// ring of lines shows here with the end of a line alone. Wait-free.
    ///
    /// ```
    /// assert!(untorn::spsc::ring::<u8>(4).0.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the ring holds as many values as fit, at most: the consumer may have popped since.
    /// Wait-free.
    ///
    /// ```
    /// let (mut producer, _consumer) = untorn::spsc::ring(1);
    /// assert!(!producer.is_full());
    /// producer.try_push(1).unwrap();
    /// assert!(producer.is_full());
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.len() == self.own.slots()
    }

    /// How many values fit: exactly the number the ring was made with; at least as many in a ring of
    /// [lines](super::line_ring).
    ///
    /// ```
    /// assert_eq!(untorn::spsc::ring::<u8>(3).0.capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.header().capacity
    }

    /// Whether the consumer is gone: every push from now on fails. Wait-free.
    ///
    /// ```
    /// let (producer, consumer) = untorn::spsc::ring::<u8>(1);
    /// assert!(!producer.is_closed());
    /// drop(consumer);
    /// assert!(producer.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.own.header().said.is_closed()
    }
}

impl<T, S: Contiguous> Producer<T, S> {
    /// The end as one of slots that lie side by side.
    #[inline(always)]
    pub(super) fn row(&mut self) -> &mut row::Pushing<T> {
        S::pushing(&mut self.own)
    }

    /// Pushes `value` if there is room, to be seen after a [`flush`](Self::flush).
    #[cfg(feature = "async")]
    pub(crate) fn push_unseen(&mut self, value: T) -> Result<(), TryPushError<T>> {
        self.row().push_unseen(value)
    }

    /// Shows the consumer all that was pushed.
    #[cfg(feature = "async")]
    pub(crate) fn flush(&mut self) -> Result<(), Closed> {
        self.row().publish_batch()
    }

    /// Closes the ring, as a drop does: nothing can be pushed any more.
    #[cfg(any(feature = "std", feature = "async"))]
    pub(crate) fn close(&mut self) {
        self.row().close();
    }
}

impl<T, S: Storage> Drop for Producer<T, S> {
    fn drop(&mut self) {
        // Dropped after the end has left, for it runs code of others.
        let _waker = self.own.header().said.by_producer.recall(TASK);
        // SAFETY: for the last time.
        let waker = unsafe { self.own.leave() };
        // Runs code of others, which may panic.
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T, S: Storage> fmt::Debug for Producer<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// Values are in the ring, not in the handle.
impl<T, S: Storage> Unpin for Producer<T, S> {}

// No call leaves an invariant broken while it runs code of the caller.
impl<T, S: Storage> UnwindSafe for Producer<T, S> {}
impl<T, S: Storage> RefUnwindSafe for Producer<T, S> {}
