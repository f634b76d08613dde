//! The end that pushes into lines.

use core::task::{Context, Poll, Waker};

use super::super::engine;
use super::super::patience::{Need, Patience};
use super::super::signal::{GONE, reaches};
use super::super::storage::{Header, leave};
use super::block::{Line, LineRing, Rest};
use crate::error::TryPushError;
#[cfg(feature = "std")]
use crate::sync::Deadline;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{own_load, prefetch_for_write};

/// How many lines ahead the producer asks for one: the transfer of a line takes about as long as it takes to
/// fill two.
const AHEAD: usize = 2;

/// The end that pushes.
pub struct Pushing<T> {
    ring: LineRing<T>,
    /// The line of the last push.
    line: Line<T>,
    /// This end's index, in `line` or at its end.
    tail: usize,
    /// `head + slots` as last seen: below it there is room (L2).
    limit: usize,
    patience: Patience,
}

// SAFETY: values move from the producing to the consuming thread (`T: Send`), and the shared part is
// made of atomics and slots that one end at a time may touch (L3).
unsafe impl<T: Send> Send for Pushing<T> {}

impl<T> Pushing<T> {
    /// The end of a ring that has just been given its ends.
    pub(super) fn new(ring: LineRing<T>) -> Self {
        let tail = own_load(&ring.header().tail);
        let limit = tail.wrapping_add(ring.slots());
        // As if the line before the first had just been filled.
        let line = ring.of_index(ring.line(0, tail), tail.wrapping_sub(1));
        Self { ring, line, tail, limit, patience: Patience::new(tail) }
    }

    /// Goes on to the next line; whether that is free.
    #[cold]
    #[inline(never)]
    fn next_line(&mut self) -> bool {
        let mut room = self.limit.wrapping_sub(self.tail);
        if room < LineRing::<T>::VALUES {
            room = self.room();
        }
        debug_assert!(room <= self.ring.slots(), "the index is ahead of the limit (L2)");
        // A consumer that is gone may have left in the middle of a line.
        if room < LineRing::<T>::VALUES {
            return false;
        }
        self.line = self.ring.after(self.line);
        if room > AHEAD * LineRing::<T>::VALUES {
            prefetch_for_write(self.ring.ahead(self.line, AHEAD));
        }
        true
    }

    /// How many slots are empty, after another look at the other end; none if that is gone.
    fn room(&mut self) -> usize {
        let header = self.ring.header();
        self.patience.relax(&header.said.by_producer, self.tail);
        if header.said.by_consumer.is_closed() {
            // What is left belongs to nobody who would pop it. The limit stays where it is: in the middle
            // of a line pushes go on past this end's index, and must not get ahead of the limit (L2).
            return 0;
        }
        // Acquire (E2): the values below this index have been moved out of their slots.
        self.limit = header.head.load(Acquire).wrapping_add(self.ring.slots());
        self.limit.wrapping_sub(self.tail)
    }

    /// Why there is no room.
    #[cold]
    fn refused(&self, value: T) -> TryPushError<T> {
        if self.ring.header().said.by_consumer.is_closed() {
            TryPushError::Closed(value)
        } else {
            TryPushError::Full(value)
        }
    }

    /// Sees to what the consumer has to say after a push.
    #[cold]
    #[inline(never)]
    fn attend(&mut self, looked: u32) -> Result<(), TryPushError<T>> {
        let signal = &self.ring.header().said.by_consumer;
        if signal.attend(looked, self.tail) & GONE == 0 {
            return Ok(());
        }
        self.take_back().map_or(Ok(()), |value| Err(TryPushError::Closed(value)))
    }

    /// The value that was pushed last, if the consumer, which is gone, has not popped it.
    #[cold]
    fn take_back(&mut self) -> Option<T> {
        if self.ring.header().said.by_consumer.left_at() == self.tail {
            return None;
        }
        self.tail = self.tail.wrapping_sub(1);
        // SAFETY: the slot holds the value, which is outside of the ring now, and the consumer does not
        // touch it any more (L3, E4).
        Some(unsafe { self.ring.read(self.line, self.tail) })
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
        self.ring.slots()
    }

    #[inline(always)]
    fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>> {
        let tail = self.tail;
        if tail == self.line.end && !self.next_line() {
            return Err(self.refused(value));
        }
        let line = self.line;
        // SAFETY: `tail` falls into `line`, all of which was free when this end came to it (L3).
        unsafe { self.ring.write(line, tail, value) };
        let tail = tail.wrapping_add(1);
        // Release (E1): the value is in its slot before the consumer can see the index.
        line.tail().store(tail, Release);
        let looked = self.ring.header().said.by_consumer.look();
        // After the store and the look, past which the compiler moves nothing: so it keeps the index in a
        // register in a loop, and no push waits for the store of the one before.
        self.tail = tail;
        if looked != 0 {
            self.attend(looked)?;
            // As it is, for the same reason.
            self.tail = tail;
        }
        Ok(())
    }

    fn room_for(&mut self, wanted: usize) -> usize {
        let room = self.limit.wrapping_sub(self.tail);
        if room >= wanted { room } else { self.room() }
    }

    #[cfg(feature = "std")]
    fn wait(&mut self, count: usize, deadline: Deadline) -> bool {
        let Self { ring, tail, patience, .. } = self;
        let (need, ready) = for_room(ring, *tail, count);
        patience.wait(&ring.header().said.by_producer, need, ready, deadline)
    }

    fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()> {
        let Self { ring, tail, patience, .. } = self;
        let (need, ready) = for_room(ring, *tail, count);
        patience.poll(&ring.header().said.by_producer, need, ready, context)
    }

    unsafe fn leave(&mut self) -> Option<Waker> {
        let header = self.ring.header();
        // Relaxed: comes to the last end with the rest (E5).
        header.tail.store(self.tail, Relaxed);
        header.said.by_producer.leave(self.tail);
        let waker = header.said.by_consumer.rouse();
        // SAFETY: one of two ends, for the last time; guaranteed by the caller.
        unsafe { leave(Rest { ring: self.ring, line: self.line }) };
        waker
    }
}

/// When a producer at `tail` need not wait for `count` empty slots any more: as the consumer knows it,
/// and as it looks itself.
fn for_room<T>(ring: &LineRing<T>, tail: usize, count: usize) -> (Need, impl Fn() -> bool) {
    let header = ring.header();
    let enough = tail.wrapping_add(count).wrapping_sub(ring.slots());
    let ready = move || {
        // Relaxed: `room` looks again, and makes the edge (E2).
        reaches(header.head.load(Relaxed), enough) || header.said.by_consumer.is_closed()
    };
    (Need { index: tail, target: enough }, ready)
}
