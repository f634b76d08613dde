//! What the two ends share: the indices, the signals and the slots, in one block.

use core::mem::MaybeUninit;
use core::ptr::NonNull;

use crossbeam_utils::CachePadded;

use super::signal::Signal;
use crate::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::{Tracks, const_unless_loom, own_load};
#[cfg(feature = "alloc")]
use {
    crate::error::{CapacityError, Refusal},
    core::alloc::Layout,
};

/// What is before the slots.
pub struct Header {
    /// How many values were pushed and published; wraps. Stored by the producer (I1).
    pub(super) tail: CachePadded<AtomicUsize>,
    /// How many values were popped and given back; wraps. Stored by the consumer (I1).
    pub(super) head: CachePadded<AtomicUsize>,
    /// What the ends have to say to each other.
    pub(super) said: CachePadded<Said>,
    /// How many ends there are: [`BOTH`], [`ONE`] or [`NONE`] (I6).
    ends: AtomicUsize,
    /// How many values may be inside, in `1..=slots`.
    pub(super) capacity: usize,
    /// Whether the last end frees the memory.
    on_heap: bool,
    pub(super) tracks: Tracks,
}

/// Both signals on one line of their own. Each end reads the other's with every operation, and both
/// are written seldom, so the line stays in both caches. Beside an index it would not: the index's
/// line moves to the other end whenever that looks at it.
pub(super) struct Said {
    pub(super) by_producer: Signal,
    pub(super) by_consumer: Signal,
}

const NONE: usize = 0;
const ONE: usize = 1;
const BOTH: usize = 2;

impl Header {
    const_unless_loom! {
        /// Of a ring with `slots` slots and no ends.
        pub(super) const fn new(capacity: usize, slots: usize, on_heap: bool) -> Self {
            let said = Said { by_producer: Signal::new(), by_consumer: Signal::new() };
            Self {
                tail: CachePadded::new(AtomicUsize::new(0)),
                head: CachePadded::new(AtomicUsize::new(0)),
                said: CachePadded::new(said),
                ends: AtomicUsize::new(NONE),
                capacity,
                on_heap,
                tracks: Tracks::new(slots),
            }
        }
    }

    /// Becomes a ring with both ends, unless it has some.
    pub(super) fn take_ends(&self) -> bool {
        // Acquire (E5): what the last two ends left behind is seen. Relaxed: on failure nothing is
        // touched.
        let taken = self.ends.compare_exchange(NONE, BOTH, Acquire, Relaxed).is_ok();
        if taken {
            self.said.by_producer.begin();
            self.said.by_consumer.begin();
        }
        taken
    }
}

/// The ring as its ends see it: where it is, and how an index becomes a slot.
///
/// Invariant: `header` and `slots` point to a header and to `mask + 1` slots, a power of two, that live
/// until the last end has [left](leave).
pub(super) struct Ring<T> {
    header: NonNull<Header>,
    slots: NonNull<MaybeUninit<T>>,
    mask: usize,
}

/// Slots that lie side by side.
pub(super) type Row<T> = *mut [MaybeUninit<T>];

impl<T> Clone for Ring<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Ring<T> {}

impl<T> Ring<T> {
    /// The layout of the block: the header, and where the slots begin in it.
    #[cfg(feature = "alloc")]
    fn layout(slots: usize) -> Option<(Layout, usize)> {
        let array = Layout::array::<MaybeUninit<T>>(slots).ok()?;
        let (layout, offset) = Layout::new::<Header>().extend(array).ok()?;
        Some((layout.pad_to_align(), offset))
    }

    /// On the heap, with both ends.
    #[cfg(feature = "alloc")]
    pub(super) fn allocate(capacity: usize) -> Result<Self, CapacityError> {
        let refuse = |reason| CapacityError { capacity, reason };
        if capacity == 0 {
            return Err(refuse(Refusal::Zero));
        }
        let element = core::mem::size_of::<T>();
        let too_large = || refuse(Refusal::TooLarge { element });
        let slots = capacity.checked_next_power_of_two().ok_or_else(too_large)?;
        let (layout, offset) = Self::layout(slots).ok_or_else(too_large)?;
        // Zeroed, which for a large block costs nothing, so that slots of bytes hold bytes.
        // SAFETY: a header has a size.
        let block = unsafe { alloc::alloc::alloc_zeroed(layout) };
        let block = NonNull::new(block).ok_or_else(|| refuse(Refusal::NoMemory { element }))?;
        let header = block.cast::<Header>();
        // SAFETY: the block begins with room for a header, and nobody else knows it.
        unsafe { header.write(Header::new(capacity, slots, true)) };
        // SAFETY: the offset is one within the block.
        let slots_start = unsafe { block.byte_add(offset) }.cast();
        let ring = Self { header, slots: slots_start, mask: slots - 1 };
        ring.header().take_ends();
        Ok(ring)
    }

    /// In a place of the caller's.
    ///
    /// # Safety
    ///
    /// The invariant of the type: there are `count` slots, a power of two.
    pub(super) unsafe fn at(header: &Header, slots: NonNull<MaybeUninit<T>>, count: usize) -> Self {
        Self { header: NonNull::from(header), slots, mask: count - 1 }
    }

    /// At which both indices stand, before there is a second thread.
    pub(super) fn first_index(&self) -> usize {
        own_load(&self.header().tail)
    }

