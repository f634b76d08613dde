//! Who frees what was replaced, and when.
//!
//! One thread at a time has the turn. It fences, reads every slot, and takes out of the chain what no
//! slot holds. Nobody waits for the turn: who finds it taken leaves word, and the holder goes round
//! again.

use core::mem;
use core::ptr::{self, NonNull};

use super::chain::{Root, contains, take_out_all, take_out_unheld};
use super::engine::Engine;
use super::garbage::{Bin, Doomed, Garbage, List};
use super::policy::Policy;
use super::progress::Progress;
use super::slots::Block;
use super::threads;
use crate::sync::atomic::{
    AtomicPtr, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};
use crate::sync::{GLANCES, LOOKS, Refused, UnsafeCell, heavy, own_load, spin_hint};

/// The part of a cell that readers never look at.
pub(super) struct Reclaimer {
    /// `FREE`, or who has the turn is `AT_IT`, or `ASKED` to do it once more (I5).
    turn: AtomicUsize,
    /// Of the holder of the turn alone (I5).
    bin: UnsafeCell<Bin>,
    policy: Policy,
    /// How many versions and pieces of garbage must have been retired for the next pass to be due.
    /// Written by the holder of the turn.
    due: AtomicUsize,
    /// How many were freed. Written by the holder of the turn.
    freed: AtomicUsize,
    /// What the writer retired since the last pass.
    garbage: AtomicPtr<Garbage>,
    /// How many pieces of garbage were ever retired. Written by the writer.
    garbage_retired: AtomicUsize,
    /// How far that has come, and who waits for it.
    pub(super) progress: Progress,
    /// Frees one version.
    free: unsafe fn(NonNull<Root>),
}

// SAFETY: the bin is touched by the holder of the turn alone (I5), and may be so by any thread: it
// holds addresses, and garbage that is `Send`.
unsafe impl Sync for Reclaimer {}
// SAFETY: as above.
unsafe impl Send for Reclaimer {}

