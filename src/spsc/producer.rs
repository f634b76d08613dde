//! The end that pushes.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

use crossbeam_utils::CachePadded;

use super::ring::Shared;
use crate::error::TryPushError;
#[cfg(feature = "std")]
use crate::error::{Closed, PushTimeoutError};
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{Arc, own_load};
#[cfg(feature = "std")]
use {crate::sync::Deadline, core::time::Duration};

/// The end of a [`ring`](super::ring) that pushes. Dropping it closes the ring.
///
/// It can be sent to another thread, but not shared: there is one producer. Handles are padded, so
/// that two ends that lie side by side do not share a cache line.
#[doc(alias = "Sender")]
#[must_use = "dropping an end closes the ring"]
pub struct Producer<T> {
    own: CachePadded<Own<T>>,
    /// Not `Sync`.
    alone: PhantomData<Cell<()>>,
}

struct Own<T> {
    shared: Arc<Shared<T>>,
    /// This end's index: what `shared.tail` holds.
    tail: usize,
    /// `head + capacity` as last seen: pushing needs no look at the other end below it (I2).
    limit: usize,
}

impl<T> Producer<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let tail = own_load(&shared.tail);
        let limit = tail.wrapping_add(shared.capacity);
        Self { own: CachePadded::new(Own { shared, tail, limit }), alone: PhantomData }
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
        let own = &mut *self.own;
        let room = own.tail != own.limit || own.refresh();
        // After the look at the indices: a consumer that goes empties the ring, and room that it made
        // that way must not be used.
        if own.shared.said.by_consumer.is_gone() {
            return Err(TryPushError::Closed(value));
        }
        if !room {
            return Err(TryPushError::Full(value));
        }
        // SAFETY: `tail < limit`, so the slot is empty and ours (I2, I3).
        unsafe { own.shared.write(own.tail, value) };
        own.tail = own.tail.wrapping_add(1);
        // Release (E1): the value is in its slot before the consumer can see the index.
        own.shared.tail.store(own.tail, Release);
        own.shared.said.by_consumer.notify();
        Ok(())
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
    pub fn push(&mut self, mut value: T) -> Result<(), Closed<T>> {
        loop {
            match self.try_push(value) {
                Ok(()) => return Ok(()),
                Err(TryPushError::Closed(back)) => return Err(Closed(back)),
                Err(TryPushError::Full(back)) => value = back,
            }
            self.own.wait(Deadline::NEVER);
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
    pub fn push_timeout(
        &mut self,
        mut value: T,
        timeout: Duration,
    ) -> Result<(), PushTimeoutError<T>> {
        let deadline = Deadline::after(timeout);
        loop {
            match self.try_push(value) {
                Ok(()) => return Ok(()),
                Err(TryPushError::Closed(back)) => return Err(PushTimeoutError::Closed(back)),
                Err(TryPushError::Full(back)) => value = back,
            }
            if !self.own.wait(deadline) {
                return Err(PushTimeoutError::Timeout(value));
            }
        }
    }

    /// How many values the ring holds, at most: the consumer may have popped since. Wait-free.
    ///
    /// Nobody else pushes, so `capacity() - len()` pushes will not find it full.
    ///
    /// ```
    /// let (mut producer, _consumer) = untorn::spsc::ring(4);
    /// producer.try_push(1).unwrap();
    /// assert_eq!(producer.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        // Relaxed: a number to look at; a later `try_push` makes the edge (E2).
        self.own.tail.wrapping_sub(self.own.shared.head.load(Relaxed))
    }

    /// Whether the ring holds nothing. Wait-free.
    ///
    /// ```
    /// assert!(untorn::spsc::ring::<u8>(4).0.is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many values fit: exactly the number the ring was made with.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::ring::<u8>(3).0.capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.shared.capacity
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
        self.own.shared.said.by_consumer.is_gone()
    }
}

impl<T> Own<T> {
    /// Looks how far the consumer has come; whether there is room.
    #[inline]
    fn refresh(&mut self) -> bool {
        self.limit = self.seen_limit();
        self.tail != self.limit
    }

    #[inline]
    fn seen_limit(&self) -> usize {
        // Acquire (E2): the values below this index have been moved out of their slots.
        let head = self.shared.head.load(Acquire);
        head.wrapping_add(self.shared.capacity)
    }

    /// Waits until there is room or the consumer is gone; `false` when the deadline has passed.
    #[cfg(feature = "std")]
    fn wait(&self, deadline: Deadline) -> bool {
        let ready = || self.seen_limit() != self.tail || self.shared.said.by_consumer.is_gone();
        self.shared.said.by_producer.wait_until(ready, deadline)
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        self.own.shared.said.by_producer.leave();
        self.own.shared.said.by_consumer.wake_sleeper();
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// No call runs code of the caller while an invariant is broken.
impl<T> UnwindSafe for Producer<T> {}
impl<T> RefUnwindSafe for Producer<T> {}
