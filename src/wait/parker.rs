//! The word of its own on which a waiting thread sleeps.

use crate::sync::atomic::Ordering::{Acquire, Release};
use crate::sync::{Deadline, OwnFutex, store_and_wake};

/// Puts one thread to sleep until another releases it, once.
///
/// Not `std::thread::park`: its token belongs to the user, who may have left one, and would miss one
/// that we took.
pub(super) struct Parker {
    /// `RELEASED` at the end. Stored once, by whoever took the node from the queue (I2).
    word: OwnFutex,
}

const WAITING: u32 = 0;
const RELEASED: u32 = 1;

impl Parker {
    pub(super) fn new() -> Self {
        Self { word: OwnFutex::new(WAITING) }
    }

    /// Sleeps until released or the deadline; whether it was released.
    pub(super) fn park(&self, deadline: Deadline) -> bool {
        loop {
            // Acquire (E2): all that the releasing thread did before its notification is seen.
            if self.word.load(Acquire) == RELEASED {
                return true;
            }
            if deadline.has_passed() {
                return false;
            }
            self.word.wait(WAITING, deadline);
        }
    }

    /// Ends the sleep. The parker may be gone before this returns.
    ///
    /// # Safety
    ///
    /// `parker` is alive, its thread ends its life only after it saw that it was released, and nobody
    /// else releases it.
    pub(super) unsafe fn release(parker: *const Self) {
        // SAFETY: alive, as the caller promised.
        let word = unsafe { &raw const (*parker).word };
        // Release (E2): what was done before the notification happens-before the end of the wait.
        // SAFETY: it lives until its thread sees the store.
        unsafe { store_and_wake(word, RELEASED, Release) };
    }
}
