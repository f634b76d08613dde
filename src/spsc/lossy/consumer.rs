//! The end that pops.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::storage::{Names, Shared};
use crate::error::TryPopError;
use crate::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use crate::sync::{Arc, CHASES};

/// The end of a [`lossy`](super::lossy()) queue that pops.
///
/// It can be sent to another thread, but not shared: there is one consumer.
#[must_use = "nobody else pops"]
pub struct Consumer<T> {
    shared: Arc<Shared<T>>,
    /// The cell of the oldest value that there can be, and its lap (I4).
    cell: usize,
    lap: u64,
    /// A slot of its own, empty (I1).
    spare: usize,
    missed: u64,
    /// Not `Sync`.
    alone: PhantomData<Cell<T>>,
}

impl<T> Consumer<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let spare = shared.capacity() + 1;
        Self { shared, cell: 0, lap: 0, spare, missed: 0, alone: PhantomData }
    }

    /// Pops the oldest value if there is one. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryPopError::Empty) if nothing is inside now, [`Closed`](TryPopError::Closed) if nothing is
    /// inside and the producer is gone.
    ///
    /// ```
    /// use untorn::spsc::{TryPopError, lossy};
    ///
    /// let (mut producer, mut consumer) = lossy(2);
    /// assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
    /// (1..=3).for_each(|number| _ = producer.push(number));
    /// drop(producer);
    /// assert_eq!([consumer.try_pop(), consumer.try_pop()], [Ok(2), Ok(3)]);
    /// assert_eq!(consumer.try_pop(), Err(TryPopError::Closed));
    /// ```
    #[inline]
    pub fn try_pop(&mut self) -> Result<T, TryPopError> {
        match self.take() {
            Some(value) => Ok(value),
            None => self.take_last(),
        }
    }

    #[cold]
    fn take_last(&mut self) -> Result<T, TryPopError> {
        // Acquire (E3): all that was pushed is seen by the look below.
        if !self.shared.closed.load(Acquire) {
            return Err(TryPopError::Empty);
        }
        self.take().ok_or(TryPopError::Closed)
    }

    #[inline]
    fn take(&mut self) -> Option<T> {
        let empty = self.shared.names.empty(self.spare);
        for _ in 0..CHASES {
            let cell = self.shared.cell(self.cell);
            // Acquire (E1): if this is of a later lap, the cells that follow are not older than it says.
            let seen = cell.load(Acquire);
            // Of an earlier lap, it is one of those that are never popped (I4).
            if !Names::is_full(seen) || self.shared.names.lap(seen) < self.lap {
                return None;
            }
            let mut now = seen;
            if self.shared.names.lap(seen) == self.lap {
                // Release (E2): the spare slot was emptied before the producer can have it. What the load
                // has acquired is what is exchanged. Acquire on failure (E1): as for the load.
                match cell.compare_exchange(seen, empty, Release, Acquire) {
                    Ok(_) => return Some(self.took(seen)),
                    Err(later) => now = later,
                }
            }
            self.overtaken(now);
        }
        // Overtaken, we are where the producer has been, and only we empty cells (I3).
        // Release (E2): as above. Acquire (E1): the value is in its slot.
        let before = self.shared.cell(self.cell).swap(empty, AcqRel);
        debug_assert!(Names::is_full(before), "nobody else empties a cell");
        let later = self.shared.names.lap(before);
        self.missed += (later - self.lap) * self.shared.capacity() as u64;
        self.lap = later;
        Some(self.took(before))
    }

    /// The value that `word` names, which was exchanged for the spare slot.
    #[inline(always)]
    fn took(&mut self, word: u64) -> T {
        self.spare = self.shared.names.slot(word);
        self.step();
        // SAFETY: the cell was full, so its slot holds a value; it is ours by the exchange (I1, I2), and
        // empty from here on.
        unsafe { self.shared.read(self.spare) }
    }

    #[inline(always)]
    fn step(&mut self) {
        self.cell += 1;
        if self.cell == self.shared.capacity() {
            (self.cell, self.lap) = (0, self.lap + 1);
        }
    }

    /// Goes to the oldest value that there can be when this cell holds `now`, which is of a later lap.
    #[cold]
    fn overtaken(&mut self, now: u64) {
        let capacity = self.shared.capacity() as u64;
        let here = self.lap * capacity + self.cell as u64;
        // Behind the one that was in this cell in the lap before `now`, which that has overwritten.
        let behind = here + (self.shared.names.lap(now) - 1 - self.lap) * capacity + 1;
        // Acquire (E1): that many values were pushed, as the cells show from here on.
        let pushed = self.shared.pushed.load(Acquire);
        let oldest = behind.max(pushed.saturating_sub(capacity));
        self.missed += oldest - here;
        // Less than the capacity, so it fits.
        (self.cell, self.lap) = ((oldest % capacity) as usize, oldest / capacity);
    }

    /// How many values were pushed before the last one that was popped, or before where the next pop will
    /// look, and are never popped. Exact.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::lossy(2);
    /// (0..5).for_each(|number| _ = producer.push(number));
    /// assert_eq!(consumer.missed(), 0); // it has not looked yet
    /// assert_eq!(consumer.try_pop(), Ok(3));
    /// assert_eq!(consumer.missed(), 3);
    /// ```
    #[must_use]
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// How many values are kept.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::lossy::<u8>(3).1.capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }

    /// Whether the producer is gone: nothing new will come, though values may be inside. Wait-free.
    ///
    /// ```
    /// let (producer, consumer) = untorn::spsc::lossy::<u8>(1);
    /// assert!(!consumer.is_closed());
    /// drop(producer);
    /// assert!(consumer.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // Relaxed: a later `try_pop` makes the edge (E3).
        self.shared.closed.load(Relaxed)
    }
}

impl<T> Drop for Consumer<T> {
    fn drop(&mut self) {
        // Relaxed: nothing is read on the strength of it.
        self.shared.left.store(true, Relaxed);
    }
}

impl<T> fmt::Debug for Consumer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("capacity", &self.capacity())
            .field("missed", &self.missed)
            .field("closed", &self.is_closed())
            .finish()
    }
}

// No call leaves an invariant broken while it runs code of the caller.
impl<T> UnwindSafe for Consumer<T> {}
impl<T> RefUnwindSafe for Consumer<T> {}
