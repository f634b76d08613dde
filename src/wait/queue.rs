//! The queue of those who wait in one bucket, first come first served, as a list through their nodes.

use core::mem;
use core::ptr::{NonNull, null};
use core::task::Waker;

use super::parker::Parker;
use crate::sync::atomic::Seq;
use crate::sync::{Arc, UnsafeCell};

/// What somebody waits for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Key {
    /// A word, by its address.
    Word(usize),
    /// The word of a lock of this crate, by its address. Never the name of a user's word: a future of the
    /// memory's former user, forgotten and still queued, must not take the wake of a lock that has
    /// the address now, and which would not be woken again.
    Lock(usize),
    /// An event count, by a number of its own: one that is at the address of another is another.
    Event(Seq),
}

/// One who waits. On the stack of a thread, or shared by a future and the queue.
pub(super) struct Node {
    key: Key,
    /// Whether the queue owns a count of the node (I4).
    shared: bool,
    /// Touched under the bucket's lock alone, but that a notifier reads on in a list that it took
    /// over (I1, I2).
    links: UnsafeCell<Links>,
    /// Touched under the bucket's lock while the node is queued, then by whoever took it (I2).
    sleeper: UnsafeCell<Sleeper>,
}

struct Links {
    previous: *const Node,
    next: *const Node,
    place: Place,
}

/// Where a node is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// In no queue: not yet, or its owner took it back.
    Out,
    Queued,
    /// A notifier has taken it, with all others of its key or with some.
    Taken {
        all: bool,
    },
}

/// Whom to wake.
pub(super) enum Sleeper {
    /// Nobody yet: a future that was not polled.
    Nobody,
    /// A thread that sleeps on this parker, or is about to.
    Thread(NonNull<Parker>),
    Task(Waker),
}

impl Sleeper {
    const fn is_thread(&self) -> bool {
        matches!(self, Self::Thread(_))
    }
}

// SAFETY: the cells are handed from thread to thread by the bucket's lock, or with the list that a
// notifier took over (I1, I2). The parker is used by the one thread that took the node.
unsafe impl Send for Node {}
// SAFETY: as above.
unsafe impl Sync for Node {}

impl Node {
    /// A node on the stack of a thread that sleeps on `parker`.
    pub(super) fn of_thread(key: Key, parker: &Parker) -> Self {
        Self::new(key, false, Sleeper::Thread(NonNull::from(parker)))
    }

    /// A node that a future shares with the queue.
    pub(super) fn of_task(key: Key) -> Arc<Self> {
        Arc::new(Self::new(key, true, Sleeper::Nobody))
    }

    fn new(key: Key, shared: bool, sleeper: Sleeper) -> Self {
        let links = Links { previous: null(), next: null(), place: Place::Out };
        Self { key, shared, links: UnsafeCell::new(links), sleeper: UnsafeCell::new(sleeper) }
    }

    pub(super) const fn key(&self) -> Key {
        self.key
    }

    /// Where it is.
    ///
    /// # Safety
    ///
    /// The caller holds the bucket's lock.
    pub(super) unsafe fn place(&self) -> Place {
        // SAFETY: nobody writes the links without the lock (I1).
        self.links.with(|links| unsafe { (*links).place })
    }

    /// Runs `f` on whom to wake.
    ///
    /// # Safety
    ///
    /// The caller holds the bucket's lock and the node is queued, or the caller took it.
    pub(super) unsafe fn with_sleeper<R>(&self, f: impl FnOnce(&mut Sleeper) -> R) -> R {
        // SAFETY: nobody else touches it (I2).
        self.sleeper.with_mut(|sleeper| f(unsafe { &mut *sleeper }))
    }

    /// # Safety
    ///
    /// The caller holds the bucket's lock, or took the list that the node is in.
    unsafe fn next(&self) -> *const Self {
        // SAFETY: nobody writes the links then (I1, I2).
        self.links.with(|links| unsafe { (*links).next })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // SAFETY: exclusive, or somebody had the node still (I2).
        let place = self.links.with_mut(|links| unsafe { (*links).place });
        debug_assert!(
            place != Place::Queued,
            "a node that is gone would be a hole in the queue (I3)"
        );
    }
}

/// Changes the links of a node.
///
/// # Safety
///
/// The caller holds the bucket's lock. The node is alive, and still as much the queue's as the
/// caller's.
unsafe fn relink(node: *const Node, change: impl FnOnce(&mut Links)) {
    // SAFETY: alive, as the caller promises.
    let node = unsafe { &*node };
    // SAFETY: nobody else touches the links (I1).
    node.links.with_mut(|links| change(unsafe { &mut *links }));
}

/// The first and the last of a list. All methods want the bucket's lock held, and the nodes alive:
/// a node leaves the queue before its life ends (I3).
pub(super) struct Queue {
    first: *const Node,
    last: *const Node,
}

// SAFETY: guarded by the bucket's lock (I1).
unsafe impl Send for Queue {}

impl Queue {
    pub(super) const fn new() -> Self {
        Self { first: null(), last: null() }
    }

