//! The ends of a ring whose slots lie side by side.

use core::task::{Context, Poll, Waker};

use super::engine;
use super::patience::{Need, Patience};
use super::signal::{CLOSING, GONE, reaches};
use super::storage::{Header, Ring, leave};
use crate::error::{Closed, TryPopError, TryPushError};
#[cfg(feature = "std")]
use crate::sync::Deadline;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::own_load;

/// The end that pushes.
pub struct Pushing<T> {
    pub(super) ring: Ring<T>,
    /// This end's index. `ring`'s `tail`, or ahead of it while a publication is deferred.
    pub(super) tail: usize,
    /// `head + capacity` as last seen: pushing needs no look at the other end below it (I2).
    limit: usize,
    patience: Patience,
}

// SAFETY: values move from the producing to the consuming thread (`T: Send`), and the shared part is
// made of atomics and slots that one end at a time may touch (I3).
unsafe impl<T: Send> Send for Pushing<T> {}

impl<T> Pushing<T> {
    /// The end of a ring that has just been given its ends.
    pub(super) fn new(ring: Ring<T>) -> Self {
        let tail = ring.first_index();
        let limit = tail.wrapping_add(ring.header().capacity);
        Self { ring, tail, limit, patience: Patience::new(tail) }
    }

    /// How many slots are empty, after another look at the other end; none if that is gone.
    #[inline]
    pub(super) fn room(&mut self) -> usize {
        let header = self.ring.header();
        self.patience.relax(&header.said.by_producer, self.tail);
        self.limit = if header.said.is_closed() {
            // What is left belongs to nobody who would pop it.
            self.tail
        } else {
            // Acquire (E2): the values below this index have been moved out of their slots.
            header.head.load(Acquire).wrapping_add(header.capacity)
        };
        self.limit.wrapping_sub(self.tail)
    }

    /// [`room_for`](engine::Pushing::room_for) what is pushed together, which cannot be taken back: none if
    /// the consumer is gone by now. What was held back is shown where there is none.
    #[inline]
    pub(super) fn room_for_batch(&mut self, wanted: usize) -> usize {
        if self.ring.header().said.is_closed() {
            self.limit = self.tail;
        }
        let room = engine::Pushing::room_for(self, wanted);
        if room == 0 {
            self.publish_rest();
        }
        room
    }

    /// Shows the consumer all that was written, and wakes it if it waits for that. What the consumer has
    /// to say: zero, or its word.
    #[inline(always)]
    pub(super) fn publish(&self) -> u32 {
        self.show();
        let header = self.ring.header();
        let looked = header.said.by_consumer.look();
        if looked == 0 { 0 } else { header.said.by_consumer.attend(looked, self.tail) }
    }

    /// Shows the consumer all that was written, and looks at nothing.
    #[inline(always)]
    fn show(&self) {
        // Release (E1): the values are in their slots before the consumer can see the index.
        self.ring.header().tail.store(self.tail, Release);
    }

    /// [`publish`](Self::publish), if anything was held back. Another store would take the line from the
    /// consumer for nothing, each time a ring is found full.
    fn publish_rest(&self) {
        if own_load(&self.ring.header().tail) != self.tail {
            self.publish();
        }
    }

    /// The same for what was pushed together, and cannot be taken back if the consumer is gone.
    #[inline]
    pub(super) fn publish_batch(&mut self) -> Result<(), Closed> {
        if self.publish() & (GONE | CLOSING) == 0 {
            return Ok(());
        }
        self.limit = self.tail;
        Err(Closed(()))
    }

    /// Closes the ring, as a drop does: nothing can be pushed any more.
    #[cfg(any(feature = "std", feature = "async"))]
    pub(super) fn close(&mut self) {
        let header = self.ring.header();
        if header.said.by_producer.is_closed() {
            return;
        }
        self.show();
        self.limit = self.tail;
        header.said.by_producer.leave(self.tail);
        header.said.by_consumer.wake_whatever();
    }

    /// Pushes `value` if there is room, to be published later.
    #[inline]
    pub(super) fn push_unseen(&mut self, value: T) -> Result<(), TryPushError<T>> {
        if engine::Pushing::room_for(self, 1) == 0 {
            return Err(self.refused(value));
        }
        self.write_unseen(value);
        Ok(())
    }

    /// Into a slot that is there.
    #[inline]
    pub(super) fn write_unseen(&mut self, value: T) {
        // SAFETY: the callers have looked that `tail < limit`, so the slot is empty and ours (I2, I3).
        unsafe { self.ring.write(self.tail, value) };
        self.tail = self.tail.wrapping_add(1);
    }

