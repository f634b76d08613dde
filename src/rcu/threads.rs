//! The slots of threads that read without a handle.

use super::engine::Engine;
use super::pin::Pin;
use super::slots::Block;
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

    /// Holds the current version in a slot of this thread.
    #[inline]
    pub(super) fn pin(engine: &Engine) -> Pin<'_> {
        match HOME.get().and_then(Block::idle) {
            Some(slot) => Pin::new(engine, slot),
            None => pin_in_another_block(engine),
        }
    }

    /// The thread has no block yet, or has filled it with guards that live on: it moves to another.
    #[cold]
    #[inline(never)]
    fn pin_in_another_block(engine: &Engine) -> Pin<'_> {
        let (block, pin) = Pin::in_claimed_block(engine, &THREADS);
        let left = if LEAVING.try_with(|_| ()).is_ok() {
            HOME.replace(Some(block))
        } else {
            // The thread ends, and nobody would give the block back later. The guard keeps its slot.
            Some(block)
        };
        if let Some(block) = left {
            block.release();
        }
        pin
    }
}

// Without threads to remember a block for, each read claims one for a moment.
without_threads! {
    pub(super) fn blocks() -> core::iter::Empty<&'static Block> {
        core::iter::empty()
    }

    pub(super) fn pin(engine: &Engine) -> Pin<'_> {
        let (block, pin) = Pin::in_claimed_block(engine, &engine.readers);
        block.release();
        pin
    }
}
