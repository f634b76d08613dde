//! Which slots are taken, and which of them this thread has.

use crate::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::{const_unless_loom, process_wide, repeated, with_threads, without_threads};

/// More than one machine in a thousand has cores. One bit each.
pub(super) const MAX_SLOTS: usize = 256;

const BITS: usize = u64::BITS as usize;

process_wide! {
    /// The slots of all sharded counters: who has one has it in each of them.
    static SLOTS: Slots = Slots::new();
}

/// Makes the caller the owner of the lowest free slot below `limit`. Lock-free.
pub(super) fn claim(limit: usize) -> Option<usize> {
    SLOTS.claim(limit)
}

/// Gives the slot to the next who wants one. Wait-free.
pub(super) fn release(slot: usize) {
    SLOTS.release(slot);
}

/// A set bit is a slot that somebody owns (I1).
struct Slots {
    owned: [AtomicU64; MAX_SLOTS / BITS],
}

impl Slots {
    const_unless_loom! {
        const fn new() -> Self {
            Self { owned: repeated!(AtomicU64::new(0); { MAX_SLOTS / BITS }) }
        }
    }

    fn claim(&self, limit: usize) -> Option<usize> {
        let words = &self.owned[..limit.div_ceil(BITS)];
        words.iter().enumerate().find_map(|(i, word)| {
            let bit = claim_bit(word, limit - i * BITS)?;
            Some(i * BITS + bit)
        })
    }

    fn release(&self, slot: usize) {
        // Release (E1): the next owner sees our last add in each counter.
        self.owned[slot / BITS].fetch_and(!(1 << (slot % BITS)), Release);
    }
}

/// Sets the lowest clear bit below `limit`.
fn claim_bit(word: &AtomicU64, limit: usize) -> Option<usize> {
    let eligible = if limit < BITS { (1 << limit) - 1 } else { u64::MAX };
    // Relaxed: a guess, which the exchange checks.
    let mut owned = word.load(Relaxed);
    loop {
        let free = !owned & eligible;
        if free == 0 {
            return None;
        }
        let lowest = free & free.wrapping_neg();
        // Acquire (E1): the slot as its last owner left it. Relaxed: on failure a new guess.
        match word.compare_exchange_weak(owned, owned | lowest, Acquire, Relaxed) {
            Ok(_) => return Some(lowest.trailing_zeros() as usize),
            Err(other) => owned = other,
        }
    }
}

/// No slot.
const NONE: usize = usize::MAX;

with_threads! {
    use core::cell::Cell;

    use crate::sync::thread_local;

    /// The thread is looking for a slot.
    const LOOKING: usize = usize::MAX - 1;

    thread_local! {
        /// The slot of this thread. Has no destructor, so that the access is one instruction, and
        /// possible while the thread ends.
        static HOME: Cell<usize> = const { Cell::new(NONE) };
        /// Owns it, and gives it back when the thread ends.
        static LEASE: Lease = const { Lease(Cell::new(NONE)) };
    }

    struct Lease(Cell<usize>);

    impl Lease {
        /// Changes to a slot below `limit` if there is one; the slot that the thread has then.
        fn move_below(&self, limit: usize) -> usize {
            let now = self.0.get();
            let Some(lower) = (now >= limit).then(|| claim(limit)).flatten() else { return now };
            if now != NONE {
                release(now);
            }
            self.0.set(lower);
            lower
        }
    }

    impl Drop for Lease {
        fn drop(&mut self) {
            // First, so that no add of a destructor that is yet to run finds the slot.
            let _ = HOME.try_with(|home| home.set(NONE));
            if self.0.get() != NONE {
                release(self.0.get());
            }
        }
    }

    /// The slot of this thread, or a number above all slots.
    #[inline(always)]
    pub(super) fn home() -> usize {
        HOME.try_with(Cell::get).unwrap_or(NONE)
    }

    /// Looks for a slot below `limit` that this thread has from now on.
    #[cold]
    #[inline(never)]
    pub(super) fn settle(limit: usize) -> Option<usize> {
        let before = HOME.try_with(|home| home.replace(LOOKING)).ok()?;
        if before == LOOKING {
            // The first use of the lease allocates, and this is an allocator that counts.
            return None;
        }
        // A thread that has begun to end would not give a slot back.
        let home = LEASE.try_with(|lease| lease.move_below(limit)).unwrap_or(NONE);
        HOME.with(|at| at.set(home));
        (home < limit).then_some(home)
    }
}

// Without threads to remember a slot for, only handles have slots.
without_threads! {
    pub(super) fn home() -> usize {
        NONE
    }

    pub(super) fn settle(_: usize) -> Option<usize> {
        None
    }
}
