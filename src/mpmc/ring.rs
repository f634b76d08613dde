//! The slots, who may do what with which, and how far the two ends have come.

use core::mem::{MaybeUninit, size_of};

use crossbeam_utils::CachePadded;

use crate::backoff::Backoff;
use crate::error::{CapacityError, Refusal};
use crate::sync::atomic::{
    AtomicBool, AtomicSeq,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    Seq, fence,
};
use crate::sync::{UnsafeCell, pause_point};
#[cfg(feature = "std")]
use crate::wait::EventCount;

/// How far apart two stamps are that follow each other: there is room for a stage between them.
const STEP: Seq = 8;

// What has become of the slot for a value: the stages of a stamp, in their order.
/// The slot waits for the value.
const FREE: Seq = 0;
/// Somebody is about to write the value.
const CLAIMED: Seq = 1;
/// The value is there.
const FULL: Seq = 2;
/// Somebody is about to read the value. After that the slot is free for the value one lap later.
const TAKEN: Seq = 3;
/// There will never be a value: the queue is closed, and all before this one are taken.
const SHUT: Seq = 4;

/// Differences of stamps from here on are negative.
const NEGATIVE: Seq = Seq::MAX / 2 + 1;

/// The bounded ring without its waits.
pub(super) struct Ring<T> {
    /// A stamp not past the first that was never claimed. Stored by those who push (I4).
    tail: Hint,
    /// A stamp not past the first that was never taken. Stored by those who pop (I4).
    head: Hint,
    /// What everybody reads and hardly anybody writes.
    pub(super) said: CachePadded<Said>,
    /// How many values may be inside, in `1..=slots.len()`.
    pub(super) capacity: usize,
    /// The stamp of the last slot in use in lap zero.
    last: Seq,
    /// `slots.len() * STEP - 1`: what of a stamp tells the slot.
    mask: Seq,
    /// A power of two of slots, of which the first `capacity` are used.
    slots: alloc::boxed::Box<[Slot<T>]>,
}

pub(super) struct Said {
    /// Set by `close`, never cleared.
    closed: AtomicBool,
    /// Those who wait for values.
    #[cfg(feature = "std")]
    pub(super) items: EventCount,
    /// Those who wait for room.
    #[cfg(feature = "std")]
    pub(super) room: EventCount,
}

/// Where an end of the queue was, a moment or more ago.
struct Hint(CachePadded<AtomicSeq>);

struct Slot<T> {
    /// Which value the slot is for, and what has become of it (I1).
    stamp: AtomicSeq,
    value: UnsafeCell<MaybeUninit<T>>,
}

/// A slot that this thread alone may use until it has filled or read it.
#[must_use = "a slot that is claimed and left stops the queue"]
pub(super) struct Place<'r, T> {
    /// The stamp of the value.
    at: Seq,
    slot: &'r Slot<T>,
}

/// Why there is none.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum No {
    /// The ring is full, or empty.
    Yet,
    /// Another thread is between its claim and its end.
    Busy,
    /// And never will be.
    Closed,
}

/// Who asks.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Look {
    /// Somebody who goes on with the answer.
    Awake,
    /// Somebody who is counted as waiting, and sleeps upon [`No::Yet`] (E3).
    #[cfg_attr(not(feature = "std"), allow(dead_code, reason = "nobody sleeps"))]
    Asleep,
}

// SAFETY: values move from the threads that push to those that pop (`T: Send`). A slot's value is
// touched only by who has claimed or taken it (I2), and ownership passes over E1 and E2; nobody gets a
// reference to a shared `T`.
unsafe impl<T: Send> Sync for Ring<T> {}
// SAFETY: owns its values and nothing of any thread.
unsafe impl<T: Send> Send for Ring<T> {}

