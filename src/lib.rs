//! Lock-free concurrency primitives whose reads are never torn and whose memory orderings are
//! checked, not trusted.
//!
//! Each primitive stands alone in a module of its own. Its page begins with what it guarantees, the
//! invariants it keeps and the happens-before edges it is built from; the model tests of the
//! repository weaken every one of those edges and demand that a test fails.
//!
//! # Which one?
//!
//! | You have | and need | use |
//! |---|---|---|
//! | a number that many threads add to | statistics, no other data hangs on it | [`Counter`] |
//! | the same, and threads do little else | an add that no other core slows down | [`ShardedCounter`] |
//! | tasks that several threads do | how many are done, and to wait for the last | [`Progress`] |
//! | small plain data, few writers | readers that write nothing shared | [`SeqLock`] |
//! | the same, and a writer may be pre-empted | readers that no stalled writer can hold up | [`Snapshot`] |
//! | any `T`, one writer, a known number of readers | both sides wait-free, no copy, no heap | [`Latest`] |
//! | any `T`, several writers, readers that come and go | to keep what a read found; nobody waits | [`Rcu`] |
//! | one of those cells, and readers that sleep until there is news | `changed()`, for threads and tasks | `Watch` |
//! | one producing and one consuming thread | a bounded queue, waiting on either side; in lines, if the values are small | [`spsc`] |
//! | the same, and what flows is bytes | a stream: `Read`, `BufRead`, `Write`, blocking or as tasks | `pipe` |
//! | the same, and a producer that must never stop | to keep the newest, counting what was lost | [`spsc::lossy`](mod@spsc::lossy) |
//! | several threads that produce, or several that consume | a bounded queue in strict order, waiting on either side | [`mpmc`] |
//! | bytes that processes share, or with a documented layout | atomic fields, locks and waits in them | [`SharedBuffer`] |
//! | one producing and one consuming process | a bounded queue in memory that both have mapped | [`shared::ring`] |
//! | a critical section of a few instructions, never more threads than cores | mutual exclusion without an OS | [`SpinLock`] |
//! | anything longer, or more threads than cores | mutual exclusion, timeouts | `Mutex` |
//! | an atomic word that threads or tasks wait for | a portable futex: outcome, deadline, exact count | `wait` |
//! | a condition of lock-free data to wait for | notifying that costs next to nothing while nobody waits | `wait::EventCount` |
//! | poisoning, condition variables, readers beside readers | | `std::sync`, not us |
//! | select, unbounded queues, rendezvous | channels | crossbeam-channel, flume, tokio, not us |
//!
//! More on that in [`docs::choosing`]; what the orderings mean in [`docs::orderings`]; patterns beside
//! their broken variants in [`docs::patterns`]; then [`docs::limits`], [`docs::guarantees`] and
//! [`docs::verification`]. If you come from another cell: [`docs::migrating`].
//!
//! # Features
//!
//! * `std` (default): blocking calls and timeouts. Without it the crate is `no_std` and offers the
//!   `try_` calls, the locks and the cells.
//! * `alloc` (part of `std`): the rings and queues, [`Rcu`], and `latest::channel`.
//! * `async`: `Stream` for the consumer of a ring and `Sink` for its producer, of `futures-core` and
//!   `futures-sink`. Waiting as a task takes no feature: `push_async`, `pop_async`.
//! * `futures-io`, `tokio`: `AsyncRead`, `AsyncBufRead` and `AsyncWrite` of these crates for the ends of a
//!   pipe. Of tokio nothing but the traits is built; none of its features is needed.
//! * `lock_api_04`, `lock_api_05`: the locks under the traits of `lock_api` 0.4 and 0.5, in
//!   `untorn::interop`. The second takes Rust 1.95, as `lock_api` 0.5 does.
//! * `loom`: with `--cfg loom`, the primitives run on loom's types, so that your own models can
//!   include them. Outside semver.
//! * `pause-points`: lets a test freeze a thread inside a primitive. Outside semver.
#![no_std]
#![warn(clippy::alloc_instead_of_core, clippy::std_instead_of_alloc, clippy::std_instead_of_core)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(target_has_atomic = "64")]
pub mod counter;
#[cfg(feature = "std")]
pub mod docs;
sync::unless_loom! {
    #[cfg(any(
        feature = "async",
        feature = "futures-io",
        feature = "lock_api_04",
        feature = "lock_api_05",
        feature = "tokio"
    ))]
    pub mod interop;
}
pub mod guard;
pub mod latest;
#[cfg(feature = "alloc")]
pub mod mpmc;
#[cfg(feature = "std")]
pub mod mutex;
#[cfg(feature = "std")]
pub mod pipe;
#[cfg(target_has_atomic = "64")]
pub mod progress;
#[cfg(feature = "alloc")]
pub mod rcu;
pub mod seqlock;
#[cfg(feature = "std")]
pub mod shared;
pub mod snapshot;
pub mod spin;
pub mod spsc;
#[cfg(feature = "std")]
pub mod wait;
#[cfg(feature = "std")]
pub mod watch;

mod backoff;
mod error;
#[cfg(not(feature = "std"))]
mod mutex;
mod sync;
mod word;

pub use bytemuck;
#[cfg(target_has_atomic = "64")]
pub use counter::{Counter, ShardedCounter};
pub use latest::Latest;
#[cfg(feature = "std")]
pub use mutex::Mutex;
#[cfg(target_has_atomic = "64")]
pub use progress::Progress;
#[cfg(feature = "alloc")]
pub use rcu::Rcu;
pub use seqlock::SeqLock;
#[cfg(feature = "std")]
pub use shared::SharedBuffer;
pub use snapshot::Snapshot;
pub use spin::SpinLock;
#[cfg(feature = "std")]
pub use watch::Watch;
pub use word::PlainData;

/// Freezing threads at named points, for tests. Outside semver.
#[cfg(feature = "pause-points")]
pub mod pause_points {
    pub use crate::sync::hooks::*;
}

/// The examples of the README, tested.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../README.md")]
mod readme {}

/// Programs that must not compile, beside twins that do.
#[cfg(all(doctest, feature = "std"))]
#[doc = include_str!("../tests/must_not_compile.md")]
mod must_not_compile {}
