//! What the two ends have in common: coming and going, waiting and waking, and the check of the other's
//! index.

use core::mem::size_of;
use core::time::Duration;
use std::time::Instant;

use super::error::{RingError, RingIndex, RingOpenError};
use super::fields::{RingFields, RingItem, Side};
use super::items::{Items, Kept};
use super::span::Span;
use crate::backoff::Backoff;
use crate::shared::field::Field;
use crate::shared::{Memory, SharedBuffer};
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use crate::sync::atomic::fence;
use crate::sync::users::AtomicU32;
use crate::sync::{Deadline, Lent};

/// Nobody sleeps on the word.
const AWAKE: u32 = 0;
/// The end whose word it is sleeps on it, or is about to.
const WAITS: u32 = 1;

/// Whether the other end of a ring is there.
///
/// ```
/// use untorn::SharedBuffer;
/// use untorn::shared::{Layout, RingPeer};
///
/// let mut layout = Layout::builder();
/// let ring = layout.ring::<u64>("prices", 1)?;
/// let buffer = SharedBuffer::new(layout.build());
/// let producer = buffer.ring_producer(ring)?;
/// assert_eq!(producer.peer(), RingPeer::Awaited);
/// let consumer = buffer.ring_consumer(ring)?;
/// assert_eq!(producer.peer(), RingPeer::Here);
/// drop(consumer);
/// assert_eq!(producer.peer(), RingPeer::Left);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RingPeer {
    /// There has never been one.
    Awaited,
    /// It is there, as far as anybody [can tell](super#a-peer-that-dies).
    Here,
    /// It was dropped.
    Left,
    /// Its process ended without dropping it.
    Died,
}

/// The words of one end.
struct Words {
    name: RingIndex,
    /// Where the index is, in bytes.
    offset: usize,
    index: Kept<AtomicU32>,
    there: Kept<AtomicU32>,
    waits: Kept<AtomicU32>,
    /// On which byte the claim is: the first of `there`.
    byte: usize,
}

impl Words {
    fn index(&self) -> Lent<'_, AtomicU32> {
        Lent::new(&self.index)
    }

    fn there(&self) -> Lent<'_, AtomicU32> {
        Lent::new(&self.there)
    }

    fn waits(&self) -> Lent<'_, AtomicU32> {
        Lent::new(&self.waits)
    }

    fn corrupt(&self, value: u32) -> RingError {
        RingError::Corrupt { index: self.name, offset: self.offset, value }
    }
}

/// An end, as long as it is there.
pub(super) struct End<M: Memory> {
    pub(super) items: Items,
    pub(super) span: Span,
    mine: Words,
    theirs: Words,
    /// What `there` is of this end: odd.
    turn: u32,
    /// Dropped, and so given back, after the word is (E3).
    claim: M::Claim,
    /// Behind all that points into its memory.
    _buffer: SharedBuffer<M>,
}

impl<M: Memory> End<M> {
    /// Also the index that the end goes on at: as it was found, once, and checked (I1).
    #[track_caller]
    pub(super) fn open<T: RingItem>(
        buffer: &SharedBuffer<M>,
        ring: RingFields<T>,
        mine: Side,
        theirs: Side,
    ) -> Result<(Self, u32), RingOpenError> {
        // Before anything is written or claimed: a key of another layout panics here.
        // SAFETY: the handle below outlives it.
        let items = unsafe { Items::new(buffer, ring) };
        // SAFETY: as above, for each word.
        let kept = |field: Field<u32>| unsafe { Kept::new(buffer.view(field).atomic()) };
        let words = |side: Side| Words {
            name: side.name,
            offset: side.index.offset(),
            index: kept(side.index),
            there: kept(side.there),
            waits: kept(side.waits),
            byte: side.there.offset(),
        };
        let (mine, theirs) = (words(mine), words(theirs));
        let (size, capacity) = (kept(ring.size), kept(ring.capacity));

        // The size of an item fits: the items fit a layout, and where those of a machine with few bits have
        // 32, no type is larger.
        agree("items of so many bytes:", size, size_of::<T>() as u32)?;
        agree("a capacity of", capacity, ring.count)?;
        let claim = buffer.inner.memory.claim(mine.byte).map_err(RingOpenError::System)?;
        let claim = claim.ok_or(RingOpenError::Taken)?;
        let turn = take_turn::<M>(mine.there()).ok_or(RingOpenError::Taken)?;

        let span = Span { capacity: ring.count };
        let buffer = buffer.clone();
        // From here on its drop gives the end back.
        let end = Self { items, span, mine, theirs, turn, claim, _buffer: buffer };
        // Relaxed: as the end before this one has left it (E3). Once: were it read again, somebody might have
        // spoilt it since it was checked.
        let own = end.mine.index().load(Relaxed);
        if !span.has(own) {
            return Err(RingOpenError::Corrupt(end.mine.corrupt(own)));
        }
        match end.items_between(own) {
            Err(error @ RingError::Corrupt { .. }) => Err(RingOpenError::Corrupt(error)),
            _ => Ok((end, own)),
        }
    }

