//! How an end waits for the other: awake, asleep, or as a task.

use core::task::{Context, Poll};

use super::signal::{FENCED, Signal, TASK};
use crate::sync::atomic::{Ordering::SeqCst, fence};
use crate::sync::{chosen_waits, heavy, is_light};
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
    /// What the last announcement that was fenced said: of which kind it was, and until when.
    standing: Option<(u32, usize)>,
    /// What the shortest of its heavy fences took, in nanoseconds: one that was interrupted says nothing.
    heavy: Option<u64>,
}

impl Patience {
    pub(super) fn new(index: usize) -> Self {
        Self { fenced: !is_light(), announced_at: index, standing: None, heavy: None }
    }

    /// Whether the fences of the other end since the last announcement took longer than a heavy one.
    fn is_long_streak(&self, index: usize) -> bool {
        if let Some(chosen) = chosen_waits() {
            return chosen;
        }
        let moved = index.wrapping_sub(self.announced_at) as u64;
        self.heavy.is_none_or(|heavy| moved.saturating_mul(FENCE) > heavy)
    }

    /// Called now and then by an end at `index` that need not wait: after a long streak the other end
    /// need not fence any more. The next wait begins with a heavy fence.
    #[inline]
    pub(super) fn relax(&mut self, signal: &Signal, index: usize) {
        if self.fenced {
            self.relax_fenced(signal, index);
        }
    }

    #[cold]
    fn relax_fenced(&mut self, signal: &Signal, index: usize) {
        if is_light() && self.is_long_streak(index) {
            signal.take_back(FENCED);
            self.fenced = false;
        }
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
        let mut is_free = None;
        loop {
            let (word, is_seen) = self.announce(signal, THREAD, need, &mut is_free);
            let mut ready_now = ready();
            if !ready_now && !deadline.has_passed() {
                // Unseen, the other end may just have published with a look that was too early.
                let until = if is_seen { deadline } else { deadline.at_most(slice) };
                signal.sleep(word, until);
                slice = LONGEST_SLICE.min(slice * 2);
                // Before another announcement, which may cost a heavy fence.
                ready_now = ready();
            }
            if ready_now || deadline.has_passed() {
                signal.take_back(THREAD);
                return ready_now;
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
        let (_, is_seen) = self.announce(signal, TASK, need, &mut None);
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
    /// If so, the caller sees what the other end published before, or the other end wakes it (E3). Whether
    /// the wait is free for the other end is decided by its first announcement.
    fn announce(
        &mut self,
        signal: &Signal,
        kind: u32,
        need: Need,
        is_free: &mut Option<bool>,
    ) -> (u32, bool) {
        if self.standing == Some((kind, need.target)) {
            let before = signal.announce(kind, need.target);
            if before & kind != 0 {
                // Nobody has taken it since it was fenced.
                return (before, true);
            }
        }
        // One heavy fence now, and then none? Or from now on one with every operation of the other end?
        let long_streak = self.is_long_streak(need.index);
        let is_free = *is_free.get_or_insert(is_light() && long_streak);
        self.announced_at = need.index;
        if is_free && self.fenced {
            signal.take_back(FENCED);
            self.fenced = false;
        }
        let said = if is_free { kind } else { kind | FENCED };
        let mut word = signal.announce(said, need.target) | said;
        if word & !kind & TASK != 0 {
            // A task of this end waits too, and may be content with less: it has to ask again.
            if let Some(waker) = signal.recall(TASK) {
                waker.wake();
            }
            word &= !TASK;
        }
        let is_seen = if self.fenced {
            // SeqCst (E3): the other end fences too, between its publication and its look.
            fence(SeqCst);
            true
        } else {
            let is_seen = self.fence_heavily();
            self.fenced = is_seen && !is_free;
            is_seen
        };
        self.standing = is_seen.then_some((kind, need.target));
        (word, is_seen)
    }

    /// The fence of both ends (E3); whether there was one.
    fn fence_heavily(&mut self) -> bool {
        #[cfg(feature = "std")]
        let start = Instant::now();
        let fenced = heavy().is_ok();
        #[cfg(feature = "std")]
        {
            let took = start.elapsed().as_nanos() as u64;
            self.heavy = Some(self.heavy.map_or(took, |shortest| shortest.min(took)));
        }
        fenced
    }
}
