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

    pub(super) fn pop(&mut self) -> Option<*mut Garbage> {
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
    /// The newest version that was current when a heavy fence was last made.
    pub(super) fenced: u64,
    /// Whether something happened since that needs another one.
    pub(super) fence_due: bool,
    /// What `wanted` holds.
    pub(super) wanted: bool,
    /// Garbage that no pass has sorted yet.
    pub(super) fresh: List,
    /// What the slots held, sorted.
    pub(super) addresses: Vec<usize>,
    /// The replaced versions that guards hold, newest first.
    pub(super) pinned: Vec<Pinned>,
}

impl Bin {
    pub(super) const fn new() -> Self {
        Self {
            fenced: 0,
            fence_due: false,
            wanted: false,
            fresh: List::EMPTY,
            addresses: Vec::new(),
            pinned: Vec::new(),
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
            let (birth, death) = unsafe { ((*piece).birth, (*piece).death) };
            let older = pinned.partition_point(|version| version.version >= death);
            match pinned.get_mut(older).filter(|version| version.version >= birth) {
                // SAFETY: popped, so owned.
                Some(version) => unsafe { version.waiting.push(piece) },
                None => doomed.push_garbage(piece),
            }
        }
        self.pinned = pinned;
    }
}

/// What nobody can reach any more. Freed when dropped, outside the turn, since destructors are the
/// user's code.
pub(super) struct Doomed {
    roots: *mut Root,
    garbage: List,
    count: usize,
    free: unsafe fn(*mut Root),
}

impl Doomed {
    /// # Safety
    ///
    /// `free` frees the roots that will be pushed.
    pub(super) unsafe fn new(free: unsafe fn(*mut Root)) -> Self {
        Self { roots: ptr::null_mut(), garbage: List::EMPTY, count: 0, free }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// # Safety
    ///
    /// The caller owns the root, and gives it up.
    pub(super) unsafe fn push_root(&mut self, root: *mut Root) {
        // SAFETY: the caller owns it.
        unsafe { (*root).older.with_mut(|older| *older = self.roots) };
        self.roots = root;
        self.count += 1;
    }

    fn push_garbage(&mut self, piece: *mut Garbage) {
        // SAFETY: the one caller popped it from a list.
        unsafe { self.garbage.push(piece) };
        self.count += 1;
    }

    pub(super) fn push_list(&mut self, mut list: List) {
        while let Some(piece) = list.pop() {
            self.push_garbage(piece);
        }
    }

    fn free_all(&mut self) {
        /// Goes on where a destructor panicked.
        struct Rest<'a>(&'a mut Doomed);
        impl Drop for Rest<'_> {
            fn drop(&mut self) {
                self.0.free_all();
            }
        }
        loop {
            if let Some(piece) = self.garbage.pop() {
                let rest = Rest(self);
                // SAFETY: popped, so owned; `free` was chosen for it.
                unsafe { ((*piece).free)(piece) };
                mem::forget(rest);
            } else if !self.roots.is_null() {
                let root = self.roots;
                // SAFETY: owned.
                self.roots = unsafe { (*root).older.with(|older| *older) };
                let (free, rest) = (self.free, Rest(self));
                // SAFETY: owned, and `new` was promised that `free` fits.
                unsafe { free(root) };
                mem::forget(rest);
            } else {
                return;
            }
        }
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        self.free_all();
    }
}
