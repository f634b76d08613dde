//! Statistics counters: many threads add, any thread reads. [`Counter`] is one word, [`ShardedCounter`]
//! many.
//!
//! **Use [`Counter`] when** a number is worth counting and no other data hangs on its value.
//! **Use [`ShardedCounter`] when** many threads add all the time and few read: with one word their cores
//! would hand one cache line around, and each add would cost that transfer.
//! **Use something else when** the count decides who may touch other memory: that needs acquire and
//! release, and a type that says so.
//!
//! # Guarantees
//!
//! | | [`Counter`] | [`ShardedCounter`] |
//! |---|---|---|
//! | an add | one atomic add: wait-free where the machine has it (x86-64, AArch64 with LSE, RISC-V), lock-free where it retries | one plain add to memory of the thread's own; a thread without a slot: a look for one, and then as `Counter` |
//! | exactness | no add is lost; a [`get`](Counter::get) between two adds sees one or the other | no add is lost, with threads that come and go and more of them than slots |
//! | a read | one load | N + 1 loads: [`sum`](ShardedCounter::sum) has bounds, [`try_exact`](ShardedCounter::try_exact) is linearizable |
//! | `take` | each add is in one take, one step | each add is in one take, slot by slot |
//! | ordering | none: a count does not publish what was done before it | none to rely on |
//! | overflow | wraps at 2^64 | wraps at 2^64 |
//! | memory | one word of 8 bytes, no allocation, usable in a `static` | N + 1 lines: 2.2 KiB for N = 16; the same |
//!
//! # Why relaxed is enough for one word
//!
//! All changes of one word happen in one order that every thread agrees on, whatever the ordering
//! argument says. Acquire and release add something only when *other* memory is to be read on the
//! strength of the value. There are no such edges in a `Counter`, so there are none to weaken.
//!
//! The classic mistake is to load and then store: between the two another thread's add is lost.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
//!
//! let count = AtomicU64::new(0);
//! let seen = count.load(Relaxed); // thread A reads 0
//! count.fetch_add(1, Relaxed); // thread B counts
//! count.store(seen + 1, Relaxed); // thread A writes 1
//! assert_eq!(count.load(Relaxed), 1); // two adds, one counted
//! ```
//!
//! # How the sharded counter works
//!
//! ```text
//!   slots of the process   [ A | B | . | D ]      who counts first takes the lowest free one,
//!                            |   |       |        who ends gives it back
//!   lines of a counter     [ 7 | 3 | 9 | 4 ] [ 2 ]
//!                                              ^ everybody without a slot, by fetch_add
//! ```
//!
//! It makes the classic mistake a virtue: a load and a store lose nothing where only one thread stores.
//! A thread takes a slot when it first counts, for all sharded counters at once, and gives it back when
//! it ends; the next owner goes on from its predecessor's number, so nothing has to be folded or
//! forgotten. A thread whose slot is too high for a counter changes to a lower one as soon as that is
//! free. Nothing is ever reset: a take remembers how much of each line is taken.
//!
//! # Invariants
//!
//! * I1: a slot has at most one owner, a thread or a [`LocalCounter`], and only the owner of slot `i`
//!   stores to the `count` of line `i` of any counter. (One process with one copy of the crate: the slots
//!   are in a `static`.)
//! * I2: `count` and `taken` of a line only grow, modulo 2^64.
//! * I3: a load of `count` that comes after a load of `taken` finds no less than was taken.
//!
//! # Edges
//!
//! * E1, owner to owner: `fetch_and(Release)` of the slot's bit to the `compare_exchange(Acquire)` that
//!   sets it again. The next owner goes on from the last count.
//! * E2, add to exact count: `store(Release)` or `fetch_add(Release)` of a line's count to the
//!   `fence(SeqCst)` between two looks at all lines. If both looks found the same, then each word had
//!   its value at the fence. An add that was found has everything that happened before it found, too,
//!   or the second look would have differed; and the fences put all exact counts in one order, in which
//!   the later has all that the earlier has.
//! * E3, take to take and to sum: `compare_exchange(Release)` of `taken` to its `load(Acquire)`: who
//!   sees how much was taken finds at least as much counted.
//!
//! # Limits
//!
//! **Signal handlers.** Count by a [`Counter`] there, never by a [`ShardedCounter`]. A handler that
//! interrupts its own thread between the load and the store of an `add`, and counts on the same counter,
//! loses its add. One that interrupts it while it takes, changes or gives back its slot, and counts on
//! *any* sharded counter, may leave two threads with one slot: from then on adds of either are lost, on
//! all sharded counters.
//!
//! **Global allocators.** Count by a [`Counter`] there, too. The first add to a [`ShardedCounter`]
//! registers the destructor of a thread-local variable, which may allocate, and which older versions of
//! the standard library do not allow an allocator at all.
//!
//! **Processes.** The slots are of one process and one copy of the crate, and a line has one owner only
//! among those who share them (I1). In memory that processes share, or that a library with a copy of the
//! crate of its own counts in, a [`ShardedCounter`] loses adds; a [`Counter`] does not.
//!
//! **Slots.** There are 256 in a process. A thread keeps its own while it lives, even if it never counts
//! again; threads beyond a counter's N share one line and pay for it. After a `fork` the child goes on
//! counting exactly, but the slots of the threads that it does not have stay taken. Without the standard
//! library there are no threads to remember: `add` is a read-modify-write there, and [`LocalCounter`] is
//! the fast way.
//!
//! **Wrapping.** What is said of sums and exact counts presumes that fewer than 2^64 are counted between
//! two looks. Totals, and the sum of all takes, are right modulo 2^64 in any case.
//!
//! # References
//!
//! D. Dice, Y. Lev and M. Moir, "Scalable statistics counters" (SPAA 2013); P. McKenney, "Is parallel
//! programming hard, and, if so, what can you do about it?", chapter 5 on counting; D. Lea's `LongAdder`;
//! the double collect: Y. Afek et al., "Atomic snapshots of shared memory" (JACM 1993).

mod line;
mod local;
mod sharded;
mod single;
mod slots;

pub use local::LocalCounter;
pub use sharded::ShardedCounter;
pub use single::Counter;