impl<T> Ring<T> {
    /// An empty ring that begins with lap `lap`: zero, but for a test of the wrap.
    pub(super) fn new(capacity: usize, lap: Seq) -> Result<Self, CapacityError> {
        let refuse = |reason| CapacityError { capacity, reason };
        if capacity == 0 {
            return Err(refuse(Refusal::Zero));
        }
        let element = size_of::<Slot<T>>();
        let too_large = || refuse(Refusal::TooLarge { element });
        let storage = capacity.checked_next_power_of_two().ok_or_else(too_large)?;
        // Enough laps that no difference of stamps is mistaken.
        let laps = usize::try_from(Seq::MAX / STEP / 4).unwrap_or(usize::MAX);
        if storage.checked_mul(element).is_none_or(|bytes| bytes > isize::MAX as usize)
            || storage > laps
        {
            return Err(too_large());
        }
        let mut slots = alloc::vec::Vec::new();
        slots.try_reserve_exact(storage).map_err(|_| refuse(Refusal::NoMemory { element }))?;
        let start = lap.wrapping_mul(storage as Seq * STEP);
        slots.extend((0..storage as Seq).map(|index| Slot {
            stamp: AtomicSeq::new(start.wrapping_add(index * STEP + FREE)),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }));
        let end = || Hint(CachePadded::new(AtomicSeq::new(start)));
        let said = Said {
            closed: AtomicBool::new(false),
            #[cfg(feature = "std")]
            items: EventCount::new(),
            #[cfg(feature = "std")]
            room: EventCount::new(),
        };
        Ok(Self {
            tail: end(),
            head: end(),
            said: CachePadded::new(said),
            capacity,
            last: (capacity as Seq - 1) * STEP,
            mask: storage as Seq * STEP - 1,
            slots: slots.into_boxed_slice(),
        })
    }

    /// The slot of a stamp.
    #[inline(always)]
    fn slot(&self, at: Seq) -> &Slot<T> {
        let index = ((at & self.mask) / STEP) as usize;
        // SAFETY: what is left of the stamp is below `slots.len() * STEP`.
        unsafe { self.slots.get_unchecked(index) }
    }

    /// The stamp of the value after that of `at`.
    #[inline(always)]
    fn next(&self, at: Seq) -> Seq {
        let step = if at & self.mask == self.last { self.lap() - self.last } else { STEP };
        at.wrapping_add(step)
    }

    /// How far apart the stamps of a slot are, from lap to lap.
    #[inline(always)]
    fn lap(&self) -> Seq {
        self.mask + 1
    }

    /// Where to look after slot `at`, whose `stamp` says that it was claimed, or taken, long ago.
    fn past(&self, at: Seq, stamp: Seq) -> Seq {
        let reached = stamp & !(STEP - 1);
        // A slot that is free for a lap was taken in the lap before.
        self.next(if reached == at { at } else { reached.wrapping_sub(self.lap()) })
    }

