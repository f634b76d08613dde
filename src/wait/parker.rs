//! The word of its own on which a waiting thread sleeps.

use crate::backoff::Backoff;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{Deadline, OwnFutex, swap_and_wake};

/// Puts one thread to sleep until another releases it, once.
///
/// Not `std::thread::park`: its token belongs to the user, who may have left one, and would miss one
/// that we took.
pub(super) struct Parker {
    /// `AWAKE`, then perhaps `ASLEEP`, which its thread says, and `RELEASED` at the end: stored once, by
    /// whoever took the node from the queue (I2).
    word: OwnFutex,
}

const AWAKE: u32 = 0;
/// The thread sleeps, or is about to: to release it takes a system call.
const ASLEEP: u32 = 1;
const RELEASED: u32 = 2;

impl Parker {
    pub(super) fn new() -> Self {
        Self { word: OwnFutex::new(AWAKE) }
    }

    /// Waits until released or the deadline; whether it was released.
    ///
    /// It spins before it sleeps, for about as long as going to sleep and waking up takes: who is
    /// waited for is often about to notify, and then neither makes a system call.
    pub(super) fn park(&self, deadline: Deadline) -> bool {
        let mut backoff = Backoff::new();
        loop {
            // Acquire (E2): all that the releasing thread did before its notification is seen.
            if self.word.load(Acquire) == RELEASED {
                return true;
            }
            if deadline.has_passed() {
                return false;
            }
            if backoff.spin() {
                continue;
            }
            // Relaxed: says only that a system call is needed. If it fails, we said so before, or are
            // released and do not fall asleep.
            let _ = self.word.compare_exchange(AWAKE, ASLEEP, Relaxed, Relaxed);
            self.word.wait(ASLEEP, deadline);
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
        unsafe { swap_and_wake(word, RELEASED, ASLEEP, Release) };
    }
}
