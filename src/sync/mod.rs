//! The façade: the crate's only door to atomics, cells, threads, futexes, the OS and loom.
//!
//! `native` is what ships: thin, inlined names for `core` and `std`. `model` has the same names on
//! top of loom and is compiled only with `--cfg loom` *and* the feature `loom`, so that neither a
//! dependent that models its own code nor `--all-features` meets it by accident. Every primitive is
//! written against these names alone; a check in CI rejects a file that goes past them.
//!
//! Rules that make the model see what it must see:
//!
//! * a word that one thread owns is read by its owner through [`own_load`], because loom forgets
//!   other threads' earlier reads of a location that a thread loads and then stores;
//! * a flag-against-value handshake is a `fence(SeqCst)` on both sides, never a `SeqCst` access:
//!   loom treats those as acquire and release, but models the fence exactly;
//! * sleeping goes through [`Futex`], a type of its own, because a bare `AtomicU32` cannot be
//!   modelled as something to sleep on.

#[cfg(not(all(loom, feature = "loom")))]
#[path = "native/mod.rs"]
mod imp;

#[cfg(all(loom, feature = "loom"))]
#[path = "model/mod.rs"]
mod imp;

#[cfg(feature = "std")]
mod integer;
#[cfg(feature = "std")]
mod lent;
mod pause;

pub(crate) use imp::*;
#[cfg(feature = "std")]
pub(crate) use integer::Integer;
#[cfg(feature = "std")]
pub(crate) use lent::{Lent, Word};
pub(crate) use pause::{chosen_waits, pause_point};

/// What a test can take hold of.
#[cfg(feature = "pause-points")]
pub(crate) mod hooks {
    #[cfg(all(loom, feature = "loom"))]
    pub use super::imp::refuse_heavy_fences;
    pub use super::pause::{choose_waits, set_hook};
}

/// The single owner of a word reads its own last store.
///
/// Natively a relaxed load: the owner always sees its own stores. Under loom it also checks that no
/// other thread stores the word concurrently.
#[inline(always)]
pub(crate) fn own_load<W: Owned>(word: &W) -> W::Value {
    word.own_load()
}

/// A word that may have a single owner.
pub(crate) trait Owned {
    type Value;
    fn own_load(&self) -> Self::Value;
}

impl<W: Owned> Owned for crossbeam_utils::CachePadded<W> {
    type Value = W::Value;

    #[inline(always)]
    fn own_load(&self) -> W::Value {
        (**self).own_load()
    }
}

/// Declares one `const fn` natively; under loom, whose atomics cannot be built in a constant, the
/// same function without `const`.
macro_rules! const_unless_loom {
    ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => {
        #[cfg(not(all(loom, feature = "loom")))]
        $(#[$meta])*
        $vis const fn $($rest)*

        #[cfg(all(loom, feature = "loom"))]
        $(#[$meta])*
        $vis fn $($rest)*
    };
}
pub(crate) use const_unless_loom;

/// Items that hold a lock or an atomic in a constant, which loom's types cannot be.
macro_rules! unless_loom {
    ($($item:item)*) => {$(
        #[cfg(not(all(loom, feature = "loom")))]
        $item
    )*};
}
pub(crate) use unless_loom;

/// Items for where threads have memory of their own that outlasts a model's execution.
#[cfg(any(feature = "alloc", target_has_atomic = "64"))]
macro_rules! with_threads {
    ($($item:item)*) => {$(
        #[cfg(all(feature = "std", not(all(loom, feature = "loom"))))]
        $item
    )*};
}
#[cfg(any(feature = "alloc", target_has_atomic = "64"))]
pub(crate) use with_threads;

/// Items for everywhere else.
#[cfg(any(feature = "alloc", target_has_atomic = "64"))]
macro_rules! without_threads {
    ($($item:item)*) => {$(
        #[cfg(not(all(feature = "std", not(all(loom, feature = "loom")))))]
        $item
    )*};
}
#[cfg(any(feature = "alloc", target_has_atomic = "64"))]
pub(crate) use without_threads;

/// A `static` that a model builds anew for each execution.
#[cfg(any(feature = "std", target_has_atomic = "64"))]
macro_rules! process_wide {
    ($(#[$meta:meta])* static $name:ident: $type:ty = $value:expr;) => {
        #[cfg(not(all(loom, feature = "loom")))]
        $(#[$meta])*
        static $name: $type = $value;

        #[cfg(all(loom, feature = "loom"))]
        loom::lazy_static! {
            $(#[$meta])*
            static ref $name: $type = $value;
        }
    };
}
#[cfg(any(feature = "std", target_has_atomic = "64"))]
pub(crate) use process_wide;

/// Items for where the operating system's futex is at hand.
#[cfg(feature = "std")]
macro_rules! with_os_futex {
    ($($item:item)*) => {$(
        #[cfg(all(
            any(target_os = "linux", target_os = "android", target_os = "freebsd"),
            target_pointer_width = "64",
            not(all(loom, feature = "loom"))
        ))]
        $item
    )*};
}
#[cfg(feature = "std")]
pub(crate) use with_os_futex;

/// `[expr; N]` for a value that is not `Copy`; under loom, for one that no constant can hold.
#[cfg(not(all(loom, feature = "loom")))]
macro_rules! repeated {
    ($value:expr; $n:expr) => {
        [const { $value }; $n]
    };
}
#[cfg(all(loom, feature = "loom"))]
macro_rules! repeated {
    ($value:expr; $n:expr) => {
        core::array::from_fn::<_, $n, _>(|_| $value)
    };
}
pub(crate) use repeated;