    /// Claims the first slot that no value was pushed to, if one look is enough.
    #[inline(always)]
    pub(super) fn claim_now(&self) -> Option<Place<'_, T>> {
        let at = self.tail.get();
        let slot = self.slot(at);
        let claimed = slot.stamp() == at && !self.is_closed() && slot.advance(at, at + CLAIMED);
        claimed.then_some(Place { at, slot })
    }

    /// Claims the first slot that no value was pushed to.
    pub(super) fn claim(&self, look: Look) -> Result<Place<'_, T>, No> {
        let mut backoff = Backoff::new();
        let mut at = self.tail.get();
        loop {
            let slot = self.slot(at);
            let stamp = slot.stamp();
            if stamp != at {
                at = self.look_for_room(at, stamp, look)?;
            } else if self.is_closed() {
                return Err(No::Closed);
            } else if slot.advance(at, at + CLAIMED) {
                return Ok(Place { at, slot });
            } else {
                backoff.snooze();
                at = self.tail.get();
            }
        }
    }

    /// Where to go on looking for a slot that is free, after one that is not.
    fn look_for_room(&self, at: Seq, stamp: Seq, look: Look) -> Result<Seq, No> {
        match stamp.wrapping_sub(at) {
            SHUT => return Err(No::Closed),
            ahead if ahead < NEGATIVE => return Ok(self.past(at, stamp)),
            _ => {}
        }
        // In use for the value one lap before, and all since then were claimed.
        if look == Look::Awake && !self.slot(at).still(stamp) {
            return Ok(at);
        }
        if self.is_closed() {
            return Err(No::Closed);
        }
        match (stamp & (STEP - 1), look) {
            (TAKEN, _) => Err(No::Busy),
            (_, Look::Awake) => Err(No::Yet),
            (FULL, Look::Asleep) => self.leave_word(at, stamp),
            // To be filled by a store, which would wipe out our word.
            (_, Look::Asleep) => Err(No::Busy),
        }
    }

    /// Fills the slot that was claimed.
    #[inline(always)]
    pub(super) fn fill(&self, place: Place<'_, T>, value: T) {
        pause_point("mpmc.push.claimed");
        let Place { at, slot } = place;
        slot.value.with_mut(|slot| {
            // SAFETY: nobody else touches the value of a slot that is claimed (I2).
            let slot: &mut MaybeUninit<T> = unsafe { &mut *slot };
            slot.write(value);
        });
        // The value is there before anybody can take it (E1).
        slot.settle(at + FULL);
        self.tail.set(self.next(at));
    }

    /// Takes the first value that was not taken, if one look is enough.
    #[inline(always)]
    pub(super) fn take_now(&self) -> Option<Place<'_, T>> {
        let at = self.head.get();
        let slot = self.slot(at);
        let taken = slot.stamp() == at + FULL && slot.advance(at + FULL, at + TAKEN);
        taken.then_some(Place { at, slot })
    }

    /// Takes the first value that was not taken.
    pub(super) fn take(&self, look: Look) -> Result<Place<'_, T>, No> {
        let mut backoff = Backoff::new();
        let mut at = self.head.get();
        loop {
            let slot = self.slot(at);
            let stamp = slot.stamp();
            if stamp != at + FULL {
                at = self.look_for_value(at, stamp, look)?;
            } else if slot.advance(stamp, at + TAKEN) {
                return Ok(Place { at, slot });
            } else {
                backoff.snooze();
                at = self.head.get();
            }
        }
    }

    /// Where to go on looking for a value, after a slot without.
    fn look_for_value(&self, at: Seq, stamp: Seq, look: Look) -> Result<Seq, No> {
        match stamp.wrapping_sub(at) {
            CLAIMED => Err(No::Busy),
            SHUT => Err(No::Closed),
            ahead if ahead != FREE && ahead < NEGATIVE => Ok(self.past(at, stamp)),
            _ if look == Look::Awake && !self.slot(at).still(stamp) => Ok(at),
            // Never claimed, while all before it are taken.
            ahead => match (self.is_closed(), look, ahead) {
                (true, _, FREE) => self.shut(at),
                (false, Look::Awake, _) => Err(No::Yet),
                (false, Look::Asleep, FREE) => self.leave_word(at, stamp),
                // To be freed by a store, which would wipe out our word.
                _ => Err(No::Busy),
            },
        }
    }

    /// Reads the value that was taken, and frees its slot.
    #[inline(always)]
    pub(super) fn read(&self, place: Place<'_, T>) -> T {
        pause_point("mpmc.pop.taken");
        let Place { at, slot } = place;
        let value = slot.value.with(|slot| {
            // SAFETY: nobody else touches the value of a slot that is taken (I2).
            let slot: &MaybeUninit<T> = unsafe { &*slot };
            // SAFETY: it was full (I2), and whoever fills it next writes a new value.
            unsafe { slot.assume_init_read() }
        });
        // The value is out before anybody can claim the slot (E2).
        slot.settle(at.wrapping_add(self.lap() + FREE));
        self.head.set(self.next(at));
        value
    }

    /// The word of somebody who is about to sleep until `stamp` changes: written to the slot, so that
    /// whoever changes it has seen that somebody waits.
    fn leave_word(&self, at: Seq, stamp: Seq) -> Result<Seq, No> {
        // Relaxed: the fence that counted us releases (E3).
        match self.slot(at).stamp.compare_exchange(stamp, stamp, Relaxed, Relaxed) {
            Ok(_) => Err(No::Yet),
            Err(_) => Ok(at),
        }
    }

    /// Makes the first slot that nobody has claimed the end, for good, and says so.
    fn shut(&self, at: Seq) -> Result<Seq, No> {
        if self.slot(at).advance(at + FREE, at + SHUT) { Err(No::Closed) } else { Ok(at) }
    }

    /// Refuses all values from now on; whether this call was the first.
    pub(super) fn close(&self) -> bool {
        // Release (E5): what came before is seen by whoever is told.
        !self.said.closed.swap(true, Release)
    }

    #[inline(always)]
    pub(super) fn is_closed(&self) -> bool {
        // Acquire (E5): what came before it was closed has happened.
        self.said.closed.load(Acquire)
    }

    /// How many values are inside. Never fewer than the moment between the two looks had, and never
    /// zero unless there was none.
    pub(super) fn len(&self) -> usize {
        let (head, _) = self.end(&self.head, TAKEN);
        let (tail, _) = self.end(&self.tail, CLAIMED);
        self.distance(head, tail)
    }

    /// Whether nothing is inside. If the ring is closed, nothing ever will be (I5), unless the slot
    /// that comes next is still being read.
    pub(super) fn is_empty(&self) -> bool {
        loop {
            let (at, stamp) = self.end(&self.head, TAKEN);
            match stamp.wrapping_sub(at) {
                CLAIMED | FULL => return false,
                // A push that has not seen the close was faster.
                FREE if self.is_closed() && self.shut(at).is_ok() => {}
                _ => return true,
            }
        }
    }

    /// Whether as many values are inside as fit.
    pub(super) fn is_full(&self) -> bool {
        let (at, stamp) = self.end(&self.tail, CLAIMED);
        // The slot is in use for the value one lap before (I3).
        matches!(stamp.wrapping_add(self.lap()).wrapping_sub(at), CLAIMED | FULL)
    }

    /// How many values are between two stamps.
    fn distance(&self, from: Seq, to: Seq) -> usize {
        let index = |at: Seq| ((at & self.mask) / STEP) as usize;
        match (to & !self.mask).wrapping_sub(from & !self.mask) {
            0 => index(to).saturating_sub(index(from)),
            laps if laps == self.lap() => {
                (self.capacity - index(from) + index(to)).min(self.capacity)
            }
            laps if laps < NEGATIVE => self.capacity,
            _ => 0,
        }
    }

    /// The first slot from `hint` on that has not reached `stage`, and its stamp (E6).
    fn end(&self, hint: &Hint, stage: Seq) -> (Seq, Seq) {
        let mut at = hint.get();
        loop {
            let slot = self.slot(at);
            let stamp = slot.stamp();
            let ahead = stamp.wrapping_sub(at);
            if ahead >= stage && ahead != SHUT && ahead < NEGATIVE {
                at = self.past(at, stamp);
            } else if slot.still(stamp) {
                return (at, stamp);
            }
        }
    }
}

