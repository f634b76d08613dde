//! A bounded queue from one producer to one consumer: [`ring`], and [`line_ring`] for small values.
//!
//! **Use it when** one thread hands values to one other, in order, and a fixed amount of memory is to
//! be the whole story: a producer that is too fast stops. **Use something else when** several threads
//! push or pop, or when the queue must grow. Take [`line_ring`] for values of a few words that come one by
//! one, and [`ring`] for all others, for batches and for slices; all that is said here of a ring holds for
//! both, but for what [differs](#lines). Where the newest values count and the producer must never
//! stop, take a [`lossy`](mod@lossy) queue.
//!
//! The calls that wait need the feature `std`.
//!
#![cfg_attr(feature = "std", doc = "```")]
#![cfg_attr(not(feature = "std"), doc = "```ignore")]
//! let (mut producer, mut consumer) = untorn::spsc::ring(2);
//!
//! let worker = std::thread::spawn(move || {
//!     let mut sum = 0;
//!     while let Ok(value) = consumer.pop() {
//!         sum += value; // waits while the ring is empty
//!     }
//!     sum // the producer is gone and the ring is empty
//! });
//! for value in 1..=100 {
//!     producer.push(value).expect("the consumer lives"); // waits while the ring is full
//! }
//! drop(producer);
//! assert_eq!(worker.join().unwrap(), 5050);
//! ```
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | order | first in, first out; a value is there for the consumer when `try_push` or `push` returns |
//! | capacity | exact: `capacity` values fit, never fewer, never more; storage is the next power of two |
//! | `try_push`, `try_pop`, slices, chunks | wait-free, but for waking the other end if that waits: one system call or one waker; a short lock where the system has no futex |
//! | with nobody waiting | no fence and no locked instruction on Linux; a fence elsewhere |
//! | observers | wait-free |
//! | `push`, `pop` and their timed forms | blocking: they spin for a few microseconds, then sleep |
//! | `push_async`, `pop_async` | a future that is dropped has done nothing, or all. An end may wait as a thread now and as a task then |
//! | waits for many | woken when there are enough, not for each; one that could never end is an error |
//! | closing | dropping either end closes. The consumer still gets what was pushed before; the producer gets its value back. A waiting end is woken |
//! | drops | each value is dropped once: by whoever popped it, or with the consumer, or, if it was pushed while the consumer was closing or another destructor panicked, with the last end |
//! | panics | none of its own but those announced. A panicking destructor, iterator or waker leaks nothing and drops nothing twice |
//! | `forget(end)` | the storage leaks, with what is inside if it was the consumer, and the other end is never told; nothing becomes unsound. A forgotten guard, chunk, iterator or future has done what it had done |
//! | memory | one block, allocated at the start, or a [`StaticRing`]; none later by this crate |
//!
//! Both ends on one thread are fine with the `try_` calls; a blocking call then waits for ever.
//!
//! # How it works
//!
//! ```text
//!              head (consumer's)        tail (producer's)
//!                 v                        v
//!   slots   . . . x x x x x x x x x x x x x . . .       slot of index i: i % storage
//! ```
//!
//! Both indices only grow, and wrap with the machine word. Each end keeps its own index in its handle
//! and remembers the other's as last seen, so that a streak of operations does not touch the other
//! end's cache line. An end's own index may be ahead of the one that the other end sees: so many are
//! published at once.
//!
//! Each end has a word to the other: whether it waits, and whether it is gone. After each publication the
//! other end looks at that word, which stays in its cache, and finds zero. That look may come too early: a
//! processor may execute it before its publication is visible. It is the end that waits that pays for that.
//! It has the kernel fence the other threads of the process (membarrier, some microseconds), if it has
//! moved enough values since it last waited to make up for that; otherwise it asks the other end, by a bit
//! in the word, for a fence with each operation, until enough were moved without another wait.
//!
//! A producer that finds the consumer gone after having published takes its value back, for the consumer
//! does not touch the ring any more.
//!
//! # Invariants
//!
//! * I1: only the producer stores to `tail`, only the consumer to `head`; the last end may do both.
//! * I2: `0 <= tail - head <= capacity <= storage`, in wrapping arithmetic, as published; each end's own
//!   index is not behind the published one, and not past the other's.
//! * I3: the slots from the consumer's own index to `tail` hold a value and belong to the consumer; those
//!   from there back to `head` are empty and still its own. All others belong to the producer, who may
//!   have written those from `tail` to its own index.
//! * I4: `GONE` is set by the end it speaks of, in its drop or when it is closed before, after its last
//!   access to a slot, and never
//!   cleared while there is an end. `CLOSING`, which a consumer sets before it drops what is inside, keeps
//!   the producer from going on, and says nothing of slots.
//! * I5: an end that waits without a fence of its own (`fenced`) has set `FENCED` and made a heavy fence
//!   since: the other end's every look sees the bit, and fences before it looks again.
//! * I6: `ends` counts the ends that there are. Who brings it from one to none owns all.
//!
//! # Edges
//!
//! * E1, item ready: the producer's `tail.store(Release)` to the consumer's `tail.load(Acquire)`. The
//!   value is written before it can be read.
//! * E2, slot free: the consumer's `head.store(Release)` to the producer's `head.load(Acquire)`. The
//!   value has been moved out before its slot is written again.
//! * E3, no lost wake-up: an end that is about to sleep says so and then looks at the ring once more;
//!   the other end publishes and then looks whether someone said so. Between the two steps of each
//!   stands a fence: a heavy one and one for the compiler, or two real ones (I5). If the sleeper's is
//!   first, the other end sees the announcement and wakes; if the other end's is first, the sleeper sees
//!   the publication and does not sleep. With the announcement come, by the same fences, the index
//!   from which on the end is to be woken, and its waker. An announcement that nobody has taken stands, and
//!   needs no second fence: each value that the word had before it has `FENCED`, or a heavy fence came after.
//! * E4, gone: `fetch_or` of `CLOSING` and of `GONE` (`Release`) to the other end's load (Acquire). Who sees
//!   either sees what came before it. A consumer that sees the producer gone sees everything it pushed; a
//!   producer that sees `GONE` of the consumer owns all slots, and if it finds room by an index that was stored
//!   after `GONE`, it sees that, too.
//! * E5, last end: the first end's exchange of `ends` (`Release`) to the last one's (`Acquire`), and the
//!   last one's store to whoever splits a [`StaticRing`] again.
//!
//! # Lines
//!
//! A [`line_ring`] has the same ends, calls, waits and guarantees, with these differences. *At least*
//! `capacity` values fit, and less than two lines of values more; room comes a line at a time, and so does what
//! the producer hears of what was popped: its `is_empty` may stay false though nothing is inside. Slices, chunks,
//! guards and `peek` need slots that lie side by side ([`Contiguous`]). The number of values that a consumer
//! sees is found in as many looks as the number of lines has binary digits. Its memory is one block of lines
//! of 128 bytes, on the heap.
//!
//! ```text
//!   line         tail  value value value ...          128 bytes; K values fit beside `tail`
//!   next line    tail  value value   .   ...
//!
//!   tail: the index after the last value that was pushed into the line
//! ```
//!
//! Where the slots lie side by side, a value takes two transfers from core to core: of the index that says
//! that it is there, and of the value. Here each line says by itself how far it is filled, so that one
//! transfer carries the values and the word that publishes them.
//!
//! Invariants and edges I1 to I3, E1 and E2 have their like in `src/spsc/line/mod.rs`; all others are shared.
//!
//! # Limits
//!
//! An end that waits often, for few values each time, has the other pay a fence with each operation. Two
//! ends that wait for many can wait for each other: `wait_for_room(m)` and `wait_for_items(n)` need
//! `m + n <= capacity + 1`, and nobody notices. Where the kernel refuses membarrier from some moment on (a filter
//! on system calls that is installed after the process has begun to use it), threads look for themselves
//! after a millisecond, and then ever more seldom; a task polls without pause until it is seen.
//!
//! Values that were pushed while the consumer was being dropped may stay inside until the producer goes.
//!
//! # References
//!
//! L. Lamport, "Proving the correctness of multiprocess programs" (IEEE TSE 1977), for the two
//! indices; J. Giacomoni, T. Moseley and M. Vachharajani, "FastForward for efficient pipeline
//! parallelism" (PPoPP 2008) and E. Rigtorp's SPSCQueue, for keeping off the other end's line; P. Lee,
//! T. Bu and G. Chandranmenon, "A lock-free, cache-efficient multi-core synchronization mechanism for
//! line-rate network traffic monitoring" (IPDPS 2010), for publishing many at once; D. Dice, H. Huang and
//! M. Yang, "Asymmetric Dekker synchronization" (2001), for the wait that costs the other end nothing.

