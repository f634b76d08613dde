//! Bytes of the heap that are accessed as atomic words of several widths.

use alloc::alloc::{alloc_zeroed, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::ptr::NonNull;

use crate::sync::{Integer, Tracks, Word};

/// Two cache lines: what processors fetch together, and enough for every atomic type.
const ALIGN: usize = 128;

/// A block of zeroed bytes.
///
/// Invariant R1: `start` is what the global allocator gave for `layout`, with all bytes initialised,
/// and no reference to them exists but to atomic types.
pub(crate) struct Region {
    start: NonNull<u8>,
    layout: Layout,
}

// SAFETY: by R1 the bytes are shared as atomic words alone.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// `len` zeroed bytes. The words that they will be used as matter to the model alone.
    ///
    /// Aborts as a `Vec` does where the allocator has no room.
    pub(crate) fn zeroed(len: usize, _: impl Iterator<Item = (usize, Integer, usize)>) -> Self {
        let layout = Layout::from_size_align(len.max(1), ALIGN).expect("a layout is not that long");
        // SAFETY: the size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        let Some(start) = NonNull::new(start) else { handle_alloc_error(layout) };
        Self { start, layout }
    }

    /// The `count` words from `offset` on.
    ///
    /// # Safety
    ///
    /// They end within the region, `offset` is aligned for them, and during the life of the region none
    /// of their bytes is used as a word of another width.
    #[inline(always)]
    pub(crate) unsafe fn words<W: Word>(&self, offset: usize, count: usize) -> &[W] {
        // SAFETY: within the block, as the caller promises.
        let first = unsafe { self.start.add(offset) }.cast::<W>();
        // SAFETY: alive as long as `self`, initialised (R1: a zero is a value of every integer), aligned
        // and of one width as the caller promises. Atomics may be changed behind shared references.
        unsafe { core::slice::from_raw_parts(first.as_ptr(), count) }
    }

    /// Who may touch which word of the field at `offset`.
    pub(crate) fn tracks(&self, _: usize) -> &Tracks {
        Tracks::NONE
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: by R1, and whoever borrowed words borrowed `self`.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}
