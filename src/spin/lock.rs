//! The lock around a value.

use core::fmt;

use super::raw::{Held, RawSpin};
use crate::guard::{Guard, MappedGuard};
use crate::sync::{UnsafeCell, const_unless_loom};

/// A mutual exclusion lock that spins. See the [module](crate::spin) for what it promises.
///
/// ```
/// use untorn::SpinLock;
///
/// static TOTAL: SpinLock<u64> = SpinLock::new(0);
///
/// std::thread::scope(|scope| {
///     for _ in 0..2 {
///         scope.spawn(|| (0..1000).for_each(|_| *TOTAL.lock() += 1));
///     }
/// });
/// assert_eq!(*TOTAL.lock(), 2000);
/// ```
#[doc(alias = "SpinMutex")]
#[doc(alias = "Spinlock")]
pub struct SpinLock<T: ?Sized> {
    /// Who may touch `value` (I1).
    raw: RawSpin,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands the value to one thread at a time (I1), which is a move of a `T` to that
// thread, so `Send` is what it takes.
unsafe impl<T: ?Sized + Send> Sync for SpinLock<T> {}
// SAFETY: the lock owns its value and nothing of any thread.
unsafe impl<T: ?Sized + Send> Send for SpinLock<T> {}

impl<T> SpinLock<T> {
    const_unless_loom! {
        /// A free lock around `value`.
        ///
        /// ```
        /// static LOCK: untorn::SpinLock<[u8; 4]> = untorn::SpinLock::new([0; 4]);
        /// assert_eq!(*LOCK.lock(), [0; 4]);
        /// ```
        #[must_use]
        pub const fn new(value: T) -> Self {
            Self { raw: RawSpin::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value, once the lock is no longer shared.
    ///
    /// ```
    /// let lock = untorn::SpinLock::new(String::from("kept"));
    /// lock.lock().push('!');
    /// assert_eq!(lock.into_inner(), "kept!");
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> SpinLock<T> {
    /// Takes the lock, spinning and then yielding until it is free. Blocking.
    ///
    /// Deadlocks if this thread holds the lock already.
    ///
    /// ```
    /// let lock = untorn::SpinLock::new(1);
    /// *lock.lock() += 1;
    /// assert_eq!(*lock.lock(), 2);
    /// ```
    #[inline]
    pub fn lock(&self) -> SpinLockGuard<'_, T> {
        self.guard(self.raw.hold())
    }

    /// Takes the lock if it is free. Wait-free.
    ///
    /// ```
    /// let lock = untorn::SpinLock::new(1);
    /// let first = lock.lock();
    /// assert!(lock.try_lock().is_none());
    /// drop(first);
    /// assert!(lock.try_lock().is_some());
    /// ```
    #[doc(alias = "tryLock")]
    #[inline]
    #[must_use = "if unused the lock is released at once"]
    pub fn try_lock(&self) -> Option<SpinLockGuard<'_, T>> {
        self.raw.try_hold().map(|held| self.guard(held))
    }

    /// Whether someone holds the lock; old news at once. Wait-free.
    ///
    /// ```
    /// let lock = untorn::SpinLock::new(1);
    /// let held = lock.lock();
    /// assert!(lock.is_locked());
    /// drop(held);
    /// assert!(!lock.is_locked());
    /// ```
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.raw.is_held()
    }

    /// The value; the exclusive borrow proves that nobody holds the lock.
    ///
    /// ```
    /// let mut lock = untorn::SpinLock::new(1);
    /// *lock.get_mut() = 5;
    /// assert_eq!(*lock.lock(), 5);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: `&mut self` excludes every guard, and the result borrows from it.
        self.value.with_mut(|value| unsafe { &mut *value })
    }

    #[inline]
    fn guard<'a>(&'a self, held: Held<'a>) -> SpinLockGuard<'a, T> {
        // SAFETY: `held` is of this lock, so only its owner touches the value (I1); its borrow keeps the
        // lock where it is.
        unsafe { Guard::new(held, &self.value) }
    }
}

/// The right to use the value of a [`SpinLock`]; gives the lock back when dropped.
///
/// May be sent to another thread, which then releases the lock.
pub type SpinLockGuard<'a, T> = Guard<T, Held<'a>>;

/// The right to use a part of the value of a [`SpinLock`], as [`map`](Guard::map) of its guard makes it;
/// gives the lock back when dropped.
pub type MappedSpinLockGuard<'a, T> = MappedGuard<T, Held<'a>>;

impl<T: Default> Default for SpinLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for SpinLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Prints whether the lock is held, never the value: that would have to wait for it.
impl<T: ?Sized> fmt::Debug for SpinLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpinLock").field("held", &self.raw.is_held()).finish_non_exhaustive()
    }
}
