//! Who frees what was replaced, and when.
//!
//! One thread at a time has the turn. It fences, reads every slot, and takes out of the chain what no
//! slot holds. Nobody waits for the turn: who finds it taken leaves word, and the holder goes round
//! again.

use alloc::vec::Vec;
use core::mem;
use core::ptr::{self, NonNull};

use super::engine::{Engine, Root};
use super::garbage::{Bin, Doomed, Garbage, List, Pinned};
use super::policy::Policy;
use super::slots::Block;
use super::threads;
use crate::backoff::Backoff;
#[cfg(feature = "std")]
use crate::sync::Futex;
use crate::sync::atomic::{
    AtomicPtr, AtomicUsize,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    fence,
};
use crate::sync::{GLANCES, LOOKS, Refused, UnsafeCell, heavy, own_load, spin_hint};

/// The part of a cell that readers never look at.
pub(super) struct Reclaimer {
    /// How many asked for a pass since the holder of the turn last began one; zero if nobody holds
    /// the turn (I5).
    turn: AtomicUsize,
    /// Of the holder of the turn alone (I5).
    bin: UnsafeCell<Bin>,
    policy: Policy,
    /// How many versions and pieces of garbage must have been retired for the next pass to be due.
    /// Written by the holder of the turn.
    due: AtomicUsize,
    /// How many were freed. Written by the holder of the turn.
    freed: AtomicUsize,
    /// All versions before this one are freed. Written by the holder of the turn.
    oldest: AtomicUsize,
    /// What the writer retired since the last pass.
    garbage: AtomicPtr<Garbage>,
    /// How many pieces of garbage were ever retired. Written by the writer.
    garbage_retired: AtomicUsize,
    /// How many threads are in `synchronize`.
    waiters: AtomicUsize,
    /// How often there was news for them; what they sleep on.
    #[cfg(feature = "std")]
    moves: Futex,
    /// Frees one version.
    free: unsafe fn(*mut Root),
}

// SAFETY: the bin is touched by the holder of the turn alone (I5), and may be so by any thread: it
// holds addresses, and garbage that is `Send`.
unsafe impl Sync for Reclaimer {}
// SAFETY: as above.
unsafe impl Send for Reclaimer {}

impl Reclaimer {
    pub(super) fn new(free: unsafe fn(*mut Root), policy: Policy) -> Self {
        Self {
            turn: AtomicUsize::new(0),
            bin: UnsafeCell::new(Bin::new()),
            policy,
            due: AtomicUsize::new(batch(policy)),
            freed: AtomicUsize::new(0),
            oldest: AtomicUsize::new(0),
            garbage: AtomicPtr::new(ptr::null_mut()),
            garbage_retired: AtomicUsize::new(0),
            waiters: AtomicUsize::new(0),
            #[cfg(feature = "std")]
            moves: Futex::new(0),
            free,
        }
    }

    pub(super) fn policy(&self) -> Policy {
        self.policy
    }

    /// Adds a piece of garbage; for the one writer.
    pub(super) fn retire(&self, piece: *mut Garbage) {
        let retired = own_load(&self.garbage_retired).wrapping_add(1);
        // Relaxed: a number to look at.
        self.garbage_retired.store(retired, Relaxed);
        // Relaxed: compared, never followed.
        let mut first = self.garbage.load(Relaxed);
        loop {
            // SAFETY: nobody else has the piece yet.
            unsafe { List::link(piece, first) };
            // Release (E8): who takes the piece sees what is in it, and that the version by which it
            // died is published. Relaxed: as above.
            match self.garbage.compare_exchange(first, piece, Release, Relaxed) {
                Ok(_) => return,
                Err(other) => first = other,
            }
        }
    }

    /// Has the threads in `synchronize` look again.
    fn tell_waiters(&self) {
        #[cfg(feature = "std")]
        {
            // Release (E9): who reads the new count reads the news, too, or it would sleep on.
            self.moves.fetch_add(1, Release);
            // SeqCst: either who is about to sleep sees the count above, or we see that it is there
            // (E9).
            fence(SeqCst);
            if self.has_waiters() {
                self.moves.wake_all();
            }
        }
    }

    fn has_waiters(&self) -> bool {
        // Relaxed: who came before the last request for the turn is seen by its edge (E6), and who
        // comes later asks again.
        self.waiters.load(Relaxed) > 0
    }
}

