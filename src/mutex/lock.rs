//! The lock around a value.

use core::fmt;
use core::time::Duration;
use std::time::Instant;

use super::raw::{Parked, RawPark};
use crate::guard::{Guard, MappedGuard};
use crate::sync::{Deadline, UnsafeCell, const_unless_loom};

/// A mutual exclusion lock that sleeps. See the [module](crate::mutex) for what it promises.
///
/// ```
/// use untorn::Mutex;
///
/// static LOG: Mutex<Vec<u32>> = Mutex::new(Vec::new());
///
/// std::thread::scope(|scope| {
///     for id in 0..4 {
///         scope.spawn(move || LOG.lock().push(id));
///     }
/// });
/// assert_eq!(LOG.lock().len(), 4);
/// ```
#[doc(alias = "ParkLock")]
pub struct Mutex<T: ?Sized> {
    /// Who may touch `value` (I1).
    raw: RawPark,
    value: UnsafeCell<T>,
}

// SAFETY: the lock hands the value to one thread at a time (I1), which is a move of a `T` to that
// thread, so `Send` is what it takes.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: the lock owns its value and nothing of any thread.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    const_unless_loom! {
        /// A free lock around `value`.
        ///
        /// ```
        /// static LOCK: untorn::Mutex<[u8; 4]> = untorn::Mutex::new([0; 4]);
        /// assert_eq!(*LOCK.lock(), [0; 4]);
        /// ```
        #[must_use]
        pub const fn new(value: T) -> Self {
            Self { raw: RawPark::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value, once the lock is no longer shared.
    ///
    /// ```
    /// let lock = untorn::Mutex::new(String::from("kept"));
    /// lock.lock().push('!');
    /// assert_eq!(lock.into_inner(), "kept!");
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Takes the lock, sleeping until it is free. Blocking.
    ///
    /// Deadlocks if this thread holds the lock already.
    ///
    /// ```
    /// let lock = untorn::Mutex::new(1);
    /// *lock.lock() += 1;
    /// assert_eq!(*lock.lock(), 2);
    /// ```
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.guard(self.raw.hold())
    }

    /// Takes the lock if it is free. Wait-free.
    ///
    /// ```
    /// let lock = untorn::Mutex::new(1);
    /// let first = lock.lock();
    /// assert!(lock.try_lock().is_none());
    /// drop(first);
    /// assert!(lock.try_lock().is_some());
    /// ```
    #[doc(alias = "tryLock")]
    #[inline]
    #[must_use = "if unused the lock is released at once"]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.raw.try_hold().map(|held| self.guard(held))
    }

    /// Takes the lock if it is free within `timeout`. Never gives up early, nor takes longer than it
    /// takes to wake up; a timeout past the end of the clock never comes.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let lock = untorn::Mutex::new(1);
    /// assert!(lock.try_lock_for(Duration::ZERO).is_some());
    ///
    /// let (held, start) = (lock.lock(), Instant::now());
    /// assert!(lock.try_lock_for(Duration::from_millis(5)).is_none());
    /// assert!(start.elapsed() >= Duration::from_millis(5));
    /// drop(held);
    /// ```
    #[doc(alias = "lock_timeout")]
    #[must_use = "if unused the lock is released at once"]
    pub fn try_lock_for(&self, timeout: Duration) -> Option<MutexGuard<'_, T>> {
        // A lock that is free costs no look at the clock.
        self.try_lock().or_else(|| self.lock_until(Deadline::after(timeout)))
    }

    /// Takes the lock if it is free before `deadline`; also after it, if it is free just now.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (a, b) = (untorn::Mutex::new(1), untorn::Mutex::new(2));
    /// // Both within one time.
    /// let deadline = Instant::now() + Duration::from_secs(60);
    /// let both = a.try_lock_until(deadline).zip(b.try_lock_until(deadline));
    /// assert_eq!(both.map(|(a, b)| *a + *b), Some(3));
    /// ```
    #[doc(alias = "lock_deadline")]
    #[must_use = "if unused the lock is released at once"]
    pub fn try_lock_until(&self, deadline: Instant) -> Option<MutexGuard<'_, T>> {
        self.try_lock().or_else(|| self.lock_until(Deadline::at(deadline)))
    }

    /// Whether someone holds the lock; old news at once. Wait-free.
    ///
    /// ```
    /// let lock = untorn::Mutex::new(1);
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
    /// let mut lock = untorn::Mutex::new(1);
    /// *lock.get_mut() = 5;
    /// assert_eq!(*lock.lock(), 5);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: `&mut self` excludes every guard, and the result borrows from it.
        self.value.with_mut(|value| unsafe { &mut *value })
    }

    fn lock_until(&self, deadline: Deadline) -> Option<MutexGuard<'_, T>> {
        let held = self.raw.hold_until(deadline)?;
        Some(self.guard(held))
    }

    #[inline]
    fn guard<'a>(&'a self, held: Parked<'a>) -> MutexGuard<'a, T> {
        // SAFETY: `held` is of this lock, so only its owner touches the value (I1); its borrow keeps the
        // lock where it is.
        unsafe { Guard::new(held, &self.value) }
    }
}

/// The right to use the value of a [`Mutex`]; gives the lock back when dropped.
///
/// May be sent to another thread, which then releases the lock.
pub type MutexGuard<'a, T> = Guard<T, Parked<'a>>;

/// The right to use a part of the value of a [`Mutex`], as [`map`](Guard::map) of its guard makes it;
/// gives the lock back when dropped.
pub type MappedMutexGuard<'a, T> = MappedGuard<T, Parked<'a>>;

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Prints whether the lock is held, never the value: that would have to wait for it.
impl<T: ?Sized> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mutex").field("held", &self.raw.is_held()).finish_non_exhaustive()
    }
}
