//! The crate's one way to wait in a loop.

use crate::sync::{spin_hint, spin_steps, yield_now};

/// Waits a little longer each time: 1, 2, 4, ... pauses, then whole turns of the scheduler.
///
/// Doubling keeps waiting threads off the line that the holder needs in order to finish; yielding
/// after a few microseconds lets a pre-empted holder run at all when there are more threads than
/// cores.
pub(crate) struct Backoff {
    step: u32,
}

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self { step: 0 }
    }

    /// Waits once; for a loop that has nothing better to do than to wait on.
    pub(crate) fn snooze(&mut self) {
        if !self.spin() {
            yield_now();
        }
    }

    /// Spins once; `false`, without waiting, when it is time to sleep instead.
    pub(crate) fn spin(&mut self) -> bool {
        if self.step >= spin_steps() {
            return false;
        }
        for _ in 0..1_u32 << self.step {
            spin_hint();
        }
        self.step += 1;
        true
    }
}