/// How many retirements make a pass due.
fn batch(policy: Policy) -> usize {
    match policy {
        Policy::Batch(values) => usize::try_from(values).unwrap_or(usize::MAX),
        Policy::Prompt | Policy::Manual => 0,
    }
}

impl Engine {
    /// Reclaims if the policy says that it is time, now that `version` is published.
    #[inline]
    pub(super) fn published(&self, version: u64) {
        let this = &*self.reclaimer;
        let now = match this.policy {
            Policy::Prompt => true,
            Policy::Manual => false,
            Policy::Batch(_) => {
                // Relaxed: both guard nothing; to be late or early by a few does no harm.
                let retired = (version as usize).wrapping_add(this.garbage_retired.load(Relaxed));
                // Relaxed: as above.
                is_reached(this.due.load(Relaxed), retired)
            }
        };
        if now {
            self.help();
        }
    }

    /// Reclaims. A fence that is refused leaves everything as it is, to be tried again.
    #[cold]
    #[inline(never)]
    pub(super) fn help(&self) {
        let _ = self.reclaim();
    }

    /// Frees what was retired and nobody holds, or has the thread that is just doing that do it once
    /// more. Returns how much this thread freed.
    pub(super) fn reclaim(&self) -> Result<usize, Refused> {
        let this = &*self.reclaimer;
        // AcqRel (E6): what the last holder did to the chain and the bin is visible to us; and if
        // another has the turn, what we did before is visible to its next pass.
        if this.turn.fetch_add(1, AcqRel) != 0 {
            return Ok(0);
        }
        // SAFETY: `Engine::new` was promised that `free` fits all roots of this engine.
        let mut doomed = unsafe { Doomed::new(this.free) };
        let before = own_load(&this.freed);
        let mut requests = 1;
        let outcome = loop {
            // SAFETY: we hold the turn (I5).
            let outcome = this.bin.with_mut(|bin| self.pass(unsafe { &mut *bin }, &mut doomed));
            let freed = own_load(&this.freed).wrapping_sub(before);
            // Release (E6): hands the chain and the bin to the next holder. Acquire (E6): whoever
            // asked meanwhile did so for something that the next pass must see.
            match this.turn.compare_exchange(requests, 0, Release, Acquire) {
                Ok(_) => break outcome.map(|()| freed),
                Err(more) => requests = more,
            }
        };
        drop(doomed);
        outcome
    }

    /// One look at all slots, and what follows from it; for the holder of the turn.
    fn pass(&self, bin: &mut Bin, doomed: &mut Doomed) -> Result<(), Refused> {
        let this = &*self.reclaimer;
        // Before the look at the current version: the version by which a piece died is no newer than
        // that, so whoever may reach the piece is found in the chain behind it (I6).
        // Acquire (E8): the pieces as they were retired.
        let retired = this.garbage.swap(ptr::null_mut(), Acquire);
        // SAFETY: taken off the stack, so nobody else has it.
        bin.fresh.append(unsafe { List::from_raw(retired) });

        let head = self.current();
        // SAFETY: only the holder of the turn frees versions, and we are that.
        let version = unsafe { (*head.as_ptr()).version };
        // Relaxed: guards nothing.
        let garbage = this.garbage_retired.load(Relaxed);
        let due = (version as usize).wrapping_add(garbage).wrapping_add(batch(this.policy));
        // Relaxed: guards nothing.
        this.due.store(due, Relaxed);

        let outcome = self.free_unheld(head, version, bin, doomed);
        if outcome.is_err() {
            // Nothing is known of the readers. Nobody is asked, and who waits must be told.
            self.want(bin, false);
            this.tell_waiters();
        }
        outcome
    }

    fn free_unheld(
        &self,
        head: NonNull<Root>,
        version: u64,
        bin: &mut Bin,
        doomed: &mut Doomed,
    ) -> Result<(), Refused> {
        let nothing_retired = !has_older(head) && bin.fresh.is_empty();
        if bin.settled != version && !nothing_retired {
            if !self.all_seen_with(head) {
                heavy()?;
            }
            bin.settled = version;
        }
        let asked = self.reclaimer.policy == Policy::Prompt || self.reclaimer.has_waiters();
        let all_free = nothing_retired || self.scan_and_free(head, version, bin, doomed);
        if all_free || !asked {
            self.want(bin, false);
        } else if !bin.wanted {
            // Whoever lets go from here on is seen by the second scan, or sees that it is asked (E4).
            self.want(bin, true);
            heavy()?;
            if self.scan_and_free(head, version, bin, doomed) {
                self.want(bin, false);
            }
        }
        Ok(())
    }

