//! A slot that somebody holds by name.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::RefUnwindSafe;

use crossbeam_utils::CachePadded;

use super::line::Line;
use super::slots;

/// Adds to a [`ShardedCounter`](super::ShardedCounter) by a slot of its own, which no thread-local
/// variable has to name: for loops that do little else, and for programs without the standard library.
/// Made by [`ShardedCounter::local`](super::ShardedCounter::local).
///
/// The slot is taken from all sharded counters of the process, and given back when the handle is
/// dropped: take one for a loop, not for keeps.
///
/// ```
/// use untorn::ShardedCounter;
///
/// static BYTES: ShardedCounter = ShardedCounter::new();
///
/// let local = BYTES.local();
/// for length in [100, 200, 300] {
///     local.add(length); // counted at once, not when the handle goes
/// }
/// assert_eq!(BYTES.sum(), 600);
/// ```
#[must_use = "it gives its slot back when it is dropped"]
pub struct LocalCounter<'a> {
    line: &'a Line,
    /// The slot that the line belongs to, or none: then the line is everybody's.
    slot: Option<usize>,
    /// One thread at a time: of two adds without a read-modify-write one would be lost.
    one_thread: PhantomData<Cell<()>>,
}

impl<'a> LocalCounter<'a> {
    pub(super) fn new(lines: &'a [CachePadded<Line>], overflow: &'a Line) -> Self {
        let slot = slots::claim(lines.len());
        let line = slot.map_or(overflow, |slot| &lines[slot]);
        Self { line, slot, one_thread: PhantomData }
    }

    /// Adds `n`, wrapping at 2^64. Wait-free; a plain load and store where the handle
    /// [has a slot](Self::has_slot).
    ///
    /// ```
    /// let counter = untorn::ShardedCounter::<4>::new();
    /// counter.local().add(7);
    /// assert_eq!(counter.sum(), 7);
    /// ```
    #[inline]
    pub fn add(&self, n: u64) {
        if self.slot.is_some() {
            self.line.add_owned(n);
        } else {
            self.line.add_shared(n);
        }
    }

    /// Adds one. As [`add`](Self::add).
    ///
    /// ```
    /// let counter = untorn::ShardedCounter::<4>::new();
    /// counter.local().increment();
    /// assert_eq!(counter.sum(), 1);
    /// ```
    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    /// Whether there was a free slot. If not, each add is a read-modify-write on a word that all who
    /// found none share: exact all the same.
    ///
    /// ```
    /// let none = untorn::ShardedCounter::<0>::new();
    /// assert!(!none.local().has_slot());
    /// ```
    #[must_use]
    pub fn has_slot(&self) -> bool {
        self.slot.is_some()
    }
}

impl Drop for LocalCounter<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot {
            slots::release(slot);
        }
    }
}

impl fmt::Debug for LocalCounter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCounter").field("slot", &self.slot).finish_non_exhaustive()
    }
}

// A panic cannot strike inside an add.
impl RefUnwindSafe for LocalCounter<'_> {}
