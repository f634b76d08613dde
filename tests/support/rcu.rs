//! What the tests of read-copy-update share: all policies, and a value that shows whether it is whole
//! and still there.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use untorn::rcu::Policy;

use super::{Alive, Value};

/// One of each kind, and the limits.
pub(crate) const POLICIES: [Policy; 6] = [
    Policy::Prompt,
    Policy::Batch(0),
    Policy::Batch(1),
    Policy::Batch(16),
    Policy::Batch(u32::MAX),
    Policy::Manual,
];

/// Its number in every word, until the destructor poisons them. Counts as alive as long as it is.
pub(crate) struct Canary<'a> {
    words: [AtomicU64; 5],
    _token: Value<'a>,
}

/// What a canary's words become; also what the quarantining allocator fills freed memory with.
pub(crate) const POISON: u64 = 0xDEAD_DEAD_DEAD_DEAD;

impl<'a> Canary<'a> {
    pub(crate) fn new(number: u64, alive: &'a Alive) -> Self {
        Self { words: std::array::from_fn(|_| AtomicU64::new(number)), _token: alive.value() }
    }

    /// The number, if the value is whole and alive.
    #[track_caller]
    pub(crate) fn number(&self) -> u64 {
        // Relaxed: what is tested has to order them. As atomics they are a wrong value, and no data
        // race, if it does not.
        let words = self.words.each_ref().map(|word| word.load(Relaxed));
        assert_ne!(words[0], POISON, "read after it was dropped");
        assert_eq!(words, [words[0]; 5], "torn, or overwritten");
        words[0]
    }
}

impl Drop for Canary<'_> {
    fn drop(&mut self) {
        self.number();
        for word in &self.words {
            // Relaxed: as in `number`.
            word.store(POISON, Relaxed);
        }
    }
}
