//! Waiting for a condition, for a task.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::event::{EventCount, Listener};

/// A task's wait for a condition. Made by
/// [`EventCount::wait_until_async`].
#[must_use = "futures do nothing unless polled"]
pub struct WaitUntil<'a, F> {
    pub(super) event: &'a EventCount,
    pub(super) condition: F,
    pub(super) listener: Option<Listener<'a>>,
}

/// The condition is never pinned.
impl<F> Unpin for WaitUntil<'_, F> {}

impl<R, F: FnMut() -> Option<R>> Future for WaitUntil<'_, F> {
    type Output = R;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<R> {
        let Self { event, condition, listener } = self.get_mut();
        poll_until(event, listener, context, condition)
    }
}

/// What each future does that waits for a condition; it keeps the listener in between.
pub(crate) fn poll_until<'a, R>(
    event: &'a EventCount,
    listener: &mut Option<Listener<'a>>,
    context: &mut Context<'_>,
    mut condition: impl FnMut() -> Option<R>,
) -> Poll<R> {
    poll_looking(event, listener, context, |_| condition())
}

/// The same for a condition that wants to know whether it is asked from within the queue.
pub(crate) fn poll_looking<'a, R>(
    event: &'a EventCount,
    listener: &mut Option<Listener<'a>>,
    context: &mut Context<'_>,
    mut condition: impl FnMut(bool) -> Option<R>,
) -> Poll<R> {
    let mut woken = false;
    loop {
        if let Some(result) = event.look(woken, || condition(listener.is_some())) {
            *listener = None;
            return Poll::Ready(result);
        }
        match listener {
            // From here on a notification reaches us, so the next look is not too early.
            None => *listener = Some(event.listen()),
            Some(queued) => {
                ready!(Pin::new(queued).poll(context));
                (*listener, woken) = (None, true);
            }
        }
    }
}

impl<F> fmt::Debug for WaitUntil<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queued = self.listener.is_some();
        f.debug_struct("WaitUntil").field("queued", &queued).finish_non_exhaustive()
    }
}
