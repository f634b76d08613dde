//! Waiting for news: [`Watch`] adds `changed()` to any publication cell.
//!
//! **Use it when** somebody wants to sleep until the next publication: a worker that applies new
//! settings, a page that follows a value. **Use something else when** readers look at their own time
//! anyway (the plain cell, which this costs nothing), or when every value matters and none may be
//! skipped (a queue).
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | reads | those of the plain cell, through [`cell`](Watch::cell): not one instruction more |
//! | no lost news | a [`Watcher`] that waits returns once a publication was announced that it has not seen |
//! | coalescing | several publications may be seen as one; never one as several |
//! | ordering | what was published happens-before the return of `changed`: a read after it finds that value or a later one |
//! | publishing | the cell's own cost, an atomic add, a fence and a load; waking only if somebody waits |
//! | timeouts | never early |
//! | panics | a publication that panics is announced all the same, since it may have happened |
//! | memory | a number and an event count beside the cell; a waiting thread allocates nothing, a task one node |
//!
//! What is published to the cell itself, past the `Watch`, is not announced.
//!
//! # How it works
//!
//! Publications are counted, after the fact. A watcher remembers the count that it has seen, and
//! waits by an [`EventCount`](crate::wait::EventCount) until there is another.
//!
//! # Edges
//!
//! * E1, publish to changed: `count.fetch_add(Release)` after the publication to `count.load(Acquire)`.
//! * E2, publish to a sleeping watcher: the event count's (E1 to E3 of [`wait`](crate::wait)).
//!
//! # References
//!
//! The watch channel of tokio has the same idea around a lock.

mod cell;
mod watcher;

pub use cell::{Publish, Watch};
pub use watcher::{Changed, Watcher};
