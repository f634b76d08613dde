//! How far reclaiming has come, and who waits for it.

use super::engine::Engine;
use crate::backoff::Backoff;
use crate::sync::atomic::{
    AtomicBool, AtomicSeq, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    Seq, fence,
};
#[cfg(feature = "std")]
use crate::sync::{Deadline, Futex};
use crate::sync::{Refused, own_load};

pub(super) struct Progress {
    /// All versions before this one are freed. Written by the holder of the turn.
    oldest: AtomicSeq,
    /// Whether the last pass could not tell. Written by the holder of the turn.
    held_off: AtomicBool,
    /// How many threads wait in `synchronize`.
    waiters: AtomicUsize,
    /// How often there was news for them; what they sleep on.
    #[cfg(feature = "std")]
    news: Futex,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self {
            oldest: AtomicSeq::new(0),
            held_off: AtomicBool::new(false),
            waiters: AtomicUsize::new(0),
            #[cfg(feature = "std")]
            news: Futex::new(0),
        }
    }

    /// Notes that all versions before `oldest` are freed, and tells those who wait for that; for the
    /// holder of the turn.
    pub(super) fn reached(&self, oldest: u64) {
        let oldest = oldest as Seq;
        if own_load(&self.oldest) != oldest {
            // Release (E9): what was done with the freed versions happens-before what comes after
            // `synchronize`.
            self.oldest.store(oldest, Release);
            self.tell();
        }
    }

    /// Notes whether the pass could not tell what is held; for the holder of the turn.
    pub(super) fn set_held_off(&self, held_off: bool) {
        // Relaxed: ordered by the count below, and by the turn (E6).
        if self.held_off.load(Relaxed) != held_off {
            // Relaxed: as above.
            self.held_off.store(held_off, Relaxed);
            if held_off {
                self.tell();
            }
        }
    }

    /// Has the threads in `synchronize` look again.
    pub(super) fn tell(&self) {
        #[cfg(feature = "std")]
        {
            // Release (E9): who reads the new count reads the news, too, or it would sleep on.
            self.news.fetch_add(1, Release);
            // SeqCst: either who is about to sleep sees the count above, or we see that it is there
            // (E9).
            fence(SeqCst);
            if self.is_awaited() {
                self.news.wake_all();
            }
        }
    }

    /// Whether somebody is in `synchronize`.
    pub(super) fn is_awaited(&self) -> bool {
        // Relaxed: who came before the last request for the turn is seen by its edge (E6), and who
        // comes later asks again.
        self.waiters.load(Relaxed) > 0
    }
}

/// How long a thread sleeps whom nobody may wake.
#[cfg(feature = "std")]
const SLICE: core::time::Duration = core::time::Duration::from_millis(1);

impl Engine {
    /// Waits until all versions before `target` are freed.
    pub(super) fn wait_until_freed(&self, target: u64) -> Result<(), Refused> {
        /// Leaves, even where a destructor panics.
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                // Relaxed: to be woken once too often does no harm.
                self.0.fetch_sub(1, Relaxed);
            }
        }
        let this = &self.reclaimer.progress;
        // Relaxed: ordered by the fence, and by the request for the turn (E6).
        this.waiters.fetch_add(1, Relaxed);
        let _waiting = Waiting(&this.waiters);
        // SeqCst: the other side of the fence in `tell` (E9).
        fence(SeqCst);
        let mut backoff = Backoff::new();
        loop {
            // Acquire (E9): pairs with `tell`.
            #[cfg(feature = "std")]
            let news = this.news.load(Acquire);
            if self.reclaim().refused {
                return Err(Refused);
            }
            // Acquire (E9): pairs with `reached`. The number wraps on machines without 64-bit atomics.
            if this.oldest.load(Acquire).wrapping_sub(target as Seq) <= Seq::MAX / 2 {
                return Ok(());
            }
            #[cfg(feature = "std")]
            if !backoff.spin() {
                // Relaxed: ordered by the count above.
                let held_off = this.held_off.load(Relaxed);
                this.news
                    .wait(news, if held_off { Deadline::after(SLICE) } else { Deadline::NEVER });
            }
            #[cfg(not(feature = "std"))]
            backoff.snooze();
        }
    }
}
