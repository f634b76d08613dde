//! Sleeping on a word by a mutex and a condition variable: the portable form, and the model's.

use core::ops::Deref;

use super::monitor::{AtomicU32, Condvar, Mutex, Ordering, Ordering::Relaxed, sleep};
use super::{Arc, Deadline};

/// An atomic word to sleep on.
pub(crate) struct Futex {
    word: AtomicU32,
    mutex: Mutex<()>,
    condvar: Condvar,
}

impl Deref for Futex {
    type Target = AtomicU32;

    fn deref(&self) -> &AtomicU32 {
        &self.word
    }
}

impl Futex {
    crate::sync::const_unless_loom! {
        pub(crate) const fn new(value: u32) -> Self {
            Self { word: AtomicU32::new(value), mutex: Mutex::new(()), condvar: Condvar::new() }
        }
    }

    /// Sleeps while the word holds `expected`, until a wake or the deadline.
    ///
    /// May return early for no reason: the caller looks at what it waits for, and at the clock.
    pub(crate) fn wait(&self, expected: u32, deadline: Deadline) {
        let guard = self.mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Relaxed: a waker changes the word and then takes the mutex. Either it took it before us,
        // and we see the change, or it takes it after we released it by sleeping, and we are woken.
        if self.word.load(Relaxed) == expected {
            sleep(&self.condvar, guard, deadline);
        }
    }

    /// Wakes one thread that sleeps on the word.
    pub(crate) fn wake_one(&self) {
        // Taken and released, so that no sleeper is between its comparison and its sleep.
        drop(self.mutex.lock());
        self.condvar.notify_one();
    }

    /// Wakes all threads that sleep on the word.
    pub(crate) fn wake_all(&self) {
        drop(self.mutex.lock());
        self.condvar.notify_all();
    }
}

/// An atomic word that one thread sleeps on, and that is gone as soon as the thread was woken. On the
/// heap, because a waker is not done with a mutex when the sleeper has it.
pub(crate) struct OwnFutex(Arc<Futex>);

impl Deref for OwnFutex {
    type Target = Futex;

    fn deref(&self) -> &Futex {
        &self.0
    }
}

impl OwnFutex {
    pub(crate) fn new(value: u32) -> Self {
        Self(Arc::new(Futex::new(value)))
    }
}

/// Stores `value`, and wakes the thread that sleeps on the word if the word was `asleep`. The store is
/// the last access: who sees it may end the life of the word.
///
/// # Safety
///
/// `this` points to a word that lives at least until somebody sees the store.
#[cfg_attr(all(loom, feature = "loom"), track_caller)]
pub(crate) unsafe fn swap_and_wake(
    this: *const OwnFutex,
    value: u32,
    asleep: u32,
    order: Ordering,
) {
    // SAFETY: promised by the caller; the store is yet to come.
    let futex = Arc::clone(unsafe { &(*this).0 });
    if futex.swap(value, order) == asleep {
        futex.wake_one();
    }
}
