//! The cell: a number, N slots, and the writers' lock.

use core::fmt;
use core::mem::MaybeUninit;
use core::panic::RefUnwindSafe;

use crossbeam_utils::CachePadded;

use crate::mutex::RawPark;
use crate::sync::atomic::{
    AtomicSeq,
    Ordering::{Acquire, Relaxed, Release},
    Seq, fence, wide,
};
use crate::sync::{Words, const_unless_loom, own_load, pause_point, repeated, spin_hint};
use crate::word::PlainData;

/// A cell with N buffers that publishes small plain data to any number of readers. See the
/// [module](crate::snapshot) for what it promises.
///
/// ```
/// use untorn::Snapshot;
///
/// static LIMITS: Snapshot<[u32; 4]> = Snapshot::new([1; 4]);
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| (2..100).for_each(|i| LIMITS.publish([i; 4])));
///     scope.spawn(|| {
///         let limits = LIMITS.read();
///         assert!(limits.iter().all(|&limit| limit == limits[0])); // never half of a publish
///     });
/// });
/// assert_eq!(LIMITS.read(), [99; 4]);
/// ```
#[doc(alias = "LockFreeCache")]
#[doc(alias = "double buffer")]
#[doc(alias = "triple_buffer")]
#[doc(alias = "seqcount_latch")]
#[doc(alias = "RCU")]
pub struct Snapshot<T, const N: usize = 2> {
    /// How many values were published, in `0..Self::LIMIT` (I3). Written by the holder of `writers`.
    seq: CachePadded<AtomicSeq>,
    /// Slot `seq % N` is the current value (I2). Written by the holder of `writers`.
    slots: [CachePadded<Words<T>>; N],
    /// Who may publish (I1). Readers never look at it.
    writers: RawPark,
}

impl<T: PlainData> Snapshot<T, 2> {
    const_unless_loom! {
        /// A cell with two buffers that holds `value`.
        ///
        /// ```
        /// static FLAGS: untorn::Snapshot<u64> = untorn::Snapshot::new(0b101);
        /// assert_eq!(FLAGS.read(), 0b101);
        /// ```
        #[must_use]
        pub const fn new(value: T) -> Self {
            Self::with_slots(value)
        }
    }
}

impl<T: PlainData, const N: usize> Snapshot<T, N> {
    /// The number after the last: a multiple of N, so that slot numbers stay in step where it wraps
    /// (I3).
    const LIMIT: Seq = Seq::MAX - Seq::MAX % N as Seq;

    const_unless_loom! {
        /// A cell with N buffers that holds `value`. N below 2 does not compile.
        ///
        /// A reader starts again only when N - 1 publishes completed during its copy.
        ///
        /// ```
        /// let cell = untorn::Snapshot::<u64, 4>::with_slots(1);
        /// cell.publish(2);
        /// assert_eq!(cell.read(), 2);
        /// ```
        ///
        /// ```compile_fail,E0080
        /// untorn::Snapshot::<u64, 1>::with_slots(1); // the writer would write under the readers
        /// ```
        #[must_use]
        pub const fn with_slots(value: T) -> Self {
            const { assert!(N >= 2, "a snapshot needs at least two slots") };
            let mut slots = repeated!(CachePadded::new(Words::empty()); N);
            slots[0] = CachePadded::new(Words::new(value));
            Self { seq: CachePadded::new(AtomicSeq::new(0)), slots, writers: RawPark::new() }
        }
    }

    /// The value last published, or one published during the call. Lock-free.
    ///
    /// Cost: two loads and one copy of the value; starts again only when N - 1 publishes completed
    /// during the copy. A writer that is stopped inside `publish` costs nothing.
    ///
    /// ```
    /// assert_eq!(untorn::Snapshot::new(7_u32).read(), 7);
    /// ```
    #[inline]
    #[must_use]
    pub fn read(&self) -> T {
        self.read_with_version().0
    }

    /// The value, and the number of the publish that it comes from: 0 for the value of `new`, one
    /// more for each since. Lock-free, as [`read`](Self::read).
    ///
    /// ```
    /// let cell = untorn::Snapshot::new('a');
    /// assert_eq!(cell.read_with_version(), ('a', 0));
    /// cell.publish('b');
    /// assert_eq!(cell.read_with_version(), ('b', 1));
    /// ```
    #[inline]
    #[must_use]
    pub fn read_with_version(&self) -> (T, u64) {
        loop {
            let mut copy = MaybeUninit::uninit();
            let seen = self.attempt(&mut copy);
            // Not through `try_read`, for the reason given in `SeqLock::read_with_version`.
            if Self::is_whole(&seen) {
                // SAFETY: `is_whole` says that the copy is a published value.
                return (unsafe { copy.assume_init() }, wide(seen.before));
            }
            // Others have published meanwhile: there is nobody to wait for.
            spin_hint();
        }
    }

