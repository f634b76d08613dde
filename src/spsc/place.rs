//! A ring without a heap.

use core::fmt;
use core::mem::MaybeUninit;
use core::panic::RefUnwindSafe;
use core::ptr::NonNull;

use super::consumer::Consumer;
use super::engine::Borrowed;
use super::producer::Producer;
use super::row;
use super::storage::{Header, Ring};
use crate::sync::{UnsafeCell, const_unless_loom};

/// A ring of `N` values in a place of the caller's, such as a `static`.
///
/// `N` must be a power of two; anything else does not compile.
///
/// ```
/// use untorn::spsc::StaticRing;
///
/// static SAMPLES: StaticRing<u16, 64> = StaticRing::new();
///
/// let (mut producer, mut consumer) = SAMPLES.split().expect("nobody else has its ends");
/// producer.try_push(7).unwrap();
/// assert_eq!(consumer.try_pop(), Ok(7));
/// ```
///
/// ```compile_fail
/// let _ = untorn::spsc::StaticRing::<u16, 60>::new();
/// ```
#[repr(C)]
pub struct StaticRing<T, const N: usize> {
    header: Header,
    /// Touched by the ends alone (I3).
    slots: UnsafeCell<[MaybeUninit<T>; N]>,
}

// SAFETY: the ends, of which there is one each (I6), hand values from thread to thread, which takes
// `Send`, and nobody gets a reference to a shared `T`.
unsafe impl<T: Send, const N: usize> Sync for StaticRing<T, N> {}
// SAFETY: owns its values and nothing of any thread.
unsafe impl<T: Send, const N: usize> Send for StaticRing<T, N> {}

// No call leaves an invariant broken while it runs code of the caller.
impl<T, const N: usize> RefUnwindSafe for StaticRing<T, N> {}

impl<T, const N: usize> StaticRing<T, N> {
    const_unless_loom! {
        /// An empty ring.
        ///
        /// ```
        /// static RING: untorn::spsc::StaticRing<String, 8> = untorn::spsc::StaticRing::new();
        /// assert!(RING.split().is_some());
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            const { assert!(N.is_power_of_two(), "the capacity of a static ring is a power of two") };
            let slots = UnsafeCell::new([const { MaybeUninit::uninit() }; N]);
            Self { header: Header::new(N, N, false), slots }
        }
    }

    /// Both ends, unless somebody has one of them. Wait-free.
    ///
    /// When both are gone, what is inside is dropped, and the ring can be split again.
    ///
    /// ```
    /// let ring = untorn::spsc::StaticRing::<u8, 4>::new();
    /// let ends = ring.split();
    /// assert!(ends.is_some() && ring.split().is_none());
    /// drop(ends);
    /// assert!(ring.split().is_some());
    /// ```
    #[must_use]
    pub fn split(&self) -> Option<(Producer<T, Borrowed<'_>>, Consumer<T, Borrowed<'_>>)> {
        if !self.header.take_ends() {
            return None;
        }
        let slots = NonNull::new(self.slots.with_mut(|slots| slots.cast()))?;
        // SAFETY: `N` slots, a power of two, in a place that is borrowed for as long as the ends live.
        let ring = unsafe { Ring::at(&self.header, slots, N) };
        Some((Producer::new(row::Pushing::new(ring)), Consumer::new(row::Popping::new(ring))))
    }
}

impl<T, const N: usize> Default for StaticRing<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const N: usize> fmt::Debug for StaticRing<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticRing").field("capacity", &N).finish_non_exhaustive()
    }
}
