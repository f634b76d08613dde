//! The memory of versions, which the thread that freed it uses again.
//!
//! A batch of values is freed at once, and allocators are made for another rhythm: their fast path is
//! good for a handful of blocks, and most of a batch would pass it by. So a thread keeps what it frees,
//! up to a batch of small blocks of one size, and stores into that; then a store neither allocates nor
//! frees.

use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::ptr::NonNull;

use crate::sync::{with_threads, without_threads};

/// Memory for a value of this layout, which is not empty. Aborts where there is none, as a box would.
#[inline]
pub(super) fn allocate(layout: Layout) -> NonNull<u8> {
    if let Some(spare) = take_spare(layout) {
        return spare;
    }
    debug_assert_ne!(layout.size(), 0);
    // SAFETY: the layout is not empty.
    let memory = unsafe { alloc(layout) };
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives memory back.
///
/// # Safety
///
/// It came from `allocate` with this layout, and is not used afterwards.
#[inline]
pub(super) unsafe fn release(memory: NonNull<u8>, layout: Layout) {
    // SAFETY: promised by the caller.
    if !unsafe { keep_spare(memory, layout) } {
        // SAFETY: promised by the caller.
        unsafe { dealloc(memory.as_ptr(), layout) };
    }
}

with_threads! {
    use core::cell::Cell;

    use crate::sync::thread_local;

    /// How many blocks a thread keeps: as many as a pass frees by default.
    const MOST: u32 = super::Policy::DEFAULT_BATCH;
    /// The largest block that is kept, in bytes.
    const LARGEST: usize = 256;

    /// The blocks that this thread keeps, all of one layout.
    struct Spare {
        layout: Cell<Layout>,
        /// Linked through their first words, of which every version has two.
        first: Cell<Option<NonNull<Link>>>,
        /// How many more may be kept; none before the thread has a destructor to free them.
        room: Cell<u32>,
    }

    struct Link(Option<NonNull<Link>>);

    thread_local! {
        /// Has no destructor, so that the access is cheap; [`leave`] is called by one.
        static SPARE: Spare = const {
            Spare { layout: Cell::new(Layout::new::<()>()), first: Cell::new(None), room: Cell::new(0) }
        };
    }

    #[inline]
    fn take_spare(layout: Layout) -> Option<NonNull<u8>> {
        SPARE.with(|spare| {
            let block = spare.first.get().filter(|_| spare.layout.get() == layout)?;
            // SAFETY: kept blocks begin with a link.
            spare.first.set(unsafe { block.as_ref() }.0);
            spare.room.set(spare.room.get() + 1);
            Some(block.cast())
        })
    }

    /// # Safety
    ///
    /// As [`release`], if the result is true.
    #[inline]
    unsafe fn keep_spare(memory: NonNull<u8>, layout: Layout) -> bool {
        SPARE.with(|spare| {
            let first = spare.first.get();
            if spare.room.get() == 0 || first.is_some() && spare.layout.get() != layout {
                return false;
            }
            if first.is_none() {
                if layout.size() > LARGEST || layout.size() < size_of::<Link>() {
                    return false;
                }
                spare.layout.set(layout);
            }
            let block = memory.cast::<Link>();
            // SAFETY: given up by the caller; large enough, and aligned, since versions begin with a
            // pointer.
            unsafe { block.write(Link(first)) };
            spare.first.set(Some(block));
            spare.room.set(spare.room.get() - 1);
            true
        })
    }

    /// Allows this thread to keep blocks: it has a destructor that will call [`leave`].
    pub(super) fn enter() {
        // A use after free shows better in memory that really is free.
        if !cfg!(any(debug_assertions, miri)) {
            SPARE.with(|spare| spare.room.set(MOST));
        }
    }

    /// Frees what this thread keeps, and keeps nothing from here on.
    pub(super) fn leave() {
        SPARE.with(|spare| {
            spare.room.set(0);
            let mut next = spare.first.take();
            while let Some(block) = next {
                // SAFETY: kept blocks begin with a link.
                next = unsafe { block.as_ref() }.0;
                // SAFETY: kept since `release`, with this layout.
                unsafe { dealloc(block.as_ptr().cast(), spare.layout.get()) };
            }
        });
    }
}

without_threads! {
    fn take_spare(_: Layout) -> Option<NonNull<u8>> {
        None
    }

    /// # Safety
    ///
    /// None: it keeps nothing.
    unsafe fn keep_spare(_: NonNull<u8>, _: Layout) -> bool {
        false
    }
}
