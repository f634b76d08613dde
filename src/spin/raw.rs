//! The lock without a value.

use crate::backoff::Backoff;
use crate::sync::atomic::{
    AtomicBool,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::const_unless_loom;

/// A flag that one thread at a time holds.
pub(crate) struct RawSpin {
    /// True while someone holds the lock (I1). Set by the taker, cleared by the holder.
    held: AtomicBool,
}

impl RawSpin {
    const_unless_loom! {
        pub(crate) const fn new() -> Self {
            Self { held: AtomicBool::new(false) }
        }
    }

    /// Takes the lock until the result is dropped; waits for its holder.
    #[inline]
    pub(crate) fn hold(&self) -> Held<'_> {
        match self.try_hold() {
            Some(held) => held,
            None => self.hold_contended(),
        }
    }

    /// Takes the lock if nobody holds it. Never waits.
    #[inline]
    pub(crate) fn try_hold(&self) -> Option<Held<'_>> {
        // Acquire (E1): what the last holder did happens-before what we do with the lock.
        // Relaxed: on failure nothing is touched.
        match self.held.compare_exchange(false, true, Acquire, Relaxed) {
            Ok(_) => Some(Held { lock: self }),
            Err(_) => None,
        }
    }

    #[cold]
    #[inline(never)]
    fn hold_contended(&self) -> Held<'_> {
        let mut backoff = Backoff::new();
        loop {
            backoff.snooze();
            // Only the exchange decides. Looking first keeps the line shared while it is taken.
            if self.is_held() {
                continue;
            }
            if let Some(held) = self.try_hold() {
                return held;
            }
        }
    }

    /// Releases the lock.
    ///
    /// # Safety
    ///
    /// It is held, and whoever holds it has no more use for it: its [`Held`] is being dropped, or was
    /// forgotten.
    #[inline]
    pub(crate) unsafe fn release(&self) {
        // Release (E1): all that was done with the lock held happens-before the next holder.
        self.held.store(false, Release);
    }

    /// Whether someone holds the lock; old news at once.
    pub(crate) fn is_held(&self) -> bool {
        // Relaxed: a hint; the exchange of `try_hold` makes the edge (E1).
        self.held.load(Relaxed)
    }
}

/// Holds a [`RawSpin`]; releases it when dropped.
#[must_use = "if unused the lock is released at once"]
#[allow(missing_debug_implementations, reason = "public in name alone, in guards")]
pub struct Held<'a> {
    lock: &'a RawSpin,
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: held since this was made, and it goes.
        unsafe { self.lock.release() };
    }
}
