//! The cell without its type: the chain of versions, and how one becomes current.

use core::ptr::{self, NonNull};

use crossbeam_utils::CachePadded;

use super::chain::Root;
use super::pin::Pin;
use super::policy::Policy;
use super::reclaim::Reclaimer;
use super::slots::Registry;
use crate::mutex::RawPark;
use crate::sync::atomic::{
    AtomicPtr, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
    compiler_fence,
};
use crate::sync::{is_light, light_if, own_load, pause_point};

/// Everything of a cell but the type of its values.
pub(super) struct Engine {
    hot: CachePadded<Hot>,
    pub(super) reclaimer: CachePadded<Reclaimer>,
    /// The slots of the readers with a handle.
    pub(super) readers: Registry,
    /// Who is the writer that stamps versions.
    pub(super) writer: RawPark,
}

/// The line that readers look at.
struct Hot {
    /// The newest version, never null (I1). It and the older ones that are not freed form a chain
    /// (I4), so that one exchange both publishes a version and retires its predecessor.
    current: AtomicPtr<Root>,
    /// What else a reader must know: `QUIET`, or a sum of the others.
    state: AtomicUsize,
}

/// Nothing: the readers' fence costs nothing, and nobody waits for what they hold.
const QUIET: usize = 0;
/// Readers must fence for real. Never changes.
const FENCED: usize = 1;
/// Who drops a guard is to reclaim. Set and cleared by the holder of the turn.
const WANTED: usize = 2;

impl Engine {
    /// # Safety
    ///
    /// The caller owns `first`, and `free` frees it and all roots that are published later.
    pub(super) unsafe fn new(
        first: NonNull<Root>,
        free: unsafe fn(NonNull<Root>),
        policy: Policy,
    ) -> Self {
        Self {
            hot: CachePadded::new(Hot {
                current: AtomicPtr::new(first.as_ptr()),
                state: AtomicUsize::new(if is_light() { QUIET } else { FENCED }),
            }),
            reclaimer: CachePadded::new(Reclaimer::new(free, policy)),
            readers: Registry::new(),
            writer: RawPark::new(),
        }
    }

    /// What a reader of this cell announces itself with: an odd number, which no version's address
    /// is, and another one for each cell that is read at the same time.
    #[inline(always)]
    pub(super) fn tag(&self) -> usize {
        ptr::from_ref(self).addr().wrapping_add(1)
    }

    /// The current version, which the caller must not follow unless it holds it.
    #[inline(always)]
    pub(super) fn current(&self) -> NonNull<Root> {
        // Acquire (E1): the version as it was published.
        let root = self.hot.current.load(Acquire);
        // SAFETY: there always is a current version (I1).
        unsafe { NonNull::new_unchecked(root) }
    }

    /// Whether `root` is the current version.
    #[inline(always)]
    pub(super) fn is_current(&self, root: *const Root) -> bool {
        // Relaxed: who holds the version has seen it published already, and while it is held no
        // other can have its address (I3).
        ptr::eq(self.hot.current.load(Relaxed), root)
    }

    /// Makes `root` the version after the one that `pin` holds, if that is still current.
    ///
    /// # Safety
    ///
    /// The caller owns `root`, gives it up if the result is true, and `Engine::new` was promised
    /// that `free` fits it. The pin is one of this engine.
    pub(super) unsafe fn replace(&self, pin: &Pin<'_>, root: NonNull<Root>) -> bool {
        // SAFETY: owned by the caller, and not published yet; the pin holds what it follows (I3).
        unsafe { Root::follow(root, pin.root()) };
        pause_point("rcu.publish.ready");
        let (old, new) = (pin.root().as_ptr(), root.as_ptr());
        // The version held cannot be freed, so its address cannot stand for another one (I3): the
        // exchange succeeds only if nothing was published in between.
        // Release (E1): the value, and the chain behind it, are visible to who picks it up.
        // Relaxed: on failure nothing is read.
        self.hot.current.compare_exchange(old, new, Release, Relaxed).is_ok()
    }

    /// Whether the readers' fence costs nothing.
    #[inline(always)]
    pub(super) fn is_light(&self) -> bool {
        // Relaxed: this part of the state never changes.
        self.hot.state.load(Relaxed) & FENCED == 0
    }

    /// Comes after a slot was cleared, or settled on another version.
    #[inline(always)]
    pub(super) fn let_go(&self) {
        // Where the readers' fence costs nothing, this is it (E4). Where it does not, the state says
        // so at any time.
        compiler_fence(SeqCst);
        // Relaxed: ordered by the fence.
        if self.hot.state.load(Relaxed) != QUIET {
            self.let_go_noticed();
        }
    }

    #[cold]
    #[inline(never)]
    fn let_go_noticed(&self) {
        // Either a scan sees the slot as it is now, or we see that somebody waits for it (E4).
        light_if(self.is_light());
        // Relaxed: ordered by the fence.
        if self.hot.state.load(Relaxed) & WANTED != 0 {
            self.help_out();
        }
    }

    /// Asks who drops a guard to reclaim, or no longer; for the holder of the turn.
    pub(super) fn set_wanted(&self, wanted: bool) {
        let state = own_load(&self.hot.state) & !WANTED;
        // Relaxed: the heavy fence orders it before the scan (E4).
        self.hot.state.store(if wanted { state | WANTED } else { state }, Relaxed);
    }

    /// The current version, for whoever has the cell to itself.
    pub(super) fn own_current(&self) -> NonNull<Root> {
        let root = own_load(&self.hot.current);
        // SAFETY: there always is a current version (I1).
        unsafe { NonNull::new_unchecked(root) }
    }
}
