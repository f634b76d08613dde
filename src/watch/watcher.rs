//! Somebody who waits for publications: [`Watcher`].

use core::fmt;
use core::future::Future;
use core::ops::Deref;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use super::Watch;
use crate::sync::atomic::Seq;
use crate::wait::{Listener, poll_until};

/// Somebody who wants to know of publications: `H` is `&Watch<C>` or `Arc<Watch<C>>`.
///
/// Made by [`Watch::subscribe`] and [`Watch::subscribe_owned`].
#[must_use = "who does not ask learns nothing"]
#[derive(Clone)]
pub struct Watcher<H> {
    watch: H,
    /// How many publications had been announced when it looked last.
    seen: Seq,
}

impl<H, C> Watcher<H>
where
    H: Deref<Target = Watch<C>>,
{
    pub(super) const fn new(watch: H, seen: Seq) -> Self {
        Self { watch, seen }
    }

    /// The plain cell, to read from.
    ///
    /// ```
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// assert_eq!(watch.subscribe().cell().read(), 1);
    /// ```
    pub fn cell(&self) -> &C {
        self.watch.cell()
    }

    /// Whether something was announced since the last `changed`, or since this was made. Wait-free.
    ///
    /// ```
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// let mut watcher = watch.subscribe();
    /// watch.publish(2);
    /// assert!(watcher.has_changed());
    /// watcher.changed();
    /// assert!(!watcher.has_changed());
    /// ```
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.watch.unseen(self.seen).is_some()
    }

    /// Waits until something is announced that this watcher has not seen. Blocking.
    ///
    /// ```
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// let mut watcher = watch.subscribe();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| watch.publish(2));
    ///     watcher.changed();
    /// });
    /// assert_eq!(watch.cell().read(), 2);
    /// ```
    pub fn changed(&mut self) {
        self.seen = self.watch.news().wait_until(|| self.watch.unseen(self.seen));
    }

    /// [`changed`](Self::changed) for at most `timeout`; whether there was something.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// assert!(!watch.subscribe().changed_timeout(Duration::from_millis(1)));
    /// ```
    #[must_use = "it may have given up"]
    pub fn changed_timeout(&mut self, timeout: Duration) -> bool {
        let unseen = self.watch.news().wait_until_timeout(timeout, || self.watch.unseen(self.seen));
        self.see(unseen)
    }

    /// [`changed`](Self::changed), but not past `deadline`; whether there was something.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// assert!(!watch.subscribe().changed_deadline(Instant::now()));
    /// ```
    #[must_use = "it may have given up"]
    pub fn changed_deadline(&mut self, deadline: Instant) -> bool {
        let unseen =
            self.watch.news().wait_until_deadline(deadline, || self.watch.unseen(self.seen));
        self.see(unseen)
    }

    /// [`changed`](Self::changed) for a task. May be dropped at any time: what was not reported will
    /// be by the next call.
    ///
    /// ```
    /// use std::future::Future;
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// let mut watcher = watch.subscribe();
    /// let mut context = Context::from_waker(Waker::noop());
    /// let mut changed = pin!(watcher.changed_async());
    /// assert_eq!(changed.as_mut().poll(&mut context), Poll::Pending);
    /// watch.publish(2);
    /// assert_eq!(changed.as_mut().poll(&mut context), Poll::Ready(()));
    /// ```
    pub fn changed_async(&mut self) -> Changed<'_, C> {
        Changed { watch: &self.watch, seen: &mut self.seen, listener: None }
    }

    fn see(&mut self, unseen: Option<Seq>) -> bool {
        unseen.inspect(|announced| self.seen = *announced).is_some()
    }
}

impl<H> fmt::Debug for Watcher<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("seen", &self.seen).finish_non_exhaustive()
    }
}

/// A task's wait for the next publication. Made by [`Watcher::changed_async`].
#[must_use = "futures do nothing unless polled"]
pub struct Changed<'a, C> {
    watch: &'a Watch<C>,
    seen: &'a mut Seq,
    listener: Option<Listener<'a>>,
}

impl<C> Future for Changed<'_, C> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self { watch, seen, listener } = self.get_mut();
        poll_until(watch.news(), listener, context, || watch.unseen(**seen))
            .map(|announced| **seen = announced)
    }
}

impl<C> fmt::Debug for Changed<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queued = self.listener.is_some();
        f.debug_struct("Changed").field("queued", &queued).finish_non_exhaustive()
    }
}
