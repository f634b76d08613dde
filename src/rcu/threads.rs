//! The slots of threads that read without a handle.

use super::engine::Engine;
use super::slots::{Block, Slot};
use crate::sync::{with_threads, without_threads};

with_threads! {
    use core::cell::Cell;

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

    /// A slot of this thread.
    #[inline]
    pub(super) fn slot(_: &Engine) -> &'static Slot {
        match HOME.get().and_then(Block::idle) {
            Some(slot) => slot,
            None => slot_in_another_block(),
        }
    }

    /// The thread has no block yet, or has filled it with guards that live on: it moves to another.
    #[cold]
    #[inline(never)]
    fn slot_in_another_block() -> &'static Slot {
        if LEAVING.try_with(|_| ()).is_err() {
            // The thread ends, and nobody would give the block back later.
            return THREADS.claim_slot_once();
        }
        let (block, slot) = THREADS.claim_slot();
        if let Some(full) = HOME.replace(Some(block)) {
            full.release();
        }
        slot
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

    pub(super) fn slot(engine: &Engine) -> &Slot {
        engine.readers.claim_slot_once()
    }
}
