//! A cell for small plain data whose readers write nothing shared: [`SeqLock`].
//!
//! **Use it when** a few dozen bytes are read far more often than written and every read must be one
//! consistent value. **Use something else when** a writer may be pre-empted in the middle and readers
//! must not wait for it ([`Snapshot`](crate::Snapshot)), or when the value owns memory or is large
//! (publish a pointer to it).
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | consistency | a read is one value that was stored, never a mix of two |
//! | `try_read` | wait-free: fails if a write overlapped it |
//! | `read` | blocking: waits while a write is under way, and tries again when one overlapped. Writes nothing shared, so readers never disturb each other or the writer |
//! | [`Writer::write`] | wait-free, and no read-modify-write: two stores beside the value's |
//! | `write`, `update`, `writer` | blocking among writers only: they take turns, spin a few microseconds, then sleep. Readers cannot hold them up |
//! | `read_into` | as `read`, without a copy on the stack, for values of hundreds of bytes |
//! | `update` | the closure works on a copy: if it panics nothing is published and readers never waited for it. No update is lost |
//! | data races | none by the letter of the memory model: every shared byte is an atomic word |
//! | memory | the value, a 64-bit number and the writers' lock (8 bytes on Linux), plus alignment; no allocation, usable in a `static` |
//! | `forget(writer)` | later writers wait for ever; readers read on; nothing becomes unsound |
//!
//! # How it works
//!
//! ```text
//!   seq even: the value is whole          seq odd: a writer is inside
//!
//!   writer   seq=2k+1 | fence | words ...          | seq=2k+2
//!   reader                        seq? words ... | fence | seq?   even and unchanged: whole
//! ```
//!
//! Who may write is decided by a lock of its own beside `seq`. It is held by `write` and `update` for
//! their duration and by a [`Writer`] for its life, which is why a `Writer` needs no
//! read-modify-write, and why `update` can run its closure with `seq` even.
//!
//! # Invariants
//!
//! * I1: only the holder of `writers` stores to `seq` and `words`.
//! * I2: `seq` is odd from before the first word store of a write to after its last.
//! * I3: while `seq` is even the words are, byte for byte, the value last written.
//!
//! # Edges
//!
//! * E1, write to read: `seq.store(even, Release)` to `seq.load(Acquire)`. A reader that sees the
//!   number of a write sees all words of it.
//! * E2, read to write: the reader's word load that saw a store of a later write, then
//!   `fence(Acquire)`, and that writer's `fence(Release)` before its word stores. The two fences
//!   synchronise, so the reader's second look at `seq` sees that write's odd number or a later one,
//!   and the copy is thrown away.
//! * E3, writer to writer: the `writers` lock (edges E1 to E3 of [`mutex`](crate::mutex)).
//!
//! # Limits
//!
//! The number has 64 bits, on 32-bit machines too, and so never comes round. Only where there are no
//! 64-bit atomics at all it wraps, after 2^31 writes: a reader would have to be stopped inside one
//! read for exactly that many, or a multiple, to be fooled. A read costs one copy of the value, so its
//! time grows with the size; above some hundred bytes a pointer is cheaper. A signal handler must not read or write a cell that its own thread may be writing: it
//! would wait for itself (`try_read` and `try_writer` do not wait).
//!
//! # References
//!
//! C. Lameter, "Effective synchronization on Linux/NUMA systems" (2005); H.-J. Boehm, "Can seqlocks
//! get along with programming language memory models?" (MSPC 2012), whose fence form this is.

mod lock;
mod writer;

pub use lock::SeqLock;
pub use writer::Writer;