impl Hint {
    #[inline(always)]
    fn get(&self) -> Seq {
        // Acquire (E4): all before it is seen as claimed, or taken.
        self.0.load(Acquire)
    }

    #[inline(always)]
    fn set(&self, at: Seq) {
        // Release (E4): all before it was seen as claimed, or taken.
        self.0.store(at, Release);
    }
}

impl<T> Slot<T> {
    #[inline(always)]
    fn stamp(&self) -> Seq {
        // Acquire: the value is there (E1), or out (E2), and what came before that is seen (E4).
        self.stamp.load(Acquire)
    }

    /// Whether the slot still has this stamp, so that something may be said that rests on it.
    fn still(&self, stamp: Seq) -> bool {
        // SeqCst (E6): of two threads that claim and then say what is elsewhere, one sees the other's
        // claim. Without it, one queue was empty and full at once.
        fence(SeqCst);
        self.stamp() == stamp
    }

    /// Ends what a claim began.
    #[inline(always)]
    fn settle(&self, to: Seq) {
        // Release: the value is there (E1), or out (E2).
        self.stamp.store(to, Release);
    }

    /// Brings the slot from one stamp to another; whether nobody else did.
    #[inline(always)]
    fn advance(&self, from: Seq, to: Seq) -> bool {
        // AcqRel: sees who sleeps for this slot (E3); who sees the change sees all that came before it
        // (E4). Relaxed: begins again.
        self.stamp.compare_exchange(from, to, AcqRel, Relaxed).is_ok()
    }
}

impl<T> Drop for Ring<T> {
    fn drop(&mut self) {
        /// Goes on with the rest if one destructor panics; a second panic aborts, as everywhere.
        struct Rest<'a, T>(&'a Ring<T>);

        impl<T> Rest<'_, T> {
            fn drop_all(&self) {
                while let Ok(place) = self.0.take(Look::Awake) {
                    drop(self.0.read(place));
                }
            }
        }

        impl<T> Drop for Rest<'_, T> {
            fn drop(&mut self) {
                self.drop_all();
            }
        }

        if core::mem::needs_drop::<T>() {
            Rest(self).drop_all();
        }
    }
}
