//! A bounded queue in shared memory, from one producer to one consumer: a ring of plain data in a
//! [`SharedBuffer`](crate::SharedBuffer).
//!
//! **Use it when** one process hands items to another in order, without a system call for each, or when
//! the memory of a queue must be documented. **Use something else when** both ends are threads of one
//! program: [`spsc`](crate::spsc) takes any type, pays no fence, and has futures. Nor is it for strings or
//! anything behind a pointer, which is a number in another process.
//!
//! ```
//! use untorn::SharedBuffer;
//! use untorn::shared::{Layout, RingError};
//!
//! let mut layout = Layout::builder();
//! let ring = layout.ring::<[f64; 2]>("points", 100)?;
//! let buffer = SharedBuffer::new(layout.build()); // or `memfd`, and `from_fd` in the other process
//!
//! let mut producer = buffer.ring_producer(ring)?;
//! let mut consumer = buffer.ring_consumer(ring)?;
//! let sums = std::thread::spawn(move || {
//!     let mut sums = [0.0; 2];
//!     loop {
//!         match consumer.pop() {
//!             Ok([x, y]) => sums = [sums[0] + x, sums[1] + y],
//!             Err(RingError::Closed) => return Ok(sums), // the producer was dropped
//!             Err(error) => return Err(error),           // it died, or spoilt the memory
//!         }
//!     }
//! });
//! for number in 0..1000 {
//!     producer.push([f64::from(number), 1.0])?; // waits while the ring is full
//! }
//! drop(producer);
//! assert_eq!(sums.join().unwrap()?, [499_500.0, 1000.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | order | first in, first out; each item once, as long as no process dies ([then](#a-peer-that-dies) one may come twice) |
//! | capacity | exact, in items; the memory is that of an array of them and of the header |
//! | `try_push`, `try_pop` | wait-free, but for waking the other end if it sleeps. One fence each, whether or not somebody waits |
//! | `push`, `pop` and their timed forms | blocking: they spin for a few microseconds, then sleep |
//! | ends | at most one producer and one consumer at a time, over all processes; another may take the place of one that left or died, and goes on where that ended |
//! | a peer that left | [`Closed`](RingError::Closed), when the ring is empty (or full) besides |
//! | a peer that died | [`PeerGone`](RingError::PeerGone): who waits looks each fifth of a second, however often it is woken. [On Linux and Android](#a-peer-that-dies) |
//! | an index that is none | [`Corrupt`](RingError::Corrupt), with its place and its value; checked at each look, before anything is done with it |
//! | a peer that writes what it likes | wrong items, at best; no access outside the ring, no panic. Of the width of its accesses something is [assumed](crate::shared#what-is-assumed-of-other-processes), as everywhere in such memory |
//! | unwinding, `forget(end)` | an end that is dropped is given back. A forgotten one stays taken as long as its process lives |
//! | memory | none but the buffer's |
//!
//! # How it works
//!
//! ```text
//!   name.item size, .capacity                    what the ring is, for who compares no layouts
//!   name.producer,  .consumer                    odd while that end is there
//!   name.producer waits, .consumer waits         1 while that end sleeps
//!   --------------------------------- 128
//!   name.write index                             the producer's    | from 0 to twice the capacity,
//!   --------------------------------- 256                          | and begin again
//!   name.read index                              the consumer's    |
//!   --------------------------------- 384
//!   name.items  [ . . x x x x x . . . . . ]      the item of index i: slot i % capacity
//!                     read ^    ^ write
//! ```
//!
//! All of it are fields of the layout, which prints itself as the table, so a program in another language
//! can take either end. Since an index has twice as many values as there are slots, two of them tell a
//! full ring from an empty one; and most numbers are no index, and most pairs not those of a ring, which is
//! how spoilt memory is noticed. An item is copied word by word by relaxed atomic accesses, of the widest
//! integers that its size is a multiple of.
//!
//! Each end keeps its own index in its handle: it reads it in the memory once, when it is opened. Of the
//! other's it remembers how far it could go at the last look.
//!
//! An end that is about to sleep says so in its word, and looks at the ring once more; after each operation
//! the other end looks at that word. Both fence in between, since the asymmetric fences of other modules
//! stop at the process.
//!
//! # A peer that dies
//!
//! An end that is dropped says in its word that it has left. A process that is killed says nothing, so on
//! Linux and Android each end also holds a **lock on a byte of the memory object**, the first byte of its
//! word: an open-file-description lock, `F_OFD_SETLK` of fcntl(2). The kernel releases it when the process
//! ends, in whatever way. To have an open file description that nobody shares, each end opens the object
//! anew by `/proc/self/fd`; without `/proc` an end cannot be had between processes.
//!
//! * An end that waits looks at the other's lock each fifth of a second, and when its time is over. Word
//!   odd, lock free: the other end has died ([`PeerGone`](RingError::PeerGone)). `peer` looks at once. The
//!   `try_` calls make no system call for it, and say full or empty.
//! * What the dead producer had pushed is popped first. An item that it was writing was never pushed.
//! * A consumer that dies may have taken an item out and not yet have said so; the next consumer gets that
//!   item again.
//! * Who waits where nobody has come yet goes on waiting.
//!
//! What cannot be promised:
//!
//! * **Between threads**, on the heap, the word is all there is. A thread that panics drops its end, which
//!   then has left; an end that is forgotten is there for ever.
//! * **FreeBSD** has no such locks. The words alone are looked at: a process that was killed is taken to be
//!   there, its end stays taken, and who waits for it without a timeout waits for ever.
//! * **A process that is stopped** or hangs is not dead; take a timeout.
//! * **After a `fork`** without `exec` the child shares the description. An end that its parent drops is
//!   free at once, and one that the child drops stays its parent's; but if the parent dies its end is taken
//!   to be there until the child ends or drops its copy. As long as the parent's end is there, to drop the
//!   copy says in the word that it has left, so the child had better leave it alone and `exec`.
//! * **The lock is advisory.** Who maps the memory and goes past it can pretend to be either end. That
//!   breaks the queue, and nothing else.
//!
//! # Invariants
//!
//! * I1: both indices are below twice the capacity, and the write index is ahead of the read index by 0 to
//!   `capacity`. Checked at each look at the other's index, and believed of nobody.
//! * I2: an end's index is stored by that end alone; by one process at a time, as the claim and the word say.
//! * I3: the slots from the read to the write index hold items and are the consumer's; the others are the
//!   producer's. An item has `item size` bytes, in words of one width.
//! * I4: `producer` (`consumer`) is odd from when that end was claimed to when it leaves, and never the same
//!   twice, but for going around. Who comes claims before it changes the word, who leaves changes the word
//!   before the claim ends, and only if it still is as that end made it: an odd word that stays the same
//!   while its claim is free is that of a dead one.
//!
//! # Edges
//!
//! * E1, item ready: the producer's store of the write index (`Release`) to the consumer's load (`Acquire`).
//! * E2, slot free: the consumer's store of the read index (`Release`) to the producer's load (`Acquire`).
//! * E3, end to end: the store by which an end leaves (`Release`) to the exchange by which the next one takes
//!   its place (`Acquire`): that finds the index, and the slots, as they were left. After a death the
//!   kernel is between the two, which releases the lock after all that the dead process did.
//! * E4, no lost wake-up: sleeper: say so, fence, look at the ring; the other end: store the index, or leave,
//!   fence, look whether somebody sleeps. One of the fences is first: its side's store is seen by the other
//!   side's look.
//! * E5, gone: the store by which an end leaves (`Release`) to the other end's load (`Acquire`), which then
//!   looks at the ring once more.
//!
//! # Limits
//!
//! * A fence with each operation: some nanoseconds, several times what a ring between threads takes.
//! * Items are copied twice, in and out: for large ones put the data in a field of its own and hand on
//!   numbers.
//! * Waiting is for threads; there are no futures.
//! * Not under a model checker: the lock, and the sleep between processes. All else is the same code on the
//!   heap, which a model checks; real processes, some of them killed, test the rest.
//!
//! # References
//!
//! L. Lamport, "Proving the correctness of multiprocess programs" (IEEE TSE 1977), for the two indices;
//! fcntl(2), "Open file description locks"; futex(2).

mod consumer;
mod end;
mod error;
mod fields;
mod items;
mod producer;
mod span;

pub use consumer::RingConsumer;
pub use end::RingPeer;
pub use error::{RingError, RingIndex, RingOpenError};
pub use fields::{RingFields, RingItem};
pub use producer::RingProducer;
