//! The system calls behind a futex: Linux, Android and FreeBSD, on 64-bit machines.

use core::sync::atomic::AtomicU32;
use core::time::Duration;

/// Who can meet at a word.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Scope {
    /// The threads of this process: the address is the name.
    Process,
    /// Whoever has mapped the memory: the place in it is the name.
    Machine,
}

/// Why a sleep ended.
pub(crate) enum Ended {
    /// Woken, or for no reason.
    Woken,
    /// The word held another value.
    NotEqual,
    TimedOut,
}

/// No sleep is asked to be longer than 34 years: FreeBSD adds the time to its clock, and takes an
/// overflow for a time that is over.
const LONGEST: Duration = Duration::from_secs(1 << 30);

fn timespec(left: Duration) -> libc::timespec {
    let left = left.min(LONGEST);
    libc::timespec {
        // In range, by the limit above.
        tv_sec: left.as_secs() as libc::time_t,
        // Below 10^9, so it fits the field on every target.
        tv_nsec: left.subsec_nanos() as _,
    }
}

/// As many as an `int` can say; everybody, in effect.
fn at_most_int(n: usize) -> libc::c_int {
    libc::c_int::try_from(n).unwrap_or(libc::c_int::MAX)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn operation(operation: libc::c_int, scope: Scope) -> libc::c_int {
    match scope {
        Scope::Process => operation | libc::FUTEX_PRIVATE_FLAG,
        Scope::Machine => operation,
    }
}

/// Sleeps while the word holds `expected`, at most for `timeout`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn wait(
    word: &AtomicU32,
    expected: u32,
    timeout: Option<Duration>,
    scope: Scope,
) -> Ended {
    let timeout = timeout.map(timespec);
    // SAFETY: both pointers are valid for the call, and a null one means no timeout.
    let slept = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation(libc::FUTEX_WAIT, scope),
            expected,
            timeout.as_ref().map_or(core::ptr::null(), core::ptr::from_ref),
        )
    };
    match if slept == 0 { 0 } else { errno() } {
        libc::EAGAIN => Ended::NotEqual,
        libc::ETIMEDOUT => Ended::TimedOut,
        // Woken; or interrupted by a signal, which looks like being woken for no reason.
        _ => Ended::Woken,
    }
}

/// Wakes up to `n` who sleep on the word; how many, where the system says.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn wake(word: *const AtomicU32, n: usize, scope: Scope) -> Option<usize> {
    if n == 0 {
        // Asked for nobody, the kernel wakes one.
        return Some(0);
    }
    // SAFETY: the kernel takes the address as a name, and reads nothing there.
    let woken = unsafe {
        libc::syscall(libc::SYS_futex, word, operation(libc::FUTEX_WAKE, scope), at_most_int(n))
    };
    // An error, at an address where no word can be for example, is no number.
    usize::try_from(woken).ok()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn errno() -> libc::c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

#[cfg(target_os = "freebsd")]
pub(crate) fn wait(
    word: &AtomicU32,
    expected: u32,
    timeout: Option<Duration>,
    scope: Scope,
) -> Ended {
    use core::ptr::{null_mut, without_provenance_mut};
    use core::sync::atomic::Ordering::Relaxed;

    // Relaxed: only the answer hangs on it.
    if word.load(Relaxed) != expected {
        return Ended::NotEqual;
    }
    // Without the ABSTIME flag the kernel takes the time as relative.
    let mut timeout = timeout.map(|timeout| libc::_umtx_time {
        _timeout: timespec(timeout),
        _flags: 0,
        _clockid: libc::CLOCK_MONOTONIC as u32,
    });
    let operation = match scope {
        Scope::Process => libc::UMTX_OP_WAIT_UINT_PRIVATE,
        Scope::Machine => libc::UMTX_OP_WAIT_UINT,
    };
    let (size, timeout) = match &mut timeout {
        Some(timeout) => (size_of::<libc::_umtx_time>(), (&raw mut *timeout).cast()),
        None => (0, null_mut()),
    };
    // SAFETY: both pointers are valid for the call, a null one means no timeout; the size of the
    // timeout travels in the fourth argument, as umtx(2) asks.
    let slept = unsafe {
        libc::_umtx_op(
            word.as_ptr().cast(),
            operation,
            expected as libc::c_ulong,
            without_provenance_mut(size),
            timeout,
        )
    };
    if slept != 0 && std::io::Error::last_os_error().raw_os_error() == Some(libc::ETIMEDOUT) {
        return Ended::TimedOut;
    }
    // Or the word had changed: the system does not tell the two apart, and may have taken a wake for
    // us in either case.
    Ended::Woken
}

#[cfg(target_os = "freebsd")]
pub(crate) fn wake(word: *const AtomicU32, n: usize, scope: Scope) -> Option<usize> {
    use core::ptr::null_mut;

    if n == 0 {
        return Some(0);
    }
    let operation = match scope {
        Scope::Process => libc::UMTX_OP_WAKE_PRIVATE,
        Scope::Machine => libc::UMTX_OP_WAKE,
    };
    // SAFETY: the kernel takes the address as a name, and reads nothing there.
    unsafe {
        libc::_umtx_op(
            word.cast_mut().cast(),
            operation,
            at_most_int(n) as libc::c_ulong,
            null_mut(),
            null_mut(),
        )
    };
    None
}
