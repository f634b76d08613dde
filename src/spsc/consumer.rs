//! The end that pops.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

use crossbeam_utils::CachePadded;

use super::ring::Shared;
use crate::error::TryPopError;
#[cfg(feature = "std")]
use crate::error::{Closed, PopTimeoutError};
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{Arc, own_load};
#[cfg(feature = "std")]
use {crate::sync::Deadline, core::time::Duration};

/// The end of a [`ring`](super::ring) that pops. Dropping it closes the ring and drops what is
/// inside.
///
/// It can be sent to another thread, but not shared: there is one consumer. Handles are padded, so
/// that two ends that lie side by side do not share a cache line.
#[doc(alias = "Receiver")]
#[must_use = "dropping an end closes the ring"]
pub struct Consumer<T> {
    own: CachePadded<Own<T>>,
    /// Not `Sync`.
    alone: PhantomData<Cell<()>>,
}

struct Own<T> {
    shared: Arc<Shared<T>>,
    /// This end's index: what `shared.head` holds.
    head: usize,
    /// `tail` as last seen: popping needs no look at the other end below it (I2).
    limit: usize,
}

impl<T> Consumer<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let head = own_load(&shared.head);
        let own = Own { shared, head, limit: head };
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
        let own = &mut *self.own;
        if own.head == own.limit && !own.refresh() {
            if !own.shared.said.by_producer.is_gone() {
                return Err(TryPopError::Empty);
            }
            // Its last push may have come after the look above, but before it went (E4).
            if !own.refresh() {
                return Err(TryPopError::Closed);
            }
        }
        // SAFETY: `head < limit <= tail`, so the slot holds a value and is ours (I2, I3); the store
        // below passes it.
        let value = unsafe { own.shared.read(own.head) };
        own.head = own.head.wrapping_add(1);
        // Release (E2): the value is out of its slot before the producer can see the index.
        own.shared.head.store(own.head, Release);
        own.shared.said.by_producer.notify();
        Ok(value)
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
        loop {
            match self.try_pop() {
                Ok(value) => return Ok(value),
                Err(TryPopError::Closed) => return Err(Closed(())),
                Err(TryPopError::Empty) => {}
            }
            self.own.wait(Deadline::NEVER);
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
        let deadline = Deadline::after(timeout);
        loop {
            match self.try_pop() {
                Ok(value) => return Ok(value),
                Err(TryPopError::Closed) => return Err(PopTimeoutError::Closed),
                Err(TryPopError::Empty) => {}
            }
            if !self.own.wait(deadline) {
                return Err(PopTimeoutError::Timeout);
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
        // Relaxed: a number to look at; a later `try_pop` makes the edge (E1).
        self.own.shared.tail.load(Relaxed).wrapping_sub(self.own.head)
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

    /// How many values fit: exactly the number the ring was made with.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::ring::<u8>(3).1.capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.shared.capacity
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
        self.own.shared.said.by_producer.is_gone()
    }
}

impl<T> Own<T> {
    /// Looks how far the producer has come; whether there is a value.
    #[inline]
    fn refresh(&mut self) -> bool {
        self.limit = self.seen_limit();
        self.head != self.limit
    }

    #[inline]
    fn seen_limit(&self) -> usize {
        // Acquire (E1): the values below this index are in their slots.
        self.shared.tail.load(Acquire)
    }

    /// Waits until there is a value or the producer is gone; `false` when the deadline has passed.
    #[cfg(feature = "std")]
    fn wait(&self, deadline: Deadline) -> bool {
        let ready = || self.seen_limit() != self.head || self.shared.said.by_producer.is_gone();
        self.shared.said.by_consumer.wait_until(ready, deadline)
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        self.own.shared.said.by_consumer.leave();
        self.own.shared.said.by_producer.wake_sleeper();
        // What is inside may hold memory, or the other half of something that waits for it: it is
        // dropped now, not when the producer goes.
        while self.try_pop().is_ok() {}
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// No call runs code of the caller while an invariant is broken.
impl<T> UnwindSafe for Consumer<T> {}
impl<T> RefUnwindSafe for Consumer<T> {}
