//! Where readers say what they hold.

use alloc::boxed::Box;
use core::ptr::{self, NonNull};

use crossbeam_utils::CachePadded;

use super::chain::Root;
use crate::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    fence,
};
use crate::sync::{SLOTS, const_unless_loom, own_load, repeated};

/// What one guard holds: nothing, the address of a version, or, for two instructions, the tag of a
/// cell, which says "whatever is current there, or was when you looked".
///
/// Moves from idle by the owner of its block alone, and back by whoever has the guard (I2).
pub(super) struct Slot(AtomicUsize);

/// No address and no tag.
const IDLE: usize = 0;
/// Neither, too: odd, and below the tag of any cell.
const RESERVED: usize = 1;

impl Slot {
    /// Whether it can be taken; for the owner of the block.
    #[inline(always)]
    fn is_idle(&self) -> bool {
        // Acquire (E5): the guard may have been dropped by another thread. What we settle on next
        // tells the scan that its thread is done with the old version, too.
        self.0.load(Acquire) == IDLE
    }

    /// Announces that something of the cell with this tag is about to be held.
    #[inline(always)]
    pub(super) fn announce(&self, tag: usize) {
        // Relaxed: the caller's fence orders it before the look at the cell (E2). Nothing is read
        // through the tag: a scan that sees it frees nothing.
        self.0.store(tag, Relaxed);
    }

    /// Takes the slot before it is said for what.
    fn reserve(&self) {
        // Relaxed: for the next owner of the block, who sees it by E10.
        self.0.store(RESERVED, Relaxed);
    }

    /// Says which version is held from here on.
    #[inline(always)]
    pub(super) fn settle(&self, address: usize) {
        // Release (E3): a scan that sees this knows that whatever was held before is done with.
        self.0.store(address, Release);
    }

    /// Holds nothing any more.
    #[inline(always)]
    pub(super) fn clear(&self) {
        // Release (E3): all reads through the guard happen-before what is done to the version by a
        // scan that sees this.
        self.0.store(IDLE, Release);
    }

    /// The address held, `IDLE`, or the tag.
    #[inline]
    pub(super) fn look(&self) -> Held {
        // Acquire (E3): pairs with `settle` and `clear`.
        Held(self.0.load(Acquire))
    }
}

/// What a scan found in a slot.
#[derive(Clone, Copy, PartialEq)]
pub(super) struct Held(usize);

impl Held {
    pub(super) fn is_pending(self, tag: usize) -> bool {
        self.0 == tag
    }

    pub(super) fn is(self, root: NonNull<Root>) -> bool {
        self.0 == root.addr().get()
    }

    /// The address of a version, of this cell or another, if it is not idle.
    pub(super) fn address(self) -> Option<usize> {
        (self.0 != IDLE).then_some(self.0)
    }
}

/// A line of slots that belong together.
pub(super) struct Block {
    slots: [Slot; SLOTS],
    /// True while someone, the owner, may take idle slots (I2).
    owned: AtomicBool,
    /// The block that was added before this one, or null. Written before this one is published.
    next: *const CachePadded<Self>,
}

// SAFETY: `next` does not change once another thread can see the block, and its target lives as
// long as the registry that both are part of.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

impl Block {
    /// A slot to take, for the owner of the block; `None` if all are in use.
    #[inline(always)]
    pub(super) fn idle(&self) -> Option<&Slot> {
        let first = &self.slots[0];
        if first.is_idle() { Some(first) } else { self.idle_beyond_the_first() }
    }

    #[inline(never)]
    fn idle_beyond_the_first(&self) -> Option<&Slot> {
        self.slots[1..].iter().find(|slot| slot.is_idle())
    }

    pub(super) fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether somebody may take slots of it now.
    pub(super) fn is_owned(&self) -> bool {
        // Acquire (E10): if its last owner has left, all that it did shows in the slots.
        self.owned.load(Acquire)
    }

