//! What a writer and a reader have in common: a place in the register.

use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};
use core::ptr::NonNull;

use crossbeam_utils::CachePadded;

use super::slots::{Head, Place};
#[cfg(feature = "alloc")]
use {super::register::Heap, crate::sync::Arc};

/// A way to the shared state, which a [`Latest`](super::Latest) lends for `'a` or the heap keeps, and
/// one slot of it.
pub(super) struct Handle<'a, T> {
    head: NonNull<Head>,
    slots: NonNull<[Place<T>]>,
    /// The number of `place` among the slots.
    at: usize,
    /// The writer's is the current slot; a reader's is the one that it has joined and not left (I4).
    place: NonNull<Place<T>>,
    /// What the pointers point into, if that is on the heap.
    #[cfg(feature = "alloc")]
    _heap: Option<Arc<Heap<T>>>,
    /// What they point into otherwise.
    lent: PhantomData<&'a ()>,
}

// SAFETY: of values that one thread made, others get a `&T` (`T: Sync`), and drop one when the last
// handle goes, or when it is the writer that was sent (`T: Send`). All else that is shared is atomic,
// or the writer's own.
unsafe impl<T: Send + Sync> Send for Handle<'_, T> {}

// A panic leaves nothing half done that is shared: what a closure of the writer's leaves unfinished is
// not published. Then what counts is that all look at the same `T`.
impl<T: RefUnwindSafe> UnwindSafe for Handle<'_, T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for Handle<'_, T> {}

impl<'a, T> Handle<'a, T> {
    /// A handle on what a `Latest` lends, in slot `at`.
    pub(super) fn lent(head: &'a CachePadded<Head>, slots: &'a [Place<T>], at: usize) -> Self {
        Self {
            head: NonNull::from(&**head),
            slots: NonNull::from(slots),
            at,
            place: NonNull::from(&slots[at]),
            #[cfg(feature = "alloc")]
            _heap: None,
            lent: PhantomData,
        }
    }

    /// A handle that keeps the shared state alive, in slot `at`.
    #[cfg(feature = "alloc")]
    pub(super) fn kept(heap: Arc<Heap<T>>, at: usize) -> Self {
        Self {
            head: NonNull::from(&*heap.head),
            slots: NonNull::from(&*heap.slots),
            at,
            place: NonNull::from(&heap.slots[at]),
            _heap: Some(heap),
            lent: PhantomData,
        }
    }

    #[inline(always)]
    pub(super) fn head(&self) -> &Head {
        // SAFETY: lent for `'a` or kept by `_heap`, and nobody has it exclusively meanwhile.
        unsafe { self.head.as_ref() }
    }

    pub(super) fn slots(&self) -> &[Place<T>] {
        // SAFETY: as for `head`.
        unsafe { self.slots.as_ref() }
    }

    /// The slot that the handle is in.
    #[inline(always)]
    pub(super) fn place(&self) -> &Place<T> {
        // SAFETY: one of `slots`, for which the same holds as for `head`.
        unsafe { self.place.as_ref() }
    }

    #[inline(always)]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The caller has joined slot `at`, or made it the current one.
    pub(super) fn move_to(&mut self, at: usize) {
        self.place = NonNull::from(&self.slots()[at]);
        self.at = at;
    }

    /// The value in the handle's slot.
    #[inline(always)]
    pub(super) fn value(&self) -> &T {
        // SAFETY: the slot is current if this is the writer's, and joined if it is a reader's (I4).
        // Neither moves while the handle is borrowed.
        unsafe { self.place().value() }
    }
}
