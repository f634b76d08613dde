//! Where the bytes of a buffer are, and how threads sleep there.

use core::fmt;
use core::time::Duration;
use std::io;
use std::time::Instant;

use crate::sync::users::AtomicU32;
use crate::sync::{Region, Tracks, Word};
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
    use super::{AtomicU32, Duration, Instant, Outcome, Tracks, Word, io};

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

        /// What the end of a ring holds as long as it is there.
        type Claim: Send + Sync;

        /// Whether a claim ends with its holder, whatever becomes of the words.
        const CLAIMS_END: bool;

        /// For how long at a time an end of a ring sleeps, where the other may die without a word.
        const SLICE: Option<Duration>;

        /// Takes the claim on `byte`; `None` if somebody has it.
        fn claim(&self, byte: usize) -> io::Result<Option<Self::Claim>>;

        /// Whether somebody has the claim on `byte`; not to be asked of the byte that is claimed.
        fn is_claimed(claim: &Self::Claim, byte: usize) -> bool;

        /// Who may touch which word of the field at `offset`.
        fn tracks(&self, offset: usize) -> &Tracks;
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

    /// Threads of one process go by the words: who ends without a word takes the process along.
    type Claim = ();
    const CLAIMS_END: bool = false;
    const SLICE: Option<Duration> = None;

    fn claim(&self, _: usize) -> io::Result<Option<()>> {
        Ok(Some(()))
    }

    fn is_claimed((): &(), _: usize) -> bool {
        true
    }

    fn tracks(&self, offset: usize) -> &Tracks {
        self.0.tracks(offset)
    }
}

impl fmt::Debug for Heap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Heap")
    }
}
