//! What waits to be freed, and for whom.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;
use core::ptr;

use super::engine::Root;

/// The head of something that versions `birth..death` of the value can reach; it follows in memory.
pub(super) struct Garbage {
    /// The next in the list that this is in. Written by the owner of the list.
    next: *mut Garbage,
    birth: u64,
    death: u64,
    free: unsafe fn(*mut Garbage),
}

#[repr(C)]
struct Piece<G> {
    head: Garbage,
    _content: G,
}

/// # Safety
///
/// `piece` came from [`Garbage::boxed`] of the same `G`, and is not used afterwards.
unsafe fn free<G>(piece: *mut Garbage) {
    // SAFETY: promised by the caller; the head is the first field.
    drop(unsafe { Box::from_raw(piece.cast::<Piece<G>>()) });
}

impl Garbage {
    fn life(&self) -> (u64, u64) {
        (self.birth, self.death)
    }

    pub(super) fn boxed<G>(birth: u64, death: u64, content: G) -> *mut Self {
        let head = Self { next: ptr::null_mut(), birth, death, free: free::<G> };
        Box::into_raw(Box::new(Piece { head, _content: content })).cast()
    }
}

/// A list of garbage, of one owner.
pub(super) struct List(*mut Garbage);

// SAFETY: what is in a list may be dropped by any thread: `Writer::retire` asks for `Send`.
unsafe impl Send for List {}

impl List {
    pub(super) const EMPTY: Self = Self(ptr::null_mut());

    /// The list that begins with `first`.
    ///
    /// # Safety
    ///
    /// Nobody else owns it.
    pub(super) unsafe fn from_raw(first: *mut Garbage) -> Self {
        Self(first)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_null()
    }

    /// Puts a piece, or a list of one, in front.
    ///
    /// # Safety
    ///
    /// The caller owns the piece, and gives it up.
    pub(super) unsafe fn push(&mut self, piece: *mut Garbage) {
        // SAFETY: the caller owns it.
        unsafe { (*piece).next = self.0 };
        self.0 = piece;
    }

    fn pop(&mut self) -> Option<*mut Garbage> {
        // SAFETY: null, or a piece that this list owns.
        let next = unsafe { self.0.as_ref() }?.next;
        Some(mem::replace(&mut self.0, next))
    }

    pub(super) fn append(&mut self, mut other: Self) {
        while let Some(piece) = other.pop() {
            // SAFETY: popped from the other list, so owned.
            unsafe { self.push(piece) };
        }
    }

    /// Links `piece` before `first`, for a stack that many look at.
    ///
    /// # Safety
    ///
    /// The caller owns the piece.
    pub(super) unsafe fn link(piece: *mut Garbage, first: *mut Garbage) {
        // SAFETY: the caller owns it.
        unsafe { (*piece).next = first };
    }
}

/// A version that a guard holds, and the garbage that waits for that guard.
pub(super) struct Pinned {
    pub(super) version: u64,
    pub(super) waiting: List,
}

/// What the holder of the turn keeps from one pass to the next (I5).
pub(super) struct Bin {
    /// The newest version of which it is known that no reader will pick up an older one.
    pub(super) settled: u64,
    /// Whether readers are asked to reclaim.
    pub(super) wanted: bool,
    /// Garbage that no pass has sorted yet.
    pub(super) fresh: List,
    /// What the slots held, sorted.
    pub(super) held: Vec<usize>,
    /// The replaced versions that guards hold, newest first.
    pub(super) pinned: Vec<Pinned>,
    /// How many pieces of garbage were freed.
    pub(super) garbage_freed: usize,
}

impl Bin {
    pub(super) const fn new() -> Self {
        Self {
            settled: 0,
            wanted: false,
            fresh: List::EMPTY,
            held: Vec::new(),
            pinned: Vec::new(),
            garbage_freed: 0,
        }
    }

    /// Sorts garbage, now that `pinned` are the versions that guards hold (I6): what a pinned version
    /// reaches waits for the guard of one that does, and is not looked at again before that is gone.
    pub(super) fn sort_garbage(&mut self, mut pinned: Vec<Pinned>, doomed: &mut Doomed) {
        let mut fresh = mem::replace(&mut self.fresh, List::EMPTY);
        for before in mem::take(&mut self.pinned) {
            match pinned.binary_search_by(|now| before.version.cmp(&now.version)) {
                Ok(still) => pinned[still].waiting.append(before.waiting),
                Err(_) => fresh.append(before.waiting),
            }
        }
        while let Some(piece) = fresh.pop() {
            // SAFETY: popped, so owned.
            let (birth, death) = unsafe { (*piece).life() };
            let older = pinned.partition_point(|version| version.version >= death);
            let waits_for = pinned.get_mut(older).filter(|version| version.version >= birth);
            let list = match waits_for {
                Some(version) => &mut version.waiting,
                None => {
                    self.garbage_freed = self.garbage_freed.wrapping_add(1);
                    &mut doomed.garbage
                }
            };
            // SAFETY: popped, so owned.
            unsafe { list.push(piece) };
        }
        self.pinned = pinned;
    }
}

/// What nobody can reach any more. Freed when dropped, outside the turn, since destructors are the
/// user's code.
pub(super) struct Doomed {
    /// Linked as in the chain.
    roots: *mut Root,
    pub(super) garbage: List,
    free: unsafe fn(*mut Root),
}

impl Doomed {
    /// # Safety
    ///
    /// `free` frees the roots that will be added.
    pub(super) unsafe fn new(free: unsafe fn(*mut Root)) -> Self {
        Self { roots: ptr::null_mut(), garbage: List::EMPTY, free }
    }

    /// Adds the roots from `first` to `last`, linked as in the chain.
    ///
    /// # Safety
    ///
    /// The caller owns them, and gives them up.
    pub(super) unsafe fn add(&mut self, first: *mut Root, last: *mut Root) {
        // SAFETY: the caller owns it.
        unsafe { (*last).older.with_mut(|older| *older = self.roots) };
        self.roots = first;
    }

    /// Frees one thing; false if nothing is left.
    fn free_one(&mut self) -> bool {
        if let Some(piece) = self.garbage.pop() {
            // SAFETY: popped, so owned; `free` was chosen for it.
            unsafe { ((*piece).free)(piece) };
        } else if !self.roots.is_null() {
            let root = self.roots;
            // SAFETY: owned.
            self.roots = unsafe { (*root).older.with(|older| *older) };
            // SAFETY: owned, and `new` was promised that `free` fits.
            unsafe { (self.free)(root) };
        } else {
            return false;
        }
        true
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        /// Goes on where a destructor panicked.
        struct Rest<'a>(&'a mut Doomed);
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                while self.0.free_one() {}
            }
        }
        let rest = Rest(self);
        while rest.0.free_one() {}
    }
}
