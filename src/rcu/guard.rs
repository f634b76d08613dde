//! What a reader has in hand.

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

#[cfg(doc)]
use super::Rcu;
use super::chain::Version;
use super::pin::Pin;
use crate::sync::Arc;

/// Holds one value of an [`Rcu`], or a part of one, and dereferences to it.
///
/// To drop it is wait-free, but that with [`Policy::Prompt`](super::Policy::Prompt), or where a
/// thread waits in [`synchronize`](Rcu::synchronize), the last guard of a replaced value frees it.
///
/// A guard that is forgotten keeps its value, and its slot, until the cell is dropped.
#[must_use = "if unused the value is let go at once"]
pub struct Guard<'a, T: ?Sized> {
    /// In the version that `pin` holds.
    value: NonNull<T>,
    pin: Pin<'a>,
}

// SAFETY: a guard is a `&T` with a duty to clear its slot, which any thread may do; what that frees
// may be freed by any thread (see `Pin`).
unsafe impl<T: ?Sized + Sync> Send for Guard<'_, T> {}
// SAFETY: as above.
unsafe impl<T: ?Sized + Sync> Sync for Guard<'_, T> {}

impl<'a, T> Guard<'a, T> {
    /// The value of the version that `pin` holds, which is one of an `Rcu<T>`.
    #[inline(always)]
    pub(super) fn new(pin: Pin<'a>) -> Self {
        // SAFETY: held, so not freed (I3); all versions of an `Rcu<T>` are `Version<T>`.
        Self { value: unsafe { Version::value(pin.root()) }, pin }
    }

    /// The hold alone.
    pub(super) fn into_pin(self) -> Pin<'a> {
        self.pin
    }
}

impl<'a, T: ?Sized> Guard<'a, T> {
    /// Holds a part of the value instead of the whole.
    ///
    /// ```
    /// use untorn::rcu::{Guard, Rcu};
    ///
    /// let cell = Rcu::new((1, "one"));
    /// let name = Guard::map(cell.read(), |pair| pair.1);
    /// assert_eq!(&*name, "one");
    /// ```
    pub fn map<U: ?Sized>(this: Self, part: impl FnOnce(&T) -> &U) -> Guard<'a, U> {
        let value = NonNull::from(part(&this));
        Guard { value, pin: this.pin }
    }

    /// The number of the version: 0 for the value of `new`, one more for each store since.
    ///
    /// ```
    /// use untorn::rcu::{Guard, Rcu};
    ///
    /// let cell = Rcu::new('a');
    /// cell.store('b');
    /// assert_eq!(Guard::version(&cell.read()), 1);
    /// ```
    #[must_use]
    pub fn version(this: &Self) -> u64 {
        this.pin.version()
    }

    pub(super) fn pin(&self) -> &Pin<'a> {
        &self.pin
    }
}

impl<T: ?Sized> Guard<'_, Arc<T>> {
    /// A share in the value that outlives the guard.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::rcu::{Guard, Rcu};
    ///
    /// let cell: Rcu<Arc<str>> = Rcu::new("kept".into());
    /// let kept = Guard::to_arc(&cell.read());
    /// drop(cell);
    /// assert_eq!(&*kept, "kept");
    /// ```
    #[must_use]
    pub fn to_arc(this: &Self) -> Arc<T> {
        Arc::clone(this)
    }
}

impl<T: ?Sized> Deref for Guard<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: in a version that is held, so not freed (I3), and never changed while it is
        // shared.
        unsafe { self.value.as_ref() }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
