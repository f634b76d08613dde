//! A bounded queue whose push never fails: it takes the place of the oldest value. [`lossy`](lossy()).
//!
//! **Use it when** the newest values count and the producer must not stop: telemetry, a log of the last
//! moments, samples for a display. **Use something else when** each value counts ([`ring`](super::ring()),
//! where a full ring stops the producer), or when only the very newest does ([`Latest`](crate::Latest)).
//!
//! ```
//! let (mut producer, mut consumer) = untorn::spsc::lossy(2);
//! assert_eq!(producer.push('a'), None);
//! assert_eq!(producer.push('b'), None);
//! assert_eq!(producer.push('c'), Some('a')); // overwritten, and given back
//! assert_eq!(consumer.try_pop(), Ok('b'));
//! assert_eq!(consumer.try_pop(), Ok('c'));
//! assert_eq!((producer.overruns(), consumer.missed()), (1, 1));
//! ```
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | order | values are popped in the order in which they were pushed, each at most once |
//! | capacity | exact: the newest `capacity` values are inside, less those popped |
//! | `push` | wait-free: one exchange and one store. Never fails |
//! | `try_pop` | wait-free: a few attempts, and then an exchange that always succeeds |
//! | overwritten values | each comes back from the `push` that overwrote it, so it is dropped by the producer's thread, when that likes |
//! | other drops | what is inside when both ends are gone is dropped with the last one; each value once, even where a destructor panics |
//! | counts | exact: [`overruns`](Producer::overruns) of the values that came back; [`missed`](Consumer::missed) of those that the consumer will never see. Values pushed are popped, came back, or are inside |
//! | closing | dropping the producer closes; the consumer gets what is inside first |
//! | `forget(end)` | the storage leaks with what is inside, and the other end is never told |
//! | memory | `capacity + 2` values and a word for each, allocated at the start; none later |
//!
//! # How it works
//!
//! ```text
//!   cells   [ 3·full·lap 7 | 0·full·lap 7 | 4·empty | 1·full·lap 6 ]     each names a slot
//!   slots   [ v0 | v1 | - | v3 | - | - ]                                as many as cells, and two
//!   spare    producer: 2   consumer: 5                                  each end has one to itself
//! ```
//!
//! The producer writes a value to its spare slot, and exchanges the number of that slot for the one in the
//! next cell: the slot that comes back is its spare from then on. If the cell was full, it comes back with
//! the value that was overwritten. The consumer exchanges its empty spare for a full slot, if the cell still
//! holds what it has seen there. So a slot always belongs to one: an end, or a cell; and nobody ever waits
//! until somebody else has finished with one.
//!
//! The lap in a cell is how often the producer has come round to it. A consumer that finds a later lap than
//! its own was overtaken, looks how many values were pushed, and goes on with the oldest that there can be. If the producer is there
//! again and again at the very moment, the consumer exchanges without looking, and has the value that is in
//! that cell, however new; what is older stays where it is, is never popped, and is overwritten in its turn.
//!
//! # Invariants
//!
//! * I1: each slot's number is in one place: a cell, the producer's spare, or the consumer's. Who takes it out
//!   of a cell by an exchange owns the slot.
//! * I2: a slot that a full cell names holds a value; the others do not, but for the moment in which its
//!   owner moves it.
//! * I3: the laps in a cell grow. A cell is emptied by the consumer alone.
//! * I4: all values before the consumer's position were popped, or are never popped.
//!
//! # Edges
//!
//! * E1, value ready: the producer's exchange, and its store of how many it has pushed (`Release`), to the
//!   consumer's look or exchange (`Acquire`): the value is in its slot, and the other cells are not older
//!   than they were.
//! * E2, slot free: the consumer's exchange (`Release`) to the producer's (`Acquire`): the value was moved out of
//!   the slot that comes back, which was the consumer's spare since its pop before.
//! * E3, gone: the store of `closed` (`Release`) to the consumer's load (`Acquire`): all that was pushed is seen.
//!
//! # Limits
//!
//! A pop that is overtaken several times in a row may skip values that are still inside: up to
//! `capacity - 1`, which then count as missed, and as overruns when they are overwritten. There is no
//! waiting: a consumer looks when it likes, or is told by a [`wait::EventCount`](crate::wait) beside. Where
//! the machine has no 64-bit atomics there is no such queue.
//!
//! # References
//!
//! M. Herlihy, "Wait-free synchronization" (TOPLAS 1991), for what an exchange can do; H. Simpson,
//! "Four-slot fully asynchronous communication mechanism" (1990), for slots to spare instead of waiting.

mod consumer;
mod producer;
mod storage;

pub use consumer::Consumer;
pub use producer::Producer;

use crate::error::CapacityError;
use crate::sync::Arc;

/// A queue that keeps the newest `capacity` values, and its two ends. See the
/// [module](mod@crate::spsc::lossy).
///
/// # Panics
///
/// If `capacity` is zero, or more than memory can hold; [`try_lossy`] returns that as an error.
///
/// ```
/// let (mut producer, mut consumer) = untorn::spsc::lossy(1);
/// producer.push(1);
/// producer.push(2);
/// assert_eq!(consumer.try_pop(), Ok(2));
/// ```
#[doc(alias = "overwrite")]
#[doc(alias = "force_push")]
#[doc(alias = "circular")]
#[must_use = "dropping an end closes the queue"]
#[track_caller]
pub fn lossy<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
    match try_lossy(capacity) {
        Ok(ends) => ends,
        Err(error) => panic!("cannot make a queue: {error}"),
    }
}

/// A queue that keeps the newest `capacity` values, and its two ends.
///
/// # Errors
///
/// If `capacity` is zero, or more than memory can hold.
///
/// ```
/// assert!(untorn::spsc::try_lossy::<u8>(3).is_ok());
/// assert!(untorn::spsc::try_lossy::<u8>(0).is_err());
/// assert!(untorn::spsc::try_lossy::<u8>(usize::MAX).is_err());
/// ```
pub fn try_lossy<T>(capacity: usize) -> Result<(Producer<T>, Consumer<T>), CapacityError> {
    let shared = Arc::new(storage::Shared::new(capacity)?);
    Ok((Producer::new(Arc::clone(&shared)), Consumer::new(shared)))
}
