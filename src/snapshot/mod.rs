//! A double-buffered cell whose readers no stalled writer can hold up: [`Snapshot`].
//!
//! **Use it when** small plain data is published now and then (configuration, routing weights,
//! feature flags, a sensor's last sample) and a reader must get on with its work whatever happens to
//! the writer. **Use something else when** writes are rare and short and memory is tight
//! ([`SeqLock`](crate::SeqLock) keeps one copy instead of N), or when the value owns memory.
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | consistency | a read is one published value, never a mix; one reader never goes back in time |
//! | stalled writer | a writer stopped anywhere inside `publish` delays no reader |
//! | `try_read` | wait-free: fails only if N - 1 publishes *completed* while it copied |
//! | `read` | lock-free: it starts again only when others have made that much progress |
//! | `publish` | blocking among writers only; readers cannot hold it up |
//! | data races | none by the letter of the memory model: every shared byte is an atomic word |
//! | memory | N copies of the value, each on cache lines of its own; no allocation, usable in a `static` |
//!
//! # How it works
//!
//! ```text
//!           seq = 6                           seq = 7
//!   slots  [ v6 | v5 ]   write v7 into v5's  [ v6 | v7 ]   one store publishes
//!             ^ readers                              ^ readers
//! ```
//!
//! The writer fills the slot that no new reader uses and publishes it by storing its number. A reader
//! loads the number, copies the slot, and looks at the number again: the slot can have been reused
//! only if N - 1 later values were published since.
//!
//! # The broken variant
//!
//! The sketch that this cell grew from has two slots and an index, and no second look: *load the
//! index, read that slot, done*. It works until a reader is slow. If the writer publishes twice while
//! it reads, the second publish writes into the slot under its eyes, and the reader returns a mix of
//! two values. Here are those steps, one after the other:
//!
//! ```
//! let mut slots = [[1, 1], [0, 0]];
//! let mut active = 0;
//!
//! let slot = active; // the reader loads the index ...
//! let first = slots[slot][0]; // ... and copies the first half
//! for value in [2, 3] {
//!     let free = 1 - active; // the writer publishes twice meanwhile
//!     slots[free] = [value, value];
//!     active = free;
//! }
//! let second = slots[slot][1]; // the reader copies the second half
//! assert_eq!([first, second], [1, 3]); // a value that nobody ever published
//! ```
//!
//! # Invariants
//!
//! * I1: only the holder of `writers` stores to `seq` and to the slots.
//! * I2: slot `seq % N` is, byte for byte, the value last published, and is not written to before
//!   N - 1 more values are published.
//! * I3: `seq` counts publishes modulo a multiple of N, so neighbours use different slots even where
//!   it wraps.
//!
//! # Edges
//!
//! * E1, publish to read: `seq.store(Release)` to `seq.load(Acquire)`. A reader that sees the number
//!   sees the whole slot.
//! * E2, read to reuse: the writer's `fence(Release)`, which stands between the previous publish and
//!   the new words, and the reader's `fence(Acquire)` between its copy and its second look. A reader
//!   that caught a word of publish `s + N` sees a number of at least `s + N - 1`, and throws the copy
//!   away.
//! * E3, writer to writer: the `writers` lock (edges E1 to E3 of [`mutex`](crate::mutex)).
//!
//! # Limits
//!
//! A read costs one copy of the value. A writer that publishes without pause can make a reader try
//! again; more slots make that rarer. There is no bound on the number of tries: who needs one gives
//! up after some `try_read`s. The number has 64 bits and so never comes round; only where there are no 64-bit atomics it wraps after
//! about 2^32 publishes, and a reader would have to be stopped inside one read for that many, give or
//! take N - 2, to be fooled.
//!
//! # References
//!
//! Snapshot swapping in the manner of read-copy-update: P. McKenney and J. Slingwine, "Read-copy
//! update" (PDCS 1998); the second look is that of a sequence lock: H.-J. Boehm, "Can seqlocks get
//! along with programming language memory models?" (MSPC 2012). Linux's `seqcount_latch_t` is a
//! relative that writes both copies on every update.

mod cell;

pub use cell::Snapshot;
