//! A bounded queue from one producer to one consumer: [`ring`].
//!
//! **Use it when** one thread hands values to one other, in order, and a fixed amount of memory is to
//! be the whole story: a producer that is too fast stops. **Use something else when** several threads
//! push or pop, or when the queue must grow.
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
//! | `try_push`, `try_pop` | wait-free, but for waking the other end if that sleeps: one system call, or a short lock where the system has no futex |
//! | observers | wait-free |
//! | `push`, `pop` and their timed forms | blocking: they spin for a few microseconds, then sleep |
//! | closing | dropping either end closes. The consumer still gets what was pushed before; the producer gets its value back. A waiting end is woken |
//! | drops | each value is dropped once: by whoever popped it, or with the consumer, or, if it was pushed while the consumer was closing or another destructor panicked, with the last end |
//! | panics | a panicking destructor leaks nothing and drops nothing twice |
//! | `forget(end)` | the storage leaks, with what is inside if it was the consumer, and the other end is never told; nothing becomes unsound |
//! | memory | one block of slots and one header, allocated at the start; none later by this crate |
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
//! end's cache line.
//!
//! # Invariants
//!
//! * I1: only the producer stores to `tail`, only the consumer to `head`.
//! * I2: `0 <= tail - head <= capacity <= storage`, in wrapping arithmetic.
//! * I3: the slots of indices `head..tail` hold a value and belong to the consumer; all others are
//!   empty and belong to the producer.
//! * I4: a signal's `GONE` is set by the end it speaks of, in its drop, and never cleared.
//! * I5: `WAITS` is set by an end before it first sleeps, `SEEN` by the other end when it first sees
//!   that; neither is ever cleared. An end that has seen `WAITS` once sees it always, and follows
//!   every publication with the fence and the look of E3. Before `SEEN` a sleeper relies on nobody: it
//!   sleeps in slices, the first of a millisecond, and looks for itself.
//!
//! # Edges
//!
//! * E1, item ready: the producer's `tail.store(Release)` to the consumer's `tail.load(Acquire)`. The
//!   value is written before it can be read.
//! * E2, slot free: the consumer's `head.store(Release)` to the producer's `head.load(Acquire)`. The
//!   value has been moved out before its slot is written again.
//! * E3, no lost wake-up: an end that is about to sleep says so and then looks at the ring once more;
//!   the other end publishes and then looks whether someone said so. Between the two steps of each
//!   stands a `fence(SeqCst)`: if the sleeper's is first, the other end sees the announcement and
//!   wakes; if the other end's is first, the sleeper sees the publication and does not sleep. The
//!   other end makes its fence once it has seen that this end waits at all; until then the sleeper
//!   does not rely on it (I5).
//! * E4, last items: the producer's `fetch_or(GONE, Release)` to the consumer's load (Acquire). A
//!   consumer that sees the producer gone sees everything it pushed.
//!
//! # Limits
//!
//! From the first time that an end has given up spinning, the other pays the fence of E3 with every
//! successful operation. The other end of one that only calls `try_` methods pays nothing. A
//! publication that is in flight just while an end announces for the first time that it waits may be
//! noticed only when that end's first sleep ends: after a millisecond, or a tick of the system's timer
//! where that is coarser. Until the other end has published or gone once, a waiting end wakes up by
//! itself, at most once a second when idle.
//!
//! # References
//!
//! L. Lamport, "Proving the correctness of multiprocess programs" (IEEE TSE 1977), for the two
//! indices; J. Giacomoni, T. Moseley and M. Vachharajani, "FastForward for efficient pipeline
//! parallelism" (PPoPP 2008) and E. Rigtorp's SPSCQueue, for keeping off the other end's line.

mod consumer;
mod drain;
mod futures;
mod patience;
mod place;
mod producer;
mod reserve;
mod signal;
mod storage;
mod waits;

pub use crate::error::{
    CapacityError, Closed, PopTimeoutError, PushTimeoutError, TryPopError, TryPushError, WaitError,
};
pub use consumer::Consumer;
pub use drain::{Chunk, Drain};
pub use futures::{Items, Pop, Push, Room};
pub use place::StaticRing;
pub use producer::Producer;
pub use reserve::{Deferred, Reserved};
pub use storage::{Borrowed, Heap, Storage};

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
pub fn try_ring<T>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    let ring = storage::Ring::allocate(capacity)?;
    Ok((Producer::new(ring), Consumer::new(ring)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::atomic::Ordering::Relaxed;

    /// Both ends of an empty ring whose indices stand at `start`.
    fn ring_at<T>(capacity: usize, start: usize) -> (Producer<T>, Consumer<T>) {
        let ring = storage::Ring::allocate(capacity).expect("memory");
        ring.header().tail.store(start, Relaxed);
        ring.header().head.store(start, Relaxed);
        (Producer::new(ring), Consumer::new(ring))
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
