//! The kernel's own sleep on a 32-bit word: Linux, Android and FreeBSD.

use core::ops::Deref;
use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;

use super::Deadline;
use super::os_futex::{self as os, Scope};

/// An atomic word to sleep on.
#[repr(transparent)]
pub(crate) struct Futex(AtomicU32);

impl Deref for Futex {
    type Target = AtomicU32;

    #[inline(always)]
    fn deref(&self) -> &AtomicU32 {
        &self.0
    }
}

impl Futex {
    pub(crate) const fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }

    /// Sleeps while the word holds `expected`, until a wake or the deadline.
    ///
    /// The kernel compares and goes to sleep in one step, so a wake after the word changed is never
    /// lost. May return early for no reason: the caller looks at what it waits for, and at the clock.
    pub(crate) fn wait(&self, expected: u32, deadline: Deadline) {
        match deadline.left() {
            None => atomic_wait::wait(&self.0, expected),
            Some(Duration::ZERO) => {}
            Some(left) => _ = os::wait(&self.0, expected, Some(left), Scope::Process),
        }
    }

    /// Wakes one thread that sleeps on the word.
    pub(crate) fn wake_one(&self) {
        atomic_wait::wake_one(&self.0);
    }

    /// Wakes all threads that sleep on the word.
    pub(crate) fn wake_all(&self) {
        atomic_wait::wake_all(&self.0);
    }
}

/// An atomic word that one thread sleeps on, and that is gone as soon as the thread was woken.
pub(crate) struct OwnFutex(Futex);

impl Deref for OwnFutex {
    type Target = Futex;

    #[inline(always)]
    fn deref(&self) -> &Futex {
        &self.0
    }
}

impl OwnFutex {
    pub(crate) const fn new(value: u32) -> Self {
        Self(Futex::new(value))
    }
}

/// Stores `value`, and wakes the thread that sleeps on the word if the word was `asleep`. The store is
/// the last access: who sees it may end the life of the word.
///
/// # Safety
///
/// `this` points to a word that lives at least until somebody sees the store.
#[inline]
pub(crate) unsafe fn swap_and_wake(
    this: *const OwnFutex,
    value: u32,
    asleep: u32,
    order: Ordering,
) {
    // SAFETY: the caller's word is alive, which makes the offset one within it.
    let word = unsafe { &raw const (*this).0.0 };
    // SAFETY: alive until this store is seen.
    if unsafe { (*word).swap(value, order) } == asleep {
        // The kernel takes the address as a name. If another word has it by now, whoever sleeps there
        // looks at what it waits for, and sleeps on.
        atomic_wait::wake_one(word);
    }
}
