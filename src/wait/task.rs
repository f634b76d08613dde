//! A waiting task: its node is shared by the future and the queue.

use core::ptr::NonNull;
use core::task::{Context, Poll};

use super::parker::Parker;
use super::queue::{Key, Node, Place, Sleeper};
use super::table::Bucket;
use crate::sync::atomic::AtomicUsize;
use crate::sync::{Arc, Deadline};

/// A task in the queue.
pub(super) struct Task<'a> {
    bucket: &'static Bucket,
    /// What counts it.
    waiting: &'a AtomicUsize,
    node: Arc<Node>,
    /// Whether the wait has ended, and whoever waits has been told.
    over: bool,
}

impl<'a> Task<'a> {
    /// Queues a task.
    pub(super) fn enter(bucket: &'static Bucket, waiting: &'a AtomicUsize, key: Key) -> Self {
        let node = Node::of_task(key);
        // SAFETY: the count that goes with the pointer keeps the node alive until it has left (I4).
        unsafe { bucket.enter(waiting, Arc::into_raw(Arc::clone(&node))) };
        Self { bucket, waiting, node, over: false }
    }

    /// The same if `still` says that there is something to wait for.
    pub(super) fn enter_if(
        bucket: &'static Bucket,
        waiting: &'a AtomicUsize,
        key: Key,
        still: impl FnOnce() -> bool,
    ) -> Option<Self> {
        let node = Node::of_task(key);
        let shared = Arc::into_raw(Arc::clone(&node));
        // SAFETY: as in `enter`.
        let entered = unsafe { bucket.enter_if(waiting, shared, still) };
        if !entered {
            // SAFETY: the queue did not take the count.
            drop(unsafe { Arc::from_raw(shared) });
        }
        entered.then(|| Self { bucket, waiting, node, over: false })
    }

    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !self.over {
            // Wakers are foreign code, and so are their destructors: they run without the lock, and
            // before anything is settled that their panic would leave untold.
            let waker = Sleeper::Task(context.waker().clone());
            match self.bucket.replace(&self.node, waker) {
                Ok(replaced) => drop(replaced),
                Err(refused) => {
                    drop(refused);
                    self.over = true;
                }
            }
        }
        if self.over { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Sleeps until notified or the deadline; whether it was notified.
    pub(super) fn park(mut self, deadline: Deadline) -> bool {
        let parker = Parker::new();
        let thread = Sleeper::Thread(NonNull::from(&parker));
        // Kept to the end: a panic of the waker's destructor must not find our parker in the queue
        // (I3).
        let replaced = self.bucket.replace(&self.node, thread);
        let mut woken = true;
        if replaced.is_ok() && !parker.park(deadline) {
            woken = self.leave() != Place::Queued;
            if woken {
                // A notifier has the node, and is about to release us.
                parker.park(Deadline::NEVER);
            }
        }
        // If that panics, a notification goes to the next; a wait that timed out has none.
        self.over = !woken;
        drop(replaced);
        self.over = true;
        woken
    }

    /// Leaves the queue; where the node was found.
    fn leave(&self) -> Place {
        let found = self.bucket.leave(self.waiting, &self.node);
        if found == Place::Queued {
            // SAFETY: the node has left the queue, and with it goes the queue's count (I4).
            drop(unsafe { Arc::from_raw(Arc::as_ptr(&self.node)) });
        }
        found
    }
}

impl Drop for Task<'_> {
    /// Nobody waits any more.
    fn drop(&mut self) {
        if !self.over && self.leave() == (Place::Taken { all: false }) {
            // Notified, and not told: somebody else may need it.
            self.bucket.notify(self.waiting, self.node.key(), 1);
        }
    }
}
