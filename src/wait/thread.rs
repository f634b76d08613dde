//! A waiting thread: its node is on its stack.

use super::parker::Parker;
use super::queue::{Node, Place};
use super::table::Bucket;
use crate::sync::Deadline;
use crate::sync::atomic::AtomicUsize;

/// A thread in the queue. Ends only when its node has left it (I3).
pub(super) struct Queued<'a> {
    bucket: &'static Bucket,
    /// What counts it.
    waiting: &'a AtomicUsize,
    node: &'a Node,
    parker: &'a Parker,
    /// Whether the node has left the queue for good, and nobody else has it.
    over: bool,
}

impl<'a> Queued<'a> {
    /// Queues the node of the thread that sleeps on `parker`.
    pub(super) fn enter(
        bucket: &'static Bucket,
        waiting: &'a AtomicUsize,
        node: &'a Node,
        parker: &'a Parker,
    ) -> Self {
        // SAFETY: the borrow keeps the node where it is, and the result does not end before the node
        // has left the queue.
        unsafe { bucket.enter(waiting, node) };
        Self { bucket, waiting, node, parker, over: false }
    }

    /// The same if `still` says that there is something to wait for.
    pub(super) fn enter_if(
        bucket: &'static Bucket,
        waiting: &'a AtomicUsize,
        node: &'a Node,
        parker: &'a Parker,
        still: impl FnOnce() -> bool,
    ) -> Option<Self> {
        // SAFETY: as in `enter`.
        let entered = unsafe { bucket.enter_if(waiting, node, still) };
        entered.then(|| Self { bucket, waiting, node, parker, over: false })
    }

    /// Sleeps until notified or the deadline; whether it was notified.
    pub(super) fn park(mut self, deadline: Deadline) -> bool {
        let woken = self.parker.park(deadline) || self.leave() != Place::Queued;
        self.over = true;
        woken
    }

    /// Leaves the queue; where the node was found. A notifier that has taken it is done with it then.
    fn leave(&self) -> Place {
        let found = self.bucket.leave(self.waiting, self.node);
        if found != Place::Queued {
            // About to be released.
            self.parker.park(Deadline::NEVER);
        }
        found
    }
}

impl Drop for Queued<'_> {
    /// The thread has what it wants without having slept, or panics.
    fn drop(&mut self) {
        if !self.over && self.leave() == (Place::Taken { all: false }) {
            // Notified for nothing, and somebody else may need it.
            self.bucket.notify(self.waiting, self.node.key(), 1);
        }
    }
}
