//! A value that many threads read and some replace: [`Rcu`].
//!
//! **Use it when** a value of any type is read far more often than replaced, and readers keep what
//! they found while they work: a routing table, a parsed configuration, the index of a store. **Use
//! something else when** it is a few dozen bytes of plain data ([`SeqLock`](crate::SeqLock),
//! [`Snapshot`](crate::Snapshot)), or when one writer feeds a known set of readers who want only the
//! latest and nothing may be allocated ([`latest`](crate::latest)).
//!
//! Values are sized; for one that is not, share a pointer to it: `Rcu<Box<dyn Policy>>`,
//! `Rcu<Arc<[Route]>>`.
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | consistency | a guard holds one value that was stored, unchanged, for as long as it lives. A read never returns a value older than one whose store was finished before it began |
//! | `Reader::read`, `read`, dropping a guard | wait-free, but that with `Prompt` a guard may reclaim: no loop, no locked instruction; on Linux no fence but that of the first read after a pause in which others stored. Each eighth guard that a thread keeps takes a new line of slots |
//! | `Reader::cached` | wait-free; one load while nothing is stored |
//! | `store`, `swap`, `update`, `compare_exchange` | lock-free: they start again only when another store got through. A stopped reader or writer stops nobody |
//! | reclaiming | nobody waits for it; one thread at a time does it, and does it again for those who asked meanwhile. If that thread is stopped, values pile up until it goes on |
//! | what a stalled reader keeps | the one value that it holds. What came and went since is freed |
//! | destructors | run by who stores, as the [`Policy`] says; with `Prompt` also by who drops a guard. They may use the cell, but not wait in `synchronize`. If one panics, the others still run, and the panic goes on from the call that reclaimed. Values that hold guards of one another are dropped one inside the other |
//! | guards | may be kept in any number, sent, and held across `.await`; they outlive their thread's end and their reader |
//! | `forget(guard)` | its value and its slot stay until the cell is dropped; nothing becomes unsound. `forget(writer)`: later writers wait for ever |
//! | `fork` | the child inherits what other threads held, and whether they were reclaiming, as if for ever: little or nothing may be freed in the child; nothing is freed too early |
//! | signal handlers | may read a cell that their thread has read before, and must drop the guard before they return |
//! | memory | each value has a head of two words; 128 bytes a reader and a thread that ever read, recycled; half a kilobyte a cell. A thread that stores keeps the memory of up to 128 freed values of one size, at most 256 bytes each, and stores into that before it allocates |
//!
//! # How it works
//!
//! ```text
//!   reader                                   writer                        who has the turn
//!   slot = "about to hold"   announce        new.older = current           heavy fence
//!   light fence                              current: old -> new           look at every slot
//!   p = current              load                                          free what is older than
//!   slot = p                 settle                                        current and in no slot
//!   ... *p ...
//!   slot = idle
//! ```
//!
//! A reader says what it holds in a slot that only it writes. There is a moment in which it cannot say
//! so yet, because it is just reading the pointer: before it looks it announces that it is about to
//! hold *something*, and a scan that sees that frees nothing. So there is nothing to validate and to
//! try again. Versions form a chain from the current one to the oldest that is not freed, so that one
//! exchange both publishes a value and retires its predecessor.
//!
//! The fences stand between a store and a load on each side: *announce, then look* against *publish,
//! then scan*. On Linux the readers' fence is one for the compiler alone, and membarrier(2) makes up
//! for it on the side that scans, once for many values. It interrupts every processor that runs a
//! thread of the process, so it is left out wherever it can be. A reader that was seen holding the
//! current version will not find an older one. One that does not read is put to sleep by the way: the
//! first read afterwards fences for itself, and until then no scan need care. So in steady state there
//! is no system call at all.
//!
//! On other systems, with `--cfg untorn_symmetric`, and where the kernel refuses at start, both fences
//! are real: one to pick a value up and one to let it go. If the kernel refuses *later* (a filter on system calls was
//! installed), only what the two exceptions above allow is freed, and [`synchronize`](Rcu::synchronize)
//! says so where that is not enough.
//!
//! # Invariants
//!
//! * I1: there is always a current version, and it is not freed.
//! * I2: a slot leaves idle only by the one owner of its block, and returns to it only by who has the
//!   guard.
//! * I3: a version that was current when a guard picked it up is not freed before that guard is
//!   dropped. So its address cannot come to stand for another version meanwhile.
//! * I4: the current version and all older ones that are not freed are a chain, newest first, each in
//!   it once. The link of a version is written before it is published, and by the holder of the turn
//!   afterwards.
//! * I5: one thread at a time has the turn, and with it the links and the bin.
//! * I6: garbage of the versions `birth..death` is freed only if no guard holds one of them.
//! * I7: while a block is asleep, its owner has announced nothing that does not show in its slots, and
//!   will fence between its next announcement and the look at the cell.
//!
//! # Edges
//!
//! * E1, publish to read: `compare_exchange(Release)` of `current` to `load(Acquire)`.
//! * E2, announce to scan: a reader stores its tag (and that it is awake), fences and loads `current`;
//!   the scan comes after a load of `current` and a fence. Of two fences one is first: either the scan
//!   sees the tag, or what the reader wrote next; or the reader finds the version that the scanning
//!   thread saw, or a newer one, and the scan frees neither.
//! * E3, last use to free: `store(Release)` of the slot, to idle or to the next version, to the scan's
//!   `load(Acquire)`.
//! * E4, guard dropped to reclaim: the reader stores idle, fences, and loads `wanted`; who has the turn
//!   stored `wanted`, fenced, and scans. One of the two sees the other.
//! * E5, guard dropped elsewhere to slot reused: `store(Release)` of idle to the owner's
//!   `load(Acquire)`; and from there on, since the next reader may be one of another cell, the
//!   `store(Release)` of its tag to the scan's `load(Acquire)`.
//! * E6, turn to turn, and request to pass: the `Release` swap that asks, the `Acquire` swap at the start
//!   of a pass and the `Release` swap at its end.
//! * E7, block added to scan: `compare_exchange(Release)` of `newest` to `load(Acquire)`.
//! * E8, garbage retired to sorted: `compare_exchange(Release)` to `swap(Acquire)`.
//! * E9, freed to `synchronize`: `store(Release)` of `oldest` to `load(Acquire)`, and the same of the
//!   count that it sleeps on; between that count and the number of sleepers, a fence on each side.
//! * E10, owner of a block to the next, and to the scan: `store(false, Release)` of `owned` to
//!   `compare_exchange(Acquire)`, and to `load(Acquire)`.
//! * E11, seen to scan: `store(Release)` of a slot that holds the current version to `load(Acquire)`.
//!   The block's owner wrote it, or one before it (E10), for a slot never holds the address of what is
//!   freed. By coherence that reader finds nothing older afterwards, and by this edge the
//!   scan finds what it held before.
//! * E12, asleep to scan: `store(Release)` of `sleep` by who claimed the block, or
//!   `compare_exchange(Release)` by a scan that fenced, to `load(Acquire)` by another scan.
//!
//! # Limits
//!
//! With [`Policy::Batch`], a reader that is pre-empted between its announcement and its next store
//! holds back *all* reclaiming until it runs again. A thread that exits with live guards leaves its
//! block to others, but for the slots in use. Each pass looks at all lines of slots that the process's
//! threads, and this cell's readers, ever had in use at the same time: a process that once kept
//! thousands of guards reclaims more slowly ever after. With the default policy up to 128 replaced values of any
//! size wait to be freed: for large ones choose [`Policy::Prompt`] or a smaller batch.
//!
//! # References
//!
//! P. McKenney and J. Slingwine, "Read-copy update" (PDCS 1998); M. Michael, "Hazard pointers" (IEEE
//! TPDS 2004), from which the slots come; P. Ramalhete and A. Correia, "Hazard eras" (SPAA 2017), for
//! reclaiming by intervals of versions; D. Goldblatt, "Asymmetric fences" (WG21 P1202) and
//! membarrier(2).

mod cell;
mod chain;
mod engine;
mod garbage;
mod guard;
mod memory;
mod owned;
mod pin;
mod policy;
mod progress;
mod reader;
mod reclaim;
mod slots;
mod threads;
mod writer;

use core::fmt;

pub use cell::Rcu;
pub use guard::Guard;
pub use owned::{OwnedGuard, OwnedReader};
pub use policy::Policy;
pub use reader::Reader;
pub use writer::Writer;

/// It cannot be known any more what readers hold: the system refused a fence that it had promised.
/// Values may pile up from here on; none is freed too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stuck(());

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "membarrier(2) was granted at start and refused later; nothing can be freed safely",
        )
    }
}

impl core::error::Error for Stuck {}