    /// Gives the block to the next who wants one. Guards may go on using slots of it.
    pub(super) fn release(&self) {
        // Release (E10): the next owner sees which slots are still in use.
        self.owned.store(false, Release);
    }

    /// Takes the block over, if nobody has it and it is worth having.
    fn try_claim(&self) -> bool {
        // Relaxed: hints. The exchange decides, and the owner looks again at each slot.
        let worth = !self.owned.load(Relaxed)
            && self.slots.iter().filter(|slot| slot.0.load(Relaxed) == IDLE).count() * 2 >= SLOTS;
        // Relaxed: the fence that the caller makes next is what acquires (E10).
        worth && self.owned.compare_exchange(false, true, Relaxed, Relaxed).is_ok()
    }
}

/// All blocks of one cell, or of all threads. Blocks are recycled, and freed with the registry.
pub(super) struct Registry {
    newest: AtomicPtr<CachePadded<Block>>,
}

impl Registry {
    const_unless_loom! {
        pub(super) const fn new() -> Self {
            Self { newest: AtomicPtr::new(ptr::null_mut()) }
        }
    }

    /// An idle slot in a block that the caller owns from now on. Lock-free.
    pub(super) fn claim_slot(&self) -> (&Block, &Slot) {
        loop {
            let block = self.claim();
            // There is one, and nobody but the owner takes it.
            if let Some(slot) = block.idle() {
                return (block, slot);
            }
        }
    }

    /// A slot to be used once, in a block that nobody owns afterwards. Lock-free.
    pub(super) fn claim_slot_once(&self) -> &Slot {
        let (block, slot) = self.claim_slot();
        slot.reserve();
        block.release();
        slot
    }

    /// Makes the caller the owner of a block with at least one idle slot. Lock-free.
    #[cold]
    pub(super) fn claim(&self) -> &Block {
        let block = match self.blocks().find(|block| block.try_claim()) {
            Some(block) => block,
            None => self.add(),
        };
        // SeqCst: the slots are visible as the last owner left them (E10); and a scan that found the
        // block without an owner, or not at all, made its current version known to us (E2).
        fence(SeqCst);
        block
    }

    fn add(&self) -> &Block {
        let block = Box::into_raw(Box::new(CachePadded::new(Block {
            slots: repeated!(Slot(AtomicUsize::new(IDLE)); SLOTS),
            owned: AtomicBool::new(true),
            next: ptr::null(),
        })));
        // Relaxed: only linked. A scan that reads our exchange below has acquired all earlier ones with
        // it, which it continues.
        let mut newest = self.newest.load(Relaxed);
        loop {
            // SAFETY: nobody else has the block yet.
            unsafe { &mut *block }.next = newest;
            // Release (E7): a scan that sees the block sees what is in it. Relaxed: as above.
            match self.newest.compare_exchange(newest, block, Release, Relaxed) {
                Ok(_) => break,
                Err(other) => newest = other,
            }
        }
        // SAFETY: blocks live as long as the registry.
        unsafe { &*block }
    }

    /// All blocks, newest first.
    pub(super) fn blocks(&self) -> Blocks<'_> {
        // Acquire (E7): the blocks as they were published.
        Blocks { next: self.newest.load(Acquire), _registry: self }
    }
}

/// Walks the blocks of a registry.
pub(super) struct Blocks<'a> {
    next: *const CachePadded<Block>,
    _registry: &'a Registry,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = &'a Block;

    fn next(&mut self) -> Option<&'a Block> {
        // SAFETY: null, or a block of the registry, which lives as long as that.
        let block = unsafe { self.next.as_ref() }?;
        self.next = block.next;
        Some(block)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let mut block = own_load(&self.newest).cast_const();
        while !block.is_null() {
            // SAFETY: exclusive access; each block was boxed by `add` and is in the list once.
            let owned = unsafe { Box::from_raw(block.cast_mut()) };
            block = owned.next;
        }
    }
}
