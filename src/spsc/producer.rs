//! The end that pushes.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::task::{Context, Poll};

use crossbeam_utils::CachePadded;

use super::patience::{Need, Patience};
use super::signal::{TASK, reaches};
use super::storage::{Heap, Ring, Storage};
use crate::error::TryPushError;
#[cfg(feature = "std")]
use crate::error::{Closed, PushTimeoutError};
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
#[cfg(feature = "std")]
use {crate::sync::Deadline, core::time::Duration, std::time::Instant};

/// The end of a [`ring`](super::ring) that pushes. Dropping it closes the ring.
///
/// It can be sent to another thread, but not shared: there is one producer. Handles are padded, so
/// that two ends that lie side by side do not share a cache line.
#[doc(alias = "Sender")]
#[must_use = "dropping an end closes the ring"]
pub struct Producer<T, S: Storage = Heap> {
    pub(super) own: CachePadded<Own<T>>,
    storage: PhantomData<S>,
    /// Not `Sync`.
    alone: PhantomData<Cell<T>>,
}

// SAFETY: values move from the producing to the consuming thread (`T: Send`), and the shared part is
// made of atomics and slots that one end at a time may touch (I3).
unsafe impl<T: Send, S: Storage> Send for Producer<T, S> {}

pub(super) struct Own<T> {
    pub(super) ring: Ring<T>,
    /// This end's index. `ring`'s `tail`, or ahead of it while a publication is deferred.
    pub(super) tail: usize,
    /// `head + capacity` as last seen: pushing needs no look at the other end below it (I2).
    limit: usize,
    patience: Patience,
    /// This end has said that it is gone, before its drop.
    closed: bool,
}

impl<T, S: Storage> Producer<T, S> {
    /// The end of a ring that has just been given its ends.
    pub(super) fn new(ring: Ring<T>) -> Self {
        let tail = ring.first_index();
        let limit = tail.wrapping_add(ring.header().capacity);
        let own = Own { ring, tail, limit, patience: Patience::new(tail), closed: false };
        Self { own: CachePadded::new(own), storage: PhantomData, alone: PhantomData }
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
        if own.tail == own.limit && own.room() == 0 {
            return Err(own.refused(value));
        }
        // SAFETY: `tail < limit`, so the slot is empty and ours (I2, I3).
        unsafe { own.ring.write(own.tail, value) };
        own.tail = own.tail.wrapping_add(1);
        if own.publish() {
            return Ok(());
        }
        own.take_back().map_or(Ok(()), |value| Err(TryPushError::Closed(value)))
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
        self.own.tail.wrapping_sub(self.own.ring.header().head.load(Relaxed))
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
        self.len() == self.capacity()
    }

    /// How many values fit: exactly the number the ring was made with.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::ring::<u8>(3).0.capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.own.ring.header().capacity
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
        self.own.is_closed()
    }

    /// Pushes `value` if there is room, to be seen after a [`flush`](Self::flush).
    #[cfg(feature = "async")]
    pub(crate) fn push_unseen(&mut self, value: T) -> Result<(), TryPushError<T>> {
        self.own.push_unseen(value)
    }

    /// Shows the consumer all that was pushed; `false` if it is gone.
    #[cfg(feature = "async")]
    pub(crate) fn flush(&mut self) -> bool {
        self.own.publish()
    }

    /// Closes the ring, as a drop does: nothing can be pushed any more.
    #[cfg(any(feature = "std", feature = "async"))]
    pub(crate) fn close(&mut self) {
        let own = &mut *self.own;
        if !own.closed {
            own.closed = true;
            own.limit = own.tail;
            own.say_gone();
        }
    }
}

impl<T> Own<T> {
    /// Whether nothing can be pushed any more.
    #[inline]
    fn is_closed(&self) -> bool {
        self.closed || self.ring.header().said.by_consumer.is_gone()
    }

    /// Tells the consumer that no more will come.
    fn say_gone(&self) {
        self.publish();
        let said = &self.ring.header().said;
        said.by_producer.leave(self.tail);
        said.by_consumer.wake_whatever();
    }

