//! What one end has to say to the other: that it sleeps, or that it is gone.

#[cfg(feature = "std")]
use crate::backoff::Backoff;
#[cfg(feature = "std")]
use crate::sync::Deadline;
use crate::sync::Futex;
use crate::sync::atomic::Ordering::{Acquire, Release};
#[cfg(feature = "std")]
use crate::sync::atomic::{Ordering::Relaxed, Ordering::SeqCst, fence};

/// The end sleeps on this word, or is about to.
#[cfg(feature = "std")]
const SLEEPING: u32 = 1;
/// The end was dropped (I4).
const GONE: u32 = 2;

/// One end's word to the other. It lives on the *reader's* cache line, because the other end reads
/// it with every operation and its speaker writes it only to sleep and to go.
pub(super) struct Signal {
    /// `SLEEPING` and `GONE`. Set by the end it speaks of; `SLEEPING` is cleared by either.
    word: Futex,
}

impl Signal {
    pub(super) fn new() -> Self {
        Self { word: Futex::new(0) }
    }

    /// Said by an end that is being dropped.
    pub(super) fn leave(&self) {
        // Release (E4): all that this end published happens-before the other's look at this.
        self.word.fetch_or(GONE, Release);
    }

    /// Whether the end was dropped.
    #[inline]
    pub(super) fn is_gone(&self) -> bool {
        // Acquire (E4): what the end published before it went is visible after this.
        self.word.load(Acquire) & GONE != 0
    }

    /// Called after every publication: wakes the end if it sleeps.
    #[inline]
    pub(super) fn notify(&self) {
        // Without threads that can sleep there is nobody to wake.
        #[cfg(feature = "std")]
        {
            // SeqCst (E3): either this load sees the announcement made before the sleeper's fence, or
            // the sleeper's second look sees the publication made before ours.
            fence(SeqCst);
            // Relaxed: ordered by the fence (E3).
            if self.word.load(Relaxed) & SLEEPING != 0 {
                self.wake();
            }
        }
    }

    #[cfg(feature = "std")]
    #[cold]
    #[inline(never)]
    fn wake(&self) {
        // Relaxed: the sleeper takes nothing from the word; what it waits for comes over E1, E2 or
        // E4. A step on the word, because the sleeper may be setting `GONE` now.
        self.word.fetch_and(!SLEEPING, Relaxed);
        self.word.wake_one();
    }

    /// Waits until `ready`, and returns whether it is; `false` only when the deadline has passed.
    ///
    /// Called by the end that the signal speaks of. It spins before it sleeps: the other end is
    /// often about to publish, and a sleep costs both sides a system call.
    #[cfg(feature = "std")]
    #[cold]
    #[inline(never)]
    pub(super) fn wait_until(&self, mut ready: impl FnMut() -> bool, deadline: Deadline) -> bool {
        let mut backoff = Backoff::new();
        while backoff.spin() {
            if ready() {
                return true;
            }
        }
        loop {
            // Relaxed: ordered by the fence below. A store, because only this end sets bits, and
            // `GONE` is not set while it waits (I4).
            self.word.store(SLEEPING, Relaxed);
            // SeqCst (E3): either the look below sees what the other end published before its fence,
            // or the other end sees `SLEEPING` after its own and wakes us.
            fence(SeqCst);
            if ready() {
                // Relaxed: takes the announcement back; a wake that is under way finds nobody.
                self.word.store(0, Relaxed);
                return true;
            }
            if !self.word.wait(SLEEPING, deadline) {
                // Relaxed: as above.
                self.word.store(0, Relaxed);
                return ready();
            }
        }
    }
}