    /// How many items there are, by another look at the other end's index.
    #[inline]
    pub(super) fn items_between(&self, own: u32) -> Result<u32, RingError> {
        // Acquire (E1, E2): the item is in its slot, or out of it.
        let other = self.theirs.index().load(Acquire);
        let (write, read) = match self.mine.name {
            RingIndex::Write => (own, other),
            RingIndex::Read => (other, own),
        };
        self.span.items(write, read).ok_or_else(|| self.theirs.corrupt(other))
    }

    /// Lets the other end see the index, and wakes it if it sleeps.
    #[inline]
    pub(super) fn publish(&self, index: u32) {
        // Release (E1, E2): the item is in its slot, or out of it, before the other end can see the index.
        self.mine.index().store(index, Release);
        self.wake();
    }

    /// Wakes the other end if it sleeps.
    #[inline]
    fn wake(&self) {
        // SeqCst (E4): either the look below sees that the other end sleeps, or its look at the ring sees
        // what was stored before.
        fence(SeqCst);
        // Relaxed: ordered by the fence.
        if self.theirs.waits().load(Relaxed) != AWAKE {
            self.wake_sleeper();
        }
    }

    #[cold]
    fn wake_sleeper(&self) {
        // Relaxed: the sleeper fences before it looks again. One wake for one sleep: who finds the word
        // awake does not go to sleep.
        if self.theirs.waits().swap(AWAKE, Relaxed) != AWAKE {
            M::wake_one(&self.theirs.waits);
        }
    }

    /// Whether the other end has left, and nobody has taken its place.
    pub(super) fn has_left(&self) -> bool {
        // Acquire (E5): what it did before it left is seen.
        let there = self.theirs.there().load(Acquire);
        there != 0 && there % 2 == 0
    }

    pub(super) fn peer(&self) -> RingPeer {
        // Acquire (E5): what it did before it left is seen.
        let seen = self.theirs.there().load(Acquire);
        match seen {
            0 => RingPeer::Awaited,
            left if left % 2 == 0 => RingPeer::Left,
            _ if M::is_claimed(&self.claim, self.theirs.byte) => RingPeer::Here,
            // Relaxed: only to compare. If this is still the end that was seen before the look at its claim, it
            // has not left by then, for who leaves says so first; and nobody has come, for who comes claims
            // first.
            _ if self.theirs.there().load(Relaxed) == seen => RingPeer::Died,
            _ => RingPeer::Here,
        }
    }

