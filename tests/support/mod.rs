//! What several test files need.
#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod linear;
pub(crate) mod models;
#[cfg(feature = "alloc")]
pub(crate) mod rcu;
pub(crate) mod register;
#[cfg(feature = "alloc")]
pub(crate) mod rings;
pub(crate) mod tasks;
pub(crate) mod threads;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Long enough for any thread of a busy machine to get its turn; only a failing test waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How many rounds a test runs: fewer under Miri, which looks closer and takes its time.
pub(crate) const fn rounds(full: usize) -> usize {
    if cfg!(miri) { full / 500 } else { full }
}

/// Counts the live values it handed out.
#[derive(Debug, Default)]
pub(crate) struct Alive(AtomicUsize);

impl Alive {
    pub(crate) const fn new() -> Self {
        Self(AtomicUsize::new(0))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(Relaxed)
    }

    /// A value that counts as alive until it is dropped.
    pub(crate) fn value(&self) -> Value<'_> {
        self.0.fetch_add(1, Relaxed);
        Value { alive: self, panics: false }
    }

    /// The same, but its destructor panics after it has counted itself out.
    pub(crate) fn panicking_value(&self) -> Value<'_> {
        let mut value = self.value();
        value.panics = true;
        value
    }
}

#[derive(Debug)]
pub(crate) struct Value<'a> {
    alive: &'a Alive,
    panics: bool,
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        let before = self.alive.0.fetch_sub(1, Relaxed);
        assert_ne!(before, 0, "dropped more values than were made");
        assert!(!self.panics, "this destructor panics");
    }
}
