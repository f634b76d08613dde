//! The cells and the slots that they name.

use alloc::vec::Vec;
use core::mem::{MaybeUninit, size_of};

use crossbeam_utils::CachePadded;

use crate::error::{CapacityError, Refusal};
use crate::sync::atomic::{AtomicBool, AtomicU64};
use crate::sync::{UnsafeCell, own_load};

pub(super) struct Shared<T> {
    /// What [`Names`] make of a number. Exchanged by both ends.
    cells: Vec<AtomicU64>,
    /// Two more than cells. Touched by who owns the number (I1).
    slots: Vec<UnsafeCell<MaybeUninit<T>>>,
    pub(super) names: Names,
    /// How many values were pushed. Stored by the producer; a hint, behind by one at most.
    pub(super) pushed: CachePadded<AtomicU64>,
    /// The producer is gone (E3).
    pub(super) closed: AtomicBool,
    /// The consumer is gone.
    pub(super) left: AtomicBool,
}

// SAFETY: values move from the producing to the consuming thread and back (`T: Send`); a slot is touched
// by the one who owns its number (I1).
unsafe impl<T: Send> Sync for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Shared<T> {}

impl<T> Shared<T> {
    pub(super) fn new(capacity: usize) -> Result<Self, CapacityError> {
        let refuse = |reason| CapacityError { capacity, reason };
        if capacity == 0 {
            return Err(refuse(Refusal::Zero));
        }
        let no_memory = || refuse(Refusal::NoMemory { element: size_of::<T>() });
        let count = capacity.checked_add(2).ok_or_else(no_memory)?;
        let (mut cells, mut slots) = (Vec::new(), Vec::new());
        cells.try_reserve_exact(capacity).map_err(|_| no_memory())?;
        slots.try_reserve_exact(count).map_err(|_| no_memory())?;
        let names = Names::new(count);
        cells.extend((0..capacity).map(|slot| AtomicU64::new(names.empty(slot))));
        slots.extend((0..count).map(|_| UnsafeCell::new(MaybeUninit::uninit())));
        let (closed, left) = (AtomicBool::new(false), AtomicBool::new(false));
        let pushed = CachePadded::new(AtomicU64::new(0));
        Ok(Self { cells, slots, names, pushed, closed, left })
    }

    pub(super) fn capacity(&self) -> usize {
        self.cells.len()
    }

    #[inline(always)]
    pub(super) fn cell(&self, index: usize) -> &AtomicU64 {
        &self.cells[index]
    }

    /// Moves `value` into the slot.
    ///
    /// # Safety
    ///
    /// The slot is empty, and its number the caller's (I1, I2).
    #[inline(always)]
    pub(super) unsafe fn write(&self, slot: usize, value: T) {
        // SAFETY: nobody else touches it; guaranteed by the caller.
        self.slots[slot].with_mut(|place| unsafe { place.write(MaybeUninit::new(value)) });
    }

    /// Moves the value out of the slot.
    ///
    /// # Safety
    ///
    /// The slot holds a value, and its number is the caller's (I1, I2).
    #[inline(always)]
    pub(super) unsafe fn read(&self, slot: usize) -> T {
        // SAFETY: nobody else touches it; guaranteed by the caller.
        let value = self.slots[slot].with_mut(|place| unsafe { place.read() });
        // SAFETY: it is there; guaranteed by the caller, who does not read it again.
        unsafe { value.assume_init() }
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let mut rest = Rest { of: self, next: 0 };
        while rest.take().is_some() {}
    }
}

/// Goes on with the rest if one destructor panics; a second panic aborts, as everywhere.
struct Rest<'a, T> {
    of: &'a Shared<T>,
    next: usize,
}

impl<T> Rest<'_, T> {
    /// The value of the next full cell, for the last owner.
    fn take(&mut self) -> Option<T> {
        while let Some(cell) = self.of.cells.get(self.next) {
            self.next += 1;
            let word = own_load(cell);
            if Names::is_full(word) {
                // SAFETY: both ends are gone, so the cell's slot is the caller's; it holds a value (I2), and
                // `next` has passed it.
                return Some(unsafe { self.of.read(self.of.names.slot(word)) });
            }
        }
        None
    }
}

impl<T> Drop for Rest<'_, T> {
    fn drop(&mut self) {
        while self.take().is_some() {}
    }
}

/// How a word names a slot, whether that is full, and the lap: from the highest bit to the lowest `lap`,
/// `slot`, `full`. As few bits for the slot as it takes, so that the lap never comes round.
#[derive(Clone, Copy)]
pub(super) struct Names {
    /// How many bits a slot's number has.
    bits: u32,
}

impl Names {
    fn new(slots: usize) -> Self {
        Self { bits: usize::BITS - slots.leading_zeros() }
    }

    pub(super) fn empty(self, slot: usize) -> u64 {
        (slot as u64) << 1
    }

    #[inline(always)]
    pub(super) fn full(self, slot: usize, lap: u64) -> u64 {
        lap << (self.bits + 1) | self.empty(slot) | 1
    }

    #[inline(always)]
    pub(super) const fn is_full(word: u64) -> bool {
        word & 1 == 1
    }

    #[inline(always)]
    pub(super) fn slot(self, word: u64) -> usize {
        // It was a `usize`.
        (word >> 1 & !(u64::MAX << self.bits)) as usize
    }

    #[inline(always)]
    pub(super) fn lap(self, word: u64) -> u64 {
        word >> (self.bits + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for slots in [3_usize, 4, 5, 8, 9, 1 << 20] {
            let names = Names::new(slots);
            for slot in [0, 1, slots - 1] {
                assert_eq!(
                    (names.slot(names.empty(slot)), Names::is_full(names.empty(slot))),
                    (slot, false)
                );
                // More laps than a machine lives: of a nanosecond a value, a century.
                for lap in [0, 1, u64::MAX / 6 / slots as u64] {
                    let word = names.full(slot, lap);
                    assert!(Names::is_full(word));
                    assert_eq!((names.slot(word), names.lap(word)), (slot, lap));
                }
            }
        }
    }
}
