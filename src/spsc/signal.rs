//! What one end has to say to the other: that it waits, for what, and that it is gone.

use core::task::Waker;

use crate::SpinLock;
use crate::sync::atomic::{
    AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    compiler_fence, fence,
};
use crate::sync::{Futex, const_unless_loom, is_light};

/// A thread sleeps on this word, or is about to.
pub(super) const THREAD: u32 = 1;
/// A task left its waker, or is about to go without another look.
pub(super) const TASK: u32 = 2;
/// The end was dropped (I4).
pub(super) const GONE: u32 = 4;
/// The other end has to fence before it looks (I5).
pub(super) const FENCED: u32 = 8;
/// The end is being dropped: it takes part no more, but may still be busy with its slots.
pub(super) const CLOSING: u32 = 16;

/// One end's word to the other.
pub(super) struct Signal {
    /// The bits above. Changed by read-modify-writes alone, because both ends change it: who waits sets
    /// `THREAD` and `TASK`, and either end clears them.
    word: Futex,
    /// What the end waits for: the other's index from which on it is to be woken. Of an end that is gone,
    /// its own index.
    target: AtomicUsize,
    /// Whom to wake for `TASK`.
    waker: SpinLock<Option<Waker>>,
}

impl Signal {
    const_unless_loom! {
        pub(super) const fn new() -> Self {
            Self {
                word: Futex::new(FENCED),
                target: AtomicUsize::new(0),
                waker: SpinLock::new(None),
            }
        }
    }

    /// Said before there are two ends: nobody waits, and nobody is gone.
    pub(super) fn begin(&self) {
        // Relaxed: the ring has one owner. Where a light fence is none, the other end looks without.
        self.word.store(if is_light() { 0 } else { FENCED }, Relaxed);
        drop(self.take_waker());
    }

    /// Called after every publication: what there is to [attend](Self::attend) to, or zero.
    #[inline(always)]
    pub(super) fn look(&self) -> u32 {
        // SeqCst, for the compiler alone: the look stays behind the publication (E3).
        compiler_fence(SeqCst);
        // Relaxed: decides only whether to look again. That it is not too early is the affair of the
        // end that waits (E3).
        self.word.load(Relaxed)
    }

    /// Wakes the end if it waits for `index` or less; its word.
    #[cold]
    #[inline(never)]
    pub(super) fn attend(&self, looked: u32, index: usize) -> u32 {
        if looked & FENCED != 0 {
            // SeqCst (E3): either the look below sees the announcement made before the sleeper's fence,
            // or the sleeper's second look sees the publication made before ours.
            fence(SeqCst);
        }
        // Acquire (E4): with `GONE` comes all that the end did.
        let word = self.word.load(Acquire);
        if word & (THREAD | TASK) != 0 {
            // Relaxed: ordered by the fences (E3). Of a wait before, only if the one that is announced finds
            // what it waits for when it looks again; of one after, a later publication is looked after.
            let target = self.target.load(Relaxed);
            if reaches(index, target) {
                self.wake();
            }
        }
        word
    }

    /// Wakes the end if it waits, for whatever it does. For an end that goes, or that will not move on
    /// without the other.
    pub(super) fn wake_whatever(&self) {
        if let Some(waker) = self.rouse() {
            waker.wake();
        }
    }

    /// Wakes the end if it is a thread, for whatever it waits; if it is a task, returns its waker.
    pub(super) fn rouse(&self) -> Option<Waker> {
        // SeqCst (E3): as in `attend`; a heavy fence is one with this, too.
        fence(SeqCst);
        // Relaxed: ordered by the fence.
        if self.word.load(Relaxed) & (THREAD | TASK) == 0 {
            return None;
        }
        self.take_sleeper()
    }

    fn wake(&self) {
        if let Some(waker) = self.take_sleeper() {
            waker.wake();
        }
    }

    /// Ends the announcement: a thread is woken, and the waker of a task returned.
    fn take_sleeper(&self) -> Option<Waker> {
        // Relaxed: ordered by the fences (E3). If the end needs this wake, its fence came before ours, and
        // so did the waker that it left, and the lock's release.
        let before = self.word.fetch_and(!(THREAD | TASK), Relaxed);
        #[cfg(feature = "std")]
        if before & THREAD != 0 {
            self.word.wake_one();
        }
        if before & TASK == 0 {
            return None;
        }
        // If the lock is taken, the task is being polled, or goes. Before it sleeps again it announces
        // itself, looks, and finds what this is about: it need not be woken, nor waited for.
        self.waker.try_lock()?.take()
    }

    fn take_waker(&self) -> Option<Waker> {
        self.waker.lock().take()
    }

    /// Says that the end waits, until the other's index is `target`; the word before that.
    pub(super) fn announce(&self, kind: u32, target: usize) -> u32 {
        // Relaxed: seen by whoever must see it, because of the fence that follows (E3).
        self.target.store(target, Relaxed);
        // Relaxed: as above.
        self.word.fetch_or(kind, Relaxed)
    }

    /// Takes back what was announced. A wake that is under way finds nobody.
    pub(super) fn take_back(&self, kind: u32) {
        drop(self.recall(kind));
    }

    /// The same; the waker, if a task had left one that nobody has taken. To be dropped or woken where
    /// code of others may run.
    pub(super) fn recall(&self, kind: u32) -> Option<Waker> {
        // Relaxed: set by this end itself, if it is; and nobody acts on what is gone.
        if self.word.load(Relaxed) & kind == 0 {
            return None;
        }
        // Relaxed: as above.
        let before = self.word.fetch_and(!kind, Relaxed);
        if kind & before & TASK == 0 { None } else { self.take_waker() }
    }

    /// Sleeps while the word is `word`, which an announcement has returned, until the deadline or for
    /// no reason.
    #[cfg(feature = "std")]
    pub(super) fn sleep(&self, word: u32, deadline: crate::sync::Deadline) {
        self.word.wait(word, deadline);
    }

    /// Leaves word whom to wake.
    pub(super) fn leave_waker(&self, waker: &Waker) {
        if self.waker.lock().as_ref().is_some_and(|left| left.will_wake(waker)) {
            return;
        }
        // Cloned and dropped outside of the lock: both run code of others.
        let waker = waker.clone();
        let before = self.waker.lock().replace(waker);
        drop(before);
    }

    /// Said by an end that is being dropped, before it is done with its slots.
    pub(super) fn close(&self) {
        // Release (E4): all that this end did happens-before the other's look at this.
        self.word.fetch_or(CLOSING, Release);
    }

    /// Said by an end that is being dropped at `index`, and touches no slot after that.
    pub(super) fn leave(&self, index: usize) {
        // Relaxed: comes with `GONE`.
        self.target.store(index, Relaxed);
        // Release (E4): all that this end did happens-before the other's look at this.
        self.word.fetch_or(GONE, Release);
    }

    /// At which index the end went, of which it is known that it did.
    pub(super) fn left_at(&self) -> usize {
        // Relaxed: came with `GONE` (E4).
        self.target.load(Relaxed)
    }

    /// Whether the end was dropped, or is being dropped.
    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        // Acquire (E4): what the end did before it went is visible after this.
        self.word.load(Acquire) & (GONE | CLOSING) != 0
    }
}

/// Whether `index` is `target` or after it; they are less than half of all indices apart.
#[inline]
pub(super) fn reaches(index: usize, target: usize) -> bool {
    index.wrapping_sub(target) as isize >= 0
}
