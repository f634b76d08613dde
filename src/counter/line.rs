//! One cell of a sharded counter.

use crate::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::own_load;

/// What was counted in one place, and how much of that was taken. Both only grow, modulo 2^64 (I2).
pub(super) struct Line {
    /// Written by the owner of the slot, or with read-modify-writes by everybody who has none.
    count: AtomicU64,
    /// Written by those who take; never ahead of `count` (I3).
    taken: AtomicU64,
}

/// The words of a line, or the sums of those of several.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Words {
    count: u64,
    taken: u64,
}

impl Words {
    pub(super) const ZERO: Self = Self { count: 0, taken: 0 };

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            count: self.count.wrapping_add(other.count),
            taken: self.taken.wrapping_add(other.taken),
        }
    }

    /// What is counted and not taken.
    pub(super) fn left(self) -> u64 {
        self.count.wrapping_sub(self.taken)
    }
}

impl Line {
    crate::sync::const_unless_loom! {
        pub(super) const fn new() -> Self {
            Self { count: AtomicU64::new(0), taken: AtomicU64::new(0) }
        }
    }

    /// Adds `n`; for the owner of the line (I1).
    #[inline(always)]
    pub(super) fn add_owned(&self, n: u64) {
        // Release (E2): an exact count that has this add has all that happened before it.
        self.count.store(own_load(&self.count).wrapping_add(n), Release);
    }

    /// Adds `n`; for a line that nobody owns.
    pub(super) fn add_shared(&self, n: u64) {
        // Release (E2): as above.
        self.count.fetch_add(n, Release);
    }

    /// What is there at some moment during the call, and not taken.
    #[inline]
    pub(super) fn left(&self) -> u64 {
        // Acquire (E3): the count below is no older than what was taken.
        let taken = self.taken.load(Acquire);
        // Relaxed: a number to look at.
        self.count.load(Relaxed).wrapping_sub(taken)
    }

    /// Both words, read one after the other.
    pub(super) fn look(&self) -> Words {
        // Relaxed: the caller looks twice, with a fence between (E2).
        Words { count: self.count.load(Relaxed), taken: self.taken.load(Relaxed) }
    }

    /// Takes what is there. Lock-free: starts again only when another has taken some of it.
    pub(super) fn take(&self) -> u64 {
        // Acquire (E3): the count below is no older than what was taken, so the difference is what
        // was added since, and not its negative.
        let mut taken = self.taken.load(Acquire);
        loop {
            // Relaxed: ordered after the load of `taken`.
            let count = self.count.load(Relaxed);
            if count == taken {
                return 0;
            }
            // Release (E3): the next taker finds a count that is no older than ours. Acquire (E3): on
            // failure, as above.
            match self.taken.compare_exchange(taken, count, Release, Acquire) {
                Ok(_) => return count.wrapping_sub(taken),
                Err(other) => taken = other,
            }
        }
    }

    /// What is there and not taken, once the counter is no longer shared.
    pub(super) fn into_left(self) -> u64 {
        own_load(&self.count).wrapping_sub(own_load(&self.taken))
    }
}