impl Reclaimer {
    pub(super) fn new(free: unsafe fn(NonNull<Root>), policy: Policy) -> Self {
        Self {
            turn: AtomicUsize::new(FREE),
            bin: UnsafeCell::new(Bin::new()),
            policy,
            due: AtomicUsize::new(batch(policy)),
            freed: AtomicUsize::new(0),
            garbage: AtomicPtr::new(ptr::null_mut()),
            garbage_retired: AtomicUsize::new(0),
            progress: Progress::new(),
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
}

/// What a scan left.
#[derive(Clone, Copy, PartialEq)]
enum Left {
    Nothing,
    /// What guards hold.
    Held,
    /// Everything: a reader was just picking something up.
    Unknown,
}

const FREE: usize = 0;
const AT_IT: usize = 1;
const ASKED: usize = 2;

/// What a thread did that wanted to reclaim.
#[derive(Default)]
pub(super) struct Reclaimed {
    /// How much it freed.
    pub(super) freed: usize,
    /// Whether a fence was refused, so that more could not be freed.
    pub(super) refused: bool,
}

/// How many retirements make a pass due. No more than half of what counts them, which wraps.
fn batch(policy: Policy) -> usize {
    match policy {
        Policy::Batch(values) => usize::try_from(values).unwrap_or(usize::MAX).min(usize::MAX / 2),
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
                retired.wrapping_sub(this.due.load(Relaxed)) <= usize::MAX / 2
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
        self.reclaim();
    }

    /// Does what the policy allows a thread to do that dropped a guard when somebody wanted that.
    pub(super) fn help_out(&self) {
        match self.reclaimer.policy {
            // No destructor runs here; it is `synchronize` that waits.
            Policy::Manual => self.reclaimer.progress.tell(),
            Policy::Prompt | Policy::Batch(_) => self.help(),
        }
    }

    /// Frees what was retired and nobody holds, or has the thread that is just doing that do it once
    /// more.
    pub(super) fn reclaim(&self) -> Reclaimed {
        /// Asks again, even where a destructor panics: it was promised to who found the turn taken.
        struct Again<'a>(&'a Engine);
        impl Drop for Again<'_> {
            fn drop(&mut self) {
                self.0.reclaim();
            }
        }
        let this = &*self.reclaimer;
        let mut total = Reclaimed::default();
        // Release (E6): if another has the turn, what we did before is visible to its next pass.
        while this.turn.swap(ASKED, Release) == FREE {
            // SAFETY: `Engine::new` was promised that `free` fits all roots of this engine.
            let mut doomed = unsafe { Doomed::new(this.free) };
            // Acquire (E6): what the last holder did to the chain and the bin is visible to us; and so
            // is what whoever asked up to here asked for.
            this.turn.swap(AT_IT, Acquire);
            let before = own_load(&this.freed);
            // SAFETY: we hold the turn (I5).
            let outcome = this.bin.with_mut(|bin| self.pass(unsafe { &mut *bin }, &mut doomed));
            total.freed += own_load(&this.freed).wrapping_sub(before);
            total.refused = outcome.is_err();
            // Release (E6): hands the chain and the bin to the next holder.
            let asked = this.turn.swap(FREE, Release) == ASKED;
            // Others may take the turn while destructors run, and these may ask for it.
            let again = asked.then(|| Again(self));
            drop(doomed);
            mem::forget(again);
            if !asked {
                break;
            }
        }
        total
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
        let version = unsafe { Root::version(head) };
        // Relaxed: guards nothing.
        let garbage = this.garbage_retired.load(Relaxed);
        let due = (version as usize).wrapping_add(garbage).wrapping_add(batch(this.policy));
        // Relaxed: guards nothing.
        this.due.store(due, Relaxed);

        let outcome = self.free_unheld(head, version, bin, doomed);
        if outcome.is_err() {
            // Nothing is known of the readers. Nobody is asked, and who waits must be told.
            self.want(bin, false);
            this.progress.tell();
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
        // SAFETY: we hold the turn, and with it the links (I4).
        let has_older = unsafe { Root::older(head) }.is_some();
        let nothing_retired = !has_older && bin.fresh.is_empty();
        if bin.settled != version && !nothing_retired {
            self.settle_readers(head)?;
            bin.settled = version;
        }
        let asked = self.reclaimer.policy == Policy::Prompt || self.reclaimer.progress.is_awaited();
        let mut left = if nothing_retired {
            Left::Nothing
        } else {
            self.scan_and_free(head, version, bin, doomed)
        };
        if left != Left::Nothing && asked && !bin.wanted {
            // Whoever lets go from here on is seen by the second scan, or sees that it is asked (E4).
            self.want(bin, true);
            heavy()?;
            left = self.scan_and_free(head, version, bin, doomed);
        }
        if left == Left::Nothing || !asked {
            self.want(bin, false);
        }
        // A reader that was just picking something up may settle on the current version, and keep it:
        // nobody will tell those who wait that it holds nothing old.
        self.reclaimer.progress.set_held_off(asked && left == Left::Unknown);
        Ok(())
    }

    fn want(&self, bin: &mut Bin, wanted: bool) {
        if bin.wanted != wanted {
            bin.wanted = wanted;
            self.set_wanted(wanted);
        }
    }

    /// Returns when no reader will pick up anything older than `head`, and all that they hold shows.
    fn settle_readers(&self, head: NonNull<Root>) -> Result<(), Refused> {
        let is_light = self.is_light();
        if is_light && self.tire_the_unsettled(head) {
            return Ok(());
        }
        let fenced = heavy();
        if is_light {
            self.blocks_of_others().for_each(|block| block.fall_asleep(self.tag(), fenced.is_ok()));
        }
        fenced
    }

    /// Whether that is so already. Begins to put those to sleep of whom it is not known.
    fn tire_the_unsettled(&self, head: NonNull<Root>) -> bool {
        // SeqCst: who wakes up, or claims a block, later than we look at it finds `head` (E2).
        fence(SeqCst);
        let mut all_settled = true;
        for block in self.blocks_of_others() {
            // When the fence is due, no second look will spare it.
            if !is_settled(block, head, if all_settled { GLANCES } else { 1 }) {
                block.grow_tired(self.tag());
                all_settled = false;
            }
        }
        all_settled
    }

    /// All blocks but that of this thread, which sees its own accesses in order.
    fn blocks_of_others(&self) -> impl Iterator<Item = &Block> {
        threads::blocks().filter(|block| !threads::is_mine(block)).chain(self.readers.blocks())
    }

    /// Frees what is older than `head` and no slot holds; for the holder of the turn, if no reader
    /// will pick up anything older than `head`.
    fn scan_and_free(
        &self,
        head: NonNull<Root>,
        version: u64,
        bin: &mut Bin,
        doomed: &mut Doomed,
    ) -> Left {
        let this = &*self.reclaimer;
        if !self.scan(bin) {
            return Left::Unknown;
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
        this.progress.reached(oldest);
        if left == 0 { Left::Nothing } else { Left::Held }
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
        for slot in threads::blocks().flat_map(Block::slots) {
            let address = slot.look().address();
            // SAFETY: exclusive access: no guard and no reader is left but forgotten ones, which nobody
            // can use. So the chain is ours.
            if address.is_some_and(|address| unsafe { contains(newest, address) }) {
                // Or it would be taken for one that holds what comes to stand at the same address.
                slot.clear();
            }
        }
        // SAFETY: as above.
        unsafe { take_out_all(newest, &mut doomed) };
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

/// Whether the owner of the block will not pick up anything older than `head`: because there is none;
/// or because it fences first (E2); or because it was seen holding `head`, and by coherence finds
/// nothing older afterwards, while what it held before shows in its slots (E11).
fn is_settled(block: &Block, head: NonNull<Root>, patience: u32) -> bool {
    let (mut unchanged, mut last) = (0, None);
    for _ in 0..LOOKS {
        let is_seen = || block.slots().iter().any(|slot| slot.look().is(head));
        if !block.is_owned() || block.is_asleep() || is_seen() {
            return true;
        }
        // Who reads in a loop will soon be seen with it. Who does not read now is put to sleep.
        let now = block.slots()[0].look();
        if last.replace(now) == Some(now) || patience == 1 {
            unchanged += 1;
            if unchanged == patience {
                return false;
            }
        }
        spin_hint();
    }
    false
}
