//! The ring of lines.
//!
//! # How it works
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
//! Indices count values, and line after line has `K` of them. A line's `tail` is written with each push
//! into it, and never reset: in the next lap it is behind every index that then falls into the line, which
//! says that nothing is there yet. The consumer looks at it once for all the values that it then finds, and
//! publishes `head` once a line. So the producer is refused only where a line begins, and the line in which
//! the consumer is counts as full: one line more than the capacity needs makes up for that.
//!
//! The producer asks for the line after the next one ahead of time, for writing (`prefetchw`), so that it
//! does not wait for the transfer from the consumer, which read that line a lap ago.
//!
//! # Invariants
//!
//! Those of the [ring](super), with these in the place of I1 to I3:
//!
//! * L1: only the producer stores to the `tail` of a line, only the consumer to `head` of the block. The
//!   producer's `tail` of the block is stored when it goes, and read by the last end.
//! * L2: `0 <= tail - head <= slots`, in wrapping arithmetic, with `tail` the producer's own index, and
//!   `head` as published. While there is a consumer, a published `head` is the first index of a line.
//! * L3: the slots from the consumer's own index to the `tail` of their line hold a value and belong to the
//!   consumer, with those that it has emptied since it published `head`. All others belong to the producer.
//! * L4: the `tail` of a line is the index after the last value that was pushed into it. If that is not
//!   behind an index that falls into the line, the value of that index is in its slot, or was.
//!
//! # Edges
//!
//! * E1, item ready: the producer's store to the `tail` of the line (`Release`) to the consumer's load of it
//!   (`Acquire`).
//! * E2, line free: the consumer's `head.store(Release)` to the producer's `head.load(Acquire)`.
//!
//! E3 to E5 are those of the ring.

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

/// A ring for small values that come one by one, twice as fast as a [`ring`](super::ring) for those; and
/// its two ends.
///
/// Each line of 128 bytes holds values and says how many: 15 of eight bytes, 7 of sixteen. They are pushed
/// and popped one at a time; there are no slices, chunks or guards.
///
/// At least `capacity` values fit, and less than two lines of values more: the ring is refused room for less
/// than a line. So the number that is inside may be larger than the capacity.
///
/// A value must fit into a line. It has at most 120 bytes, and at most 64 if it is aligned to as many; a
/// larger one does not compile.
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
#[expect(clippy::type_complexity, reason = "a pair of ends")]
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
