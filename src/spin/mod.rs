//! A lock that never calls the operating system: [`SpinLock`].
//!
//! **Use it when** the critical section is a handful of instructions, every holder runs to its end
//! without being pre-empted for long, and there are no more threads than cores; or where there is no
//! operating system. **Use something else when** a holder may be pre-empted, sleep or do I/O: a
//! waiting thread then burns a core for as long as that takes. [`Mutex`](crate::mutex) sleeps
//! instead.
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | progress | blocking: a stopped holder stops every other thread. `try_lock` never waits |
//! | fairness | none: a thread may in theory wait for ever while others take turns |
//! | cost | one locked instruction to take, one plain store to release |
//! | panics | the lock is released on unwinding, and is not poisoned |
//! | `forget(guard)` | the lock stays taken for ever; nothing becomes unsound |
//! | memory | one byte beside the value, plus alignment; no allocation, usable in a `static` |
//!
//! # How it works
//!
//! Test, then test-and-set: a waiting thread only reads, so the flag's cache line can stay with the
//! holder, and it tries the exchange when it has seen the flag free. Between looks it waits 1, 2, 4,
//! ... pauses, give or take a half, but no more than a microsecond; after four microseconds in all it
//! gives its turn to the scheduler instead. How long a pause is differs by a factor of ten between
//! processors, so the first thread that has to wait measures it.
//!
//! # Invariants
//!
//! * I1: the flag is true from a successful exchange to that holder's release, and in that time only
//!   the holder touches the value.
//!
//! # Edges
//!
//! * E1, release to acquire: the holder's `store(false, Release)` to the next holder's
//!   `compare_exchange(Acquire)`. All accesses of one holder happen-before those of the next.
//!
//! # Limits
//!
//! With more threads than cores, the scheduler decides who makes progress; waiting threads yield, but
//! yielding does not help a holder of lower priority. Locking twice on one thread deadlocks.
//!
//! # References
//!
//! L. Rudolph and Z. Segall, "Dynamic decentralized cache schemes for MIMD parallel processors"
//! (ISCA 1984), for test-and-test-and-set; T. E. Anderson, "The performance of spin lock
//! alternatives for shared-memory multiprocessors" (IEEE TPDS 1990), for the backoff.

mod lock;
mod raw;

pub use lock::{MappedSpinLockGuard, SpinLock, SpinLockGuard};
#[cfg(any(feature = "lock_api_04", feature = "lock_api_05"))]
pub(crate) use raw::RawSpin;
