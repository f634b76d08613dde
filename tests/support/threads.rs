//! What it takes to watch threads that wait.

use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::PATIENCE;

/// Looks again and again until it is so.
#[track_caller]
pub(crate) fn until(mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "it does not come true");
        thread::yield_now();
    }
}

/// Runs `part` on a thread of its own: where it hangs this fails, and does not hang too.
#[track_caller]
pub(crate) fn in_time<R: Send + 'static>(part: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, results) = mpsc::channel();
    let thread = thread::spawn(move || _ = sender.send(part()));
    match results.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs"),
        Err(mpsc::RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("it sends before it ends"),
        },
    }
}

/// Marsaglia's xorshift ("Xorshift RNGs", 2003): enough to vary sizes and orders.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
