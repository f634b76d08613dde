//! What the portable futex is made of.

pub(crate) use core::sync::atomic::{AtomicU32, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

use core::time::Duration;

use super::Deadline;

/// No condition variable is asked to wait longer than this in one go: some systems return at once
/// from a wait whose nanoseconds do not fit 64 bits.
const LONGEST: Duration = Duration::from_secs(1 << 30);

/// Sleeps on `condvar` once, at most until the deadline. May return early for no reason.
pub(crate) fn sleep(condvar: &Condvar, guard: MutexGuard<'_, ()>, deadline: Deadline) {
    // A poisoned mutex guards nothing here, so both results are dropped unseen.
    match deadline.left() {
        None => drop(condvar.wait(guard)),
        Some(Duration::ZERO) => {}
        Some(left) => drop(condvar.wait_timeout(guard, left.min(LONGEST))),
    }
}
