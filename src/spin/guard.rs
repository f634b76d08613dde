//! The right to use the locked value, or a part of it.

use core::fmt;
use core::ops::{Deref, DerefMut};

#[cfg(doc)]
use super::SpinLock;
use super::raw::Held;
use crate::sync::{MutPtr, UnsafeCell};

/// The right to use the value of a [`SpinLock`]; gives the lock back when dropped.
///
/// May be sent to another thread, which then releases the lock.
#[must_use = "if unused the lock is released at once"]
pub struct SpinLockGuard<'a, T: ?Sized> {
    /// Declared, and so dropped, before `held`: the access ends before the lock is released.
    value: MutPtr<T>,
    held: Held<'a>,
}

// SAFETY: a guard is a `&mut T` with a duty to release, and any thread may release (E1 is on the
// flag, not on the thread).
unsafe impl<T: ?Sized + Send> Send for SpinLockGuard<'_, T> {}
// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for SpinLockGuard<'_, T> {}

impl<'a, T: ?Sized> SpinLockGuard<'a, T> {
    /// Of the lock that is `held`, and its value.
    #[inline]
    pub(super) fn new(held: Held<'a>, value: &UnsafeCell<T>) -> Self {
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
    ) -> MappedSpinLockGuard<'a, U> {
        let part = &raw mut *part(&mut this);
        MappedSpinLockGuard { part, held: this.held }
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
    ) -> Result<MappedSpinLockGuard<'a, U>, Self> {
        match part(&mut this).map(|part| &raw mut *part) {
            Some(part) => Ok(MappedSpinLockGuard { part, held: this.held }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized> Deref for SpinLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard.
        self.value.with(|value| unsafe { &*value })
    }
}

impl<T: ?Sized> DerefMut for SpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard
        // exclusively.
        self.value.with(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for SpinLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for SpinLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The right to use a part of the value of a [`SpinLock`](super::SpinLock), as [`SpinLockGuard::map`]
/// makes it; gives the lock back when dropped.
#[must_use = "if unused the lock is released at once"]
pub struct MappedSpinLockGuard<'a, T: ?Sized> {
    /// In the value of the lock that is `held`.
    part: *mut T,
    held: Held<'a>,
}

// SAFETY: as for the guard of the whole: a `&mut T` with a duty to release.
unsafe impl<T: ?Sized + Send> Send for MappedSpinLockGuard<'_, T> {}
// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for MappedSpinLockGuard<'_, T> {}

impl<'a, T: ?Sized> MappedSpinLockGuard<'a, T> {
    /// Narrows the guard to a part of the part.
    ///
    /// ```
    /// use untorn::spin::{SpinLock, SpinLockGuard, MappedSpinLockGuard};
    ///
    /// let lock = SpinLock::new(((1, 2), 3));
    /// let pair = SpinLockGuard::map(lock.lock(), |value| &mut value.0);
    /// *MappedSpinLockGuard::map(pair, |pair| &mut pair.1) = 9;
    /// assert_eq!(*lock.lock(), ((1, 9), 3));
    /// ```
    pub fn map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> &mut U,
    ) -> MappedSpinLockGuard<'a, U> {
        let part = &raw mut *part(&mut this);
        MappedSpinLockGuard { part, held: this.held }
    }

    /// Narrows the guard to a part of the part, if there is that part.
    ///
    /// # Errors
    ///
    /// The guard itself, if there is not.
    ///
    /// ```
    /// use untorn::spin::{SpinLock, SpinLockGuard, MappedSpinLockGuard};
    ///
    /// let lock = SpinLock::new((0, Some('a')));
    /// let letter = SpinLockGuard::map(lock.lock(), |value| &mut value.1);
    /// let letter = MappedSpinLockGuard::try_map(letter, Option::as_mut);
    /// assert_eq!(letter.map(|letter| *letter).ok(), Some('a'));
    /// ```
    pub fn try_map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedSpinLockGuard<'a, U>, Self> {
        match part(&mut this).map(|part| &raw mut *part) {
            Some(part) => Ok(MappedSpinLockGuard { part, held: this.held }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized> Deref for MappedSpinLockGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard.
        unsafe { &*self.part }
    }
}

impl<T: ?Sized> DerefMut for MappedSpinLockGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard
        // exclusively.
        unsafe { &mut *self.part }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MappedSpinLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MappedSpinLockGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
