//! Waiting, for words and for conditions: [`wait`] and [`notify`] on any atomic word, and
//! [`EventCount`].
//!
//! **Use [`wait`] and [`notify`] when** threads or tasks wait for one atomic word to change, as with a
//! futex or with `Atomics.wait`. **Use [`EventCount`] when** they wait for a condition of some lock-free
//! data: a queue that is not empty, a task that is done. **Use something else when** the condition is
//! guarded by a mutex: a condition variable belongs there.
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | words | every atomic type of `core`, the same on every system with `std` |
//! | no lost wake | a word that was changed before [`notify`] is seen changed by whoever is not woken |
//! | [`Outcome::Woken`] | never without a notification; a change of the word alone ends no wait |
//! | counts | exact: `notify` returns how many waits it ended, and each of them ends as `Woken`, or hands its notification to one that does (a future that is dropped before it was told, unless all were woken) |
//! | order | first come, first served, threads and tasks in one queue. Who waits again queues up again |
//! | timeouts | never early. The value is compared first, then the clock. A notifier releases threads before it runs wakers |
//! | ordering | what was done before `notify` happens-before the end of the waits that it ended; a wait that finds another value acquires it |
//! | `notify`, nobody waiting | wait-free: one fence, one load, no lock and no system call. For a word, if nobody waits for one of the few that share its queue; for an event count, always |
//! | progress otherwise | blocking: the queue has a lock, held for a look through it. A waker never runs under it |
//! | panics | none, but those of a user's condition or waker. The rest is woken all the same; a second waker that panics then aborts |
//! | memory | a table of 256 queues on cache lines of their own, once in a process. A task allocates its node; a thread nothing, where the system has futexes |
//!
//! # How it works
//!
//! ```text
//!   address --> bucket: number waiting | lock | first <-> node <-> node <-> last
//!                                                          |
//!                       on the stack of a waiting thread, or shared with a future
//! ```
//!
//! A thread that waits looks for a few microseconds before it queues up: who is waited for is often about
//! to be done, and while nobody is in the queue, a notification costs next to nothing.
//!
//! Who waits queues a node under the lock of the word's bucket, and compares the value there, under
//! the lock. Then a thread sleeps on a word of its own, and not on the user's: so any width will do,
//! a notifier chooses whom it wakes, and no wake can be meant for another. Who notifies takes nodes
//! from the queue under the lock, and wakes their owners after it. A wait that runs out of time takes
//! its own node back; if it comes too late for that, it was notified.
//!
//! An [`EventCount`] uses the same queues. It has its own number of those who wait, and a name that is
//! never used again in place of an address.
//!
//! # Invariants
//!
//! * I1: a queue, and the links of the nodes in it, are touched under its bucket's lock alone.
//! * I2: a node is taken from its queue once, under the lock: by its owner, or by one notifier, who
//!   from then on owns its links and the right to wake, and wakes once.
//! * I3: a node on a stack stays there until it has left the queue, and if a notifier took it, until
//!   that notifier has released the thread, which is the last it does with the node.
//! * I4: the queue owns a count of a node that is shared with a future. It goes with the node.
//!
//! # Edges
//!
//! * E1, word to wait, by fences: who waits adds itself to a number, passes a `fence(SeqCst)` and
//!   compares; who notifies changed the word, passes a `fence(SeqCst)` and looks at the number. One of
//!   the two sees the other.
//! * E2, notify to woken: the notifier's swap (`Release`) of the thread's own word to that thread's
//!   `load(Acquire)`.
//! * E3, notify to woken task, and all that happens to a queue: the bucket's lock.
//! * E4, word to a wait that finds it changed: the user's release store to `load(Acquire)`.
//!
//! # Limits
//!
//! The address of a word is its name. If the memory is used for another word while somebody still
//! notifies the first, that notification wakes a waiter of the second: it sees `Woken` and, as always,
//! looks at the word. A future that is *forgotten* keeps its place: it takes a notification with it,
//! perhaps one of the next word at that address. A future of [`wait_async`] waits from the call on, so
//! one that is not polled takes notifications too; dropped, it hands them on.
//!
//! [`EventCount::notify`] with a number below all is for waiters of one condition. Where their
//! conditions differ, it may wake the wrong one: use `notify_all`.
//!
//! Words that share a queue share its lock, and a notifier of one walks past the nodes of the other.
//! Who is queued first is decided by that lock, which is not fair. Two copies of this crate in a
//! program have a table each. Words in memory shared with other processes want [`raw::shared`].
//!
//! A signal handler must not notify: the thread that it interrupts may hold the lock. After a `fork`
//! the child has the queues but not the threads in them, and must not wait or notify before it calls
//! `exec`.
//!
//! # References
//!
//! The parking lot of WebKit: F. Pizlo, "Locking in WebKit" (2016); H. Franke, R. Russell and
//! M. Kirkwood, "Fuss, futexes and furwocks" (OLS 2002); the event count: D. Reed and R. Kanodia,
//! "Synchronization with eventcounts and sequencers" (CACM 1979), in the form that D. Vyukov gave it;
//! the semantics of `wait` and `notify`: ECMA-262, Atomics.

mod event;
mod outcome;
mod parker;
mod queue;
mod table;
mod task;
mod thread;
mod until;
mod word;
mod words;
crate::sync::with_os_futex! {
    pub mod raw;
}

pub use event::{EventCount, Listener};
pub use outcome::Outcome;
pub use until::WaitUntil;
pub(crate) use until::{poll_looking, poll_until};
pub use word::Waitable;
pub use words::{
    WaitAsync, notify, notify_all, wait, wait_async, wait_deadline, wait_timeout, waiting,
};
pub(crate) use words::{notify_lock, wait_for_lock};