    /// Why there is no room.
    #[cold]
    pub(super) fn refused(&self, value: T) -> TryPushError<T> {
        // The consumer must not wait for what is held back.
        self.publish_rest();
        let closed = self.ring.header().said.is_closed();
        if closed { TryPushError::Closed(value) } else { TryPushError::Full(value) }
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
        self.limit = self.tail;
        // Relaxed: nobody reads it but who ends the ring (E5).
        header.tail.store(self.tail, Relaxed);
        // SAFETY: the slot holds the value, which is outside of the ring now, and the consumer does not
        // touch it any more (I3, E4).
        Some(unsafe { ring.read(self.tail) })
    }
}

impl<T> engine::Pushing<T> for Pushing<T> {
    #[inline(always)]
    fn header(&self) -> &Header {
        self.ring.header()
    }

    #[inline(always)]
    fn tail(&self) -> usize {
        self.tail
    }

    fn slots(&self) -> usize {
        self.ring.header().capacity
    }

    #[inline(always)]
    fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>> {
        if self.tail == self.limit && self.room() == 0 {
            return Err(self.refused(value));
        }
        // SAFETY: `tail < limit`, so the slot is empty and ours (I2, I3).
        unsafe { self.ring.write(self.tail, value) };
        self.tail = self.tail.wrapping_add(1);
        if self.publish() & GONE == 0 {
            return Ok(());
        }
        self.take_back().map_or(Ok(()), |value| Err(TryPushError::Closed(value)))
    }

    #[inline]
    fn room_for(&mut self, wanted: usize) -> usize {
        let room = self.limit.wrapping_sub(self.tail);
        if room >= wanted { room } else { self.room() }
    }

    #[cfg(feature = "std")]
    fn wait(&mut self, count: usize, deadline: Deadline) -> bool {
        self.publish_rest();
        let Self { ring, tail, patience, .. } = self;
        let (need, ready) = for_room(ring, *tail, count);
        patience.wait(&ring.header().said.by_producer, need, ready, deadline)
    }

    fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()> {
        self.publish_rest();
        let Self { ring, tail, patience, .. } = self;
        let (need, ready) = for_room(ring, *tail, count);
        patience.poll(&ring.header().said.by_producer, need, ready, context)
    }

    unsafe fn leave(&mut self) -> Option<Waker> {
        // What was deferred, by a guard that was forgotten.
        self.show();
        let header = self.ring.header();
        header.said.by_producer.leave(self.tail);
        let waker = header.said.by_consumer.rouse();
        // SAFETY: one of two ends, for the last time; guaranteed by the caller.
        unsafe { leave(self.ring) };
        waker
    }
}

/// When a producer at `tail` need not wait for `count` empty slots any more: as the consumer knows it,
/// and as it looks itself.
fn for_room<T>(ring: &Ring<T>, tail: usize, count: usize) -> (Need, impl Fn() -> bool) {
    let header = ring.header();
    let enough = tail.wrapping_add(count).wrapping_sub(header.capacity);
    let ready = move || {
        // Relaxed: `room` looks again, and makes the edge (E2).
        reaches(header.head.load(Relaxed), enough) || header.said.is_closed()
    };
    (Need { index: tail, target: enough }, ready)
}

/// The end that pops.
pub struct Popping<T> {
    pub(super) ring: Ring<T>,
    /// This end's index. `ring`'s `head`, or ahead of it while slots are given back later.
    pub(super) head: usize,
    /// `tail` as last seen: popping needs no look at the other end below it (I2).
    limit: usize,
    patience: Patience,
}

// SAFETY: values move from the producing to the consuming thread (`T: Send`), and the shared part is
// made of atomics and slots that one end at a time may touch (I3).
unsafe impl<T: Send> Send for Popping<T> {}

impl<T> Popping<T> {
    /// The end of a ring that has just been given its ends.
    pub(super) fn new(ring: Ring<T>) -> Self {
        let head = ring.first_index();
        Self { ring, head, limit: head, patience: Patience::new(head) }
    }

    /// How many values there are, as for `items_for`. Slots that were held back are given back where
    /// there are none.
    #[inline]
    pub(super) fn items_for_batch(&mut self, wanted: usize) -> usize {
        let items = engine::Popping::items_for(self, wanted);
        if items == 0 {
            self.give_back_rest();
        }
        items
    }

