//! Two versions of a structure that share a node.

use untorn::rcu::{Policy, Rcu};

use crate::Tracked;

/// The node, which the writer frees when no version that is held reaches it.
struct Retired(usize);

impl Drop for Retired {
    fn drop(&mut self) {
        let node = std::ptr::with_exposed_provenance_mut::<Tracked>(self.0);
        // SAFETY: from a box, unlinked, and retired once.
        drop(unsafe { Box::from_raw(node) });
    }
}

/// What versions share, by address, as in a tree whose path is copied.
#[derive(Debug)]
pub struct Versions {
    cell: Rcu<usize>,
}

impl Versions {
    /// The first version has a node, and the second does without.
    #[must_use]
    pub fn new() -> &'static Self {
        let node = Box::into_raw(Box::new(Tracked::new(7))).expose_provenance();
        Box::leak(Box::new(Self { cell: Rcu::with_policy(node, Policy::Prompt) }))
    }

    /// What the current version reaches.
    #[must_use]
    pub fn look(&self) -> Option<usize> {
        let guard = self.cell.read();
        (*guard != 0).then(|| {
            // SAFETY: retired only when no guard holds a version that has this address.
            unsafe { &*std::ptr::with_exposed_provenance::<Tracked>(*guard) }.get()
        })
    }

    /// Publishes a version without the node, and retires that.
    pub fn unlink(&self) {
        let node = *self.cell.read();
        let mut writer = self.cell.writer();
        writer.publish(0);
        writer.retire(0, Retired(node));
        // What only this thread has seen so far.
        writer.retire(0, Tracked::new(8));
    }

    /// Frees what nobody holds, as another thread than the writer.
    pub fn try_reclaim(&self) -> usize {
        self.cell.try_reclaim()
    }

    /// Ends the execution; how much is left before the cell itself goes.
    pub fn end(&'static self) -> usize {
        self.cell.try_reclaim();
        let pending = self.cell.pending();
        // SAFETY: leaked by `new`; all threads that used it have been joined.
        drop(unsafe { Box::from_raw(std::ptr::from_ref(self).cast_mut()) });
        pending
    }
}
