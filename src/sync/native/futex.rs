//! A word that one thread can sleep on until another changes it and wakes.
//!
//! Linux, Android and FreeBSD sleep on the word itself; elsewhere, and with `--cfg untorn_condvar`,
//! a mutex and a condition variable beside the word do the same.

use core::time::Duration;
use std::time::Instant;

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    not(untorn_condvar)
))]
mod os;
#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    not(untorn_condvar)
))]
pub(crate) use os::Futex;

#[cfg(any(
    not(any(target_os = "linux", target_os = "android", target_os = "freebsd")),
    untorn_condvar
))]
#[path = "../condvar_futex.rs"]
mod condvar_futex;
#[cfg(any(
    not(any(target_os = "linux", target_os = "android", target_os = "freebsd")),
    untorn_condvar
))]
pub(crate) use condvar_futex::Futex;

/// When a sleeper gives up.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// Sleeps until woken.
    pub(crate) const NEVER: Self = Self(None);

    /// `timeout` from now; a time past the end of the clock is never.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// The time left: `None` for ever, zero when it has passed.
    fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }
}

#[cfg(any(
    not(any(target_os = "linux", target_os = "android", target_os = "freebsd")),
    untorn_condvar
))]
mod monitor {
    pub(crate) use core::sync::atomic::{AtomicU32, Ordering};
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

    use super::Deadline;

    /// Sleeps on `condvar` once; `false` when the deadline has passed.
    pub(crate) fn sleep(condvar: &Condvar, guard: MutexGuard<'_, ()>, deadline: Deadline) -> bool {
        match deadline.left() {
            None => {
                drop(condvar.wait(guard));
                true
            }
            Some(left) if left.is_zero() => false,
            Some(left) => match condvar.wait_timeout(guard, left) {
                Ok((_, result)) => !result.timed_out(),
                Err(poisoned) => !poisoned.into_inner().1.timed_out(),
            },
        }
    }
}