    /// # Safety
    ///
    /// The bucket's lock is held. `node` is in no list, and stays alive until it left this one.
    pub(super) unsafe fn push(&mut self, node: *const Node) {
        let previous = mem::replace(&mut self.last, node);
        // SAFETY: alive, and the lock is held.
        unsafe {
            relink(node, |links| *links = Links { previous, next: null(), place: Place::Queued })
        };
        if previous.is_null() {
            self.first = node;
        } else {
            // SAFETY: alive as long as it is queued (I3), and the lock is held.
            unsafe { relink(previous, |links| links.next = node) };
        }
    }

    /// # Safety
    ///
    /// The bucket's lock is held and `node` is in this queue. It goes to `place`.
    pub(super) unsafe fn unlink(&mut self, node: &Node, place: Place) {
        let (mut previous, mut next) = (null(), null());
        let unqueue = |links: &mut Links| {
            (previous, next) = (links.previous, links.next);
            *links = Links { previous: null(), next: null(), place };
        };
        // SAFETY: the lock is held.
        unsafe { relink(node, unqueue) };
        if previous.is_null() {
            self.first = next;
        } else {
            // SAFETY: a neighbour is queued, so it is alive (I3), and the lock is held.
            unsafe { relink(previous, |links| links.next = next) };
        }
        if next.is_null() {
            self.last = previous;
        } else {
            // SAFETY: as above.
            unsafe { relink(next, |links| links.previous = previous) };
        }
    }

    /// Takes the first `n` that wait for `key`, in their order.
    ///
    /// # Safety
    ///
    /// The bucket's lock is held.
    pub(super) unsafe fn take(&mut self, key: Key, n: usize) -> Taken {
        let mut taken = Taken { threads: List::new(), tasks: List::new(), count: 0 };
        let (place, mut at) = (Place::Taken { all: n == usize::MAX }, self.first);
        while taken.count < n && !at.is_null() {
            let this = at;
            // SAFETY: alive as long as it is queued (I3).
            let node = unsafe { &*this };
            // SAFETY: the lock is held.
            at = unsafe { node.next() };
            if node.key != key {
                continue;
            }
            // SAFETY: the lock is held and the node is queued.
            let thread = unsafe { node.with_sleeper(|sleeper| sleeper.is_thread()) };
            // SAFETY: the lock is held and the node is in this queue.
            unsafe { self.unlink(node, place) };
            let list = if thread { &mut taken.threads } else { &mut taken.tasks };
            // SAFETY: the lock is held, and the lists are not yet handed over.
            unsafe { list.push(this) };
            taken.count += 1;
        }
        taken
    }

    /// How many wait for `key`.
    ///
    /// # Safety
    ///
    /// The bucket's lock is held.
    pub(super) unsafe fn count(&self, key: Key) -> usize {
        let (mut count, mut at) = (0, self.first);
        while !at.is_null() {
            // SAFETY: alive as long as it is queued (I3).
            let node = unsafe { &*at };
            count += usize::from(node.key == key);
            // SAFETY: the lock is held.
            at = unsafe { node.next() };
        }
        count
    }
}

/// Nodes that a notifier took, linked by `next`, from the first.
struct List {
    first: *const Node,
    last: *const Node,
}

impl List {
    const fn new() -> Self {
        Self { first: null(), last: null() }
    }

    /// # Safety
    ///
    /// The bucket's lock is held. `node` and all nodes of the list were taken, and not woken.
    unsafe fn push(&mut self, node: *const Node) {
        let last = mem::replace(&mut self.last, node);
        if last.is_null() {
            self.first = node;
        } else {
            // SAFETY: not woken, so it is alive (I3), and the lock is held.
            unsafe { relink(last, |links| links.next = node) };
        }
    }

    /// Wakes the first; `false` if there is none.
    fn wake_first(&mut self) -> bool {
        let this = self.first;
        if this.is_null() {
            return false;
        }
        // SAFETY: taken and not woken, so it is alive (I3).
        let node = unsafe { &*this };
        // Before the wake: a node on a stack is gone with it.
        // SAFETY: the list is ours.
        self.first = unsafe { node.next() };
        // The queue's count of a node that is shared, dropped at the end even if the waker panics.
        // SAFETY: that count was given to the queue when the node was pushed, and goes with the node.
        let _count = node.shared.then(|| unsafe { Arc::from_raw(this) });
        // SAFETY: the node is ours.
        match unsafe { node.with_sleeper(|sleeper| mem::replace(sleeper, Sleeper::Nobody)) } {
            Sleeper::Nobody => {}
            // SAFETY: its thread waits until it is released, and who took the node does it, once (I2).
            Sleeper::Thread(parker) => unsafe { Parker::release(parker.as_ptr()) },
            Sleeper::Task(waker) => waker.wake(),
        }
        true
    }
}

/// Nodes taken from a queue, whose waits end when this is dropped, each kind in its order. Not under
/// the bucket's lock: a waker is foreign code, which may take its time, and may even wait for one of
/// the threads. So those go first.
pub(super) struct Taken {
    /// Ours alone (I2).
    threads: List,
    tasks: List,
    pub(super) count: usize,
}

impl Drop for Taken {
    fn drop(&mut self) {
        /// Goes on with the rest where a waker panics.
        struct Rest<'a>(&'a mut List);
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                while self.0.wake_first() {}
            }
        }
        while self.threads.wake_first() {}
        let rest = Rest(&mut self.tasks);
        while rest.0.wake_first() {}
    }
}