mod consumer;
mod drain;
#[allow(
    private_interfaces,
    missing_debug_implementations,
    reason = "sealed: nobody outside can name it"
)]
mod engine;
mod futures;
#[cfg(feature = "std")]
mod iter;
#[cfg(feature = "alloc")]
#[allow(
    private_interfaces,
    missing_debug_implementations,
    reason = "sealed: nobody outside can name it"
)]
mod line;
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
pub mod lossy;
mod patience;
mod place;
mod producer;
mod reserve;
#[allow(
    private_interfaces,
    missing_debug_implementations,
    reason = "sealed: nobody outside can name it"
)]
mod row;
mod signal;
#[allow(
    private_interfaces,
    missing_debug_implementations,
    reason = "sealed: nobody outside can name it"
)]
mod storage;
mod waits;

#[cfg(feature = "alloc")]
pub use crate::error::CapacityError;
pub use crate::error::{
    Closed, PopTimeoutError, PushTimeoutError, TryPopError, TryPushError, WaitError,
};
pub use consumer::Consumer;
pub use drain::{Chunk, Drain};
pub use engine::{Borrowed, Contiguous, Heap, Storage};
pub use futures::{Items, Pop, Push, Room};
#[cfg(feature = "std")]
pub use iter::{IntoIter, Iter};
#[cfg(feature = "alloc")]
pub use line::{Lines, line_ring, try_line_ring};
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
pub use lossy::{lossy, try_lossy};
pub use place::StaticRing;
pub use producer::Producer;
pub use reserve::{Deferred, Reserved};

