//! A bounded queue for any number of threads at either end: [`Queue`].
//!
//! **Use it when** several threads push, or several pop: a pool of workers, requests from everywhere
//! to one thread. Memory is fixed, and producers that are too fast stop. **Use something else when**
//! one thread pushes and one pops (a [`spsc`](crate::spsc) ring, whose ends share less), or when the
//! queue must grow.
//!
//! The calls that wait need the feature `std`.
//!
#![cfg_attr(feature = "std", doc = "```")]
#![cfg_attr(not(feature = "std"), doc = "```ignore")]
//! use untorn::mpmc::Queue;
//!
//! let queue = Queue::new(4);
//! let sum = std::thread::scope(|scope| {
//!     let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| queue.iter().sum::<i32>())).collect();
//!     for value in 1..=100 {
//!         queue.push(value).unwrap(); // waits while the queue is full
//!     }
//!     queue.close(); // the workers take what is left, and end
//!     workers.into_iter().map(|worker| worker.join().unwrap()).sum::<i32>()
//! });
//! assert_eq!(sum, 5050);
//! ```
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | order | strict: first in, first out, over all threads. A push happens-before the pop of its value |
//! | linearizable | every call takes effect at one moment between its begin and its end; `Full`, `Empty` and `Closed` were true at that moment. One order of these moments explains all answers, those of several queues too (`Busy` and `len` are hints, and `close` has a row of its own) |
//! | capacity | exact: `capacity` values fit, never fewer, never more; storage is the next power of two |
//! | `try_push`, `try_pop` | never wait for another thread longer than a few microseconds: then they say `Busy`; most likely that thread was pre-empted between two instructions of its own push or pop. They begin again only because another call succeeded (if somebody waits: the lock of a queue, and a task's waker) |
//! | observers | lock-free; what `is_empty` and `is_full` say was true at a moment during the call |
//! | `push`, `pop`, and their timed forms | blocking: they spin for a few microseconds, then sleep. A wake is never lost. One for a value behind a pre-empted push may come a millisecond late. A batch wakes at its end, at most `capacity` values later: one that is pre-empted on the way leaves sleepers asleep until it goes on |
//! | futures | push or pop when polled, and are done then; dropped before, they have done nothing. A notification that they were given goes to the next; a future that is forgotten (`mem::forget`) swallows one |
//! | `close` | refuses later pushes, which get their values back, and wakes all who wait. What was pushed is popped first. A push that began before may still succeed, until a pop has said `Closed`, or `is_empty` `true`: then none does any more |
//! | drops | each value once: by whoever popped it, or with the queue |
//! | panics | no code of the caller runs in the middle of an operation, so nothing is left half-done. A panicking destructor leaks nothing and drops nothing twice. A task's waker runs at the end: if it panics, a value that was pushed is inside, and one that was popped is dropped, once |
//! | memory | one block of slots, allocated at the start, with one word beside each value; none later, but for a future that has to wait. Batches of pops grow the caller's `Vec`, by what is inside |
//!
//! # How it works
//!
//! ```text
//!                 head                     tail          two hints, which may lag behind
//!                   v                        v
//!   stamps   free taken full full claimed full free free      of each slot: whose turn it is
//! ```
//!
//! Each slot has a stamp that only grows: for the value of each lap it goes from *free* to *claimed*,
//! *full*, *taken*, and on to *free* for the value one lap later. A push brings the first free slot
//! from free to claimed by one compare-and-swap, writes the value, and stores that it is full. A pop
//! does the same from full to taken. These two steps are the moments at which the calls take effect;
//! there is no shared index to claim from.
//!
//! `tail` and `head` say where to begin to look. They are stored plainly by whoever is done, so they may
//! go back a little when a thread was late; the stamps there show that, and the search goes on.
//!
//! In other rings a claim is made by moving an index, and a slot that is not full yet tells nothing: the
//! queue may be empty, or the first push unfinished while a second one is done. To tell the two apart
//! one has to read the other end's index, whose line the other threads are about to write. Here the
//! slot itself says *free*, and then the queue is empty, or *claimed*, and then it is not.
//!
//! # Invariants
//!
//! * I1: a slot's stamp only grows. From free to claimed and from full to taken it goes by a
//!   compare-and-swap; from claimed to full and from taken to free by a store of the thread that made
//!   the step before.
//! * I2: the value of a slot that is claimed or taken belongs to the thread that brought it there. A
//!   slot that is full holds a value, one that is free holds none.
//! * I3: whoever claims or takes a slot knows that all before it were claimed, or taken. So the values
//!   inside are those between the first that is not taken and the first that is not claimed; if the
//!   first slot that is not taken is not claimed, the queue is empty; if the first that is not claimed
//!   still belongs to a value of the lap before that is not taken, it is full.
//! * I4: a hint never is ahead of that.
//! * I5: a slot is shut, for good, only if it was free, all before it were taken, and the queue was
//!   closed before that. Nobody gets past a shut slot.
//!
//! # Edges
//!
//! * E1, item ready: the store of *full* (Release) to the load of the stamp (Acquire). The value is
//!   written before it can be taken.
//! * E2, slot free: the store of *free* (Release) to the load of the stamp (Acquire). The value was moved
//!   out before its slot is written again.
//! * E3, no lost wake: who is about to sleep is counted, passes a `fence(SeqCst)`, and then writes to
//!   the very slot that it waits for, by a compare-and-swap that changes nothing. Who claims or takes
//!   that slot does so after it (Acquire), and finds somebody counted; or before, and the sleeper sees
//!   the change. So a claim that is needed anyhow is all that a wake costs where nobody sleeps.
//! * E4, all before: a claim (Release) and the stores of the hints (Release) to the loads of stamps and
//!   hints (Acquire). Who begins at a slot, or goes past one, sees all slots before it as they were
//!   for the thread that was there (I3).
//! * E5, closed: the store of the flag (Release) to its loads (Acquire), and on through the shut slot.
//! * E6, refusals in one order: who is about to say `Full` or `Empty`, or how many are inside, passes a
//!   `fence(SeqCst)` and looks at the slot again. Of two threads that each push or pop and then are told
//!   something, the fence of one is first, and the other sees what that one did. Otherwise both may look
//!   too early, and two queues are empty after each was pushed to, or one is empty and full. A push or
//!   pop that succeeds needs no fence: its compare-and-swap sees the newest stamp.
//!
//! A sleeper can leave its word only in a slot that changes by a compare-and-swap next. One that finds
//! the slot claimed, or taken, sleeps for a millisecond at a time: whoever is at work there may have
//! looked for sleepers before, and will be done in no time unless it was pre-empted. A task, which has
//! no clock, asks to be polled again.
//!
//! # Limits
//!
//! It is not lock-free: a thread that is stopped for good between its claim and its end stops the queue
//! for all others, who then get `Busy`, or sleep. (A queue without that property cannot hold any `T`
//! in place.) Throughput is that of one cache line travelling between cores: more threads make it no
//! faster.
//!
//! Batches save the wakes, not the claims: their values may be mixed with those of others.
//!
//! A queue orders what happens through it. It is no fence for other memory: a protocol that compares
//! `Empty` with a flag of its own needs a `fence(SeqCst)` on either side.
//!
//! # References
//!
//! D. Vyukov's bounded queue, for the number beside each slot; P. Tsigas and Y. Zhang, "A simple, fast
//! and scalable non-blocking concurrent FIFO queue for shared memory multiprocessor systems" (SPAA
//! 2001), for claiming slots and letting the indices lag behind.

mod error;
mod queue;
mod ring;
#[cfg(feature = "std")]
mod waits;

pub use crate::error::{CapacityError, Closed, PopTimeoutError, PushTimeoutError};
pub use error::{TryPopError, TryPushError};
pub use queue::Queue;
#[cfg(feature = "std")]
pub use waits::{Iter, Pop, Push};