    /// Waits until `ready`, or until there is a reason why it will not be.
    ///
    /// `ready` looks at the ring, and says whether the other end has left.
    #[cold]
    #[inline(never)]
    pub(super) fn wait(
        &self,
        deadline: Option<Instant>,
        ready: impl Fn() -> Result<bool, RingError>,
    ) -> Result<(), RingError> {
        let limit = deadline.map_or(Deadline::NEVER, Deadline::at);
        let mut backoff = Backoff::new();
        while !limit.has_passed_awake() && backoff.spin() {
            if ready()? {
                return Ok(());
            }
        }
        if limit.has_passed_awake() {
            return if ready()? { Ok(()) } else { self.check_peer(&ready, RingError::Timeout) };
        }
        let _awake = AwakeAtLast(self.mine.waits());
        let mut next_look = M::SLICE.map(from_now);
        loop {
            // Relaxed: ordered by the fence. A swap, as all changes of the word are, since both ends change it.
            self.mine.waits().swap(WAITS, Relaxed);
            // SeqCst (E4): either the look below sees what the other end stored before its fence, or its
            // look sees that this end sleeps.
            fence(SeqCst);
            if ready()? {
                return Ok(());
            }
            if limit.has_passed() {
                return self.check_peer(&ready, RingError::Timeout);
            }
            // By the clock, not by how the sleep ended: who is woken all the time would never look.
            if next_look.is_some_and(|at| Deadline::at(at).has_passed()) {
                match self.check_peer(&ready, RingError::Timeout) {
                    Err(RingError::Timeout) => next_look = M::SLICE.map(from_now),
                    other => return other,
                }
            }
            // However it ends, the loop looks at all there is.
            _ = M::sleep(&self.mine.waits, WAITS, earlier(deadline, next_look));
        }
    }

    /// `otherwise`, unless the other end has died; and even then not if it has done what was waited for.
    fn check_peer(
        &self,
        ready: impl Fn() -> Result<bool, RingError>,
        otherwise: RingError,
    ) -> Result<(), RingError> {
        if self.peer() != RingPeer::Died {
            return Err(otherwise);
        }
        // Once more: it may have died after the last look.
        if ready()? { Ok(()) } else { Err(RingError::PeerGone) }
    }
}

/// Says at the end that nobody sleeps.
struct AwakeAtLast<'a>(Lent<'a, AtomicU32>);

impl Drop for AwakeAtLast<'_> {
    fn drop(&mut self) {
        // Relaxed: a wake that is under way finds nobody, which is nothing to it.
        self.0.swap(AWAKE, Relaxed);
    }
}

fn from_now(slice: Duration) -> Instant {
    Instant::now() + slice
}

/// `None` is never.
fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

/// The first who opens a ring says what it is; the others compare.
fn agree(field: &'static str, word: Kept<AtomicU32>, expected: u32) -> Result<(), RingOpenError> {
    // Relaxed: a number to compare; nothing is read on the strength of it.
    match Lent::new(&*word).compare_exchange(0, expected, Relaxed, Relaxed) {
        Err(found) if found != expected => Err(RingOpenError::OtherRing { field, found, expected }),
        _ => Ok(()),
    }
}

/// Who finds the word changed so often does not get the end: that others take it and give it back is seldom,
/// and without a limit one who spoils the word all the time could hold a call for ever.
const TRIES: usize = 16;

/// Says that the end is there, if it was not: what it says then.
fn take_turn<M: Memory>(there: Lent<'_, AtomicU32>) -> Option<u32> {
    // Relaxed: the exchange below makes the edge.
    let mut seen = there.load(Relaxed);
    for _ in 0..TRIES {
        // Odd: the last one has not left. Who has the claim knows that it has died.
        if seen % 2 == 1 && !M::CLAIMS_END {
            return None;
        }
        let turn = seen.wrapping_add(1) | 1;
        // Acquire (E3): what the end before this one did is seen. Relaxed: only to try again.
        match there.compare_exchange(seen, turn, Acquire, Relaxed) {
            Ok(_) => return Some(turn),
            Err(now) => seen = now,
        }
    }
    None
}

impl<M: Memory> Drop for End<M> {
    fn drop(&mut self) {
        // Zero is for who was never there.
        let left = self.turn.wrapping_add(1).max(2);
        // Release (E3, E5): all that this end did happens-before what the next one does, and before what
        // the other end does that sees this. Relaxed: where it is not this end's turn, this is the copy in a
        // forked child of an end that has left; it must not say so of the one that came after.
        _ = self.mine.there().compare_exchange(self.turn, left, Release, Relaxed);
        self.wake();
    }
}
