//! Announce, load, settle: how a reader comes to hold a version.

use core::ptr::NonNull;

use super::chain::Root;
use super::engine::Engine;
use super::slots::{Block, Registry, Slot};
use crate::sync::pause_point;

/// Holds one version: it is not freed before this is dropped (I3).
///
/// Not `Clone`: a second slot that takes over what the first holds could be missed by a scan, which
/// reads one slot after the other.
pub(super) struct Pin<'a> {
    engine: &'a Engine,
    slot: &'a Slot,
    root: NonNull<Root>,
}

// SAFETY: a slot is cleared by whoever has the pin (I2), and a version may be freed by any thread:
// `Rcu` asks `Send + Sync` of its values.
unsafe impl Send for Pin<'_> {}
// SAFETY: a shared pin only tells which version it holds.
unsafe impl Sync for Pin<'_> {}

impl<'a> Pin<'a> {
    /// Holds the current version, in a slot of this block that is the caller's to take (I2).
    #[inline(always)]
    pub(super) fn new(engine: &'a Engine, block: &Block, slot: &'a Slot) -> Self {
        slot.announce(engine.tag());
        // Either a scan sees the announcement, or what we see below is not freed by it (E2).
        block.fence_if_asleep();
        pause_point("rcu.read.announced");
        let root = engine.current();
        slot.settle(root.addr().get());
        Self { engine, slot, root }
    }

    /// The same in a block that is owned for just that long. Given back before the slot has settled,
    /// it would be taken for one that nobody reads from, or vouch for its next owner.
    #[cold]
    pub(super) fn in_a_block_of_the_moment(engine: &'a Engine, registry: &'a Registry) -> Self {
        let (block, slot) = registry.claim_slot();
        let pin = Self::new(engine, block, slot);
        block.release();
        pin
    }

    /// The cell.
    #[inline(always)]
    pub(super) fn engine(&self) -> &'a Engine {
        self.engine
    }

    /// The version held.
    #[inline(always)]
    pub(super) fn root(&self) -> NonNull<Root> {
        self.root
    }

    /// The number of the version held.
    #[inline(always)]
    pub(super) fn version(&self) -> u64 {
        // SAFETY: held, so not freed (I3).
        unsafe { Root::version(self.root) }
    }
}

impl Drop for Pin<'_> {
    #[inline]
    fn drop(&mut self) {
        self.slot.clear();
        self.engine.let_go();
    }
}
