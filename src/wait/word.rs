//! The words that can be waited on.

use crate::sync::atomic::Ordering;
use crate::sync::{order_of_user, users};

/// An atomic word that can be waited on: every atomic type of `core`.
///
/// Sealed. With `--cfg loom` and the feature `loom`, loom's atomic types take their place.
pub trait Waitable: sealed::Sealed {
    /// What the word holds.
    type Value: Copy + PartialEq;

    /// What it holds now.
    #[doc(hidden)]
    #[track_caller]
    fn load_waitable(&self, order: Ordering) -> Self::Value;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! waitable {
    ($($(#[$meta:meta])* [$($generic:ident)?] $word:ty => $value:ty;)*) => {$(
        $(#[$meta])*
        impl$(<$generic>)? sealed::Sealed for $word {}

        $(#[$meta])*
        impl$(<$generic>)? Waitable for $word {
            type Value = $value;

            // Tracked, because the ordering mutator tells calls apart by their place.
            #[inline(always)]
            #[track_caller]
            fn load_waitable(&self, order: Ordering) -> $value {
                self.load(order_of_user(order))
            }
        }
    )*};
}

waitable! {
    [] users::AtomicBool => bool;
    [] users::AtomicI8 => i8;
    [] users::AtomicU8 => u8;
    [] users::AtomicI16 => i16;
    [] users::AtomicU16 => u16;
    [] users::AtomicI32 => i32;
    [] users::AtomicU32 => u32;
    #[cfg(target_has_atomic = "64")]
    [] users::AtomicI64 => i64;
    #[cfg(target_has_atomic = "64")]
    [] users::AtomicU64 => u64;
    [] users::AtomicIsize => isize;
    [] users::AtomicUsize => usize;
    [T] users::AtomicPtr<T> => *mut T;
}
