//! A statistics counter: many threads add, any thread reads.
//!
//! **Use it when** a number is worth counting and no other data hangs on its value.
//! **Use something else when** the count decides who may touch other memory (that needs acquire and
//! release, and a type that says so), or when many cores add all the time: they then hand one cache
//! line around, and each add costs that transfer.
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | progress | wait-free where the machine has an atomic add (x86-64, AArch64 with LSE, RISC-V); lock-free where it retries |
//! | exactness | no add is lost; a [`get`](Counter::get) between two adds sees one or the other |
//! | ordering | none: a count does not publish what was done before it |
//! | overflow | wraps at 2^64 |
//! | memory | one word of 8 bytes, no allocation, usable in a `static` |
//!
//! # Why relaxed is enough
//!
//! All changes of one word happen in one order that every thread agrees on, whatever the ordering
//! argument says. Acquire and release add something only when *other* memory is to be read on the
//! strength of the value. There are no such edges here, so there are none to weaken.
//!
//! The classic mistake is to load and then store: between the two another thread's add is lost.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//!
//! let count = AtomicU64::new(0);
//! let seen = count.load(Relaxed); // thread A reads 0
//! count.fetch_add(1, Relaxed); // thread B counts
//! count.store(seen + 1, Relaxed); // thread A writes 1
//! assert_eq!(count.load(Relaxed), 1); // two adds, one counted
//! ```

use core::fmt;

use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};
use crate::sync::const_unless_loom;

/// A number that many threads add to. See the [module](self) for what it promises.
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
    #[doc(alias = "fetch_add")]
    #[inline]
    pub fn add(&self, n: u64) {
        // Relaxed: the count publishes no other memory (see the module's page).
        self.value.fetch_add(n, Relaxed);
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
