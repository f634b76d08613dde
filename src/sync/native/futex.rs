//! The kernel's own sleep on a 32-bit word: Linux, Android and FreeBSD.

use core::ops::Deref;
use core::sync::atomic::AtomicU32;
use core::time::Duration;

use super::Deadline;

/// An atomic word to sleep on.
#[repr(transparent)]
pub(crate) struct Futex(AtomicU32);

impl Deref for Futex {
    type Target = AtomicU32;

    #[inline(always)]
    fn deref(&self) -> &AtomicU32 {
        &self.0
    }
}

impl Futex {
    pub(crate) const fn new(value: u32) -> Self {
        Self(AtomicU32::new(value))
    }

    /// Sleeps while the word holds `expected`, until a wake or the deadline.
    ///
    /// The kernel compares and goes to sleep in one step, so a wake after the word changed is never
    /// lost. May return early for no reason: the caller looks at what it waits for, and at the clock.
    pub(crate) fn wait(&self, expected: u32, deadline: Deadline) {
        match deadline.left() {
            None => atomic_wait::wait(&self.0, expected),
            Some(Duration::ZERO) => {}
            Some(left) => wait_for(&self.0, expected, left),
        }
    }

    /// Wakes one thread that sleeps on the word.
    pub(crate) fn wake_one(&self) {
        atomic_wait::wake_one(&self.0);
    }

    /// Wakes all threads that sleep on the word.
    pub(crate) fn wake_all(&self) {
        atomic_wait::wake_all(&self.0);
    }
}

/// The seconds and nanoseconds of `left`; a time that `time_t` cannot hold becomes its longest,
/// after which the caller's loop would sleep again.
fn timespec(left: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: libc::time_t::try_from(left.as_secs()).unwrap_or(libc::time_t::MAX),
        // Below 10^9, so it fits the field on every target.
        tv_nsec: left.subsec_nanos() as _,
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn wait_for(word: &AtomicU32, expected: u32, left: Duration) {
    let timeout = timespec(left);
    // SAFETY: both pointers are valid for the call. Every way to return (woken, changed, timed out,
    // interrupted) is a return that the caller's loop expects.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG,
            expected,
            &raw const timeout,
        );
    }
}

#[cfg(target_os = "freebsd")]
fn wait_for(word: &AtomicU32, expected: u32, left: Duration) {
    // Without the ABSTIME flag the kernel takes the time as relative.
    let timeout = libc::_umtx_time {
        _timeout: timespec(left),
        _flags: 0,
        _clockid: libc::CLOCK_MONOTONIC as u32,
    };
    // SAFETY: both pointers are valid for the call; the size of the timeout travels in the fourth
    // argument, as umtx(2) asks. Every way to return is one that the caller's loop expects.
    unsafe {
        libc::_umtx_op(
            word.as_ptr().cast(),
            libc::UMTX_OP_WAIT_UINT_PRIVATE,
            expected as libc::c_ulong,
            core::ptr::without_provenance_mut(size_of::<libc::_umtx_time>()),
            (&raw const timeout).cast_mut().cast(),
        );
    }
}
