//! The three words, and who may change them.

use core::fmt;

use super::error::{AddError, NoTaskLeft};
use super::tally::Tally;
use crate::sync::atomic::{
    AtomicU64,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};
use crate::sync::const_unless_loom;
#[cfg(feature = "std")]
use crate::wait::EventCount;

/// How far many tasks have come. See the [module](crate::progress) for what it promises.
///
/// ```
/// use untorn::Progress;
///
/// let progress = Progress::new(100);
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| {
///             while let Ok(ticket) = progress.ticket() {
///                 ticket.complete();
///             }
///         });
///     }
///     let tally = progress.wait();
///     assert_eq!((tally.completed, tally.failed), (100, 0));
/// });
/// ```
#[doc(alias = "WaitGroup")]
#[doc(alias = "CountDownLatch")]
#[doc(alias = "phaser")]
pub struct Progress {
    /// How many tasks there are, in the lower half, and `SEALED` and `FINISHED`.
    total: AtomicU64,
    /// How many tasks somebody has, or had (I1).
    claimed: AtomicU64,
    /// How many were completed, in units of `COMPLETED`, and failed, in units of `FAILED` (I1).
    done: AtomicU64,
    /// Who waits for the finish.
    #[cfg(feature = "std")]
    pub(super) finish: EventCount,
}

/// The total is final (I2).
const SEALED: u64 = 1 << 32;
/// Somebody has announced the finish (I3).
const FINISHED: u64 = 1 << 33;

/// One completed task, in `done`.
pub(super) const COMPLETED: u64 = 1;
/// One failed task, in `done`.
pub(super) const FAILED: u64 = 1 << 32;

const fn count(total: u64) -> u32 {
    total as u32
}

const fn is_sealed(total: u64) -> bool {
    total & SEALED != 0
}

const fn tally(total: u64, done: u64) -> Tally {
    Tally { total: count(total), completed: done as u32, failed: (done >> 32) as u32 }
}

impl Progress {
    const_unless_loom! {
        /// So many tasks, to which none can be added. Of no tasks, all are done from the start: then no
        /// call is told of the finish.
        ///
        /// ```
        /// static DOWNLOADS: untorn::Progress = untorn::Progress::new(12);
        /// assert_eq!(DOWNLOADS.snapshot().left(), 12);
        /// ```
        #[must_use]
        pub const fn new(total: u32) -> Self {
            let finished = if total == 0 { FINISHED } else { 0 };
            Self::with(total as u64 | SEALED | finished)
        }
    }

    const_unless_loom! {
        /// No tasks yet: they are added by [`add`](Self::add) until [`seal`](Self::seal) says that there
        /// will be no more.
        ///
        /// ```
        /// let progress = untorn::Progress::open();
        /// progress.add(2).unwrap();
        /// progress.complete(2).unwrap();
        /// assert!(!progress.is_finished()); // there may be more
        /// assert!(progress.seal());
        /// assert!(progress.is_finished());
        /// ```
        #[must_use]
        pub const fn open() -> Self {
            Self::with(0)
        }
    }

    const_unless_loom! {
        const fn with(total: u64) -> Self {
            Self {
                total: AtomicU64::new(total),
                claimed: AtomicU64::new(0),
                done: AtomicU64::new(0),
                #[cfg(feature = "std")]
                finish: EventCount::new(),
            }
        }
    }

    /// Adds tasks. A task is added before it is claimed or completed. Lock-free.
    ///
    /// # Errors
    ///
    /// If the total is sealed, or would exceed 2^32 - 1; then nothing is added.
    ///
    /// ```
    /// use untorn::{Progress, progress::AddError};
    ///
    /// let progress = Progress::open();
    /// assert_eq!(progress.add(u32::MAX), Ok(()));
    /// assert_eq!(progress.add(1), Err(AddError::Overflow { added: 1, total: u32::MAX }));
    ///
    /// let progress = Progress::new(7);
    /// assert_eq!(progress.add(1), Err(AddError::Sealed { added: 1, total: 7 }));
    /// ```
    pub fn add(&self, n: u32) -> Result<(), AddError> {
        // Relaxed: a guess, which the exchange checks.
        let mut total = self.total.load(Relaxed);
        loop {
            if is_sealed(total) {
                return Err(AddError::Sealed { added: n, total: count(total) });
            }
            if count(total).checked_add(n).is_none() {
                return Err(AddError::Overflow { added: n, total: count(total) });
            }
            // Release (E3): a reader that sees these tasks sees what was done before they were added.
            // Relaxed: on failure a new guess.
            match self.total.compare_exchange_weak(total, total + u64::from(n), Release, Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => total = other,
            }
        }
    }

    /// Says that no more tasks will be added; whether that was the finish, because all were done
    /// already. Wait-free, but for the one call that wakes those who wait.
    ///
    /// Of the calls that overlap the finish, seals or completions, exactly one returns `true`: of two
    /// threads that seal at the same time it may be the later. A second call changes nothing.
    ///
    /// ```
    /// let progress = untorn::Progress::open();
    /// progress.add(1).unwrap();
    /// assert!(!progress.seal());
    /// assert_eq!(progress.complete(1), Ok(true)); // this was the finish
    /// ```
    #[allow(clippy::must_use_candidate, reason = "few ask whether they came last")]
    pub fn seal(&self) -> bool {
        // Release (E3): who sees the finish sees what was done before the seal.
        self.total.fetch_or(SEALED, Release);
        // SeqCst (E4): who does the last task sees the seal, or we see the task.
        fence(SeqCst);
        self.announce()
    }

    /// Counts `n` tasks as completed that nobody has a ticket for; whether that was the finish (of calls
    /// that overlap, one is told). No tasks are never the finish. Lock-free.
    ///
    /// # Errors
    ///
    /// If fewer than `n` are left; then none is counted.
    ///
    /// ```
    /// let progress = untorn::Progress::new(3);
    /// assert_eq!(progress.complete(2), Ok(false));
    /// assert!(progress.complete(2).is_err());
    /// assert_eq!(progress.complete(1), Ok(true));
    /// ```
    pub fn complete(&self, n: u32) -> Result<bool, NoTaskLeft> {
        self.count_unclaimed(n, COMPLETED)
    }

    /// Counts `n` tasks as failed. As [`complete`](Self::complete).
    ///
    /// # Errors
    ///
    /// As [`complete`](Self::complete).
    ///
    /// ```
    /// let progress = untorn::Progress::new(3);
    /// assert_eq!(progress.fail(3), Ok(true));
    /// ```
    pub fn fail(&self, n: u32) -> Result<bool, NoTaskLeft> {
        self.count_unclaimed(n, FAILED)
    }

    /// How far it was at one moment during the call. Starts again only if tasks were added meanwhile.
    ///
    /// ```
    /// let progress = untorn::Progress::new(3);
    /// progress.fail(1).unwrap();
    /// let tally = progress.snapshot();
    /// assert_eq!((tally.total, tally.completed, tally.failed), (3, 0, 1));
    /// ```
    #[must_use]
    pub fn snapshot(&self) -> Tally {
        // Relaxed: the fence below acquires.
        let mut total = self.total.load(Relaxed);
        loop {
            // SeqCst (E3, E6): what was done before these tasks were added is in the word loaded below,
            // and so is what another snapshot found that had fewer tasks. A sealed total needs it too:
            // that snapshot may be of a time before.
            fence(SeqCst);
            // Relaxed: the fence below acquires.
            let done = self.done.load(Relaxed);
            // SeqCst (E1, E6): the total loaded below has every task that is done, and what another
            // snapshot found that had fewer of them done.
            fence(SeqCst);
            // Relaxed: the fence of the next round acquires, if there is one.
            let again = self.total.load(Relaxed);
            if count(again) == count(total) {
                return tally(total, done);
            }
            total = again;
        }
    }

    /// Whether the total is sealed and all of it is done: from then on nothing changes. Wait-free.
    ///
    /// ```
    /// assert!(untorn::Progress::new(0).is_finished());
    /// assert!(!untorn::Progress::open().is_finished());
    /// ```
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished().is_some()
    }

    /// The last tally, if it is that.
    pub(super) fn finished(&self) -> Option<Tally> {
        // Acquire (E3): what was done before the seal.
        let total = self.total.load(Acquire);
        // Acquire (E1): what was done before each task was counted.
        let tally = tally(total, self.done.load(Acquire));
        (is_sealed(total) && tally.left() == 0).then_some(tally)
    }

    /// Counts `n` tasks that nobody has, in units of `how`; whether that was the finish.
    fn count_unclaimed(&self, n: u32, how: u64) -> Result<bool, NoTaskLeft> {
        if n == 0 {
            // It would announce a finish that it has no part in.
            return Ok(false);
        }
        self.claim(n)?;
        Ok(self.settle(u64::from(n) * how))
    }

    /// Takes `n` tasks that nobody has.
    pub(super) fn claim(&self, n: u32) -> Result<(), NoTaskLeft> {
        // Acquire (E2): the total loaded below is no less than what is claimed.
        let mut claimed = self.claimed.load(Acquire);
        loop {
            // Relaxed: ordered after the load of `claimed`. Tasks that are being added may be missed;
            // the caller's own were added before.
            let word = self.total.load(Relaxed);
            let (total, sealed) = (count(word), is_sealed(word));
            let left = total - claimed as u32;
            if n > left {
                return Err(NoTaskLeft { asked: n, left, total, sealed });
            }
            let now = claimed + u64::from(n);
            // Release (E2): who sees this claim sees the total that allowed it. Acquire (E2): on
            // failure, as above.
            match self.claimed.compare_exchange_weak(claimed, now, Release, Acquire) {
                Ok(_) => return Ok(()),
                Err(other) => claimed = other,
            }
        }
    }

    /// Counts claimed tasks as done; whether that was the finish.
    pub(super) fn settle(&self, how: u64) -> bool {
        // Release (E1): who sees these tasks counted sees what was done for them.
        let done = self.done.fetch_add(how, Release) + how;
        // Relaxed: an older total is no greater, so if these are the last tasks, it has none left.
        if tally(self.total.load(Relaxed), done).left() > 0 {
            return false;
        }
        // SeqCst (E4): who seals sees the last task, or we see the seal.
        fence(SeqCst);
        self.announce()
    }

    /// Announces the finish, if it is that and nobody has; for who has passed a fence (E4).
    fn announce(&self) -> bool {
        if self.finished().is_none() {
            return false;
        }
        // Relaxed: only one call finds the bit clear; what others read is ordered by E1 and E3.
        let before = self.total.fetch_or(FINISHED, Relaxed);
        let first = before & FINISHED == 0;
        #[cfg(feature = "std")]
        if first {
            self.finish.notify_all();
        }
        first
    }
}

/// Prints the tally.
impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { total, completed, failed } = self.snapshot();
        f.debug_struct("Progress")
            .field("total", &total)
            .field("completed", &completed)
            .field("failed", &failed)
            .finish_non_exhaustive()
    }
}
