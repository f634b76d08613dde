//! The right to use the locked value, or a part of it.

use core::fmt;
use core::ops::{Deref, DerefMut};

#[cfg(doc)]
use super::Mutex;
use super::raw::Parked;
use crate::sync::{MutPtr, UnsafeCell};

/// The right to use the value of a [`Mutex`]; gives the lock back when dropped.
///
/// May be sent to another thread, which then releases the lock.
#[must_use = "if unused the lock is released at once"]
pub struct MutexGuard<'a, T: ?Sized> {
    /// Declared, and so dropped, before `held`: the access ends before the lock is released.
    value: MutPtr<T>,
    held: Parked<'a>,
}

// SAFETY: a guard is a `&mut T` with a duty to release, and any thread may release (E1 is on the
// word, not on the thread).
unsafe impl<T: ?Sized + Send> Send for MutexGuard<'_, T> {}
// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for MutexGuard<'_, T> {}

impl<'a, T: ?Sized> MutexGuard<'a, T> {
    /// Of the lock that is `held`, and its value.
    #[inline]
    pub(super) fn new(held: Parked<'a>, value: &UnsafeCell<T>) -> Self {
        Self { value: value.get_mut(), held }
    }

    /// Narrows the guard to a part of the value; the whole lock stays held.
    ///
    /// ```
    /// use untorn::mutex::{Mutex, MutexGuard};
    ///
    /// let lock = Mutex::new((1, [0; 4]));
    /// let mut numbers = MutexGuard::map(lock.lock(), |pair| &mut pair.1[..]);
    /// numbers[2] = 9;
    /// assert!(lock.try_lock().is_none());
    /// drop(numbers);
    /// assert_eq!(*lock.lock(), (1, [0, 0, 9, 0]));
    /// ```
    pub fn map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> &mut U,
    ) -> MappedMutexGuard<'a, U> {
        let part = &raw mut *part(&mut this);
        MappedMutexGuard { part, held: this.held }
    }

    /// Narrows the guard to a part of the value, if there is that part.
    ///
    /// # Errors
    ///
    /// The guard itself, if there is not.
    ///
    /// ```
    /// use untorn::mutex::{Mutex, MutexGuard};
    ///
    /// let lock = Mutex::new(vec!["only"]);
    /// let first = MutexGuard::try_map(lock.lock(), |list| list.first_mut());
    /// assert_eq!(first.map(|name| *name).ok(), Some("only"));
    ///
    /// let mut list = MutexGuard::try_map(lock.lock(), |list| list.get_mut(1)).unwrap_err();
    /// list.push("second");
    /// assert_eq!(list.len(), 2);
    /// ```
    pub fn try_map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        match part(&mut this).map(|part| &raw mut *part) {
            Some(part) => Ok(MappedMutexGuard { part, held: this.held }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized> Deref for MutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard.
        self.value.with(|value| unsafe { &*value })
    }
}

impl<T: ?Sized> DerefMut for MutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard
        // exclusively.
        self.value.with(|value| unsafe { &mut *value })
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// The right to use a part of the value of a [`Mutex`](super::Mutex), as [`MutexGuard::map`]
/// makes it; gives the lock back when dropped.
#[must_use = "if unused the lock is released at once"]
pub struct MappedMutexGuard<'a, T: ?Sized> {
    /// In the value of the lock that is `held`.
    part: *mut T,
    held: Parked<'a>,
}

// SAFETY: as for the guard of the whole: a `&mut T` with a duty to release.
unsafe impl<T: ?Sized + Send> Send for MappedMutexGuard<'_, T> {}
// SAFETY: a shared guard gives out `&T` alone.
unsafe impl<T: ?Sized + Sync> Sync for MappedMutexGuard<'_, T> {}

impl<'a, T: ?Sized> MappedMutexGuard<'a, T> {
    /// Narrows the guard to a part of the part.
    ///
    /// ```
    /// use untorn::mutex::{Mutex, MutexGuard, MappedMutexGuard};
    ///
    /// let lock = Mutex::new(((1, 2), 3));
    /// let pair = MutexGuard::map(lock.lock(), |value| &mut value.0);
    /// *MappedMutexGuard::map(pair, |pair| &mut pair.1) = 9;
    /// assert_eq!(*lock.lock(), ((1, 9), 3));
    /// ```
    pub fn map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> &mut U,
    ) -> MappedMutexGuard<'a, U> {
        let part = &raw mut *part(&mut this);
        MappedMutexGuard { part, held: this.held }
    }

    /// Narrows the guard to a part of the part, if there is that part.
    ///
    /// # Errors
    ///
    /// The guard itself, if there is not.
    ///
    /// ```
    /// use untorn::mutex::{Mutex, MutexGuard, MappedMutexGuard};
    ///
    /// let lock = Mutex::new((0, Some('a')));
    /// let letter = MutexGuard::map(lock.lock(), |value| &mut value.1);
    /// let letter = MappedMutexGuard::try_map(letter, Option::as_mut);
    /// assert_eq!(letter.map(|letter| *letter).ok(), Some('a'));
    /// ```
    pub fn try_map<U: ?Sized>(
        mut this: Self,
        part: impl FnOnce(&mut T) -> Option<&mut U>,
    ) -> Result<MappedMutexGuard<'a, U>, Self> {
        match part(&mut this).map(|part| &raw mut *part) {
            Some(part) => Ok(MappedMutexGuard { part, held: this.held }),
            None => Err(this),
        }
    }
}

impl<T: ?Sized> Deref for MappedMutexGuard<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard.
        unsafe { &*self.part }
    }
}

impl<T: ?Sized> DerefMut for MappedMutexGuard<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: only the holder touches the value (I1), and the result borrows from the guard
        // exclusively.
        unsafe { &mut *self.part }
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: ?Sized + fmt::Display> fmt::Display for MappedMutexGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
