//! The slots of threads that read without a handle.

use super::engine::Engine;
use super::pin::Pin;
use super::slots::Block;
use crate::sync::{with_threads, without_threads};

with_threads! {
    use core::cell::Cell;

    use super::memory;
    use super::slots::{Blocks, Registry};
    use crate::sync::thread_local;

    /// The blocks of all threads of the process. A block of a thread that has ended goes to the next
    /// that starts to read.
    static THREADS: Registry = Registry::new();

    thread_local! {
        /// The block that this thread owns. Has no destructor, so that the access is one
        /// instruction, and possible while the thread ends.
        static HOME: Cell<Option<&'static Block>> = const { Cell::new(None) };
        /// Gives the block back when the thread ends.
        static LEAVING: Leaving = const { Leaving };
    }

    struct Leaving;

    impl Drop for Leaving {
        fn drop(&mut self) {
            memory::leave();
            if let Some(block) = HOME.take() {
                block.release();
            }
        }
    }

    /// The blocks in which threads announce what they hold, of any cell.
    pub(super) fn blocks() -> Blocks<'static> {
        THREADS.blocks()
    }

    /// Whether this thread owns the block.
    pub(super) fn is_mine(block: &Block) -> bool {
        HOME.get().is_some_and(|home| core::ptr::eq(home, block))
    }

    /// Holds the current version in a slot of this thread.
    #[inline(always)]
    pub(super) fn pin(engine: &Engine) -> Pin<'_> {
        if let Some(home) = HOME.get() {
            if let Some(slot) = home.idle() {
                return Pin::new(engine, home, slot);
            }
        }
        pin_in_another_block(engine)
    }

    /// The thread has no block yet, or has filled it with guards that live on.
    #[cold]
    #[inline(never)]
    fn pin_in_another_block(engine: &Engine) -> Pin<'_> {
        if LEAVING.try_with(|_| ()).is_err() {
            // The thread ends, and would not give a block back later.
            return Pin::in_a_block_of_the_moment(engine, &THREADS);
        }
        let (block, slot) = THREADS.claim_slot();
        match HOME.replace(Some(block)) {
            Some(full) => full.release(),
            None => memory::enter(),
        }
        Pin::new(engine, block, slot)
    }
}

// Without threads to remember a block for, each read claims one for a moment.
without_threads! {
    pub(super) fn blocks() -> core::iter::Empty<&'static Block> {
        core::iter::empty()
    }

    pub(super) fn is_mine(_: &Block) -> bool {
        false
    }

    pub(super) fn pin(engine: &Engine) -> Pin<'_> {
        Pin::in_a_block_of_the_moment(engine, &engine.readers)
    }
}
