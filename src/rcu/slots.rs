//! Where readers say what they hold.

use alloc::boxed::Box;
use core::ptr::{self, NonNull};

use crossbeam_utils::CachePadded;

use super::chain::Root;
use crate::sync::atomic::{
    AtomicBool, AtomicPtr, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    compiler_fence, fence,
};
use crate::sync::{SLOTS, const_unless_loom, is_light, own_load, repeated};

/// What one guard holds: nothing, the address of a version, or, for two instructions, the tag of a
/// cell, which says "whatever is current there, or was when you looked".
///
/// Moves from idle by the owner of its block alone, and back by whoever has the guard (I2).
pub(super) struct Slot(AtomicUsize);

/// No address and no tag.
const IDLE: usize = 0;
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
        // Release (E5): a scan of another cell sees by this that whoever had the slot before is done.
        // What follows it is ordered by `Block::fence_if_asleep` (E2).
        self.0.store(tag, Release);
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

    /// The address of a version, of this cell or another.
    pub(super) fn address(self) -> Option<usize> {
        (self.0 % 2 == 0 && self.0 != IDLE).then_some(self.0)
    }
}

/// A line of slots that belong together.
pub(super) struct Block {
    slots: [Slot; SLOTS],
    /// True while someone, the owner, may take idle slots (I2).
    owned: AtomicBool,
    /// Whether the owner must fence when it next picks something up: `AWAKE` if not, or one of the
    /// others, or the tag of a cell whose scan is about to make it `ASLEEP` (I7).
    sleep: AtomicUsize,
    /// The block that was added before this one, or null. Written before this one is published.
    next: *const CachePadded<Self>,
}

/// The owner picks up what it likes, without a fence.
const AWAKE: usize = 0;
/// The owner fences each time: where that is the only fence there is.
const NEVER_LIGHT: usize = 1;
/// The owner fences, and says that it is awake, before it next looks at a cell.
const ASLEEP: usize = 3;

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

    /// Comes between an announcement in a slot of this block and the look at the cell.
    #[inline(always)]
    pub(super) fn fence_if_asleep(&self) {
        // Where the owner is awake, this is all (E2): a heavy fence makes up for it.
        compiler_fence(SeqCst);
        // Relaxed: ordered by the fence.
        if self.sleep.load(Relaxed) != AWAKE {
            self.wake_up();
        }
    }

    #[cold]
    #[inline(never)]
    fn wake_up(&self) {
        // Relaxed: ordered by the fence. A scan that still finds us asleep made its current version
        // known to us by its own fence (E2).
        if self.sleep.load(Relaxed) != NEVER_LIGHT {
            // Relaxed: as above.
            self.sleep.store(AWAKE, Relaxed);
        }
        // SeqCst: of this fence and a scan's, one is first (E2).
        fence(SeqCst);
    }

    /// Whether the owner is known to fence before it next looks at a cell.
    pub(super) fn is_asleep(&self) -> bool {
        // Acquire (E12): what it held when it fell asleep shows in the slots.
        self.sleep.load(Acquire) == ASLEEP
    }

    /// Begins to put the owner to sleep; for the scan that holds this tag, before a heavy fence.
    pub(super) fn grow_tired(&self, tag: usize) {
        // Relaxed: ordered by the heavy fence. Where it fails, the owner is not awake anyway.
        let _ = self.sleep.compare_exchange(AWAKE, tag, Relaxed, Relaxed);
    }

    /// Ends what `grow_tired` began. If the heavy fence was made, each announcement of which the owner
    /// looked at `sleep` too early to notice is visible now (I7).
    pub(super) fn fall_asleep(&self, tag: usize, is_fenced: bool) {
        let to = if is_fenced { ASLEEP } else { AWAKE };
        // Release (E12): who finds the owner asleep sees what the heavy fence made visible to us.
        // Relaxed: on failure the owner has woken up meanwhile, or never slept.
        let _ = self.sleep.compare_exchange(tag, to, Release, Relaxed);
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
        // Acquire (E10): the slots as the last owner left them. Relaxed: on failure nothing is touched.
        worth && self.owned.compare_exchange(false, true, Acquire, Relaxed).is_ok()
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

    /// Makes the caller the owner of a block with at least one idle slot. Lock-free.
    #[cold]
    pub(super) fn claim(&self) -> &Block {
        let block = match self.blocks().find(|block| block.try_claim()) {
            Some(block) => block,
            None => self.add(),
        };
        // A scan that found the block without an owner, or not at all, relies on the fence of our
        // first read, as if it had found us asleep (E2).
        let sleep = if is_light() { ASLEEP } else { NEVER_LIGHT };
        // Release (E12): the slots as the last owner left them.
        block.sleep.store(sleep, Release);
        block
    }

    fn add(&self) -> &Block {
        let block = Box::into_raw(Box::new(CachePadded::new(Block {
            slots: repeated!(Slot(AtomicUsize::new(IDLE)); SLOTS),
            owned: AtomicBool::new(true),
            sleep: AtomicUsize::new(NEVER_LIGHT),
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
