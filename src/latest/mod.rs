//! A register of the latest value of any type, wait-free on both sides: [`Latest`].
//!
//! **Use it when** one thread makes values (frames, positions, a routing table, a parsed
//! configuration), a known number of threads wants the newest and none of the older ones, and nobody
//! may wait: neither a real-time writer for a slow reader nor a reader for a stopped writer. **Use
//! something else when** several threads write or readers come and go; when every value must arrive
//! ([`spsc`](crate::spsc)); when the value is small plain data ([`Snapshot`](crate::Snapshot): any
//! number of readers, without handles); or when R + 2 copies take too much memory.
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | consistency | atomic: a read brings the value last published, or one published during the call; nobody goes back in time |
//! | `read` | wait-free: one load if there is nothing new, two read-modify-writes if there is |
//! | `publish` | wait-free: looks at R + 1 slots at most, and drops one older value |
//! | stalled threads | neither a writer nor a reader that is stopped anywhere delays anyone |
//! | what is read | is borrowed, not copied, and does not change until that reader's next `read` |
//! | drops | each value once. While the writer lives, by the writer: a value that nobody can see any more goes within R + 1 publishes. With the writer, those that no reader can see; the rest with the last handle, or with the [`Latest`] |
//! | panics | in a closure or a destructor: nothing is published, nothing leaks, the register stays usable |
//! | `forget(handle)` | a forgotten reader's slot is never used again, and the writer does not need it; a forgotten writer is never reported gone; nothing becomes unsound |
//! | memory | R + 2 slots, each on cache lines of its own, in the [`Latest`] or allocated by `channel`; none later by this crate |
//!
//! # How it works
//!
//! ```text
//!   current = slot 2, 1 joined
//!               v
//!   slots   [ v5 | v3 | v6 | v4 ]        R = 2: four slots
//!             ^         ^
//!             reader a  reader b         v3 and v4: no reader's; v7 will replace v3
//! ```
//!
//! The readers are counted, not named. A reader that finds another slot current leaves its own by
//! adding to that slot's count of those who have left, and joins the current one by adding to the
//! word that names it. The writer replaces that word in one step and so learns how many readers ever
//! joined the slot that it replaced. When as many have left a slot, it is free.
//!
//! # The broken variant
//!
//! With a slot less, R + 1, the writer runs out: each reader is in a slot of its own, another one is
//! current, and none is left. So does a register whose readers join the new slot before they leave
//! the old one.
//!
//! ```
//! let mut register = untorn::Latest::<u32, 2>::new(0);
//! let (mut writer, [mut a, mut b]) = register.split();
//! writer.publish(1);
//! assert_eq!(*a.read(), 1);
//! writer.publish(2);
//! assert_eq!(*b.read(), 2);
//! writer.publish(3); // the third slot in use ...
//! writer.publish(4); // ... and this is why there is a fourth
//! assert_eq!((*a.held(), *b.held(), *writer.latest()), (1, 2, 4));
//! ```
//!
//! # Invariants
//!
//! * I1: only the writer replaces `current`, changes `entered`, and changes values.
//! * I2: a slot that is current, or that a reader is in, holds a value, and that does not change.
//! * I3: a slot that is not current, and where `entered` equals `left` as the writer sees it, is free:
//!   no reader is in it, and none comes before the writer has made it current again.
//! * I4: a handle's slot is, for the writer's, the current one; for a reader's, one that it has joined
//!   and not left, so that it cannot be free.
//! * I5: each reader is in one slot, as far as the writer can see. So of the R + 1 slots that are not
//!   current, one is free.
//!
//! # Edges
//!
//! * E1, publish to read: the writer's `current.swap(Release)` to the reader's
//!   `current.fetch_add(Acquire)`. A reader that joins a slot sees the value in it.
//! * E2, read to reuse: the reader's `left.fetch_add(Release)` to the writer's `left.load(Acquire)`. A
//!   reader that has left is done with the value before the writer changes it.
//! * E3, leave to count: the reader's `current.fetch_add(Release)` to the writer's
//!   `current.swap(Acquire)`. A writer that counts a reader into a slot sees that it has left the slot
//!   before. Without it the reader might seem to be in both, and I5 would fail.
//! * E4, last value: the writer's `gone.store(Release)` to the reader's `gone.load(Acquire)`. A reader
//!   that sees the writer gone sees its last publish.
//!
//! # Limits
//!
//! One writer, and a number of readers that is fixed from the start: at most [`MAX_READERS`], about
//! 2^32, or 2^16 on 32-bit machines. A publish looks at slots until it finds a free one, so its time
//! grows with the number of readers that hold old values. A value that a reader holds is kept for as
//! long as it holds it.
//!
//! # References
//!
//! M. Ianni, A. Pellegrini and F. Quaglia, "Anonymous readers counting: a wait-free multi-word atomic
//! register algorithm for scalable data sharing on multi-core machines" (arXiv 1707.07478, 2017), for
//! the protocol; G. L. Peterson, "Concurrent reading while writing" (ACM TOPLAS 1983), for the first
//! register of R + 2 buffers. With one reader it has the three slots of a triple buffer.

mod handle;
mod reader;
mod register;
mod slots;
mod writer;

pub use reader::Reader;
pub use register::Latest;
#[cfg(feature = "alloc")]
pub use register::channel;
pub use slots::MAX_READERS;
pub use writer::Writer;
