//! What one end has to say to the other: that it waits, that it sleeps, that it is gone.

use crate::sync::Futex;
use crate::sync::atomic::Ordering::{Acquire, Release};
#[cfg(feature = "std")]
use {
    crate::backoff::Backoff,
    crate::sync::Deadline,
    crate::sync::atomic::{Ordering::Relaxed, Ordering::SeqCst, compiler_fence, fence},
    core::time::Duration,
};

/// The end sleeps on this word, or is about to.
#[cfg(feature = "std")]
const SLEEPING: u32 = 1;
/// The end was dropped (I4).
const GONE: u32 = 2;
/// The end has waited at least once, so the other must look after every publication (I5).
#[cfg(feature = "std")]
const WAITS: u32 = 4;
/// The other end has seen `WAITS` (I5).
#[cfg(feature = "std")]
const SEEN: u32 = 8;

/// How long the first sleep of an end may last while the other does not know of it. Doubled up to
/// [`LONGEST_SLICE`], so that an idle end costs next to nothing.
#[cfg(feature = "std")]
const FIRST_SLICE: Duration = Duration::from_millis(1);
#[cfg(feature = "std")]
const LONGEST_SLICE: Duration = Duration::from_secs(1);

/// One end's word to the other.
pub(super) struct Signal {
    /// The bits above. Changed by read-modify-writes alone, because both ends change it: `SLEEPING`
    /// is set by the end it speaks of and cleared by either, `SEEN` is set by the other end.
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

    /// Called after every publication: wakes the end if it is known to wait, and sleeps.
    #[inline]
    pub(super) fn notify(&self) {
        // Without threads that can sleep there is nobody to wake.
        #[cfg(feature = "std")]
        {
            // SeqCst, for the compiler alone: were the look moved before the publication, a thread
            // that is pre-empted between the two would miss an announcement that is long made.
            compiler_fence(SeqCst);
            // Relaxed: decides only whether to look again behind a fence. An end that this load is
            // too early for does not rely on being woken yet (I5).
            if self.word.load(Relaxed) & WAITS != 0 {
                self.wake_sleeper();
            }
        }
    }

    /// Wakes the end if it sleeps, whether or not it was known to wait.
    #[cfg(feature = "std")]
    #[inline(never)]
    pub(super) fn wake_sleeper(&self) {
        // SeqCst (E3): either this load sees the announcement made before the sleeper's fence, or
        // the sleeper's second look sees the publication made before ours.
        fence(SeqCst);
        // Relaxed: ordered by the fence (E3).
        let word = self.word.load(Relaxed);
        if word & (WAITS | SEEN) == WAITS {
            // Relaxed: whoever sees the bit relies on our fences, the one above among them (I5).
            self.word.fetch_or(SEEN, Relaxed);
        }
        if word & SLEEPING != 0 {
            // Relaxed: the sleeper takes nothing from the word; what it waits for comes over E1, E2
            // or E4.
            self.word.fetch_and(!SLEEPING, Relaxed);
            self.word.wake_one();
        }
    }

    /// Nobody can sleep, so nobody is woken.
    #[cfg(not(feature = "std"))]
    pub(super) fn wake_sleeper(&self) {}

    /// Waits until `ready`, and returns whether it is; `false` only when the deadline has passed.
    ///
    /// Called by the end that the signal speaks of. It spins before it sleeps: the other end is
    /// often about to publish, and a sleep costs both sides a system call.
    #[cfg(feature = "std")]
    #[cold]
    #[inline(never)]
    pub(super) fn wait_until(&self, mut ready: impl FnMut() -> bool, deadline: Deadline) -> bool {
        let mut backoff = Backoff::new();
        while !deadline.has_passed() && backoff.spin() {
            if ready() {
                return true;
            }
        }
        if deadline.has_passed_awake() {
            // Never announced: who only polls must not make the other end pay for waiting.
            return ready();
        }
        let mut slice = FIRST_SLICE;
        loop {
            // Relaxed: ordered by the fence below.
            let word = self.word.fetch_or(SLEEPING | WAITS, Relaxed) | SLEEPING | WAITS;
            // SeqCst (E3): either the look below sees what the other end published before its fence,
            // or the other end sees `SLEEPING` after its own and wakes us.
            fence(SeqCst);
            let ready_now = ready();
            if ready_now || deadline.has_passed() {
                // Relaxed: takes the announcement back; a wake that is under way finds nobody.
                self.word.fetch_and(!SLEEPING, Relaxed);
                return ready_now;
            }
            if word & SEEN != 0 {
                // Every publication from now on comes with a look at this word (I5).
                self.word.wait(word, deadline);
            } else {
                // The other end may just have published with a look that was too early.
                self.word.wait(word, deadline.at_most(slice));
                slice = LONGEST_SLICE.min(slice * 2);
            }
        }
    }
}

#[cfg(all(test, feature = "std"))]
mod tests {
    use std::time::Instant;

    use super::*;

    /// A late wake, or one without a reason, ends a sleep and not a wait.
    #[test]
    fn wakes_without_a_reason_do_not_end_a_timed_wait() {
        let (signal, patience) = (Signal::new(), Duration::from_millis(50));
        let (start, mut looks) = (Instant::now(), 0);
        let never = || {
            looks += 1;
            signal.wake_sleeper();
            false
        };
        assert!(!signal.wait_until(never, Deadline::after(patience)));
        assert!(start.elapsed() >= patience, "gave up after {:?}", start.elapsed());
        assert!(looks > 10, "slept through its wakes");
    }
}
