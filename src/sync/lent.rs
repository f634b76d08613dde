//! Words of the types that users know, whose orderings are open to the mutator all the same.

use super::atomic::Ordering;
use super::{failure_of_user, order_of_user, users};

/// An atomic integer of `core`; under loom, of loom.
pub trait Word: Default + Send + Sync + Sized + 'static {
    type Value: Copy;

    fn load(&self, order: Ordering) -> Self::Value;
    fn store(&self, value: Self::Value, order: Ordering);
    fn swap(&self, value: Self::Value, order: Ordering) -> Self::Value;
    fn compare_exchange(
        &self,
        current: Self::Value,
        new: Self::Value,
        success: Ordering,
        failure: Ordering,
    ) -> Result<Self::Value, Self::Value>;
    fn fetch_add(&self, value: Self::Value, order: Ordering) -> Self::Value;
    fn fetch_sub(&self, value: Self::Value, order: Ordering) -> Self::Value;
    fn fetch_and(&self, value: Self::Value, order: Ordering) -> Self::Value;
    fn fetch_or(&self, value: Self::Value, order: Ordering) -> Self::Value;
    fn fetch_xor(&self, value: Self::Value, order: Ordering) -> Self::Value;
}

/// A borrowed word: every primitive that works on memory of its users goes through one.
pub(crate) struct Lent<'a, W>(&'a W);

impl<W> Clone for Lent<'_, W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Lent<'_, W> {}

impl<'a, W> Lent<'a, W> {
    #[inline(always)]
    pub(crate) const fn new(word: &'a W) -> Self {
        Self(word)
    }

    #[inline(always)]
    pub(crate) const fn word(self) -> &'a W {
        self.0
    }
}

macro_rules! lent {
    ($($name:ident($($argument:ident),*) -> $result:ty;)*) => {
        impl<W: Word> Lent<'_, W> {
            $(
                #[inline(always)]
                #[cfg_attr(all(loom, feature = "loom"), track_caller)]
                pub(crate) fn $name(self, $($argument: W::Value,)* order: Ordering) -> $result {
                    W::$name(self.0, $($argument,)* order_of_user(order))
                }
            )*

            #[inline(always)]
            #[cfg_attr(all(loom, feature = "loom"), track_caller)]
            pub(crate) fn compare_exchange(
                self,
                current: W::Value,
                new: W::Value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<W::Value, W::Value> {
                W::compare_exchange(self.0, current, new, order_of_user(success), failure_of_user(failure))
            }
        }
    };
}
lent! {
    load() -> W::Value;
    store(value) -> ();
    swap(value) -> W::Value;
    fetch_add(value) -> W::Value;
    fetch_sub(value) -> W::Value;
    fetch_and(value) -> W::Value;
    fetch_or(value) -> W::Value;
    fetch_xor(value) -> W::Value;
}

macro_rules! words {
    ($($(#[$meta:meta])* $word:ident => $value:ty;)*) => {$(
        $(#[$meta])*
        impl Word for users::$word {
            type Value = $value;

            words! { @methods $word, $value,
                load() -> $value;
                store(value) -> ();
                swap(value) -> $value;
                fetch_add(value) -> $value;
                fetch_sub(value) -> $value;
                fetch_and(value) -> $value;
                fetch_or(value) -> $value;
                fetch_xor(value) -> $value;
            }

            #[inline(always)]
            fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                users::$word::compare_exchange(self, current, new, success, failure)
            }
        }
    )*};
    (@methods $word:ident, $value:ty, $($name:ident($($argument:ident),*) -> $result:ty;)*) => {$(
        #[inline(always)]
        fn $name(&self, $($argument: $value,)* order: Ordering) -> $result {
            users::$word::$name(self, $($argument,)* order)
        }
    )*};
}
words! {
    AtomicI8 => i8;
    AtomicU8 => u8;
    AtomicI16 => i16;
    AtomicU16 => u16;
    AtomicI32 => i32;
    AtomicU32 => u32;
    #[cfg(target_has_atomic = "64")]
    AtomicI64 => i64;
    #[cfg(target_has_atomic = "64")]
    AtomicU64 => u64;
}
