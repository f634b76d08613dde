//! Where the bytes of a buffer are, and how threads sleep there.

use core::fmt;
use std::time::Instant;

use crate::sync::users::AtomicU32;
use crate::sync::{Region, Word};
use crate::wait::{self, Outcome};

/// Where the bytes of a [`SharedBuffer`](crate::SharedBuffer) are: on the [`Heap`], or mapped by several
/// processes. Sealed.
///
/// ```
/// use untorn::shared::{Field, Memory, SharedBuffer};
///
/// fn bump<M: Memory>(buffer: &SharedBuffer<M>, count: Field<u32>) -> u32 {
///     buffer.view(count).add(1)
/// }
/// ```
pub trait Memory: sealed::Memory {}

pub(super) mod sealed {
    use super::{AtomicU32, Instant, Outcome, Word};

    pub trait Memory: Send + Sync + Sized + 'static {
        /// The `count` words from `offset` on.
        ///
        /// # Safety
        ///
        /// A row of the layout that the memory was made for has that offset, that count and the width
        /// of `W`.
        unsafe fn words<W: Word>(&self, offset: usize, count: usize) -> &[W];

        /// Sleeps while the word holds `expected`. `TimedOut` only if no wake was used up.
        fn sleep(word: &AtomicU32, expected: u32, deadline: Option<Instant>) -> Outcome;

        /// Wakes one who sleeps on the word.
        fn wake_one(word: &AtomicU32);
    }
}

/// Memory of this process, which its threads share.
///
/// ```
/// use untorn::shared::{Heap, Layout, SharedBuffer};
///
/// let buffer: SharedBuffer<Heap> = SharedBuffer::new(Layout::with_len(16).build());
/// assert_eq!(buffer.len(), 16);
/// ```
pub struct Heap(pub(super) Region);

impl Memory for Heap {}

impl sealed::Memory for Heap {
    #[inline(always)]
    unsafe fn words<W: Word>(&self, offset: usize, count: usize) -> &[W] {
        // SAFETY: the region is as long as the layout, whose rows are aligned and do not overlap (I1,
        // I2); the caller promises that this is one of them.
        unsafe { self.0.words(offset, count) }
    }

    fn sleep(word: &AtomicU32, expected: u32, deadline: Option<Instant>) -> Outcome {
        wait::wait_for_lock(word, expected, deadline)
    }

    fn wake_one(word: &AtomicU32) {
        wait::notify_lock(word);
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Heap")
    }
}