    fn want(&self, bin: &mut Bin, wanted: bool) {
        if bin.wanted != wanted {
            bin.wanted = wanted;
            self.set_wanted(wanted);
        }
    }

    /// Whether each reader has been seen holding `head`, which spares the heavy fence: who has found
    /// `head` once finds nothing older afterwards, and what it held before shows in its slots (E11).
    fn all_seen_with(&self, head: NonNull<Root>) -> bool {
        if !self.is_light() {
            // The heavy fence is no heavier than the one below.
            return false;
        }
        // SeqCst: who claims a block later than we look at it finds `head` (E2).
        fence(SeqCst);
        threads::blocks()
            .filter(|block| !threads::is_mine(block))
            .chain(self.readers.blocks())
            .all(|block| self.seen_with(head, block))
    }

    fn seen_with(&self, head: NonNull<Root>, block: &Block) -> bool {
        (0..GLANCES).any(|look| {
            if look > 0 {
                spin_hint();
            }
            !block.is_owned() || block.slots().iter().any(|slot| slot.look().is(head.addr().get()))
        })
    }

    /// Frees what is older than `head` and no slot holds; for the holder of the turn, if no reader
    /// will pick up anything older than `head`. Whether nothing is left.
    fn scan_and_free(
        &self,
        head: NonNull<Root>,
        version: u64,
        bin: &mut Bin,
        doomed: &mut Doomed,
    ) -> bool {
        let this = &*self.reclaimer;
        if !self.scan(bin) {
            return false;
        }
        // SAFETY: we hold the turn, and `bin` holds what the scan found.
        let pinned = unsafe { take_out_unheld(head, &bin.held, doomed) };
        let left = pinned.len();
        let oldest = pinned.last().map_or(version, |pinned| pinned.version);
        bin.sort_garbage(pinned, doomed);
        // Each version before the current one is freed or held.
        let freed = (version as usize).wrapping_sub(left).wrapping_add(bin.garbage_freed);
        // Relaxed: a number to look at.
        this.freed.store(freed, Relaxed);
        self.reached(oldest);
        left == 0
    }

    /// Notes the addresses that the slots hold; false if a reader is just picking something up.
    fn scan(&self, bin: &mut Bin) -> bool {
        let tag = self.tag();
        bin.held.clear();
        for block in threads::blocks().chain(self.readers.blocks()) {
            for slot in block.slots() {
                let mut held = slot.look();
                let mut looks = 1;
                // A reader seen with anything else, even once, has settled: what it picks up later
                // is `head` or newer.
                while held.is_pending(tag) {
                    if looks == LOOKS {
                        return false;
                    }
                    looks += 1;
                    spin_hint();
                    held = slot.look();
                }
                bin.held.extend(held.address());
            }
        }
        bin.held.sort_unstable();
        true
    }

    /// Notes that all versions before `oldest` are freed, and tells those who wait for that.
    fn reached(&self, oldest: u64) {
        let this = &*self.reclaimer;
        let oldest = oldest as usize;
        if own_load(&this.oldest) == oldest {
            return;
        }
        // Release (E9): what the freed versions' readers did happens-before what comes after
        // `synchronize`.
        this.oldest.store(oldest, Release);
        this.tell_waiters();
    }