    #[inline(always)]
    pub(super) fn header(&self) -> &Header {
        // SAFETY: it lives until the last end has left, and an end is asking.
        unsafe { self.header.as_ref() }
    }

    /// The slot of `index`.
    #[inline(always)]
    fn slot(&self, index: usize) -> *mut MaybeUninit<T> {
        // SAFETY: the remainder is the number of a slot.
        unsafe { self.slots.as_ptr().add(index & self.mask) }
    }

    /// Moves `value` into the slot of `index`.
    ///
    /// # Safety
    ///
    /// The slot is empty and the caller's: `tail <= index < head + capacity` (I3).
    #[inline(always)]
    pub(super) unsafe fn write(&self, index: usize, value: T) {
        self.header().tracks.write(index & self.mask);
        // SAFETY: the slot is there, and nobody else touches it (I3).
        unsafe { self.slot(index).write(MaybeUninit::new(value)) };
    }

    /// Moves the value out of the slot of `index`.
    ///
    /// # Safety
    ///
    /// The slot holds a value and is the caller's: `head <= index < tail` (I3). The caller lets its
    /// index pass it before anyone reads it again.
    #[inline(always)]
    pub(super) unsafe fn read(&self, index: usize) -> T {
        self.header().tracks.read(index & self.mask);
        // SAFETY: the slot is there, and nobody else touches it (I3).
        let slot = unsafe { self.slot(index).read() };
        // SAFETY: it holds a value that is not read again; guaranteed by the caller.
        unsafe { slot.assume_init() }
    }

    /// The slots of the indices from `from` on, `count` of them, in the two rows in which they lie.
    ///
    /// They must be the caller's (I3), which is for its own use of the result to see to.
    #[inline]
    pub(super) fn rows(&self, from: usize, count: usize) -> (Row<T>, Row<T>) {
        debug_assert!(count <= self.mask + 1, "more slots than there are");
        let start = from & self.mask;
        let first = count.min(self.mask + 1 - start);
        let mask = self.mask;
        self.header().tracks.write_all((0..count).map(|at| (start + at) & mask));
        let row = core::ptr::slice_from_raw_parts_mut(self.slot(from), first);
        (row, core::ptr::slice_from_raw_parts_mut(self.slots.as_ptr(), count - first))
    }
}

impl<T> Block for Ring<T> {
    type Value = T;

    fn header(&self) -> &Header {
        self.header()
    }

    unsafe fn read(&self, index: usize) -> T {
        // SAFETY: guaranteed by the caller.
        unsafe { self.read(index) }
    }

    unsafe fn free(self) {
        #[cfg(feature = "alloc")]
        if self.header().on_heap {
            let (layout, _) = Self::layout(self.mask + 1).expect("it was allocated with it");
            // SAFETY: the last end is gone, so nobody uses the header any more.
            unsafe { self.header.drop_in_place() };
            // SAFETY: allocated with this layout.
            return unsafe { alloc::alloc::dealloc(self.header.as_ptr().cast(), layout) };
        }
        debug_assert!(!self.header().on_heap, "on the heap, without one");
        // Release (E5): whoever takes the ends next finds all as it is now.
        self.header().ends.store(NONE, Release);
    }
}

/// The memory of a ring, as its last end sees it.
pub(super) trait Block: Copy {
    type Value;

    fn header(&self) -> &Header;

    /// Moves the value of `index` out of its slot.
    ///
    /// # Safety
    ///
    /// The slot holds a value and is the caller's, which does not read it again.
    unsafe fn read(&self, index: usize) -> Self::Value;

    /// Gives the memory back.
    ///
    /// # Safety
    ///
    /// Nobody uses the ring any more.
    unsafe fn free(self);
}

/// The last access of an end: the last one drops what is inside, and frees the block.
///
/// # Safety
///
/// The end, which is one of two, has published its exact index, and does not touch the ring any more.
pub(super) unsafe fn leave<B: Block>(block: B) {
    // Release (E5): all that this end did happens-before what the last one does. Acquire, by the
    // last one.
    if block.header().ends.compare_exchange(BOTH, ONE, Release, Acquire).is_ok() {
        return;
    }
    let _free = Free(block);
    let rest = Rest(block);
    while take_left_over(&rest.0).is_some() {}
}

/// The oldest value left, for the last owner.
fn take_left_over<B: Block>(block: &B) -> Option<B::Value> {
    let header = block.header();
    let head = own_load(&header.head);
    if head == own_load(&header.tail) {
        return None;
    }
    // Relaxed: nobody else is there. Advanced first: if the value's destructor panics, nobody drops
    // it again.
    header.head.store(head.wrapping_add(1), Relaxed);
    // SAFETY: the caller is alone, and by I3 the slot at `head` holds a value.
    Some(unsafe { block.read(head) })
}

/// Goes on with the rest if one destructor panics; a second panic aborts, as everywhere.
struct Rest<B: Block>(B);

impl<B: Block> Drop for Rest<B> {
    fn drop(&mut self) {
        while take_left_over(&self.0).is_some() {}
    }
}

/// Gives the ring back when dropped, even where a destructor panicked.
struct Free<B: Block>(B);

impl<B: Block> Drop for Free<B> {
    fn drop(&mut self) {
        // SAFETY: the last end is gone, and with it all that was inside.
        unsafe { self.0.free() };
    }
}
