//! A value that notices when it is freed too early, or never.

use loom::cell::UnsafeCell;
use loom::sync::Arc;

/// A value whose destructor writes to what its readers read.
#[derive(Debug)]
pub struct Tracked {
    value: UnsafeCell<usize>,
    /// Leaks show, too.
    _alive: Arc<()>,
}

impl Tracked {
    /// A value that holds a number.
    #[must_use]
    pub fn new(value: usize) -> Self {
        Self { value: UnsafeCell::new(value), _alive: Arc::new(()) }
    }

    /// The number.
    #[must_use]
    pub fn get(&self) -> usize {
        // SAFETY: written by the destructor alone.
        self.value.with(|value| unsafe { *value })
    }
}

// SAFETY: the cell is written by the destructor alone, and loom checks that nobody reads it then.
unsafe impl Sync for Tracked {}

impl Drop for Tracked {
    fn drop(&mut self) {
        // SAFETY: exclusive access; loom checks that it is.
        self.value.with_mut(|value| unsafe { *value = usize::MAX });
    }
}
