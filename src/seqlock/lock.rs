//! The cell: optimistic reads, and writes that take the writers' lock for their duration.

use core::fmt;
use core::mem::MaybeUninit;
use core::panic::RefUnwindSafe;

use super::writer::Writer;
use crate::backoff::Backoff;
use crate::mutex::RawPark;
use crate::sync::atomic::{
    AtomicSeq,
    Ordering::{Acquire, Relaxed, Release},
    Seq, fence, wide,
};
use crate::sync::{Words, const_unless_loom, own_load, pause_point};
use crate::word::PlainData;

/// A cell for small plain data whose readers write nothing shared. See the
/// [module](crate::seqlock) for what it promises.
///
/// ```
/// use untorn::SeqLock;
///
/// static POSITION: SeqLock<[f64; 3]> = SeqLock::new([0.0; 3]);
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| POSITION.write([1.0, 1.0, 1.0]));
///     scope.spawn(|| {
///         let [x, y, z] = POSITION.read();
///         assert!(x == y && y == z); // never half of a write
///     });
/// });
/// ```
#[doc(alias = "sequence lock")]
#[doc(alias = "AtomicCell")]
#[doc(alias = "seqcount")]
pub struct SeqLock<T> {
    /// Even: `words` is whole. Odd: a writer is inside. Written by the holder of `writers` (I1).
    seq: AtomicSeq,
    /// Who may write (I1). Readers never look at it.
    writers: RawPark,
    /// The value. Written by the holder of `writers` while `seq` is odd (I2).
    words: Words<T>,
}

impl<T: PlainData> SeqLock<T> {
    const_unless_loom! {
        /// A cell that holds `value`.
        ///
        /// ```
        /// static LIMITS: untorn::SeqLock<[u32; 2]> = untorn::SeqLock::new([1, 9]);
        /// assert_eq!(LIMITS.read(), [1, 9]);
        /// ```
        #[must_use]
        pub const fn new(value: T) -> Self {
            Self { seq: AtomicSeq::new(0), writers: RawPark::new(), words: Words::new(value) }
        }
    }

    /// The value. Blocking: waits while a write is under way.
    ///
    /// Cost: two loads and one copy of the value, plus a retry for each write that overlapped.
    ///
    /// ```
    /// assert_eq!(untorn::SeqLock::new(7_u32).read(), 7);
    /// ```
    #[inline]
    #[must_use]
    pub fn read(&self) -> T {
        self.read_with_version().0
    }

    /// The value, and the number of the write that stored it: 0 for the value of `new`, one more for
    /// each write since. Blocking, as [`read`](Self::read).
    ///
    /// ```
    /// let cell = untorn::SeqLock::new('a');
    /// assert_eq!(cell.read_with_version(), ('a', 0));
    /// cell.write('b');
    /// assert_eq!(cell.read_with_version(), ('b', 1));
    /// ```
    #[inline]
    #[must_use]
    pub fn read_with_version(&self) -> (T, u64) {
        loop {
            let mut copy = MaybeUninit::uninit();
            let seen = self.attempt(&mut copy);
            // Not through `try_read`: to unpack an `Option` the copy would be moved once more, in
            // pieces that do not match those it was made of, and the processor waits for that.
            if seen.is_whole() {
                // SAFETY: by I3 the copy is the value.
                return (unsafe { copy.assume_init() }, version(seen.before));
            }
            self.wait_for_writer();
        }
    }

