//! The locks without a value, for `lock_api` 0.4: its `Mutex<R, T>`, `ReentrantMutex` and guards, or
//! other crates that take a raw lock.

use core::fmt;

use ::lock_api_04 as lock_api;
use lock_api::GuardSend;

use crate::spin::RawSpin;
#[cfg(feature = "std")]
use crate::{mutex::RawPark, sync::Deadline};

/// [`SpinLock`](crate::SpinLock) without a value.
///
/// ```
/// use lock_api_04::Mutex;
/// use untorn::interop::lock_api_04::RawSpinLock;
///
/// static TOTAL: Mutex<RawSpinLock, u32> = Mutex::new(0);
/// *TOTAL.lock() += 1;
/// assert_eq!(*TOTAL.lock(), 1);
/// ```
pub struct RawSpinLock(RawSpin);

// SAFETY: one holder at a time (I1 of `spin`), and `unlock` is left to who holds it.
unsafe impl lock_api::RawMutex for RawSpinLock {
    const INIT: Self = Self(RawSpin::new());
    type GuardMarker = GuardSend;

    #[inline]
    fn lock(&self) {
        core::mem::forget(self.0.hold());
    }

    #[inline]
    fn try_lock(&self) -> bool {
        self.0.try_hold().map(core::mem::forget).is_some()
    }

    #[inline]
    unsafe fn unlock(&self) {
        // SAFETY: the caller holds it, and what was held is forgotten.
        unsafe { self.0.release() };
    }

    fn is_locked(&self) -> bool {
        self.0.is_held()
    }
}

impl fmt::Debug for RawSpinLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawSpinLock").field("held", &self.0.is_held()).finish()
    }
}

/// [`Mutex`](crate::Mutex) without a value. It must outlive the call that unlocks it, which looks at it once
/// more when another thread may have it already.
///
/// ```
/// use lock_api_04::Mutex;
/// use std::time::Duration;
/// use untorn::interop::lock_api_04::RawMutex;
///
/// static NAMES: Mutex<RawMutex, Vec<&str>> = Mutex::new(Vec::new());
/// NAMES.lock().push("first");
/// assert!(NAMES.try_lock_for(Duration::from_millis(1)).is_some());
/// ```
#[cfg(feature = "std")]
pub struct RawMutex(RawPark);

// SAFETY: one holder at a time (I1 of `mutex`), and `unlock` is left to who holds it.
#[cfg(feature = "std")]
unsafe impl lock_api::RawMutex for RawMutex {
    const INIT: Self = Self(RawPark::new());
    type GuardMarker = GuardSend;

    #[inline]
    fn lock(&self) {
        core::mem::forget(self.0.hold());
    }

    #[inline]
    fn try_lock(&self) -> bool {
        self.0.try_hold().map(core::mem::forget).is_some()
    }

    #[inline]
    unsafe fn unlock(&self) {
        // SAFETY: the caller holds it, and what was held is forgotten.
        unsafe { self.0.release() };
    }

    fn is_locked(&self) -> bool {
        self.0.is_held()
    }
}

// SAFETY: as above.
#[cfg(feature = "std")]
unsafe impl lock_api::RawMutexTimed for RawMutex {
    type Duration = core::time::Duration;
    type Instant = std::time::Instant;

    fn try_lock_for(&self, timeout: Self::Duration) -> bool {
        self.try_lock_within(Deadline::after(timeout))
    }

    fn try_lock_until(&self, deadline: Self::Instant) -> bool {
        self.try_lock_within(Deadline::at(deadline))
    }
}

#[cfg(feature = "std")]
impl RawMutex {
    fn try_lock_within(&self, deadline: Deadline) -> bool {
        let held = self.0.try_hold().or_else(|| self.0.hold_until(deadline));
        held.map(core::mem::forget).is_some()
    }
}

#[cfg(feature = "std")]
impl fmt::Debug for RawMutex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMutex").field("held", &self.0.is_held()).finish()
    }
}
