//! The right to use a locked value, or a part of it: the guards of [`SpinLock`](crate::SpinLock) and of
//! `Mutex`, under the names [`SpinLockGuard`](crate::spin::SpinLockGuard) and `MutexGuard`.
//!
//! `H` is what holds the lock, and releases it when dropped.

use core::fmt;
use core::ops::{Deref, DerefMut};

use crate::sync::{MutPtr, UnsafeCell};

/// The right to use a locked value; gives the lock back when dropped.
///
/// May be sent to another thread, which then releases the lock.
#[must_use = "if unused the lock is released at once"]
pub struct Guard<T: ?Sized, H> {
    /// Declared, and so dropped, before `held`: the access ends before the lock is released.
    value: MutPtr<T>,
    held: H,
}

// SAFETY: a guard is a `&mut T` with a duty to release, which goes where `H` may go.
unsafe impl<T: ?Sized + Send, H: Send> Send for Guard<T, H> {}
// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync, H: Sync> Sync for Guard<T, H> {}

impl<T: ?Sized, H> Guard<T, H> {
    /// Of the lock that is `held`, and its value.
    ///
    /// # Safety
    ///
    /// Until `held` is dropped, nobody else touches the value, and it stays where it is.
    #[inline]
    pub(crate) unsafe fn new(held: H, value: &UnsafeCell<T>) -> Self {
        Self { value: value.get_mut(), held }
    }

    /// Narrows the guard to a part of the value; the whole lock stays held.
    ///
    /// ```
    /// use untorn::spin::{SpinLock, SpinLockGuard};
    ///
    /// let lock = SpinLock::new((1, [0; 4]));
    /// let mut numbers = SpinLockGuard::map(lock.lock(), |pair| &mut pair.1[..]);
    /// numbers[2] = 9;
    /// assert!(lock.try_lock().is_none());
    /// drop(numbers);
    /// assert_eq!(*lock.lock(), (1, [0, 0, 9, 0]));
    /// ```
    pub fn map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> &mut U,
    ) -> MappedGuard<U, H> {
        let part = &raw mut *part(&mut this);
        MappedGuard { part, held: this.held }
    }

    /// Narrows the guard to a part of the value, if there is that part.
    ///
    /// # Errors
    ///
    /// The guard itself, if there is not.
    ///
    /// ```
    /// use untorn::spin::{SpinLock, SpinLockGuard};
    ///
    /// let lock = SpinLock::new(vec!["only"]);
    /// let first = SpinLockGuard::try_map(lock.lock(), |list| list.first_mut());
    /// assert_eq!(first.map(|name| *name).ok(), Some("only"));
    ///
    /// let mut list = SpinLockGuard::try_map(lock.lock(), |list| list.get_mut(1)).unwrap_err();
    /// list.push("second");
    /// assert_eq!(list.len(), 2);
    /// ```
    pub fn try_map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedGuard<U, H>, Self> {
        match part(&mut this).map(|part| &raw mut *part) {
            Some(part) => Ok(MappedGuard { part, held: this.held }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized, H> Deref for Guard<T, H> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: only the holder touches the value (see `new`), and the result borrows from the
        // guard.
        self.value.with(|value| unsafe { &*value })
    }
}

impl<T: ?Sized, H> DerefMut for Guard<T, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only the holder touches the value (see `new`), and the result borrows from the
        // guard exclusively.
        self.value.with(|value| unsafe { &mut *value })
    }
}

/// The right to use a part of a locked value, as `map` of a guard makes it; gives the lock back when
/// dropped.
#[must_use = "if unused the lock is released at once"]
pub struct MappedGuard<T: ?Sized, H> {
    /// In the value of the lock that is `held`.
    part: *mut T,
    held: H,
}

// SAFETY: as for the guard of the whole: a `&mut T` with a duty to release.
unsafe impl<T: ?Sized + Send, H: Send> Send for MappedGuard<T, H> {}
// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync, H: Sync> Sync for MappedGuard<T, H> {}

impl<T: ?Sized, H> MappedGuard<T, H> {
    /// Narrows the guard to a part of the part.
    ///
    /// ```
    /// use untorn::spin::{MappedSpinLockGuard, SpinLock, SpinLockGuard};
    ///
    /// let lock = SpinLock::new(((1, 2), 3));
    /// let pair = SpinLockGuard::map(lock.lock(), |value| &mut value.0);
    /// *MappedSpinLockGuard::map(pair, |pair| &mut pair.1) = 9;
    /// assert_eq!(*lock.lock(), ((1, 9), 3));
    /// ```
    pub fn map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> &mut U,
    ) -> MappedGuard<U, H> {
        let part = &raw mut *part(&mut this);
        MappedGuard { part, held: this.held }
    }

    /// Narrows the guard to a part of the part, if there is that part.
    ///
    /// # Errors
    ///
    /// The guard itself, if there is not.
    ///
    /// ```
    /// use untorn::spin::{MappedSpinLockGuard, SpinLock, SpinLockGuard};
    ///
    /// let lock = SpinLock::new((0, Some('a')));
    /// let letter = SpinLockGuard::map(lock.lock(), |value| &mut value.1);
    /// let letter = MappedSpinLockGuard::try_map(letter, Option::as_mut);
    /// assert_eq!(letter.map(|letter| *letter).ok(), Some('a'));
    /// ```
    pub fn try_map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedGuard<U, H>, Self> {
        match part(&mut this).map(|part| &raw mut *part) {
            Some(part) => Ok(MappedGuard { part, held: this.held }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized, H> Deref for MappedGuard<T, H> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: only the holder touches the value (see `Guard::new`), and the result borrows from
        // the guard.
        unsafe { &*self.part }
    }
}

impl<T: ?Sized, H> DerefMut for MappedGuard<T, H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only the holder touches the value (see `Guard::new`), and the result borrows from
        // the guard exclusively.
        unsafe { &mut *self.part }
    }
}

/// Shows what the guard is for, as a reference would.
macro_rules! show_as_the_value {
    ($($trait:ident for $guard:ident),+) => {$(
        impl<T: ?Sized + fmt::$trait, H> fmt::$trait for $guard<T, H> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (**self).fmt(f)
            }
        }
    )+};
}

show_as_the_value!(
    Debug for Guard, Display for Guard, Debug for MappedGuard, Display for MappedGuard
);
