//! The ring of lines: [`line_ring`].
//!
//! What it is for and what it guarantees is said with the [other shape](super#lines).
//!
//! # How it works
//!
//! Indices count values, and line after line has `K` of them. A line's `tail` is written with each push
//! into it, and never reset: in the next lap it is not past any index that then falls into the line, which
//! says that nothing is there yet. The consumer looks at it once for all the values that it then finds, and
//! publishes `head` once a line. So the producer is refused only where a line begins, and the line in which
//! the consumer is counts as full: one line more than the capacity needs makes up for that. The producer asks
//! for a line ahead of time, for writing, so that it does not wait for the transfer from the consumer, which
//! read it a lap ago.
//!
//! # Invariants
//!
//! In the place of I1 to I3 of the [other shape](super); I4 to I6 are those.
//!
//! * L1: only the producer stores to the `tail` of a line, only the consumer to `head`. The `tail` beside
//!   `head` is stored by a producer that goes, for the last end.
//! * L2: `0 <= tail - head <= slots`, in wrapping arithmetic, with the producer's own index for `tail` and
//!   `head` as published. While there is a consumer, a published `head` is the first index of a line.
//! * L3: the slots from `head`, as published, to the producer's own index belong to the consumer: those
//!   from its own index on, up to the `tail` of their line, hold a value. All others belong to the producer.
//! * L4: the `tail` of a line is the index after the last value that was pushed into it. If it is past an
//!   index that falls into the line now, the value of that index was pushed.
//!
//! # Edges
//!
//! * E1, item ready: the producer's store to the `tail` of a line (`Release`) to the consumer's load of it
//!   (`Acquire`). That a line holds a value says the same of all lines before it.
//! * E2, line free: the consumer's `head.store(Release)` to the producer's `head.load(Acquire)`.
//! * E3, E4 and E5 are those of the other shape.

mod block;
mod popping;
mod pushing;

use super::consumer::Consumer;
use super::engine::{Storage, sealed};
use super::producer::Producer;
use crate::error::CapacityError;
use block::LineRing;

/// A ring whose cache lines carry the values and the word that publishes them; see [`line_ring`].
#[derive(Debug)]
pub struct Lines(());

impl Storage for Lines {}

impl sealed::Shape for Lines {
    type Pushing<T> = pushing::Pushing<T>;
    type Popping<T> = popping::Popping<T>;
}

/// A ring for small values that are pushed and popped one by one, and its two ends.
///
/// Each cache line of it holds values and says how many: 15 of eight bytes, 7 of sixteen. So a value takes one
/// journey from core to core where a [`ring`](super::ring) takes two. There are no slices, chunks or guards.
///
/// At least `capacity` values fit, and less than two lines of values more: the last line that is free is filled
/// to its end, and one whose values are being popped is free when it is empty.
///
/// A value must fit into a line: 120 bytes do, or 64 of a value that is aligned to 64. A larger one does not
/// compile.
///
/// ```compile_fail
/// let _ = untorn::spsc::line_ring::<[u8; 121]>(8);
/// ```
///
/// # Panics
///
/// If `capacity` is zero, or more than memory can hold; [`try_line_ring`] returns that as an error.
///
/// ```
/// let (mut producer, mut consumer) = untorn::spsc::line_ring(100);
/// assert_eq!(producer.capacity(), 100);
/// for number in 0..100 {
///     producer.try_push(number).expect("so many fit");
/// }
/// assert_eq!(consumer.len(), 100);
/// assert_eq!(consumer.try_pop(), Ok(0));
/// ```
#[doc(alias = "channel")]
#[must_use = "dropping an end closes the ring"]
#[track_caller]
pub fn line_ring<T>(capacity: usize) -> (Producer<T, Lines>, Consumer<T, Lines>) {
    match try_line_ring(capacity) {
        Ok(ends) => ends,
        Err(error) => panic!("cannot make a ring of lines: {error}"),
    }
}

/// The same as [`line_ring`].
///
/// # Errors
///
/// If `capacity` is zero, or more than memory can hold.
///
/// ```
/// assert!(untorn::spsc::try_line_ring::<u8>(3).is_ok());
/// assert!(untorn::spsc::try_line_ring::<u8>(usize::MAX).is_err());
/// ```
#[allow(clippy::type_complexity, reason = "the two ends and an error")]
pub fn try_line_ring<T>(
    capacity: usize,
) -> Result<(Producer<T, Lines>, Consumer<T, Lines>), CapacityError> {
    let ring = LineRing::allocate(capacity)?;
    Ok(ends(ring))
}

/// Both ends of a ring that nobody has used yet.
fn ends<T>(ring: LineRing<T>) -> (Producer<T, Lines>, Consumer<T, Lines>) {
    let (pushing, popping) = (pushing::Pushing::new(ring), popping::Popping::new(ring));
    (Producer::new(pushing), Consumer::new(popping))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{TryPopError, TryPushError};
    use crate::sync::atomic::Ordering::Relaxed;

    /// Both ends of an empty ring whose indices stand at `start`.
    fn line_ring_at<T>(capacity: usize, start: usize) -> (Producer<T, Lines>, Consumer<T, Lines>) {
        let ring = LineRing::<T>::allocate(capacity).expect("memory");
        ring.header().tail.store(start, Relaxed);
        ring.header().head.store(start, Relaxed);
        for number in 0..ring.slots() / LineRing::<T>::VALUES {
            ring.line(number, start).tail().store(start, Relaxed);
        }
        ends(ring)
    }

    #[test]
    fn the_indices_wrap() {
        // Three lines of three: nine values fit.
        const SLOTS: usize = 9;
        for before in 0..2 * SLOTS {
            let (mut producer, mut consumer) = line_ring_at(7, 0_usize.wrapping_sub(before));
            for round in 0..5 {
                for value in 0..SLOTS {
                    assert_eq!((producer.len(), consumer.len()), (value, value));
                    producer.try_push([round, value as u64, 0, 0, 0]).unwrap();
                }
                assert!(matches!(producer.try_push([0_u64; 5]), Err(TryPushError::Full(_))));
                #[cfg(feature = "std")]
                assert_eq!(consumer.wait_for_items(7), Ok(SLOTS));
                for value in 0..SLOTS {
                    assert_eq!(consumer.try_pop(), Ok([round, value as u64, 0, 0, 0]));
                }
                assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
                #[cfg(feature = "std")]
                assert_eq!(producer.wait_for_room(7), Ok(()));
            }
            // What is left goes with the last end, which finds it by its own line.
            producer.try_push([7_u64; 5]).unwrap();
            if before % 2 == 0 {
                drop(producer);
                assert_eq!(consumer.try_pop(), Ok([7; 5]));
            }
        }
    }
}
