//! What ships: `core` and `std` under the façade's names.

#[cfg(feature = "std")]
mod deadline;
mod words;

#[cfg(feature = "std")]
pub(crate) use deadline::Deadline;
#[cfg(feature = "std")]
pub(crate) use sleeping::Futex;
pub(crate) use words::Words;

/// Where the kernel compares and sleeps in one step. Not on 32-bit machines, whose futex call exists
/// with two widths of time; and not with `--cfg untorn_condvar`, by which CI tests the other form.
#[cfg(all(
    feature = "std",
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64",
    not(untorn_condvar)
))]
#[path = "futex.rs"]
mod sleeping;

#[cfg(all(
    feature = "std",
    not(all(
        any(target_os = "linux", target_os = "android", target_os = "freebsd"),
        target_pointer_width = "64",
        not(untorn_condvar)
    ))
))]
mod monitor;
/// Everywhere else: a mutex and a condition variable beside the word.
#[cfg(all(
    feature = "std",
    not(all(
        any(target_os = "linux", target_os = "android", target_os = "freebsd"),
        target_pointer_width = "64",
        not(untorn_condvar)
    ))
))]
#[path = "../condvar_futex.rs"]
mod sleeping;

/// The atomic types and the ordering vocabulary.
pub(crate) mod atomic {
    pub(crate) use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};

    /// Keeps the compiler from moving accesses across; no instruction.
    #[cfg(feature = "std")]
    pub(crate) use core::sync::atomic::compiler_fence;

    #[cfg(target_has_atomic = "64")]
    pub(crate) use core::sync::atomic::AtomicU64;
}

#[cfg(feature = "alloc")]
pub(crate) use alloc::sync::Arc;

use atomic::{AtomicUsize, Ordering::Relaxed};
use core::cell;

/// How many doublings a [`Backoff`](crate::backoff::Backoff) spins before it yields: 127 pauses in
/// all, a few microseconds, about what putting a thread to sleep and waking it costs.
#[inline(always)]
pub(crate) const fn spin_steps() -> u32 {
    7
}

/// The single owner of a word reads its own last store.
///
/// Natively a relaxed load: the owner always sees its own stores. Under loom it also checks that no
/// other thread stores the word concurrently.
#[inline(always)]
pub(crate) fn own_load(word: &AtomicUsize) -> usize {
    // Relaxed: only the caller's side writes the word.
    word.load(Relaxed)
}

/// Tells the processor that this is a spin loop.
#[inline(always)]
pub(crate) fn spin_hint() {
    core::hint::spin_loop();
}

/// Lets another thread run; without an OS, a spin hint.
#[inline]
pub(crate) fn yield_now() {
    #[cfg(feature = "std")]
    std::thread::yield_now();
    #[cfg(not(feature = "std"))]
    core::hint::spin_loop();
}

/// `UnsafeCell` whose accesses loom can see.
#[repr(transparent)]
pub(crate) struct UnsafeCell<T: ?Sized>(cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(cell::UnsafeCell::new(value))
    }

    pub(crate) fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

impl<T: ?Sized> UnsafeCell<T> {
    /// Runs `f` with a pointer that it may read through.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Runs `f` with a pointer that it may write through.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }

    /// A pointer for a guard to keep; under loom the access lasts until it is dropped.
    #[inline(always)]
    pub(crate) fn get_mut(&self) -> MutPtr<T> {
        MutPtr(self.0.get())
    }
}

/// A pointer whose life is the time of an exclusive access.
pub(crate) struct MutPtr<T: ?Sized>(*mut T);

impl<T: ?Sized> MutPtr<T> {
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0)
    }
}

/// The storage of a ring: `len` slots that hold nothing yet. Constant time for any `len`.
///
/// Fails where the bytes exceed `isize::MAX` or the allocator refuses them.
#[cfg(feature = "alloc")]
pub(crate) fn try_slots<T>(
    len: usize,
) -> Result<alloc::boxed::Box<[Slot<T>]>, alloc::collections::TryReserveError> {
    let mut slots = alloc::vec::Vec::new();
    slots.try_reserve_exact(len)?;
    // SAFETY: the capacity is there, and a `MaybeUninit` in a transparent cell needs no
    // initialisation.
    unsafe { slots.set_len(len) };
    Ok(slots.into_boxed_slice())
}

/// One place of a ring.
#[cfg(feature = "alloc")]
pub(crate) type Slot<T> = UnsafeCell<core::mem::MaybeUninit<T>>;

/// Where nothing can sleep, the word of a `Futex` is all that is left of it.
#[cfg(all(feature = "alloc", not(feature = "std")))]
pub(crate) type Futex = core::sync::atomic::AtomicU32;
