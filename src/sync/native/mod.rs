//! What ships: `core` and `std` under the façade's names.

#[cfg(feature = "std")]
mod deadline;
#[cfg(all(feature = "std", not(miri)))]
mod pauses;
#[cfg(feature = "alloc")]
mod prefetch;
#[cfg(feature = "std")]
mod region;
mod words;

#[cfg(feature = "std")]
pub(crate) use deadline::Deadline;
#[cfg(all(feature = "std", not(miri)))]
pub(crate) use pauses::pauses_per_microsecond;
#[cfg(feature = "alloc")]
pub(crate) use prefetch::{prefetch_for_read, prefetch_for_write};
#[cfg(feature = "std")]
pub(crate) use region::Region;
#[cfg(feature = "std")]
pub(crate) use sleeping::{Futex, OwnFutex, swap_and_wake};
pub(crate) use words::Words;

#[cfg(all(
    feature = "std",
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
mod mapping;
#[cfg(all(
    feature = "std",
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
pub(crate) use mapping::Mapping;
#[cfg(all(
    feature = "std",
    any(target_os = "linux", target_os = "android"),
    target_pointer_width = "64"
))]
mod claim;
#[cfg(all(feature = "std", target_os = "freebsd", target_pointer_width = "64"))]
#[path = "no_claim.rs"]
mod claim;
#[cfg(all(
    feature = "std",
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
pub(crate) mod os_futex;
#[cfg(all(
    feature = "std",
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
pub(crate) use claim::{CLAIMS_END, Claim};
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

#[cfg(feature = "std")]
pub(crate) use fences::light;
#[cfg(feature = "alloc")]
pub(crate) use fences::light_if;
pub(crate) use fences::{heavy, is_light};

/// Where the kernel fences other threads on demand. Android's filters on system calls kill who
/// asks; `--cfg untorn_symmetric` is for processors that must not be interrupted, and for checkers.
#[cfg(all(feature = "std", target_os = "linux", not(miri), not(untorn_symmetric)))]
#[path = "membarrier.rs"]
mod fences;

#[cfg(not(all(feature = "std", target_os = "linux", not(miri), not(untorn_symmetric))))]
#[path = "two_fences.rs"]
mod fences;

/// The kernel would not fence the other threads.
#[derive(Debug)]
pub(crate) struct Refused;

/// The atomic types and the ordering vocabulary.
pub(crate) mod atomic {
    pub(crate) use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering, fence};

    #[cfg(feature = "alloc")]
    pub(crate) use core::sync::atomic::AtomicPtr;

    /// Keeps the compiler from moving accesses across; no instruction.
    pub(crate) use core::sync::atomic::compiler_fence;

    #[cfg(target_has_atomic = "64")]
    pub(crate) use core::sync::atomic::AtomicU64;

    /// A sequence number: 64 bits wherever the machine has them, so that it never comes round.
    #[cfg(target_has_atomic = "64")]
    pub(crate) type AtomicSeq = AtomicU64;
    /// What it counts in.
    #[cfg(target_has_atomic = "64")]
    pub(crate) type Seq = u64;
    /// The same in 64 bits.
    #[cfg(target_has_atomic = "64")]
    pub(crate) const fn wide(seq: Seq) -> u64 {
        seq
    }
    #[cfg(not(target_has_atomic = "64"))]
    pub(crate) type AtomicSeq = AtomicUsize;
    #[cfg(not(target_has_atomic = "64"))]
    pub(crate) type Seq = usize;
    #[cfg(not(target_has_atomic = "64"))]
    pub(crate) const fn wide(seq: Seq) -> u64 {
        seq as u64
    }
}

#[cfg(feature = "alloc")]
pub(crate) use alloc::sync::Arc;
#[cfg(feature = "std")]
pub(crate) use std::thread_local;

/// The words that users wait on.
#[cfg(feature = "std")]
pub(crate) use core::sync::atomic as users;

/// The ordering of an access to such a word.
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) const fn order_of_user(order: atomic::Ordering) -> atomic::Ordering {
    order
}
/// The ordering of a comparison with such a word that fails.
#[cfg(feature = "std")]
pub(crate) use order_of_user as failure_of_user;

/// How many queues the waiting threads of a process are spread over.
#[cfg(feature = "std")]
pub(crate) const BUCKETS: usize = 256;

/// How many slots of a reader share a line.
#[cfg(feature = "alloc")]
pub(crate) const SLOTS: usize = 8;

/// How often a scan may find a reader unchanged before it gives up the hope to see it with the current
/// version.
#[cfg(feature = "alloc")]
pub(crate) const GLANCES: u32 = 8;

/// How often a scan looks again at a reader that is about to pick something up, or is at work: much
/// longer than a read takes, much shorter than a pre-empted reader stays away.
#[cfg(feature = "alloc")]
pub(crate) const LOOKS: u32 = 128;

/// How often a consumer that is overtaken looks for the oldest value, before it takes what there is.
#[cfg(all(feature = "alloc", target_has_atomic = "64"))]
pub(crate) const CHASES: u32 = 8;

use atomic::{AtomicUsize, Ordering::Relaxed};
use core::cell;

/// How many pauses take a microsecond where nobody can tell: with the longest pauses there are it
/// would be 20, with the shortest 400.
#[cfg(any(not(feature = "std"), miri))]
#[inline(always)]
pub(crate) const fn pauses_per_microsecond() -> u32 {
    if cfg!(miri) { 1 } else { 40 }
}

macro_rules! owned {
    ($([$($generic:ident)?] $word:ty => $value:ty),*) => {$(
        impl$(<$generic>)? crate::sync::Owned for $word {
            type Value = $value;

            #[inline(always)]
            fn own_load(&self) -> $value {
                // Relaxed: only the caller's side writes the word.
                self.load(Relaxed)
            }
        }
    )*};
}
owned! { [] AtomicUsize => usize }
#[cfg(feature = "alloc")]
owned! { [T] atomic::AtomicPtr<T> => *mut T }
#[cfg(target_has_atomic = "64")]
owned! { [] atomic::AtomicU64 => u64 }

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

/// Whether this thread unwinds.
#[cfg(feature = "std")]
pub(crate) fn is_panicking() -> bool {
    std::thread::panicking()
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

/// How many bytes a line of a ring has: two cache lines, since processors fetch these in pairs.
#[cfg(feature = "alloc")]
pub(crate) const LINE: usize = 128;

/// Who may touch which slot of a ring: what the model checks, and nothing natively.
#[cfg_attr(
    not(feature = "std"),
    expect(unreachable_pub, reason = "what names it in a sealed trait, `shared`, is not there")
)]
#[derive(Debug)]
pub struct Tracks;

impl Tracks {
    /// Those of any slots.
    #[cfg(feature = "std")]
    pub(crate) const NONE: &'static Self = &Self;

    pub(crate) const fn new(_: usize) -> Self {
        Self
    }

    /// The slot is read now.
    #[inline(always)]
    pub(crate) fn read(&self, _: usize) {}

    /// The slot is written now.
    #[inline(always)]
    pub(crate) fn write(&self, _: usize) {}

    /// These slots are written now.
    #[inline(always)]
    pub(crate) fn write_all(&self, _: impl Iterator<Item = usize>) {}
}

/// Where nothing can sleep, the word of a `Futex` is all that is left of it.
#[cfg(not(feature = "std"))]
pub(crate) type Futex = core::sync::atomic::AtomicU32;
