//! Bytes that threads and processes share as atomic integers: [`SharedBuffer`].
//!
//! **Use it when** several processes share counters, states and locks, or when threads do and the
//! memory has a documented arrangement: what `SharedArrayBuffer` and `Atomics` are elsewhere.
//! **Use something else when** threads of one program share a value: a struct of atomics has names and
//! types without a table. And for fields that belong together take a [`Snapshot`](crate::Snapshot), see
//! [below](#fields-one-by-one).
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | fields | `i8` to `u64`, arrays of them, and locks; named, aligned, never overlapping |
//! | a wrong field | refused with its name, offset and size; a type without atomic operations does not compile |
//! | a key of another layout | a panic, or a field of the same type at the same place: never other bytes |
//! | `load`, `store`, `add`, ... | wait-free, sequentially consistent; the old value comes back, the arithmetic wraps around. `and`, `or`, `xor`: lock-free (x86 has no instruction that returns the old value, so they loop) |
//! | `wait`, `notify` | on the heap: all widths, exact counts, first come first served, as in [`wait`](crate::wait) |
//! | the same between processes | 32 bits, counts and order as the system has them; a wait may end for no reason |
//! | data races | none: what this module does to a byte is atomic, always in the same width. In memory of processes that is [assumed](#what-is-assumed-of-other-processes) of whoever else has the descriptor |
//! | [rings](ring) | a queue of plain data from one process to another; a peer that dies is reported |
//! | [`SpinView`], [`MutexView`] | blocking; `try_lock` never waits. The lock is released on unwinding, and not by the [death](#a-dead-peer) of a process |
//! | memory | as many bytes as the layout has, zeroed, from a multiple of 128 on; a clone is the same memory |
//! | memory of processes | of `memfd`: its length is sealed and its pages are taken when it is made, so no access fails later. Of `from_file`: whoever calls it promises that |
//!
//! # How it works
//!
//! ```text
//!   Layout    | Offset | Size | Type  | Name    |      Field<i32> "counter" = row 1, offset 4
//!             |      0 |    4 | mutex | lock    |               |
//!             |      4 |    4 | i32   | counter | <-------------+ row and offset compared
//!             |      8 |    4 | i32   | status  |               |
//!   memory    [ lock | counter | status | ... ]                v
//!                    ^ &AtomicI32 --------------- View<i32>: load, store, add, wait, ...
//! ```
//!
//! A buffer is made from its layout and keeps it. That is what an array buffer with views of any width
//! over the same bytes cannot promise: accesses of different width to the same bytes, at the same time,
//! are undefined behaviour in Rust even if all are atomic. Here a byte belongs to one field, and a field
//! has one width.
//!
//! # Sharing it
//!
//! Threads clone the handle, or borrow the buffer. Processes share the memory object of
//! `SharedBuffer::memfd`: who has its descriptor attaches with `from_fd`.
//!
//! ```no_run
//! # #[cfg(target_os = "linux")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::io;
//! use std::os::fd::AsFd;
//! use std::process::{Command, Stdio};
//! use untorn::SharedBuffer;
//! use untorn::shared::Layout;
//!
//! let mut layout = Layout::builder();
//! let counter = layout.field::<u32>("counter")?;
//! let layout = layout.build();
//!
//! if std::env::args().len() == 1 {
//!     let buffer = SharedBuffer::memfd(layout)?;
//!     let stdin = Stdio::from(buffer.as_fd().try_clone_to_owned()?);
//!     Command::new(std::env::current_exe()?).arg("child").stdin(stdin).status()?;
//!     assert_eq!(buffer.view(counter).load(), 1);
//! } else {
//!     let buffer = SharedBuffer::from_fd(io::stdin().as_fd().try_clone_to_owned()?, layout)?;
//!     buffer.view(counter).add(1);
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(target_os = "linux"))]
//! # fn main() {}
//! ```
//!
//! The fields are where the table says, from the first byte of the object on, so a program in another
//! language needs nothing but the table. Behind them stands the layout as text, which no table shows:
//! `from_fd` compares all of it, so a mistake is an error, and not a mixture of widths. A file has neither
//! seal nor trailer, which is why `from_file` is unsafe.
//!
//! ## What is assumed of other processes
//!
//! The memory model knows one process, and neither it nor a seal keeps one that has the descriptor from
//! doing with the bytes what it likes. So `memfd`, `from_fd` and `AsFd` are safe on the assumption that
//! whoever gets the descriptor, or opens `/proc/PID/fd`, this process included,
//!
//! * maps the bytes for nothing but atomic accesses of the width that the layout gives them: never as a
//!   `&[u8]` or by plain loads and stores;
//! * does not write them by `write(2)` and its like while a buffer lives. Reading them by `read(2)` does
//!   them no harm, and shows each field at some moment, or a mix of two.
//!
//! Who breaks that stores wrong numbers at best; each pattern of bits is one, so no operation here goes
//! anywhere else for it, and the pages stay. But accesses of two widths or a plain access at the same
//! time are a data race, which no machine that this runs on makes more of than wrong numbers, and which
//! the language leaves undefined where one of the two is in Rust. Give the descriptor to programs that
//! you would give a pointer to. The trailer is no defence against an enemy, who can copy it.
//!
//! The operations, and the locks, fence within themselves, as every atomic instruction does. Nothing
//! here relies on the asymmetric fences of other modules, which stop at the process.
//!
//! # Fields, one by one
//!
//! Each operation is atomic; two of them are not. A reader that loads two fields can see one from
//! before a change and one from after it:
//!
//! ```
//! use untorn::{SharedBuffer, Snapshot, shared::Layout};
//!
//! let mut layout = Layout::builder();
//! let batch = layout.field::<u32>("batch size")?;
//! let timeout = layout.field::<u32>("timeout")?;
//! let config = SharedBuffer::new(layout.build());
//! config.view(batch).store(100);
//! config.view(timeout).store(5000);
//!
//! let seen = config.view(batch).load(); // the reader loads one field ...
//! config.view(batch).store(200); // ... the writer doubles both ...
//! config.view(timeout).store(10_000);
//! let mixed = (seen, config.view(timeout).load()); // ... the reader loads the other
//! assert_eq!(mixed, (100, 10_000)); // a configuration that there never was
//!
//! let config = Snapshot::new([100_u32, 5000]);
//! config.publish([200, 10_000]);
//! assert_eq!(config.read(), [200, 10_000]); // never a mix
//! # Ok::<(), untorn::shared::LayoutError>(())
//! ```
//!
//! # Invariants
//!
//! * I1: each row of a layout is aligned for its type, ends within the length, and has no byte in common
//!   with another row.
//! * I2: a buffer's layout never changes; its memory is at least as long, and nobody in this process
//!   accesses it through this mapping but in rows of the layout, atomically, in the width of the row. Of
//!   other mappings, in this process and in others, `from_fd` proves the same layout, the caller of
//!   `from_file` promises it, and the rest is [assumed](#what-is-assumed-of-other-processes).
//! * I3: a lock's word is 0 while nobody holds it. Only the holder makes it 0 again, or who acts in its
//!   name by `force_unlock`; it is a field that has no views. A mutex is 2 from before somebody sleeps until
//!   it is released.
//!
//! # Edges
//!
//! * E1, view to view: a store or a read-modify-write by `SeqCst` to the load or read-modify-write that
//!   sees what it stored.
//! * E2, release to acquire of a spin lock: `store(0, Release)` to `compare_exchange(Acquire)`.
//! * E3, release to acquire of a mutex: `swap(0, Release)` to `compare_exchange(Acquire)` or
//!   `swap(2, Acquire)`.
//! * E4, sleeper to holder of a mutex: the sleeper makes the word 2 and sleeps only while it is 2; the
//!   holder's swap sees the 2 and wakes one, or the sleeper finds another value and does not sleep. Who
//!   was woken takes the lock as 2, and so wakes the next.
//!
//! A wait that was notified sees what was done before the notification: E2 of [`wait`](crate::wait),
//! on the heap. Between processes look at the value: a load that sees the new one makes the edge (E1).
//!
//! # A dead peer
//!
//! A process that is killed leaves each word as it was. For a lock there are three cases, and the word
//! does not tell them apart from a lock that is well:
//!
//! 1. It held the lock, which stays held.
//! 2. It had made a mutex free, and had not yet woken a sleeper: the lock is free, the others sleep on.
//! 3. It was the sleeper that was woken, and had not yet taken the lock: the same.
//!
//! So who shares a lock with processes that may die takes it by `lock_timeout`, and when a peer has died,
//! one party recovers:
//!
//! 1. It takes the lock by `lock_timeout`. If it gets the lock, it forgets the guard ([`core::mem::forget`]).
//!    If not, and it knows that the holder is the one that died, it goes on as if it had.
//! 2. It repairs what the lock guards.
//! 3. It calls `force_unlock`, which also wakes one of those that sleep; that one wakes the next.
//!
//! **One party alone**, for instance the process that started the others, or whoever holds a second
//! lock that the system releases when its holder dies, as `flock(2)` of a file. Two that recover at once
//! are a race: the first releases, a third takes the lock, and the second releases it under the third.
//!
//! For a [ring](ring#a-peer-that-dies) nobody has to recover anything.
//!
//! # Limits
//!
//! * **Locks guard by agreement.** No value is inside, so the compiler holds nobody to it.
//! * **Not under a model checker:** a buffer on the heap is modelled word by word, locks and waits
//!   included. Memory between processes, its futex and the death of a process are not; the mutex is the
//!   same code in both, and tests with real processes run it there.
//! * **Where:** memory between processes is there on 64-bit Linux, Android and FreeBSD. Fields of 64 bits
//!   need a machine that has such atomics.
//! * **After a `fork`** the child shares a mapping with its parent, and has the heap's buffers for itself,
//!   but not the threads that hold their locks, nor those that sleep there. Until it calls `exec` it must
//!   not take a mutex of a buffer on the heap, nor wait for a view of one, nor notify. A guard that is held
//!   at the `fork` is there twice: of a lock in a mapping, both processes think that they hold it, and it
//!   is released twice. One of them forgets its guard.
//!
//! # References
//!
//! ECMA-262, "Structured Data", for `SharedArrayBuffer` and `Atomics`; U. Drepper, "Futexes are tricky"
//! (2011), for the mutex; memfd_create(2) and fcntl(2), for seals.

mod array;
mod buffer;
mod builder;
mod error;
mod field;
mod layout;
mod lock;
mod memory;
pub mod ring;
mod table;
mod view;
mod waits;
crate::sync::with_os_futex! {
    mod mapped;
    pub use mapped::{AttachError, Mapped, ProcessWaitable};
}

pub use array::ArrayView;
pub use buffer::SharedBuffer;
pub use builder::LayoutBuilder;
pub use error::{FieldError, LayoutError};
pub use field::{Field, FieldType, MutexWord, SharedInteger, SpinWord};
pub use layout::Layout;
pub use lock::{MutexHeld, MutexView, SpinHeld, SpinView};
pub use memory::{Heap, Memory};
pub use ring::{
    RingConsumer, RingError, RingFields, RingIndex, RingItem, RingOpenError, RingPeer, RingProducer,
};
pub use view::View;