/// A ring that holds `capacity` values, and its two ends.
///
/// # Panics
///
/// If `capacity` is zero, or more than memory can hold; [`try_ring`] returns that as an error.
///
/// ```
/// let (mut producer, mut consumer) = untorn::spsc::ring(8);
/// producer.try_push("hello").unwrap();
/// assert_eq!(consumer.try_pop(), Ok("hello"));
/// ```
#[doc(alias = "channel")]
#[doc(alias = "LockFreeRingBuffer")]
#[doc(alias = "RingBuffer")]
#[doc(alias = "ArrayQueue")]
#[doc(alias = "createRingBuffer")]
#[doc(alias = "sync_channel")]
#[cfg(feature = "alloc")]
#[must_use = "dropping an end closes the ring"]
#[track_caller]
pub fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    match try_ring(capacity) {
        Ok(ends) => ends,
        Err(error) => panic!("cannot make a ring: {error}"),
    }
}

/// A ring that holds `capacity` values, and its two ends.
///
/// # Errors
///
/// If `capacity` is zero, or more than memory can hold.
///
/// ```
/// assert!(untorn::spsc::try_ring::<u8>(3).is_ok());
/// assert!(untorn::spsc::try_ring::<u8>(usize::MAX).is_err());
/// ```
#[cfg(feature = "alloc")]
pub fn try_ring<T>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    let ring = storage::Ring::allocate(capacity)?;
    Ok((Producer::new(row::Pushing::new(ring)), Consumer::new(row::Popping::new(ring))))
}

#[cfg(all(test, feature = "alloc"))]
mod tests {
    use super::*;
    use crate::sync::atomic::Ordering::Relaxed;

    /// Both ends of an empty ring whose indices stand at `start`.
    fn ring_at<T>(capacity: usize, start: usize) -> (Producer<T>, Consumer<T>) {
        let ring = storage::Ring::allocate(capacity).expect("memory");
        ring.header().tail.store(start, Relaxed);
        ring.header().head.store(start, Relaxed);
        (Producer::new(row::Pushing::new(ring)), Consumer::new(row::Popping::new(ring)))
    }

    #[test]
    fn the_indices_wrap() {
        let (mut producer, mut consumer) = ring_at(3, usize::MAX - 4);
        for round in 0..10 {
            for value in 0..3 {
                assert_eq!(producer.len(), value);
                producer.try_push((round, value)).unwrap();
            }
            assert!(matches!(producer.try_push((0, 0)), Err(TryPushError::Full(_))));
            assert_eq!(consumer.len(), 3);
            for value in 0..3 {
                assert_eq!(consumer.try_pop(), Ok((round, value)));
            }
            assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
        }
    }

    #[test]
    fn rows_and_waits_wrap() {
        let (mut producer, mut consumer) = ring_at(4, usize::MAX - 1);
        for round in 0..3 {
            assert_eq!(producer.push_slice(&[round, 1, 2, 3, 4]), 4);
            #[cfg(feature = "std")]
            assert_eq!(consumer.wait_for_items(4), Ok(4));
            let mut popped = [9; 3];
            assert_eq!(consumer.pop_slice(&mut popped), 3);
            assert_eq!(popped, [round, 1, 2]);
            #[cfg(feature = "std")]
            assert_eq!(producer.wait_for_room(3), Ok(()));
            assert_eq!(consumer.drain().collect::<alloc::vec::Vec<_>>(), [3]);
        }
    }
}
