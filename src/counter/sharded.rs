//! The counter of many lines.

use core::fmt;
use core::iter::once;

use crossbeam_utils::CachePadded;

use super::line::{Line, Words};
use super::local::LocalCounter;
use super::slots::{self, MAX_SLOTS};
use crate::sync::atomic::{Ordering::SeqCst, fence};
use crate::sync::{const_unless_loom, repeated};

/// A number that many threads add to all the time, each in a place of its own. See the
/// [module](crate::counter) for what it promises.
///
/// `N` is how many threads can have a place. Those beyond it share one more.
///
/// ```
/// use untorn::ShardedCounter;
///
/// static PACKETS: ShardedCounter = ShardedCounter::new();
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| (0..1000).for_each(|_| PACKETS.increment()));
///     }
/// });
/// assert_eq!(PACKETS.sum(), 4000);
/// ```
#[doc(alias = "LongAdder")]
#[doc(alias = "percpu_counter")]
pub struct ShardedCounter<const N: usize = 16> {
    /// Line `i` is written to by the owner of slot `i` (I1).
    lines: [CachePadded<Line>; N],
    /// Written to by whoever has no slot below N.
    overflow: CachePadded<Line>,
}

impl<const N: usize> ShardedCounter<N> {
    const_unless_loom! {
        /// A counter at zero. N above 256 does not compile.
        ///
        /// ```
        /// static COUNTER: untorn::ShardedCounter<64> = untorn::ShardedCounter::new();
        /// assert_eq!(COUNTER.sum(), 0);
        /// ```
        ///
        /// ```compile_fail,E0080
        /// untorn::ShardedCounter::<257>::new(); // no thread gets a slot above 255
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            const { assert!(N <= MAX_SLOTS, "a sharded counter has at most 256 slots") };
            Self {
                lines: repeated!(CachePadded::new(Line::new()); N),
                overflow: CachePadded::new(Line::new()),
            }
        }
    }

    /// Adds `n`, wrapping at 2^64. Wait-free for a thread that has a slot. Lock-free otherwise: a thread's
    /// first add, and each add of a thread that found none, looks for a free slot.
    ///
    /// Cost: a thread-local variable, a comparison, and one plain addition to memory. Without a slot, that
    /// look and a read-modify-write.
    ///
    /// Not for signal handlers, not even on a counter that nothing else uses: see the
    /// [limits](crate::counter#limits).
    ///
    /// ```
    /// let bytes = untorn::ShardedCounter::<16>::new();
    /// bytes.add(512);
    /// bytes.add(100);
    /// assert_eq!(bytes.sum(), 612);
    /// ```
    #[inline]
    pub fn add(&self, n: u64) {
        match self.lines.get(slots::home()) {
            Some(line) => line.add_owned(n),
            None => self.add_without_slot(n),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_without_slot(&self, n: u64) {
        match slots::settle(N) {
            Some(slot) => self.lines[slot].add_owned(n),
            None => self.overflow.add_shared(n),
        }
    }

    /// Adds one. As [`add`](Self::add).
    ///
    /// ```
    /// let hits = untorn::ShardedCounter::<16>::new();
    /// hits.increment();
    /// assert_eq!(hits.sum(), 1);
    /// ```
    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    /// A slot to add by that no thread-local variable has to name.
    ///
    /// ```
    /// let counter = untorn::ShardedCounter::<16>::new();
    /// let local = counter.local();
    /// (0..1000).for_each(|_| local.increment());
    /// assert_eq!(counter.sum(), 1000);
    /// ```
    pub fn local(&self) -> LocalCounter<'_> {
        LocalCounter::new(&self.lines, &self.overflow)
    }

    /// The count since the last [`take`](Self::take). Wait-free: N + 1 loads.
    ///
    /// While nobody takes, it is not below the count when the call began, nor above the count when it
    /// ended; and a thread's next sum is not below its last. (All that as long as fewer than 2^64 were
    /// counted.) To see *all* adds of other threads, first synchronise with them, for instance by
    /// joining.
    ///
    /// It may have an add and lack an earlier one, made in another slot: for that, see
    /// [`try_exact`](Self::try_exact).
    ///
    /// ```
    /// let counter = untorn::ShardedCounter::<16>::new();
    /// counter.add(3);
    /// assert_eq!((counter.sum(), counter.sum()), (3, 3));
    /// ```
    #[inline]
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.all().fold(0, |sum, line| sum.wrapping_add(line.left()))
    }

    /// The count at one moment during the call, or `None` if others were counting each of the `tries`
    /// times that it looked. Wait-free: at most 2 (N + 1) (`tries` + 1) loads.
    ///
    /// Such counts and the adds are *linearizable*: it is as if each happened at once, somewhere between
    /// its call and its return. A [`take`](Self::take) is so slot by slot.
    ///
    /// ```
    /// let counter = untorn::ShardedCounter::<16>::new();
    /// counter.add(3);
    /// assert_eq!(counter.try_exact(1), Some(3)); // nobody else is counting
    /// ```
    #[must_use]
    pub fn try_exact(&self, tries: usize) -> Option<u64> {
        let look = || self.all().fold(Words::ZERO, |words, line| words.plus(line.look()));
        let mut before = look();
        for _ in 0..tries {
            // SeqCst (E2): whatever the look above found, the one below finds all that happened before
            // it. And of two counts one has its fence first: the other has all that the first has.
            fence(SeqCst);
            let now = look();
            // Words only grow, so if the sums are the same, each word is, and was so at the fence (I2).
            if now == before {
                return Some(now.left());
            }
            before = now;
        }
        None
    }

    /// Takes the count: each add is in exactly one take, whoever else is taking. Lock-free; an add
    /// never waits for it and is never repeated.
    ///
    /// It takes slot by slot, and so may have an add and lack an earlier one, made in another slot.
    ///
    /// ```
    /// let events = untorn::ShardedCounter::<16>::new();
    /// events.add(3);
    /// assert_eq!((events.take(), events.take()), (3, 0));
    /// ```
    #[must_use = "the taken count is gone from the counter"]
    pub fn take(&self) -> u64 {
        self.all().fold(0, |sum, line| sum.wrapping_add(line.take()))
    }

    /// The final count since the last take.
    ///
    /// ```
    /// let counter = untorn::ShardedCounter::<16>::new();
    /// counter.add(7);
    /// assert_eq!(counter.into_inner(), 7);
    /// ```
    #[must_use]
    pub fn into_inner(self) -> u64 {
        let lines = self.lines.into_iter().chain(once(self.overflow));
        lines.fold(0, |sum, line| sum.wrapping_add(CachePadded::into_inner(line).into_left()))
    }

    fn all(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().chain(once(&self.overflow)).map(|line| &**line)
    }
}

impl<const N: usize> Default for ShardedCounter<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> fmt::Debug for ShardedCounter<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ShardedCounter").field(&self.sum()).finish()
    }
}
