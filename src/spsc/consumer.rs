//! The end that pops.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::task::{Context, Poll};

use crossbeam_utils::CachePadded;

use super::patience::{Need, Patience};
use super::signal::{TASK, reaches};
use super::storage::{Heap, Ring, Storage};
use crate::error::TryPopError;
#[cfg(feature = "std")]
use crate::error::{Closed, PopTimeoutError};
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
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
    pub(super) own: CachePadded<Own<T>>,
    storage: PhantomData<S>,
    /// Not `Sync`.
    alone: PhantomData<Cell<T>>,
}

// SAFETY: values move from the producing to the consuming thread (`T: Send`), and the shared part is
// made of atomics and slots that one end at a time may touch (I3).
unsafe impl<T: Send, S: Storage> Send for Consumer<T, S> {}

pub(super) struct Own<T> {
    pub(super) ring: Ring<T>,
    /// This end's index. `ring`'s `head`, or ahead of it while slots are given back later.
    pub(super) head: usize,
    /// `tail` as last seen: popping needs no look at the other end below it (I2).
    limit: usize,
    patience: Patience,
}

impl<T, S: Storage> Consumer<T, S> {
    /// The end of a ring that has just been given its ends.
    pub(super) fn new(ring: Ring<T>) -> Self {
        let head = ring.first_index();
        let own = Own { ring, head, limit: head, patience: Patience::new(head) };
        Self { own: CachePadded::new(own), storage: PhantomData, alone: PhantomData }
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
        if own.head == own.limit && own.items() == 0 {
            own.nothing()?;
        }
        // SAFETY: `head < limit <= tail`, so the slot holds a value and is ours (I2, I3); the next line
        // passes it.
        let value = unsafe { own.ring.read(own.head) };
        own.head = own.head.wrapping_add(1);
        own.give_back();
        Ok(value)
    }

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
        let own = &mut *self.own;
        if own.items_for(1) == 0 {
            return None;
        }
        let (row, _) = own.ring.rows(own.head, 1);
        // SAFETY: `head < limit <= tail`: the slot holds a value and is ours until `head` passes it (I2,
        // I3), and the result borrows from this end.
        Some(unsafe { &mut *row.cast::<T>() })
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
        // Relaxed: a number to look at; a later `try_pop` makes the edge (E1).
        self.own.ring.header().tail.load(Relaxed).wrapping_sub(self.own.head)
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
        self.own.ring.header().capacity
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
        self.own.ring.header().said.by_producer.is_gone()
    }
}

impl<T> Own<T> {
    /// How many values there are, after another look at the other end.
    #[inline]
    pub(super) fn items(&mut self) -> usize {
        // Acquire (E1): the values below this index are in their slots.
        self.limit = self.ring.header().tail.load(Acquire);
        self.limit.wrapping_sub(self.head)
    }

    /// How many values there are for sure, at most `wanted` if the other end must be looked at for more.
    #[inline]
    pub(super) fn items_for(&mut self, wanted: usize) -> usize {
        let items = self.limit.wrapping_sub(self.head);
        if items >= wanted { items } else { self.items() }
    }

    /// Why there is no value; or that there is one after all.
    #[cold]
    pub(super) fn nothing(&mut self) -> Result<(), TryPopError> {
        // The producer must not wait for slots that are held back.
        self.give_back();
        if !self.ring.header().said.by_producer.is_gone() {
            return Err(TryPopError::Empty);
        }
        // Its last push may have come after the last look, but before it went (E4).
        if self.items() == 0 { Err(TryPopError::Closed) } else { Ok(()) }
    }

    /// Lets the producer have all slots that were emptied, and wakes it if it waits for that.
    #[inline(always)]
    pub(super) fn give_back(&self) {
        let header = self.ring.header();
        // Release (E2): the values are out of their slots before the producer can see the index.
        header.head.store(self.head, Release);
        let looked = header.said.by_producer.look();
        if looked != 0 {
            header.said.by_producer.attend(looked, self.head);
        }
    }

    /// Waits until there are `count` values or the producer is gone; `false` when the deadline has
    /// passed.
    #[cfg(feature = "std")]
    pub(super) fn wait(&mut self, count: usize, deadline: Deadline) -> bool {
        self.give_back();
        let Self { ring, head, patience, .. } = self;
        let (need, ready) = waiting(ring, *head, count);
        patience.wait(&ring.header().said.by_consumer, need, ready, deadline)
    }

    /// The same for a task.
    pub(super) fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()> {
        self.give_back();
        let Self { ring, head, patience, .. } = self;
        let (need, ready) = waiting(ring, *head, count);
        patience.poll(&ring.header().said.by_consumer, need, ready, context)
    }

    /// Ends the waiting of a task that does not ask again.
    pub(super) fn stop_polling(&self) {
        self.ring.header().said.by_consumer.take_back(TASK);
    }
}

/// When a consumer at `head` need not wait for `count` values any more: as the producer knows it, and as
/// it looks itself.
fn waiting<T>(ring: &Ring<T>, head: usize, count: usize) -> (Need, impl Fn() -> bool) {
    let header = ring.header();
    let enough = head.wrapping_add(count);
    let ready = move || {
        // Acquire (E1): as in `items`.
        reaches(header.tail.load(Acquire), enough) || header.said.by_producer.is_gone()
    };
    (Need { index: head, target: enough }, ready)
}

impl<T, S: Storage> Drop for Consumer<T, S> {
    fn drop(&mut self) {
        /// Leaves when dropped, even where a destructor panicked.
        struct Leave<'a, T, S: Storage>(&'a mut Own<T>, PhantomData<S>);

        impl<T, S: Storage> Drop for Leave<'_, T, S> {
            fn drop(&mut self) {
                let header = self.0.ring.header();
                header.said.by_consumer.leave(self.0.head);
                // Release (E4): a producer that finds room by this sees that nobody will pop what it puts
                // there.
                header.head.store(self.0.head, Release);
                header.said.by_producer.wake_whatever();
                // SAFETY: one of two ends, for the last time, of a ring of this storage.
                unsafe { self.0.ring.leave(S::ON_HEAP) };
            }
        }

        // What is inside may hold memory, or the other half of something that waits for it: it is
        // dropped now, not when the producer goes. Not what is pushed meanwhile, which could go on for
        // ever; and the producer gets no room by it.
        let leave = Leave::<T, S>(&mut self.own, PhantomData);
        for _ in 0..leave.0.items() {
            // SAFETY: `head < limit <= tail`, so the slot holds a value and is ours (I2, I3); the next
            // line passes it.
            let value = unsafe { leave.0.ring.read(leave.0.head) };
            leave.0.head = leave.0.head.wrapping_add(1);
            drop(value);
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

// Values are moved, and never pinned.
impl<T, S: Storage> Unpin for Consumer<T, S> {}

// No call leaves an invariant broken while it runs code of the caller.
impl<T, S: Storage> UnwindSafe for Consumer<T, S> {}
impl<T, S: Storage> RefUnwindSafe for Consumer<T, S> {}