    /// Why there is no value; or that there is one after all.
    #[cold]
    pub(super) fn nothing(&mut self) -> Result<(), TryPopError> {
        // The producer must not wait for slots that are held back.
        self.give_back_rest();
        if !self.ring.header().said.by_producer.is_closed() {
            return Err(TryPopError::Empty);
        }
        // Its last push may have come after the last look, but before it went (E4).
        if engine::Popping::items(self) == 0 { Err(TryPopError::Closed) } else { Ok(()) }
    }

    /// Lets the producer have all slots that were emptied, and wakes it if it waits for that.
    #[inline(always)]
    pub(super) fn give_back(&self) {
        self.let_go();
        let header = self.ring.header();
        let looked = header.said.by_producer.look();
        if looked != 0 {
            header.said.by_producer.attend(looked, self.head);
        }
    }

    /// Lets the producer see which slots were emptied, and looks at nothing.
    #[inline(always)]
    fn let_go(&self) {
        // Release (E2): the values are out of their slots before the producer can see the index.
        self.ring.header().head.store(self.head, Release);
    }

    /// [`give_back`](Self::give_back), if any slot was held back. Another store would take the line from
    /// the producer for nothing, each time a ring is found empty.
    fn give_back_rest(&self) {
        if own_load(&self.ring.header().head) != self.head {
            self.give_back();
        }
    }
}

impl<T> engine::Popping<T> for Popping<T> {
    #[inline(always)]
    fn header(&self) -> &Header {
        self.ring.header()
    }

    fn len(&self) -> usize {
        // Relaxed: a number to look at; a later `try_pop` makes the edge (E1).
        self.ring.header().tail.load(Relaxed).wrapping_sub(self.head)
    }

    fn is_full(&self) -> bool {
        self.len() == self.ring.header().capacity
    }

    #[inline(always)]
    fn try_pop(&mut self) -> Result<T, TryPopError> {
        if self.head == self.limit && self.items() == 0 {
            self.nothing()?;
        }
        // SAFETY: `head < limit <= tail`, so the slot holds a value and is ours (I2, I3); the next line
        // passes it.
        let value = unsafe { self.ring.read(self.head) };
        self.head = self.head.wrapping_add(1);
        self.give_back();
        Ok(value)
    }

    #[inline]
    fn items(&mut self) -> usize {
        self.patience.relax(&self.ring.header().said.by_consumer, self.head);
        // Acquire (E1): the values below this index are in their slots.
        self.limit = self.ring.header().tail.load(Acquire);
        self.limit.wrapping_sub(self.head)
    }

    #[inline]
    fn items_for(&mut self, wanted: usize) -> usize {
        let items = self.limit.wrapping_sub(self.head);
        if items >= wanted { items } else { self.items() }
    }

    unsafe fn take_out(&mut self) -> T {
        // SAFETY: there is a value, so `head < limit <= tail` (I2, I3); the next line passes it.
        let value = unsafe { self.ring.read(self.head) };
        self.head = self.head.wrapping_add(1);
        value
    }

    #[cfg(feature = "std")]
    fn wait(&mut self, count: usize, deadline: Deadline) -> bool {
        self.give_back_rest();
        let Self { ring, head, patience, .. } = self;
        let (need, ready) = for_items(ring, *head, count);
        patience.wait(&ring.header().said.by_consumer, need, ready, deadline)
    }

    fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()> {
        self.give_back_rest();
        let Self { ring, head, patience, .. } = self;
        let (need, ready) = for_items(ring, *head, count);
        patience.poll(&ring.header().said.by_consumer, need, ready, context)
    }

    unsafe fn leave(&mut self) {
        let header = self.ring.header();
        header.said.by_consumer.leave(self.head);
        // After that: a producer that finds room by this sees that nobody will pop what it puts there (E4).
        self.let_go();
        // SAFETY: one of two ends, for the last time; guaranteed by the caller.
        unsafe { leave(self.ring) };
    }
}

/// When a consumer at `head` need not wait for `count` values any more: as the producer knows it, and as
/// it looks itself.
fn for_items<T>(ring: &Ring<T>, head: usize, count: usize) -> (Need, impl Fn() -> bool) {
    let header = ring.header();
    let enough = head.wrapping_add(count);
    let ready = move || {
        // Relaxed: `items` looks again, and makes the edge (E1).
        reaches(header.tail.load(Relaxed), enough) || header.said.by_producer.is_closed()
    };
    (Need { index: head, target: enough }, ready)
}
