//! What the two ends share: the indices, the signals and the slots.

use core::mem::{MaybeUninit, size_of};

use crossbeam_utils::CachePadded;

use super::signal::Signal;
use crate::error::{CapacityError, Refusal};
use crate::sync::atomic::AtomicUsize;
use crate::sync::{Slot, own_load, try_slots};

pub(super) struct Shared<T> {
    /// How many values were pushed; wraps. Stored by the producer (I1).
    pub(super) tail: CachePadded<AtomicUsize>,
    /// How many values were popped; wraps. Stored by the consumer (I1).
    pub(super) head: CachePadded<AtomicUsize>,
    /// What the ends have to say to each other.
    pub(super) said: CachePadded<Said>,
    /// How many values may be inside, in `1..=slots.len()`.
    pub(super) capacity: usize,
    /// `slots.len() - 1`, and that is a power of two.
    mask: usize,
    /// The values of indices `head..tail` (I3).
    slots: alloc::boxed::Box<[Slot<T>]>,
}

/// Both signals on one line of their own. Each end reads the other's with every operation, and both
/// are written seldom, so the line stays in both caches. Beside an index it would not: the index's
/// line moves to the other end whenever that looks at it.
pub(super) struct Said {
    pub(super) by_producer: Signal,
    pub(super) by_consumer: Signal,
}

// SAFETY: values move from the producing to the consuming thread (`T: Send`). A slot is touched only
// by the end that owns it (I3), and ownership passes over E1 and E2; nobody gets a reference to a
// shared `T`.
unsafe impl<T: Send> Sync for Shared<T> {}
// SAFETY: owns its values and nothing of any thread.
unsafe impl<T: Send> Send for Shared<T> {}

impl<T> Shared<T> {
    /// An empty ring whose indices begin at `start`: zero, but for a test of the wrap.
    pub(super) fn new(capacity: usize, start: usize) -> Result<Self, CapacityError> {
        let refuse = |reason| CapacityError { capacity, reason };
        if capacity == 0 {
            return Err(refuse(Refusal::Zero));
        }
        let element = size_of::<T>();
        let too_large = || refuse(Refusal::TooLarge { element });
        let storage = capacity.checked_next_power_of_two().ok_or_else(too_large)?;
        if storage.checked_mul(element).is_none_or(|bytes| bytes > isize::MAX as usize) {
            return Err(too_large());
        }
        let slots = try_slots(storage).map_err(|_| refuse(Refusal::NoMemory { element }))?;
        let index = || CachePadded::new(AtomicUsize::new(start));
        let said = Said { by_producer: Signal::new(), by_consumer: Signal::new() };
        Ok(Self {
            tail: index(),
            head: index(),
            said: CachePadded::new(said),
            capacity,
            mask: storage - 1,
            slots,
        })
    }

    /// Moves `value` into the slot of `index`.
    ///
    /// # Safety
    ///
    /// The slot is empty and the caller's: `tail <= index < head + storage` (I3).
    #[inline(always)]
    pub(super) unsafe fn write(&self, index: usize, value: T) {
        self.slots[index & self.mask].with_mut(|slot| {
            // SAFETY: nobody else touches the slot; guaranteed by the caller (I3).
            let slot: &mut MaybeUninit<T> = unsafe { &mut *slot };
            slot.write(value);
        });
    }

    /// Moves the value out of the slot of `index`.
    ///
    /// # Safety
    ///
    /// The slot holds a value and is the caller's: `head <= index < tail` (I3). The caller lets `head`
    /// pass it before anyone reads it again.
    #[inline(always)]
    pub(super) unsafe fn read(&self, index: usize) -> T {
        self.slots[index & self.mask].with(|slot| {
            // SAFETY: nobody else touches the slot; guaranteed by the caller (I3).
            let slot: &MaybeUninit<T> = unsafe { &*slot };
            // SAFETY: it holds a value that is not read again; guaranteed by the caller.
            unsafe { slot.assume_init_read() }
        })
    }

    /// The oldest value left, for the last owner.
    fn take_left_over(&mut self) -> Option<T> {
        let head = own_load(&self.head);
        if head == own_load(&self.tail) {
            return None;
        }
        // Advanced first: if the value's destructor panics, nobody drops it again.
        *self.head = AtomicUsize::new(head.wrapping_add(1));
        // SAFETY: `&mut self` is alone, and by I3 the slot at `head` holds a value.
        Some(unsafe { self.read(head) })
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if one destructor panics; a second panic aborts, as everywhere.
        struct Rest<'a, T>(&'a mut Shared<T>);

        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                while self.0.take_left_over().is_some() {}
            }
        }

        let rest = Rest(self);
        while rest.0.take_left_over().is_some() {}
    }
}