    /// Copies the value to `copy`, for values too large to be handed around. Blocking, as
    /// [`read`](Self::read).
    ///
    /// ```
    /// use std::mem::MaybeUninit;
    ///
    /// let cell = untorn::SeqLock::new([7_u8; 4096]);
    /// let mut copy = MaybeUninit::uninit();
    /// assert_eq!(cell.read_into(&mut copy)[4095], 7);
    /// ```
    #[inline]
    pub fn read_into<'c>(&self, copy: &'c mut MaybeUninit<T>) -> &'c mut T {
        while !self.attempt(copy).is_whole() {
            self.wait_for_writer();
        }
        // SAFETY: by I3 the copy is the value.
        unsafe { copy.assume_init_mut() }
    }

    /// Waits a moment, and then for as long as a write is under way.
    #[cold]
    #[inline(never)]
    fn wait_for_writer(&self) {
        let mut backoff = Backoff::new();
        loop {
            backoff.snooze();
            // Relaxed: a hint when to try again; the attempt makes the edges.
            if is_whole(self.seq.load(Relaxed)) {
                return;
            }
        }
    }

    /// The value, or `None` if a write was under way or overlapped. Wait-free.
    ///
    /// ```
    /// assert_eq!(untorn::SeqLock::new(7_u32).try_read(), Some(7));
    /// ```
    #[inline]
    #[must_use]
    pub fn try_read(&self) -> Option<T> {
        let mut copy = MaybeUninit::uninit();
        let seen = self.attempt(&mut copy);
        // SAFETY: by I3 the copy is the value.
        seen.is_whole().then(|| unsafe { copy.assume_init() })
    }

    /// How many writes have been completed; old news at once. Wait-free.
    ///
    /// ```
    /// let cell = untorn::SeqLock::new('a');
    /// cell.write('b');
    /// assert_eq!(cell.version(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn version(&self) -> u64 {
        // Relaxed: a read that follows looks at the same word, so it is no older than this.
        version(self.seq.load(Relaxed))
    }

    /// Copies the words, between two looks at the number.
    #[inline(always)]
    fn attempt(&self, copy: &mut MaybeUninit<T>) -> Seen {
        // Acquire (E1): all words of the write that stored this number are visible to the copy.
        let before = self.seq.load(Acquire);
        self.words.load_into(copy);
        // Acquire (E2): if the copy caught a word of a later write, the load below sees its number.
        fence(Acquire);
        // Relaxed: ordered after the copy by the fence above (E2).
        let after = self.seq.load(Relaxed);
        Seen { before, after }
    }

    /// Stores `value`. Blocking while another writer is at work; readers cannot hold it up.
    ///
    /// Waits for ever if this thread keeps a [`Writer`] of this cell, or is inside its `update`.
    ///
    /// ```
    /// let cell = untorn::SeqLock::new(1_u8);
    /// cell.write(2);
    /// assert_eq!(cell.read(), 2);
    /// ```
    #[inline]
    pub fn write(&self, value: T) {
        self.writer().write(value);
    }

    /// Changes the value by running `change` on a copy, and stores the result.
    ///
    /// Blocking while another writer is at work. No other write comes between the copy and the store,
    /// so no update is lost. Readers go on reading the old value while `change` runs. If it panics,
    /// nothing is stored and the cell stays usable. As with [`write`](Self::write), a thread that
    /// already has the right to write waits for itself.
    ///
    /// ```
    /// let cell = untorn::SeqLock::new([1_u32, 5]);
    /// cell.update(|range| range[1] += 1);
    /// assert_eq!(cell.read(), [1, 6]);
    /// ```
    #[inline]
    pub fn update(&self, change: impl FnOnce(&mut T)) {
        self.writer().update(change);
    }

    /// Claims the right to write for as long as the result lives. Blocking while another writer has
    /// it, for ever if that is this thread.
    ///
    /// ```
    /// let cell = untorn::SeqLock::new(0_u64);
    /// let mut writer = cell.writer();
    /// for i in 1..=3 {
    ///     writer.write(i);
    /// }
    /// assert_eq!(cell.read(), 3);
    /// ```
    #[inline]
    pub fn writer(&self) -> Writer<'_, T> {
        Writer::new(self, self.writers.hold())
    }

    /// Claims the right to write if nobody has it. Wait-free.
    ///
    /// ```
    /// let cell = untorn::SeqLock::new(0_u64);
    /// let writer = cell.try_writer().expect("nobody else writes");
    /// assert!(cell.try_writer().is_none());
    /// drop(writer);
    /// assert!(cell.try_writer().is_some());
    /// ```
    #[inline]
    #[must_use = "if unused the right to write is given back at once"]
    pub fn try_writer(&self) -> Option<Writer<'_, T>> {
        self.writers.try_hold().map(|claim| Writer::new(self, claim))
    }

    /// The value, once the cell is no longer shared.
    ///
    /// ```
    /// assert_eq!(untorn::SeqLock::new('x').into_inner(), 'x');
    /// ```
    #[must_use]
    pub fn into_inner(self) -> T {
        self.own_copy()
    }

    /// The value, for the one thread that may write: it cannot change under its eyes.
    #[inline]
    pub(super) fn own_copy(&self) -> T {
        // SAFETY: the caller is the only writer (I1) and not inside a write, so by I3 the words are
        // the value.
        unsafe { self.words.load().assume_init() }
    }

    /// Stores `value`; the caller holds `writers` (I1).
    #[inline]
    pub(super) fn store(&self, value: &T) {
        // Not plus one: were a write ever cut short, the number would be odd already, and the next
        // write makes the cell whole again.
        let odd = own_load(&self.seq) | 1;
        // Relaxed: the fence below orders it before the words (I2).
        self.seq.store(odd, Relaxed);
        // Release (E2): a reader that catches one of the words below sees the odd number above.
        fence(Release);
        pause_point("seqlock.write.odd");
        self.words.store(value);
        // Release (E1): the words are visible to every reader that sees this even number.
        self.seq.store(odd.wrapping_add(1), Release);
    }
}

/// The number before a copy and after it.
struct Seen {
    before: Seq,
    after: Seq,
}

impl Seen {
    /// Whether the copy is the value (I3). The number before was even, so by E1 no word is older than
    /// the write that stored it; it did not change, so by E2 none is newer.
    #[inline(always)]
    fn is_whole(&self) -> bool {
        self.before == self.after && is_whole(self.before)
    }
}

/// How many writes the number `seq` stands for.
#[inline(always)]
fn version(seq: Seq) -> u64 {
    wide(seq / 2)
}

/// Whether no write was under way when the number was `seq`.
#[inline(always)]
fn is_whole(seq: Seq) -> bool {
    seq % 2 == 0
}

impl<T: PlainData + Default> Default for SeqLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: PlainData> From<T> for SeqLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Prints the sequence number, never the value: reading it could wait.
impl<T> fmt::Debug for SeqLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: a number to look at.
        let seq = self.seq.load(Relaxed);
        f.debug_struct("SeqLock").field("seq", &seq).finish_non_exhaustive()
    }
}

// A panic can strike only in `update`'s closure, which works on a copy (I3 holds throughout), and in
// a test's pause hook, which the next write makes good.
impl<T: RefUnwindSafe> RefUnwindSafe for SeqLock<T> {}
