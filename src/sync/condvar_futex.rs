//! Sleeping on a word by a mutex and a condition variable: the portable form, and the model's.

use core::ops::Deref;

use super::Deadline;
use super::monitor::{AtomicU32, Condvar, Mutex, Ordering::Relaxed, sleep};

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
