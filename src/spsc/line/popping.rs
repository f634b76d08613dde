//! The end that pops from lines.

use core::task::{Context, Poll};

use super::super::engine;
use super::super::patience::{Need, Patience};
use super::super::signal::reaches;
use super::super::storage::{Header, leave};
use super::block::{Line, LineRing, Rest};
use crate::error::TryPopError;
#[cfg(feature = "std")]
use crate::sync::Deadline;
use crate::sync::atomic::Ordering::{Acquire, Release};
use crate::sync::{own_load, prefetch_for_read};

/// The end that pops.
pub struct Popping<T> {
    ring: LineRing<T>,
    /// The line into which `head` falls.
    line: Line<T>,
    /// This end's index.
    head: usize,
    /// The `tail` of the line as last seen: popping needs no look at it below that (L4).
    limit: usize,
    patience: Patience,
}

// SAFETY: values move from the producing to the consuming thread (`T: Send`), and the shared part is
// made of atomics and slots that one end at a time may touch (L3).
unsafe impl<T: Send> Send for Popping<T> {}

impl<T> Popping<T> {
    /// The end of a ring that has just been given its ends.
    pub(super) fn new(ring: LineRing<T>) -> Self {
        let head = own_load(&ring.header().head);
        let line = ring.line(0, head);
        Self { ring, line, head, limit: head, patience: Patience::new(head) }
    }

    /// How many values there are in this line, after another look at it.
    #[inline]
    fn in_line(&mut self) -> usize {
        self.patience.relax(&self.ring.header().said.by_consumer, self.head);
        // Acquire (E1): the values below this index are in their slots.
        let tail = self.line.tail().load(Acquire);
        if reaches(tail, self.head) {
            self.limit = tail;
        }
        if tail == self.line.end {
            // The producer is past it. Not further: it may be at the line after the next, and its stores
            // would wait for the line to come back.
            prefetch_for_read(self.ring.ahead(self.line, 1));
        }
        self.limit.wrapping_sub(self.head)
    }

    /// How many values there are in all lines.
    fn all(&self) -> usize {
        // Acquire (E1): as in `in_line`.
        let tail = self.line.tail().load(Acquire);
        if tail != self.line.end {
            return if reaches(tail, self.head) { tail.wrapping_sub(self.head) } else { 0 };
        }
        // The last line that holds a value is searched between one that does and one that does not.
        let (mut last, mut beyond) = (0, self.ring.slots() / LineRing::<T>::VALUES);
        let mut tail = tail;
        while beyond - last > 1 {
            let middle = last.midpoint(beyond);
            let start = self.line.start().wrapping_add(middle * LineRing::<T>::VALUES);
            // Acquire (E1): with the values of this line come those of the lines before it.
            let seen = self.ring.of_index(self.line, start).tail().load(Acquire);
            if reaches(seen, start.wrapping_add(1)) {
                (last, tail) = (middle, seen);
            } else {
                beyond = middle;
            }
        }
        tail.wrapping_sub(self.head)
    }

    /// Why there is no value; or that there is one after all.
    #[cold]
    fn nothing(&mut self) -> Result<(), TryPopError> {
        if !self.ring.header().said.by_producer.is_closed() {
            return Err(TryPopError::Empty);
        }
        // Its last push may have come after the last look, but before it went (E4).
        if self.in_line() == 0 { Err(TryPopError::Closed) } else { Ok(()) }
    }

    /// Looks at the line once more; why there is no value, if there is none.
    #[cold]
    #[inline(never)]
    fn look(&mut self) -> Result<(), TryPopError> {
        if self.in_line() == 0 { self.nothing() } else { Ok(()) }
    }

    /// Gives the line back, all of which was popped, and wakes the producer if it waits for that.
    #[cold]
    #[inline(never)]
    fn next_line(&mut self) {
        self.line = self.ring.after(self.line);
        let header = self.ring.header();
        // Release (E2): the values are out of their slots before the producer can see the index.
        header.head.store(self.head, Release);
        let looked = header.said.by_producer.look();
        if looked != 0 {
            header.said.by_producer.attend(looked, self.head);
        }
    }
}

impl<T> engine::Popping<T> for Popping<T> {
    #[inline(always)]
    fn header(&self) -> &Header {
        self.ring.header()
    }

    fn len(&self) -> usize {
        self.all()
    }

    fn is_full(&self) -> bool {
        // What was popped from the line is not given back.
        self.all() + self.head.wrapping_sub(self.line.start()) == self.ring.slots()
    }

    #[inline(always)]
    fn try_pop(&mut self) -> Result<T, TryPopError> {
        let head = self.head;
        if head == self.limit {
            self.look()?;
        }
        let line = self.line;
        // SAFETY: `head` falls into `line`, and is less than its `tail`, so the slot holds a value and is
        // ours (L3, L4); the next line passes it.
        let value = unsafe { self.ring.read(line, head) };
        let head = head.wrapping_add(1);
        self.head = head;
        if head == line.end {
            self.next_line();
            // As it is; so that the compiler, which does not know that, keeps it in a register in a loop.
            self.head = head;
        }
        Ok(value)
    }

    fn items(&mut self) -> usize {
        self.all()
    }

    fn items_for(&mut self, wanted: usize) -> usize {
        let items = self.limit.wrapping_sub(self.head);
        if items >= wanted { items } else { self.all() }
    }

    unsafe fn take_out(&mut self) -> T {
        // SAFETY: there is a value, and the next line passes it.
        let value = unsafe { self.ring.read(self.ring.of_index(self.line, self.head), self.head) };
        self.head = self.head.wrapping_add(1);
        value
    }

    #[cfg(feature = "std")]
    fn wait(&mut self, count: usize, deadline: Deadline) -> bool {
        let Self { ring, line, head, patience, .. } = self;
        let (need, ready) = for_items(ring, *line, *head, count);
        patience.wait(&ring.header().said.by_consumer, need, ready, deadline)
    }

    fn poll(&mut self, count: usize, context: &mut Context<'_>) -> Poll<()> {
        let Self { ring, line, head, patience, .. } = self;
        let (need, ready) = for_items(ring, *line, *head, count);
        patience.poll(&ring.header().said.by_consumer, need, ready, context)
    }

    unsafe fn leave(&mut self) {
        let header = self.ring.header();
        header.said.by_consumer.leave(self.head);
        // Release (E4): a producer that finds room by this sees that nobody will pop what it puts
        // there.
        header.head.store(self.head, Release);
        // SAFETY: one of two ends, for the last time; guaranteed by the caller.
        unsafe { leave(Rest { ring: self.ring, line: self.line }) };
    }
}

/// When a consumer at `head`, in `line`, need not wait for `count` values any more: as the producer knows
/// it, and as it looks itself.
fn for_items<T>(
    ring: &LineRing<T>,
    line: Line<T>,
    head: usize,
    count: usize,
) -> (Need, impl Fn() -> bool) {
    let header = ring.header();
    let enough = head.wrapping_add(count);
    let last = ring.of_index(line, enough.wrapping_sub(1));
    let ready = move || {
        // Acquire (E1): the lines before that one are seen to be filled, too.
        reaches(last.tail().load(Acquire), enough) || header.said.by_producer.is_closed()
    };
    (Need { index: head, target: enough }, ready)
}