    /// Copies the value to `copy`, for values too large to be handed around. Lock-free, as
    /// [`read`](Self::read).
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    ///
    /// let cell = untorn::Snapshot::new([7_u8; 4096]);
    /// let mut copy = MaybeUninit::uninit();
    /// assert_eq!(cell.read_into(&mut copy)[4095], 7);
    /// ```
    #[inline]
    pub fn read_into<'c>(&self, copy: &'c mut MaybeUninit<T>) -> &'c mut T {
        while !Self::is_whole(&self.attempt(copy)) {
            spin_hint();
        }
        // SAFETY: `is_whole` says that the copy is a published value.
        unsafe { copy.assume_init_mut() }
    }

    /// The value last published, or `None` if N - 1 publishes completed during the copy. Wait-free.
    ///
    /// ```
    /// assert_eq!(untorn::Snapshot::new(7_u32).try_read(), Some(7));
    /// ```
    #[inline]
    #[must_use]
    pub fn try_read(&self) -> Option<T> {
        let mut copy = MaybeUninit::uninit();
        let seen = self.attempt(&mut copy);
        // SAFETY: `is_whole` says that the copy is a published value.
        Self::is_whole(&seen).then(|| unsafe { copy.assume_init() })
    }

    /// How many values have been published; old news at once. Wait-free.
    ///
    /// ```
    /// let cell = untorn::Snapshot::new('a');
    /// cell.publish('b');
    /// assert_eq!(cell.version(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn version(&self) -> u64 {
        // Relaxed: a read that follows looks at the same word, so it is no older than this.
        wide(self.seq.load(Relaxed))
    }

    /// Copies the current slot, between two looks at the number.
    #[inline(always)]
    fn attempt(&self, copy: &mut MaybeUninit<T>) -> Seen {
        // Acquire (E1): the whole slot of the publish that stored this number is visible.
        let before = self.seq.load(Acquire);
        self.slots[Self::slot(before)].load_into(copy);
        // Acquire (E2): if the copy caught a word of a publish that reuses the slot, the load below
        // sees the number of the publish before that one, or a later one.
        fence(Acquire);
        // Relaxed: ordered after the copy by the fence above (E2).
        let after = self.seq.load(Relaxed);
        Seen { before, after }
    }

    /// Whether the copy made between the two looks is the value of publish `before` (I2). By E1 no
    /// word is older; a word of a publish that reuses the slot would have shown a number at least
    /// N - 1 higher (E2).
    #[inline(always)]
    fn is_whole(seen: &Seen) -> bool {
        Self::published_between(seen.before, seen.after) <= N as Seq - 2
    }

    /// Publishes `value`. Blocking while another writer is at work; readers cannot hold it up.
    ///
    /// A signal handler that publishes over its own thread's publish waits for ever.
    ///
    /// ```
    /// let cell = untorn::Snapshot::new(1_u8);
    /// cell.publish(2);
    /// assert_eq!(cell.read(), 2);
    /// ```
    #[doc(alias = "set")]
    #[doc(alias = "store")]
    #[inline]
    pub fn publish(&self, value: T) {
        let _claim = self.writers.hold();
        let next = Self::after(own_load(&self.seq));
        // Release (E2): a reader that catches one of the words below sees the previous publish.
        fence(Release);
        self.slots[Self::slot(next)].store(&value);
        pause_point("snapshot.publish.filled");
        // Release (E1): the slot is visible to every reader that sees this number.
        self.seq.store(next, Release);
    }

    /// The value, once the cell is no longer shared.
    ///
    /// ```
    /// assert_eq!(untorn::Snapshot::new('x').into_inner(), 'x');
    /// ```
    #[must_use]
    pub fn into_inner(self) -> T {
        let current = Self::slot(own_load(&self.seq));
        // SAFETY: nobody else has the cell, and by I2 this slot holds the value.
        unsafe { self.slots[current].load().assume_init() }
    }

    /// The slot of publish `seq`.
    #[inline(always)]
    const fn slot(seq: Seq) -> usize {
        (seq % N as Seq) as usize
    }

    /// The number of the publish after publish `seq`.
    #[inline(always)]
    const fn after(seq: Seq) -> Seq {
        if seq + 1 == Self::LIMIT { 0 } else { seq + 1 }
    }

    /// How many publishes separate two numbers.
    #[inline(always)]
    const fn published_between(before: Seq, after: Seq) -> Seq {
        if N == 2 || after >= before {
            // For two slots only equality counts, and that needs no wrap.
            after.wrapping_sub(before)
        } else {
            after + (Self::LIMIT - before)
        }
    }
}

/// The number before a copy and after it.
struct Seen {
    before: Seq,
    after: Seq,
}

impl<T: PlainData + Default, const N: usize> Default for Snapshot<T, N> {
    fn default() -> Self {
        Self::with_slots(T::default())
    }
}

impl<T: PlainData, const N: usize> From<T> for Snapshot<T, N> {
    fn from(value: T) -> Self {
        Self::with_slots(value)
    }
}

/// Prints the number of the current value, not the value.
impl<T, const N: usize> fmt::Debug for Snapshot<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: a number to look at.
        let seq = self.seq.load(Relaxed);
        f.debug_struct("Snapshot").field("seq", &seq).field("slots", &N).finish_non_exhaustive()
    }
}

// A panic cannot strike while a value is half published: the copy runs no code of the caller.
impl<T: RefUnwindSafe, const N: usize> RefUnwindSafe for Snapshot<T, N> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stay_in_step_where_the_number_wraps() {
        fn check<const N: usize>() {
            let mut cell = Snapshot::<u64, N>::with_slots(0);
            let start = Snapshot::<u64, N>::LIMIT - 2;
            *cell.seq.get_mut() = start;
            cell.slots[Snapshot::<u64, N>::slot(start)] = CachePadded::new(Words::new(0));
            for value in 1..=4 * N as u64 {
                cell.publish(value);
                assert_eq!(cell.read(), value);
            }
            let before = Snapshot::<u64, N>::LIMIT - 1;
            assert_ne!(before % N as Seq, 0, "the last slot differs from the first");
            assert_eq!(Snapshot::<u64, N>::after(before), 0);
            if N > 2 {
                assert_eq!(Snapshot::<u64, N>::published_between(before, 1), 2);
            }
        }
        check::<2>();
        check::<3>();
        check::<4>();
    }
}
