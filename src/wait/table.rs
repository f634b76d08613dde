//! The table of all who wait in this process, spread by address over buckets.

use crossbeam_utils::CachePadded;

use super::queue::{Key, Node, Place, Queue, Sleeper};
use crate::mutex::RawPark;
use crate::sync::atomic::{
    AtomicUsize,
    Ordering::{Relaxed, SeqCst},
    fence, wide,
};
use crate::sync::{BUCKETS, UnsafeCell, const_unless_loom, process_wide, repeated};

process_wide! {
    static TABLE: [CachePadded<Bucket>; BUCKETS] = repeated![CachePadded::new(Bucket::new()); BUCKETS];
}

/// One queue, with its lock.
pub(super) struct Bucket {
    /// How many wait for words here, or are about to. An event count has its own number.
    pub(super) waiting: AtomicUsize,
    /// Who holds it may touch the queue and the nodes in it (I1).
    lock: RawPark,
    queue: UnsafeCell<Queue>,
}

// SAFETY: the queue is touched under the lock alone (I1).
unsafe impl Sync for Bucket {}

/// Where those who wait for `key` queue up.
#[inline]
pub(super) fn bucket(key: Key) -> &'static Bucket {
    /// 2^64 divided by the golden ratio: neighbouring addresses land far apart.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let name = match key {
        Key::Word(address) | Key::Lock(address) => address as u64,
        Key::Event(number) => wide(number),
    };
    &TABLE[(name.wrapping_mul(SPREAD) >> 32) as usize & (BUCKETS - 1)]
}

impl Bucket {
    const_unless_loom! {
        const fn new() -> Self {
            Self {
                waiting: AtomicUsize::new(0),
                lock: RawPark::new(),
                queue: UnsafeCell::new(Queue::new()),
            }
        }
    }

    /// Runs `f` on the queue under the lock.
    fn locked<R>(&self, f: impl FnOnce(&mut Queue) -> R) -> R {
        let _held = self.lock.hold();
        // SAFETY: we hold the lock (I1), and no `f` of this file comes back here.
        self.queue.with_mut(|queue| f(unsafe { &mut *queue }))
    }

    /// Queues `node`, and counts it in `waiting`.
    ///
    /// # Safety
    ///
    /// `node` is neither moved nor freed before it has left the queue: until [`leave`](Self::leave)
    /// returned `true`, or whoever took the node woke it.
    pub(super) unsafe fn enter(&self, waiting: &AtomicUsize, node: *const Node) {
        announce(waiting);
        // SAFETY: the lock is held; the caller keeps the node alive.
        self.locked(|queue| unsafe { queue.push(node) });
    }

    /// The same if `still` says, under the lock, that there is something to wait for; whether it did.
    ///
    /// # Safety
    ///
    /// As for [`enter`](Self::enter), if it returns `true`.
    pub(super) unsafe fn enter_if(
        &self,
        waiting: &AtomicUsize,
        node: *const Node,
        still: impl FnOnce() -> bool,
    ) -> bool {
        announce(waiting);
        let entered = self.locked(|queue| {
            let still = still();
            if still {
                // SAFETY: the lock is held; the caller keeps the node alive.
                unsafe { queue.push(node) };
            }
            still
        });
        if !entered {
            // Relaxed: a notifier that still sees us finds nobody in the queue.
            waiting.fetch_sub(1, Relaxed);
        }
        entered
    }

    /// Takes the node back if it is queued; where it was found.
    pub(super) fn leave(&self, waiting: &AtomicUsize, node: &Node) -> Place {
        let found = self.locked(|queue| {
            // SAFETY: the lock is held.
            let place = unsafe { node.place() };
            if place == Place::Queued {
                // SAFETY: the lock is held, and the node is queued here, where its key belongs.
                unsafe { queue.unlink(node, Place::Out) };
            }
            place
        });
        if found == Place::Queued {
            // Relaxed: as in `enter_if`.
            waiting.fetch_sub(1, Relaxed);
        }
        found
    }

    /// Has a node that is still queued wake `sleeper`, and returns whom it would have woken; gives
    /// `sleeper` back if it is too late.
    pub(super) fn replace(&self, node: &Node, sleeper: Sleeper) -> Result<Sleeper, Sleeper> {
        self.locked(|_| {
            // SAFETY: the lock is held.
            if unsafe { node.place() } != Place::Queued {
                return Err(sleeper);
            }
            // SAFETY: the lock is held and the node is queued.
            Ok(unsafe { node.with_sleeper(|old| core::mem::replace(old, sleeper)) })
        })
    }

    /// Ends the waits of the first `n` who wait for `key` and are counted in `waiting`; how many.
    #[cold]
    #[inline(never)]
    pub(super) fn notify(&self, waiting: &AtomicUsize, key: Key, n: usize) -> usize {
        // SAFETY: the lock is held.
        let taken = self.locked(|queue| unsafe { queue.take(key, n) });
        // Relaxed: a notifier that still sees them finds nobody in the queue.
        waiting.fetch_sub(taken.count, Relaxed);
        taken.count
    }

    /// How many wait for `key`.
    pub(super) fn count(&self, key: Key) -> usize {
        // SAFETY: the lock is held.
        self.locked(|queue| unsafe { queue.count(key) })
    }
}

/// Says that somebody is about to wait.
fn announce(waiting: &AtomicUsize) {
    // Relaxed: ordered by the fence (E1).
    waiting.fetch_add(1, Relaxed);
    // SeqCst (E1): either a notifier sees the number above, or we see what it stored before it looked
    // at the number.
    fence(SeqCst);
}

/// The look of a notifier: whether it is sure that nobody waits.
#[inline(always)]
pub(super) fn nobody_waits(waiting: &AtomicUsize) -> bool {
    // SeqCst (E1): either we see who waits, or who is about to wait sees what was stored before.
    fence(SeqCst);
    // Relaxed: ordered by the fence (E1).
    waiting.load(Relaxed) == 0
}
