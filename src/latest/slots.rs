//! What the handles share: the word that names the current slot, and the slots.

use core::hint;

use crossbeam_utils::CachePadded;

use crate::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release},
};
use crate::sync::{UnsafeCell, const_unless_loom, own_load};

/// `current` is two numbers of this width: the slot above, the readers that have joined it below.
const HALF: u32 = usize::BITS / 2;

/// The largest number of readers: they, and the slots, two more, are counted in half a machine word.
pub const MAX_READERS: usize = (1 << HALF) - 2;

/// The slot that `current` names.
#[inline(always)]
const fn index(current: usize) -> usize {
    current >> HALF
}

/// How many readers have joined that slot since it became current.
#[inline(always)]
const fn joined(current: usize) -> usize {
    current & ((1 << HALF) - 1)
}

/// What `current` holds when slot `index` becomes current and `joined` readers are in it.
const fn word(index: usize, joined: usize) -> usize {
    index << HALF | joined
}

/// Which slot is current, on a cache line of its own. The flag beside it is written once.
pub(super) struct Head {
    /// See [`word`]. Swapped by the writer, added to by readers.
    current: AtomicUsize,
    /// Whether the writer is gone. Set by the writer, read by readers.
    gone: AtomicBool,
}

impl Head {
    const_unless_loom! {
        /// Slot `index` is current, and `readers` readers begin in it.
        pub(super) const fn new(index: usize, readers: usize) -> Self {
            Self { current: AtomicUsize::new(word(index, readers)), gone: AtomicBool::new(false) }
        }
    }

    /// The current slot, as far as this thread has seen.
    #[inline(always)]
    pub(super) fn seen(&self) -> usize {
        // Relaxed: a reader compares it with the slot that it holds, whose value it has seen since
        // it joined (E1). Another number only sends it to `join`.
        index(self.current.load(Relaxed))
    }

    /// The current slot, for someone who has the register alone.
    pub(super) fn own_index(&self) -> usize {
        index(own_load(&self.current))
    }

    /// Counts a reader in, and tells where.
    pub(super) fn join(&self) -> usize {
        // Acquire (E1): the value that the writer published is visible.
        // Release (E3): a writer that counts this reader in also sees that it has left its old slot.
        index(self.current.fetch_add(1, AcqRel))
    }

    /// Makes slot `index` current, and tells how many readers have joined the one before.
    pub(super) fn replace(&self, index: usize) -> usize {
        // Release (E1): the value in the slot is visible to every reader that joins it.
        // Acquire (E3): of each reader counted here, the writer also sees which slots it has left.
        joined(self.current.swap(word(index, 0), AcqRel))
    }

    pub(super) fn close(&self) {
        // Release (E4): the last publish is visible to a reader that sees the flag.
        self.gone.store(true, Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        // Acquire (E4): whoever sees the flag sees the last publish.
        self.gone.load(Acquire)
    }
}

/// One value, and who still reads it. A slot's neighbour may be another thread's.
pub(super) type Place<T> = CachePadded<Slot<T>>;

pub(super) struct Slot<T> {
    /// How many readers have left this slot; wraps. Added to by readers, read by the writer.
    left: AtomicUsize,
    /// How many readers joined it, up to when it was last replaced; wraps. The writer's own.
    entered: AtomicUsize,
    /// Holds a value if the slot is current or a reader is in it (I2).
    value: UnsafeCell<Option<T>>,
}

impl<T> Slot<T> {
    const_unless_loom! {
        pub(super) const fn new(value: Option<T>) -> Self {
            Self {
                left: AtomicUsize::new(0),
                entered: AtomicUsize::new(0),
                value: UnsafeCell::new(value),
            }
        }
    }

    /// Forgets all readers, and keeps the value.
    pub(super) fn reset(&mut self) {
        self.left = AtomicUsize::new(0);
        self.entered = AtomicUsize::new(0);
    }

    /// The value, for someone who has the register alone.
    pub(super) fn own_value(&mut self) -> &mut Option<T> {
        // SAFETY: `&mut self` is alone.
        self.value.with_mut(|value| unsafe { &mut *value })
    }

    /// A reader goes, and keeps nothing of the value.
    pub(super) fn leave(&self) {
        // Release (E2): all that the reader did with the value happens-before its end.
        self.left.fetch_add(1, Release);
    }

    /// The writer has replaced this slot, and `joined` readers had joined it.
    pub(super) fn count(&self, joined: usize) {
        let entered = own_load(&self.entered).wrapping_add(joined);
        // Relaxed: nobody but the writer looks at it.
        self.entered.store(entered, Relaxed);
    }

    /// Whether no reader is in this slot, which is not the current one. Asked by the writer.
    pub(super) fn is_deserted(&self) -> bool {
        // Acquire (E2): what the readers did here is over before the writer changes the value.
        own_load(&self.entered) == self.left.load(Acquire)
    }

    /// The value.
    ///
    /// # Safety
    ///
    /// While the reference lives the slot is current, or a reader of the caller's is in it (I2, I3).
    #[inline(always)]
    pub(super) unsafe fn value(&self) -> &T {
        self.value.with(|value| {
            // SAFETY: nobody changes the value meanwhile; guaranteed by the caller (I3).
            let value: &Option<T> = unsafe { &*value };
            match value {
                Some(value) => value,
                // SAFETY: such a slot is never empty (I2); guaranteed by the caller.
                None => unsafe { hint::unreachable_unchecked() },
            }
        })
    }

    /// Lets `change` at the value.
    ///
    /// # Safety
    ///
    /// The caller is the writer and the slot is free (I3), or the caller has the register alone.
    pub(super) unsafe fn change<R>(&self, change: impl FnOnce(&mut Option<T>) -> R) -> R {
        self.value.with_mut(|value| {
            // SAFETY: nobody else looks at the value; guaranteed by the caller (I3).
            change(unsafe { &mut *value })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_of_the_word_hold_their_largest_number() {
        let full = word(MAX_READERS + 1, MAX_READERS);
        assert_eq!((index(full), joined(full)), (MAX_READERS + 1, MAX_READERS));
    }

    #[test]
    fn the_counts_of_a_slot_wrap() {
        let mut slot = Slot::new(Some(()));
        slot.entered = AtomicUsize::new(usize::MAX - 1);
        slot.left = AtomicUsize::new(usize::MAX - 1);
        for joined in 0..5 {
            slot.count(joined);
            for _ in 0..joined {
                assert!(!slot.is_deserted());
                slot.leave();
            }
            assert!(slot.is_deserted());
        }
    }
}
