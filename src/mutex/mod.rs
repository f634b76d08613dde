//! A lock whose waiting threads sleep: [`Mutex`].
//!
//! **Use it when** several threads change one value in place, a holder may be pre-empted, or there
//! are more threads than cores. **Use something else when** readers outnumber writers by far: the
//! cells of this crate let them read without a lock; or when there is no operating system to sleep
//! in: [`SpinLock`](crate::SpinLock).
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | progress | blocking: a stopped holder stops every other thread. `try_lock` never waits |
//! | waiting | eight microseconds of spinning, then asleep; who holds the lock gets the core |
//! | timeouts | never early; late by what it takes to wake up |
//! | fairness | none: who comes at the right moment is before those who sleep. They are woken in the order in which the system keeps them |
//! | cost | one locked instruction to take; on Linux, a plain store and two plain loads to release, elsewhere a full fence with them. While somebody sleeps another locked instruction, and a system call if nobody is awake to take over |
//! | panics | the lock is released on unwinding, and is not poisoned |
//! | `forget(guard)` | the lock stays taken for ever; nothing becomes unsound |
//! | memory | eight bytes beside the value on Linux, Android and FreeBSD (64-bit); no allocation, usable in a `static` |
//!
//! There is no poisoning: after a panic the next holder finds the value as the panic left it. Where a
//! half-made change would be harmful, put what says so into the value.
//!
//! # How it works
//!
//! One word says whether the lock is held. Another counts the threads that sleep, and has a bit that
//! says that one of them was woken; they sleep on that second word.
//!
//! ```text
//!   release: held = 0                            a sleeper: count += 1
//!            light fence                                    heavy fence, if nobody made one yet
//!            count > 0?                          loop:      take the lock? count -= 1, bit = 0, done
//!            and no bit? set it, and wake one               bit set? spin, bit = 0
//!                                                           or sleep while (count, bit) is unchanged
//! ```
//!
//! To look for sleepers after every release would cost a full fence, if it were not for the asymmetric
//! kind: the sleeper has the kernel fence every other thread. That takes microseconds and disturbs
//! them all, so a waiting thread spins first for about as long, with a look each microsecond, and
//! those who join it asleep rely on its fence.
//!
//! The bit keeps threads that release the lock often from waking everybody: while one is awake and
//! on its way, others are seldom woken, and few system calls made. It takes the lock or goes back to sleep,
//! and takes the bit back before it does.
//!
//! # Invariants
//!
//! * I1: `state` is `HELD` from a successful exchange to that holder's release, and in that time only
//!   the holder touches the value.
//! * I2: a thread is counted in `sleepers` from before its first sleep to after its last.
//! * I3: while a thread sleeps, either the bit `WAKING` is clear, and whoever holds the lock finds it
//!   clear after having released it; or a counted thread is awake that will take the lock, or clear
//!   the bit and then look again. A thread falls asleep only on a word without the bit, and to set
//!   it is to wake one. Who takes the lock clears the bit, and wakes the next on release. Who gives
//!   up while it is set passes the wake on.
//! * I4: `FENCED` is set by a counted thread that has made a heavy fence, and goes with the last
//!   sleeper. While it is set, a release sees that somebody is counted; one that did not came before
//!   that fence, and the thread that made it found the lock free, or held by a later holder. Without
//!   the bit, sleeps are short and end by themselves.
//!
//! # Edges
//!
//! * E1, release to acquire: the holder's `store(FREE, Release)` to the next holder's
//!   `compare_exchange(Acquire)`. All accesses of one holder happen-before those of the next.
//! * E2, sleeper to holder: the sleeper adds itself to the count, passes a heavy fence and looks at
//!   `state`; the holder stores that the lock is free, passes a light fence and looks at the count.
//!   One of the two sees the other's store.
//! * E3, holder to sleeper: the exchange (`Release`) by which a release finds the bit set to the
//!   `fetch_and` (`Acquire`) that clears it. Who clears it sees the lock free; a release that comes
//!   after it finds it clear.
//!
//! # Limits
//!
//! Where a process has threads already, its very first release of any lock of this kind takes
//! milliseconds: that is how long the kernel takes to sign it up for the heavy fence. (One that is made
//! before there is a second thread costs next to nothing.)
//!
//! A release looks at the lock once more when it is free already. So the lock must outlive the call:
//! that one has taken it does not prove that the last holder is done with its memory. References see to
//! that; code that frees memory by hand has to.
//!
//! Locking twice on one thread deadlocks. Where a filter on system calls, installed after the first
//! wait of the process, refuses the heavy fence, waiting threads look for themselves every
//! millisecond. With much contention the thread that has just released the lock often takes it again:
//! that is what makes the lock fast, and what makes it unfair.
//!
//! # References
//!
//! U. Drepper, "Futexes are tricky" (2011), for sleeping on a word; M. Burrows' nsync, for the bit
//! that keeps one woken thread in flight; D. Dice, H. Huang and M. Yang, "Asymmetric Dekker
//! synchronization" (2001), for unlocking without a fence.

#[cfg(feature = "std")]
mod lock;
mod raw;

#[cfg(feature = "std")]
pub use lock::{MappedMutexGuard, Mutex, MutexGuard};
pub(crate) use raw::{Parked, RawPark};