    /// How many slots are empty, after another look at the other end; none if that is gone.
    #[inline]
    pub(super) fn room(&mut self) -> usize {
        self.limit = if self.is_closed() {
            // What is left belongs to nobody who would pop it.
            self.tail
        } else {
            let header = self.ring.header();
            // Acquire (E2): the values below this index have been moved out of their slots.
            header.head.load(Acquire).wrapping_add(header.capacity)
        };
        self.limit.wrapping_sub(self.tail)
    }

    /// How many slots are empty for sure, at most `wanted` if the other end must be looked at for more.
    #[inline]
    pub(super) fn room_for(&mut self, wanted: usize) -> usize {
        let room = self.limit.wrapping_sub(self.tail);
        if room >= wanted { room } else { self.room() }
    }

    /// Shows the consumer all that was written, and wakes it if it waits for that; `false` if it is
    /// gone.
    #[inline(always)]
    pub(super) fn publish(&self) -> bool {
        let header = self.ring.header();
        // Release (E1): the values are in their slots before the consumer can see the index.
        header.tail.store(self.tail, Release);
        let looked = header.said.by_consumer.look();
        looked == 0 || !header.said.by_consumer.attend(looked, self.tail)
    }

    /// Why there is no room.
    #[cold]
    pub(super) fn refused(&self, value: T) -> TryPushError<T> {
        // The consumer must not wait for what is held back.
        self.publish();
        if self.is_closed() { TryPushError::Closed(value) } else { TryPushError::Full(value) }
    }

    /// The value that was pushed last, if the consumer, which is gone, has not popped it.
    #[cold]
    fn take_back(&mut self) -> Option<T> {
        let ring = self.ring;
        let header = ring.header();
        if header.said.by_consumer.left_at() == self.tail {
            return None;
        }
        self.tail = self.tail.wrapping_sub(1);
        // Relaxed: nobody reads it but who ends the ring (E5).
        header.tail.store(self.tail, Relaxed);
        // SAFETY: the slot holds the value, which is outside of the ring now, and the consumer does not
        // touch it any more (I3, E4).
        Some(unsafe { ring.read(self.tail) })
    }

    /// Waits until there are `count` empty slots or the consumer is gone; `false` when the deadline has
    /// passed.
    #[cfg(feature = "std")]
    pub(super) fn wait(&mut self, count: usize, deadline: Deadline) -> bool {
        self.publish();
        let Self { ring, tail, patience, closed, .. } = self;
        let (need, ready) = waiting(ring, *tail, count, *closed);
        patience.wait(&ring.header().said.by_producer, need, ready, deadline)
    }

    /// The same for a task.
    pub(super) fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()> {
        self.publish();
        let Self { ring, tail, patience, closed, .. } = self;
        let (need, ready) = waiting(ring, *tail, count, *closed);
        patience.poll(&ring.header().said.by_producer, need, ready, context)
    }

    /// Ends the waiting of a task that does not ask again.
    pub(super) fn stop_polling(&self) {
        self.ring.header().said.by_producer.take_back(TASK);
    }
}

/// When a producer at `tail` need not wait for `count` empty slots any more: as the consumer knows it,
/// and as it looks itself.
fn waiting<T>(
    ring: &Ring<T>,
    tail: usize,
    count: usize,
    closed: bool,
) -> (Need, impl Fn() -> bool) {
    let header = ring.header();
    let enough = tail.wrapping_add(count).wrapping_sub(header.capacity);
    let ready = move || {
        // Acquire (E2): as in `room`.
        reaches(header.head.load(Acquire), enough) || closed || header.said.by_consumer.is_gone()
    };
    (Need { index: tail, target: enough }, ready)
}

impl<T, S: Storage> Drop for Producer<T, S> {
    fn drop(&mut self) {
        let own = &mut *self.own;
        if !own.closed {
            // Publishes, too, what was deferred by a guard that was forgotten.
            own.say_gone();
        }
        // SAFETY: one of two ends, for the last time, of a ring of this storage.
        unsafe { own.ring.leave(S::ON_HEAP) };
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

// Values are moved, and never pinned.
impl<T, S: Storage> Unpin for Producer<T, S> {}

// No call leaves an invariant broken while it runs code of the caller.
impl<T, S: Storage> UnwindSafe for Producer<T, S> {}
impl<T, S: Storage> RefUnwindSafe for Producer<T, S> {}
