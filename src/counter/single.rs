//! The counter of one word.

use core::fmt;

use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};
use crate::sync::const_unless_loom;

/// A number that many threads add to. See the [module](crate::counter) for what it promises.
///
/// ```
/// use untorn::Counter;
///
/// static REQUESTS: Counter = Counter::new();
///
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| (0..1000).for_each(|_| REQUESTS.increment()));
///     }
/// });
/// assert_eq!(REQUESTS.get(), 4000);
/// ```
#[doc(alias = "AtomicCounter")]
pub struct Counter {
    /// The count. Written and read by every thread, always relaxed.
    value: AtomicU64,
}

impl Counter {
    const_unless_loom! {
        /// A counter at zero.
        ///
        /// ```
        /// assert_eq!(untorn::Counter::new().get(), 0);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self { value: AtomicU64::new(0) }
        }
    }

    /// Adds one. Wait-free.
    ///
    /// ```
    /// let hits = untorn::Counter::new();
    /// hits.increment();
    /// assert_eq!(hits.get(), 1);
    /// ```
    #[inline]
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds `n`, wrapping at 2^64. Wait-free.
    ///
    /// ```
    /// let bytes = untorn::Counter::new();
    /// bytes.add(512);
    /// bytes.add(100);
    /// assert_eq!(bytes.get(), 612);
    /// ```
    #[inline]
    pub fn add(&self, n: u64) {
        // Relaxed: the count publishes no other memory (see the module's page).
        self.value.fetch_add(n, Relaxed);
    }

    /// Subtracts `n`, wrapping below zero: for a number of things that come and go. Wait-free.
    ///
    /// Where each subtraction comes after an addition of as much, no thread sees a number below zero.
    ///
    /// ```
    /// let open = untorn::Counter::new();
    /// open.add(2);
    /// open.sub(1);
    /// assert_eq!(open.get(), 1);
    /// ```
    #[doc(alias = "decrement")]
    #[inline]
    pub fn sub(&self, n: u64) {
        // Relaxed: as in `add`.
        self.value.fetch_sub(n, Relaxed);
    }

    /// Adds `n` and returns the count before: while nobody takes or subtracts, a number that no other
    /// call returns, as long as `n` is not 0 and the count does not wrap. Wait-free.
    ///
    /// ```
    /// let ids = untorn::Counter::new();
    /// assert_eq!([ids.fetch_add(1), ids.fetch_add(1)], [0, 1]);
    /// ```
    #[inline]
    #[must_use = "`add` does not return the count"]
    pub fn fetch_add(&self, n: u64) -> u64 {
        // Relaxed: as in `add`.
        self.value.fetch_add(n, Relaxed)
    }

    /// Adds `n` unless that would exceed `limit`; the new count if it was added. Lock-free.
    ///
    /// ```
    /// let admitted = untorn::Counter::from(2);
    /// assert_eq!(admitted.try_add(1, 3), Some(3));
    /// assert_eq!(admitted.try_add(1, 3), None); // full
    /// ```
    #[must_use = "it may not have been added"]
    pub fn try_add(&self, n: u64, limit: u64) -> Option<u64> {
        // Relaxed: a guess, which the exchange checks; otherwise as in `add`.
        let mut count = self.value.load(Relaxed);
        loop {
            let sum = count.checked_add(n).filter(|sum| *sum <= limit)?;
            // Relaxed: as above.
            match self.value.compare_exchange_weak(count, sum, Relaxed, Relaxed) {
                Ok(_) => return Some(sum),
                Err(other) => count = other,
            }
        }
    }

    /// Raises the count to `n` if it is below that: a high-water mark. Lock-free; one load where it is
    /// high enough.
    ///
    /// ```
    /// let longest = untorn::Counter::new();
    /// longest.raise_to(40);
    /// longest.raise_to(30);
    /// assert_eq!(longest.get(), 40);
    /// ```
    #[doc(alias = "fetch_max")]
    #[inline]
    pub fn raise_to(&self, n: u64) {
        // Relaxed: a look, so that a mark that stays where it is stays in all caches.
        if self.value.load(Relaxed) < n {
            // Relaxed: as in `add`.
            self.value.fetch_max(n, Relaxed);
        }
    }

    /// The count at some moment during the call. Wait-free.
    ///
    /// To see *all* adds of other threads, first synchronise with them, for instance by joining.
    ///
    /// ```
    /// assert_eq!(untorn::Counter::from(7).get(), 7);
    /// ```
    #[inline]
    #[must_use]
    pub fn get(&self) -> u64 {
        // Relaxed: nothing is read on the strength of the value.
        self.value.load(Relaxed)
    }

    /// Takes the count and starts again at zero, in one step: each add is in exactly one take.
    /// Wait-free.
    ///
    /// ```
    /// let events = untorn::Counter::from(3);
    /// assert_eq!(events.take(), 3);
    /// assert_eq!(events.take(), 0);
    /// ```
    #[inline]
    #[must_use = "the taken count is gone from the counter"]
    pub fn take(&self) -> u64 {
        // Relaxed: one step on one word, whatever the ordering.
        self.value.swap(0, Relaxed)
    }

    /// The final count.
    ///
    /// ```
    /// assert_eq!(untorn::Counter::from(7).into_inner(), 7);
    /// ```
    #[must_use]
    pub fn into_inner(self) -> u64 {
        self.value.into_inner()
    }
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

/// A counter that starts at a given value.
impl From<u64> for Counter {
    fn from(value: u64) -> Self {
        Self { value: AtomicU64::new(value) }
    }
}

impl fmt::Debug for Counter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Counter").field(&self.get()).finish()
    }
}
