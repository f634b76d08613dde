//! The right, and the duty, to do one task.

use core::fmt;
use core::ops::Deref;

use super::error::NoTaskLeft;
use super::tasks::{COMPLETED, FAILED, Progress};

impl Progress {
    /// Claims one task, to be completed or failed later. Lock-free.
    ///
    /// # Errors
    ///
    /// If all tasks are done or claimed. The error's [`sealed`](NoTaskLeft::sealed) tells whether that is
    /// all there will ever be, so that a worker may go, or whether there may be more later.
    ///
    /// ```
    /// let progress = untorn::Progress::open();
    /// progress.add(1).unwrap();
    /// let ticket = progress.ticket().unwrap();
    /// assert!(!progress.ticket().unwrap_err().sealed); // none now
    /// progress.seal();
    /// assert!(progress.ticket().unwrap_err().sealed); // none any more
    /// assert!(ticket.complete());
    /// ```
    pub fn ticket(&self) -> Result<Ticket<&Self>, NoTaskLeft> {
        self.claim(1)?;
        Ok(Ticket::new(self))
    }

    /// The same for a task whose thread outlives the caller.
    ///
    /// # Errors
    ///
    /// As [`ticket`](Self::ticket).
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::Progress;
    ///
    /// let progress = Arc::new(Progress::new(1));
    /// let ticket = Progress::ticket_owned(&progress).unwrap();
    /// std::thread::spawn(move || ticket.complete());
    /// assert_eq!(progress.wait().completed, 1);
    /// ```
    #[cfg(feature = "alloc")]
    pub fn ticket_owned(
        this: &crate::sync::Arc<Self>,
    ) -> Result<Ticket<crate::sync::Arc<Self>>, NoTaskLeft> {
        this.claim(1)?;
        Ok(Ticket::new(crate::sync::Arc::clone(this)))
    }
}

/// One task in somebody's hands. Dropped before it was [completed](Self::complete), because its thread
/// panicked or gave up, it counts as failed.
///
/// Dropping the last one wakes those who wait. A waker that panics then does so out of a destructor: while
/// the thread is unwinding from another panic, that aborts the process.
///
/// `P` is how it refers to the progress: by a reference ([`Progress::ticket`]) or by an `Arc`
/// ([`Progress::ticket_owned`]).
///
/// ```
/// use untorn::Progress;
///
/// let progress = Progress::new(2);
/// let [first, second] = [progress.ticket().unwrap(), progress.ticket().unwrap()];
/// first.complete();
/// let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
///     let _ticket = second;
///     panic!("the task goes wrong");
/// }));
/// assert!(panicked.is_err());
/// assert_eq!(progress.snapshot().to_string(), "2 of 2 done, 1 failed");
/// ```
#[must_use = "dropped before it is completed, it counts as failed"]
pub struct Ticket<P: Deref<Target = Progress>> {
    progress: P,
    counted: bool,
}

impl<P: Deref<Target = Progress>> Ticket<P> {
    /// For who has claimed the task.
    pub(super) fn new(progress: P) -> Self {
        Self { progress, counted: false }
    }

    /// Counts the task as completed; whether that was the finish of all. Wait-free, but for the one call
    /// that wakes those who wait.
    ///
    /// ```
    /// let progress = untorn::Progress::new(2);
    /// let [first, last] = [progress.ticket().unwrap(), progress.ticket().unwrap()];
    /// assert!(!first.complete());
    /// assert!(last.complete());
    /// ```
    #[allow(clippy::must_use_candidate, reason = "few ask whether theirs was the last")]
    pub fn complete(mut self) -> bool {
        self.count(COMPLETED)
    }

    /// Counts the task as failed, as dropping the ticket does; whether that was the finish of all.
    ///
    /// ```
    /// let progress = untorn::Progress::new(1);
    /// assert!(progress.ticket().unwrap().fail());
    /// assert_eq!(progress.snapshot().failed, 1);
    /// ```
    #[allow(clippy::must_use_candidate, reason = "few ask whether theirs was the last")]
    pub fn fail(mut self) -> bool {
        self.count(FAILED)
    }

    fn count(&mut self, how: u64) -> bool {
        // First: a waker that panics must not have the task counted twice.
        self.counted = true;
        self.progress.settle(how)
    }
}

impl<P: Deref<Target = Progress>> Drop for Ticket<P> {
    fn drop(&mut self) {
        if !self.counted {
            self.count(FAILED);
        }
    }
}

impl<P: Deref<Target = Progress>> fmt::Debug for Ticket<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").finish_non_exhaustive()
    }
}
