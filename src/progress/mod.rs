//! How far many tasks have come: total, completed, failed, and the end, announced once. [`Progress`].
//!
//! **Use it when** several threads work through a number of tasks, others show how far they are, and
//! somebody must know when the last is done. **Use something else when** tasks are only counted
//! ([`Counter`](crate::Counter)), or when their results are wanted one by one (a queue).
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | consistency | `completed + failed <= total`, for every reader, at every time; the two come from one word |
//! | a snapshot | what was so at one moment during the call: it has every change that happened before the call, and with each change all that happened before that; of two snapshots, by whichever threads, one has all that the other has |
//! | no task twice | each completion and failure takes one of the tasks in the total; where none is left it is refused, and nothing changes |
//! | no task lost | a [`Ticket`] that is dropped, by a panic too, counts as failed |
//! | the finish | of the completions, failures and [`seal`](Progress::seal)s that overlap it, exactly one returns `true`, and none that begins later. If a ticket's drop announces it, or there were no tasks to begin with (`new(0)`), none does |
//! | waiting | each wait that began before the finish ends with it; later ones end at once. What was done before any completion, failure or the seal happens-before the end of the wait |
//! | progress | completing by a ticket, a snapshot of a sealed total: wait-free. Taking a ticket, adding, a snapshot while others add: lock-free. Waiting: blocking |
//! | memory | three words and the queue's one; no allocation but by [`wait_async`](Progress::wait_async), usable in a `static` |
//! | range | 2^32 - 1 tasks in all; count in larger units beyond |
//!
//! # How it works
//!
//! ```text
//!   total    sealed | 10      grows until it is sealed
//!   claimed  7                tasks that somebody has, or had
//!   done     failed 1 | 4     completed: one word, so that they belong together
//! ```
//!
//! A task is claimed before it is done: by a ticket, or by the call that completes it. Claims are held
//! to the total, so what is done needs no check, and a dropped ticket none that could fail. Whoever
//! brings `done` up to the total looks whether the total is sealed, and who seals looks whether all is
//! done.
//!
//! # The broken variant
//!
//! Three counters that each say the truth do not say it together. A reader that loads `completed` and
//! then `failed` may find a task in neither or, if it loads the total first, more done than there is:
//!
//! ```
//! use untorn::Counter;
//!
//! let (total, completed) = (Counter::from(1), Counter::new());
//! let seen = total.get(); // the reader loads the total ...
//! total.increment();
//! completed.add(2); // ... meanwhile a task is added, and both are completed ...
//! assert!(completed.get() > seen); // ... and it finds 2 of 1
//! ```
//!
//! # Invariants
//!
//! * I1: `completed + failed <= claimed <= total <= u32::MAX`.
//! * I2: all of them only grow, and the total not once it is sealed.
//! * I3: when the total is sealed and all of it is done, nothing changes any more, and the bit `FINISHED`
//!   is set by one call.
//!
//! # Edges
//!
//! * E1, done to reader: `done.fetch_add(Release)` to `done.load(Acquire)`; in a snapshot, to a relaxed
//!   load and the fence of E6 behind it. Who sees a completion sees the total that its task is in, and
//!   what was done for it.
//! * E2, claim to claim: `claimed.compare_exchange(Release)` to `claimed.load(Acquire)`. Who sees a claim
//!   sees a total that it is within.
//! * E3, total to reader: `total.compare_exchange(Release)` and `total.fetch_or(Release)` to
//!   `total.load(Acquire)`; in a snapshot as E1. Who sees added tasks, or the seal, sees what was done
//!   before.
//! * E4, last task against seal: each changes its word, passes a `fence(SeqCst)` and looks at the other's.
//!   One of them finds that all is done.
//! * E5, finish to who waits: E1 and E3 of [`wait`](crate::wait), by its `EventCount`.
//! * E6, snapshot to snapshot: a `fence(SeqCst)` before `done` is loaded, and one behind. Suppose that one
//!   snapshot has an addition but not a completion which another has without the addition. If the first
//!   fence of the one precedes the second fence of the other, the other finds the addition; if it follows,
//!   the one finds the completion.
//!
//! # Limits
//!
//! All tasks meet at one cache line; a task of less than a microsecond wants to be counted in bunches,
//! `complete(100)`. A [`Ticket`] that is forgotten is never counted, and the finish never comes; nor
//! does it to one who waits with a ticket in hand. A total that is not sealed has no end, and the time
//! that is left is an estimate for the tasks added so far.
//!
//! # References
//!
//! Two numbers in one word so that they stay together, and one side of a race that is always told: the
//! count and flag of `std`'s futex-based locks; the phaser of D. Lea's `java.util.concurrent`.

mod error;
#[cfg(feature = "std")]
mod finished;
#[cfg(feature = "std")]
mod pace;
mod tally;
mod tasks;
mod ticket;

pub use error::{AddError, NoTaskLeft};
#[cfg(feature = "std")]
pub use finished::Finished;
#[cfg(feature = "std")]
pub use pace::{Pace, Report};
pub use tally::Tally;
pub use tasks::Progress;
pub use ticket::Ticket;
