//! Waiting for the finish.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::time::Instant;

use super::tally::Tally;
use super::tasks::Progress;
use crate::wait::Listener;

impl Progress {
    /// Waits for the finish: until the total is sealed and all of it done. Blocking. For one who holds a
    /// [`Ticket`](super::Ticket) it never ends.
    ///
    /// ```
    /// let progress = untorn::Progress::new(2);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| progress.complete(1));
    ///     scope.spawn(|| progress.fail(1));
    ///     assert_eq!(progress.wait().failed, 1);
    /// });
    /// ```
    #[allow(clippy::must_use_candidate, reason = "some only wait")]
    pub fn wait(&self) -> Tally {
        self.finish.wait_until(|| self.finished())
    }

    /// [`wait`](Self::wait) for at most `timeout`; `None` if it is not finished by then.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let progress = untorn::Progress::new(1);
    /// assert_eq!(progress.wait_timeout(Duration::from_millis(1)), None);
    /// ```
    #[must_use = "it may not be finished"]
    pub fn wait_timeout(&self, timeout: Duration) -> Option<Tally> {
        self.finish.wait_until_timeout(timeout, || self.finished())
    }

    /// [`wait`](Self::wait), but not past `deadline`; `None` if it is not finished by then.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let progress = untorn::Progress::new(1);
    /// assert_eq!(progress.wait_deadline(Instant::now()), None);
    /// ```
    #[must_use = "it may not be finished"]
    pub fn wait_deadline(&self, deadline: Instant) -> Option<Tally> {
        self.finish.wait_until_deadline(deadline, || self.finished())
    }

    /// A future that completes at the finish. One allocation, if it has to wait.
    ///
    /// ```
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let progress = untorn::Progress::new(1);
    /// let mut finished = pin!(progress.wait_async());
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(finished.as_mut().poll(&mut context).is_pending());
    /// progress.complete(1).unwrap();
    /// assert!(matches!(finished.poll(&mut context), Poll::Ready(tally) if tally.completed == 1));
    /// ```
    pub fn wait_async(&self) -> Finished<'_> {
        Finished { progress: self, listener: None }
    }
}

/// The future of [`Progress::wait_async`].
#[must_use = "futures do nothing unless polled"]
pub struct Finished<'a> {
    progress: &'a Progress,
    /// A place in the queue, as soon as it was polled and had to wait.
    listener: Option<Listener<'a>>,
}

impl Future for Finished<'_> {
    type Output = Tally;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Tally> {
        let this = self.get_mut();
        loop {
            if let Some(tally) = this.progress.finished() {
                this.listener = None;
                return Poll::Ready(tally);
            }
            match &mut this.listener {
                // Queued first and looked again: a finish between the two is seen.
                None => this.listener = Some(this.progress.finish.listen()),
                Some(listener) => {
                    ready!(Pin::new(listener).poll(context));
                    this.listener = None;
                }
            }
        }
    }
}

impl fmt::Debug for Finished<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Finished").field("progress", self.progress).finish_non_exhaustive()
    }
}
