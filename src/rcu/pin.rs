//! Announce, load, settle: how a reader comes to hold a version.

use core::ptr::NonNull;

use super::engine::{Engine, Root};
use super::slots::Slot;
use crate::sync::{light_if, pause_point};

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
    /// Holds the current version, in an idle slot of a block that the caller owns.
    #[inline(always)]
    pub(super) fn new(engine: &'a Engine, slot: &'a Slot) -> Self {
        Self { engine, slot, root: pick_up(engine, slot) }
    }

    /// Lets go of what it holds and holds the current version instead.
    #[inline]
    pub(super) fn renew(&mut self) {
        self.root = pick_up(self.engine, self.slot);
        // Someone may have waited for what was held.
        self.engine.let_go();
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
        // SAFETY: held, so not freed (I3); the number never changes.
        unsafe { (*self.root.as_ptr()).version }
    }
}

#[inline(always)]
fn pick_up(engine: &Engine, slot: &Slot) -> NonNull<Root> {
    slot.announce(engine.tag());
    // Either a scan sees the announcement, or what we see below is not freed by it (E2).
    light_if(engine.is_light());
    pause_point("rcu.read.announced");
    let root = engine.current();
    slot.settle(root.addr().get());
    root
}

impl Drop for Pin<'_> {
    #[inline]
    fn drop(&mut self) {
        self.slot.clear();
        self.engine.let_go();
    }
}
