//! How an end waits for the other: awake, asleep, or as a task.

use core::task::{Context, Poll};

use super::signal::{FENCED, Signal, TASK};
use crate::sync::atomic::{Ordering::SeqCst, fence};
use crate::sync::{heavy, is_light};
#[cfg(feature = "std")]
use {
    super::signal::THREAD, crate::backoff::Backoff, crate::sync::Deadline, core::time::Duration,
    std::time::Instant,
};

/// What a fence takes the other end with each of its operations, in nanoseconds. Only its proportion to
/// a heavy fence counts, and that only by its order of magnitude.
const FENCE: u64 = 6;

/// How long the first sleep of a thread may last that the other end may not see. Doubled up to
/// [`LONGEST_SLICE`], so that an idle end costs next to nothing.
#[cfg(feature = "std")]
const FIRST_SLICE: Duration = Duration::from_millis(1);
#[cfg(feature = "std")]
const LONGEST_SLICE: Duration = Duration::from_secs(1);

/// What an end waits for.
#[derive(Clone, Copy)]
pub(super) struct Need {
    /// Its own index.
    pub(super) index: usize,
    /// The other's index from which on it has enough.
    pub(super) target: usize,
}

/// What an end knows of its own waiting.
pub(super) struct Patience {
    /// The other end fences before each of its looks, and is sure to (I5).
    fenced: bool,
    /// The end's own index when it last announced a wait.
    announced_at: usize,
    /// What its last heavy fence took, in nanoseconds.
    heavy: u64,
}

impl Patience {
    pub(super) fn new(index: usize) -> Self {
        Self { fenced: !is_light(), announced_at: index, heavy: 0 }
    }

    /// Waits until `ready`, and returns whether it is; `false` only when the deadline has passed.
    ///
    /// It spins before it sleeps: the other end is often about to publish, and a sleep costs both sides
    /// a system call.
    #[cfg(feature = "std")]
    #[cold]
    #[inline(never)]
    pub(super) fn wait(
        &mut self,
        signal: &Signal,
        need: Need,
        ready: impl Fn() -> bool,
        deadline: Deadline,
    ) -> bool {
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
            let (word, is_seen) = self.announce(signal, THREAD, need);
            let ready_now = ready();
            if ready_now || deadline.has_passed() {
                signal.take_back(THREAD);
                return ready_now;
            }
            if is_seen {
                signal.sleep(word, deadline);
            } else {
                // The other end may just have published with a look that was too early.
                signal.sleep(word, deadline.at_most(slice));
                slice = LONGEST_SLICE.min(slice * 2);
            }
        }
    }

    /// Leaves word to wake the task, unless `ready`.
    pub(super) fn poll(
        &mut self,
        signal: &Signal,
        need: Need,
        ready: impl Fn() -> bool,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        if ready() {
            return Poll::Ready(());
        }
        signal.leave_waker(context.waker());
        let (_, is_seen) = self.announce(signal, TASK, need);
        if ready() {
            signal.take_back(TASK);
            return Poll::Ready(());
        }
        if !is_seen {
            // A task has no clock to look by: it looks at once, and as often as it is let.
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// Says that the end waits; the word after that, and whether the other end is sure to see it.
    ///
    /// If so, the caller sees what the other end published before, or the other end wakes it (E3).
    fn announce(&mut self, signal: &Signal, kind: u32, need: Need) -> (u32, bool) {
        let moved = need.index.wrapping_sub(self.announced_at) as u64;
        self.announced_at = need.index;
        // One heavy fence, and then none? Or from now on one with every operation of the other end?
        let is_free = is_light() && moved.saturating_mul(FENCE) > self.heavy;
        if is_free && self.fenced {
            signal.take_back(FENCED);
            self.fenced = false;
        }
        let kind = if is_free { kind } else { kind | FENCED };
        let word = signal.announce(kind, need.target);
        if self.fenced {
            // SeqCst (E3): the other end fences too, between its publication and its look.
            fence(SeqCst);
            return (word, true);
        }
        let is_seen = self.fence_heavily();
        self.fenced = is_seen && !is_free;
        (word, is_seen)
    }

    /// The fence of both ends (E3); whether there was one.
    fn fence_heavily(&mut self) -> bool {
        #[cfg(feature = "std")]
        let start = Instant::now();
        let fenced = heavy().is_ok();
        #[cfg(feature = "std")]
        {
            self.heavy = start.elapsed().as_nanos() as u64;
        }
        fenced
    }
}
