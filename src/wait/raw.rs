//! The operating system's own wait on a 32-bit word: thin, and as exact as the system is.
//!
//! For who builds a lock of their own. Linux, Android and FreeBSD, on 64-bit machines. Unlike
//! [`wait`](crate::wait::wait) it costs a system call whether or not somebody waits, may end for no
//! reason, promises no order, and orders no memory; threads that wait here and those that wait there do
//! not meet.
//!
//! [`shared`] is the same for words in memory that several processes have mapped.
//!
//! ```
//! use std::sync::atomic::AtomicU32;
//! use std::time::Duration;
//! use untorn::wait::{Outcome, raw};
//!
//! let word = AtomicU32::new(0);
//! assert_eq!(raw::wait(&word, 1, None), Outcome::NotEqual);
//! // A signal may end it early, as if woken.
//! assert_ne!(raw::wait(&word, 0, Some(Duration::from_millis(1))), Outcome::NotEqual);
//! assert_ne!(raw::wake(&word, 1), Some(1));
//! ```

use core::time::Duration;

use super::Outcome;
use crate::sync::os_futex::{self, Ended, Scope};
use crate::sync::users::AtomicU32;

/// Sleeps while `word` holds `expected`, at most for `timeout`. [`Outcome::Woken`] may have no reason:
/// a signal, or a late wake of a word that was at this address. On FreeBSD it may also stand for a word
/// that had changed.
///
/// ```
/// use untorn::wait::{Outcome, raw};
///
/// assert_eq!(raw::wait(&5.into(), 4, None), Outcome::NotEqual);
/// ```
pub fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Outcome {
    wait_in(Scope::Process, word, expected, timeout)
}

/// Wakes up to `n` who [`wait`] for `word`, and none if `n` is zero; how many, or `None` where the
/// system does not say (FreeBSD) or refuses.
///
/// The word may be gone: its address is only a name here.
///
/// ```
/// assert_eq!(untorn::wait::raw::wake(&0.into(), 0), Some(0));
/// ```
pub fn wake(word: *const AtomicU32, n: usize) -> Option<usize> {
    os_futex::wake(word, n, Scope::Process)
}

fn wait_in(scope: Scope, word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Outcome {
    match os_futex::wait(word, expected, timeout, scope) {
        Ended::Woken => Outcome::Woken,
        Ended::NotEqual => Outcome::NotEqual,
        Ended::TimedOut => Outcome::TimedOut,
    }
}

/// Words in memory that several processes share.
///
/// The kernel finds the sleepers by the place in the shared file or memory object, so each process may
/// have it mapped elsewhere. A process that dies wakes nobody.
pub mod shared {
    use super::{AtomicU32, Duration, Outcome, Scope, os_futex, wait_in};

    /// [`raw::wait`](super::wait) across processes.
    ///
    /// ```
    /// use untorn::wait::{Outcome, raw};
    ///
    /// assert_eq!(raw::shared::wait(&5.into(), 4, None), Outcome::NotEqual);
    /// ```
    pub fn wait(word: &AtomicU32, expected: u32, timeout: Option<Duration>) -> Outcome {
        wait_in(Scope::Machine, word, expected, timeout)
    }

    /// [`raw::wake`](super::wake) across processes. The word must be mapped, or nobody is found.
    ///
    /// ```
    /// assert_eq!(untorn::wait::raw::shared::wake(&0.into(), 0), Some(0));
    /// ```
    pub fn wake(word: *const AtomicU32, n: usize) -> Option<usize> {
        os_futex::wake(word, n, Scope::Machine)
    }
}