    /// Waits until all versions before `target` are freed.
    pub(super) fn wait_until_freed(&self, target: u64) -> Result<(), Refused> {
        struct Waiting<'a>(&'a AtomicUsize);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                // Relaxed: to be woken once too often does no harm.
                self.0.fetch_sub(1, Relaxed);
            }
        }
        let this = &*self.reclaimer;
        // Relaxed: ordered by the fence, and by the request for the turn (E6).
        this.waiters.fetch_add(1, Relaxed);
        let _waiting = Waiting(&this.waiters);
        // SeqCst: the other side of the fence in `tell_waiters` (E9).
        fence(SeqCst);
        let mut backoff = Backoff::new();
        loop {
            // Acquire (E9): pairs with `tell_waiters`.
            #[cfg(feature = "std")]
            let moves = this.moves.load(Acquire);
            self.reclaim()?;
            // Acquire (E9): pairs with `reached`.
            if is_reached(target as usize, this.oldest.load(Acquire)) {
                return Ok(());
            }
            #[cfg(feature = "std")]
            if !backoff.spin() {
                this.moves.wait(moves, crate::sync::Deadline::NEVER);
            }
            #[cfg(not(feature = "std"))]
            backoff.snooze();
        }
    }

    /// How much is retired and not freed, now that `version` is current.
    pub(super) fn pending(&self, version: u64) -> usize {
        let this = &*self.reclaimer;
        // Relaxed: a number to look at. The freed are counted last to be read first, so that their
        // number is not ahead of the retired.
        let freed = this.freed.load(Relaxed);
        // Relaxed: as above.
        let garbage = this.garbage_retired.load(Relaxed);
        let pending = (version as usize).wrapping_add(garbage).wrapping_sub(freed);
        if (pending as isize) < 0 { 0 } else { pending }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let this = &*self.reclaimer;
        // SAFETY: `Engine::new` was promised that `free` fits all roots of this engine.
        let mut doomed = unsafe { Doomed::new(this.free) };
        let newest = self.own_current();
        let mut oldest = newest;
        // SAFETY: exclusive access: no guard and no reader is left but forgotten ones, which nobody
        // can use. So the chain is ours.
        while let Some(root) = unsafe { older_than(oldest) } {
            oldest = root.as_ptr();
        }
        // SAFETY: as above.
        unsafe { doomed.add(newest, oldest) };
        // SAFETY: exclusive access.
        doomed.garbage.append(unsafe { List::from_raw(own_load(&this.garbage)) });
        this.bin.with_mut(|bin| {
            // SAFETY: exclusive access.
            let bin = unsafe { &mut *bin };
            doomed.garbage.append(mem::replace(&mut bin.fresh, List::EMPTY));
            for pinned in bin.pinned.drain(..) {
                doomed.garbage.append(pinned.waiting);
            }
        });
    }
}

/// Whether `count`, which wraps, has come to `mark`.
fn is_reached(mark: usize, count: usize) -> bool {
    count.wrapping_sub(mark) as isize >= 0
}

/// Whether a version older than `head` is left; for the holder of the turn.
fn has_older(head: NonNull<Root>) -> bool {
    // SAFETY: the current version is not freed, and its link belongs to the holder of the turn (I4).
    unsafe { older_than(head.as_ptr()) }.is_some()
}

/// The next in the chain.
///
/// # Safety
///
/// `root` is in the chain, and the caller holds the turn (I4).
unsafe fn older_than(root: *mut Root) -> Option<NonNull<Root>> {
    // SAFETY: promised by the caller.
    NonNull::new(unsafe { (*root).older.with(|older| *older) })
}

/// Takes the versions before `head` that are not among `held` out of the chain. Returns the others.
///
/// # Safety
///
/// The caller holds the turn; each version before `head` that somebody holds is among `held`, which
/// is sorted.
unsafe fn take_out_unheld(head: NonNull<Root>, held: &[usize], doomed: &mut Doomed) -> Vec<Pinned> {
    let mut pinned = Vec::new();
    let mut kept = head.as_ptr();
    // SAFETY: in the chain, whose links belong to the holder of the turn (I4); and so below.
    while let Some(first) = unsafe { older_than(kept) } {
        // From `first` to `last`, nobody holds anything; `next` is held, or the end.
        let mut last = None;
        let mut next = Some(first.as_ptr());
        while let Some(root) = next.filter(|root| held.binary_search(&root.addr()).is_err()) {
            last = Some(root);
            // SAFETY: as above.
            next = unsafe { older_than(root) }.map(NonNull::as_ptr);
        }
        let end = next.unwrap_or(ptr::null_mut());
        if let Some(last) = last {
            // SAFETY: as above.
            unsafe { (*kept).older.with_mut(|older| *older = end) };
            // SAFETY: out of the chain, and held by nobody.
            unsafe { doomed.add(first.as_ptr(), last) };
        }
        let Some(root) = next else { break };
        // SAFETY: in the chain, so not freed.
        let version = unsafe { (*root).version };
        pinned.push(Pinned { version, waiting: List::EMPTY });
        kept = root;
    }
    pinned
}
