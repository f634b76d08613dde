//! Versions, and the chain that they form from the current one to the oldest that is not freed.

use alloc::vec::Vec;
use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem;
use core::ptr::NonNull;

use super::engine::Engine;
use super::garbage::{Doomed, Pinned};
use super::memory;
use super::pin::Pin;
use crate::sync::UnsafeCell;

/// The head of every version; its value follows in memory.
pub(super) struct Root {
    /// The version that this one replaced, or an older one if that is freed, or none (I4). Written
    /// before this version is published, and by the holder of the turn afterwards.
    older: UnsafeCell<Option<NonNull<Root>>>,
    /// One more than that of the version it replaced. Written before this one is published.
    version: u64,
}

impl Root {
    /// The number of the version.
    ///
    /// # Safety
    ///
    /// `this` is not freed.
    #[inline(always)]
    pub(super) unsafe fn version(this: NonNull<Self>) -> u64 {
        // SAFETY: promised by the caller; never written while it is shared.
        unsafe { (*this.as_ptr()).version }
    }

    /// The next older one.
    ///
    /// # Safety
    ///
    /// `this` is not freed, and the caller owns its link (I4).
    pub(super) unsafe fn older(this: NonNull<Self>) -> Option<NonNull<Self>> {
        // SAFETY: promised by the caller.
        let link = unsafe { &(*this.as_ptr()).older };
        // SAFETY: promised by the caller.
        link.with(|older| unsafe { *older })
    }

    /// Links another one behind it.
    ///
    /// # Safety
    ///
    /// As [`older`](Self::older).
    pub(super) unsafe fn set_older(this: NonNull<Self>, to: Option<NonNull<Self>>) {
        // SAFETY: promised by the caller.
        let link = unsafe { &(*this.as_ptr()).older };
        // SAFETY: promised by the caller.
        link.with_mut(|older| unsafe { *older = to });
    }

    /// Prepares `this` to be published in place of `old`.
    ///
    /// # Safety
    ///
    /// The caller owns `this`, and `old` is not freed.
    pub(super) unsafe fn follow(this: NonNull<Self>, old: NonNull<Self>) {
        // SAFETY: promised by the caller.
        let version = unsafe { Self::version(old) } + 1;
        // SAFETY: promised by the caller.
        unsafe { (*this.as_ptr()).version = version };
        // SAFETY: promised by the caller.
        unsafe { Self::set_older(this, Some(old)) };
    }
}

/// One version with its value.
#[repr(C)]
pub(super) struct Version<T> {
    root: Root,
    value: T,
}

impl<T> Version<T> {
    const LAYOUT: Layout = Layout::new::<Self>();

    /// The first version of a cell, or one that is to follow another.
    #[inline]
    pub(super) fn boxed(value: T) -> NonNull<Root> {
        let memory = memory::allocate(Self::LAYOUT).cast::<Self>();
        let root = Root { older: UnsafeCell::new(None), version: 0 };
        // SAFETY: just allocated with this layout.
        unsafe { memory.write(Self { root, value }) };
        memory.cast()
    }

    /// The value of a version.
    ///
    /// # Safety
    ///
    /// `root` came from `boxed` of the same type, and is not freed.
    #[inline(always)]
    pub(super) unsafe fn value(root: NonNull<Root>) -> NonNull<T> {
        let version = root.cast::<Self>().as_ptr();
        // SAFETY: promised by the caller; the root is the first field.
        let value = unsafe { &raw mut (*version).value };
        // SAFETY: part of an object.
        unsafe { NonNull::new_unchecked(value) }
    }

    /// # Safety
    ///
    /// `root` came from `boxed` of the same type; the caller owns it, and gives it up.
    pub(super) unsafe fn free(root: NonNull<Root>) {
        // Whether or not the destructor panics.
        let _memory = Memory::<T>(root.cast());
        // SAFETY: promised by the caller.
        let value = unsafe { Self::value(root) };
        // SAFETY: as above. The root itself has nothing to drop.
        unsafe { value.drop_in_place() };
    }
}

/// The memory of a version that is no more, to be given back.
struct Memory<T>(NonNull<Version<T>>);

impl<T> Drop for Memory<T> {
    fn drop(&mut self) {
        // SAFETY: made by who was given all of it; it came from `boxed`.
        unsafe { memory::release(self.0.cast(), Version::<T>::LAYOUT) };
    }
}

/// A version that is not published yet, and freed if it never is.
pub(super) struct Unpublished<T>(NonNull<Root>, PhantomData<T>);

impl<T> Unpublished<T> {
    #[inline]
    pub(super) fn new(value: T) -> Self {
        Self(Version::boxed(value), PhantomData)
    }

    /// Makes it the version after the one that `pin` holds, if that is still current. If so, it is
    /// published, and to be forgotten here.
    ///
    /// # Safety
    ///
    /// The pin is one of this engine, whose versions are all `Version<T>`.
    #[inline]
    pub(super) unsafe fn replace(&self, engine: &Engine, pin: &Pin<'_>) -> bool {
        // SAFETY: promised by the caller; owned until it is published.
        unsafe { engine.replace(pin, self.0) }
    }

    pub(super) fn into_value(self) -> T {
        let root = self.0;
        mem::forget(self);
        let _memory = Memory::<T>(root.cast());
        // SAFETY: from `boxed`, and not freed.
        let value = unsafe { Version::value(root) };
        // SAFETY: owned; nobody drops it afterwards.
        unsafe { value.read() }
    }
}

impl<T> Drop for Unpublished<T> {
    fn drop(&mut self) {
        // SAFETY: from `boxed` of this type, and not published.
        unsafe { Version::<T>::free(self.0) };
    }
}

/// Takes the versions before `head` that are not among `held` out of the chain. Returns the others.
///
/// # Safety
///
/// The caller owns the links (I4); each version before `head` that somebody holds is among `held`,
/// which is sorted.
pub(super) unsafe fn take_out_unheld(
    head: NonNull<Root>,
    held: &[usize],
    doomed: &mut Doomed,
) -> Vec<Pinned> {
    let is_unheld = |root: &NonNull<Root>| held.binary_search(&root.addr().get()).is_err();
    let mut pinned = Vec::new();
    let mut kept = head;
    // SAFETY: in the chain, whose links the caller owns; and so for all below.
    while let Some(first) = unsafe { Root::older(kept) } {
        // From `first` to `last`, nobody holds anything; `next` is held, or the end.
        let (mut last, mut next) = (None, Some(first));
        while let Some(root) = next.filter(is_unheld) {
            last = Some(root);
            // SAFETY: as above.
            next = unsafe { Root::older(root) };
        }
        if let Some(last) = last {
            // SAFETY: as above.
            unsafe { Root::set_older(kept, next) };
            // SAFETY: out of the chain, and held by nobody.
            unsafe { doomed.add(first, last) };
        }
        let Some(root) = next else { break };
        // SAFETY: in the chain, so not freed.
        pinned.push(Pinned::new(unsafe { Root::version(root) }));
        kept = root;
    }
    pinned
}

/// Takes the whole chain apart.
///
/// # Safety
///
/// The caller owns all of it.
pub(super) unsafe fn take_out_all(newest: NonNull<Root>, doomed: &mut Doomed) {
    let mut oldest = newest;
    // SAFETY: promised by the caller.
    while let Some(root) = unsafe { Root::older(oldest) } {
        oldest = root;
    }
    // SAFETY: promised by the caller.
    unsafe { doomed.add(newest, oldest) };
}

/// Whether one of the versions has this address.
///
/// # Safety
///
/// The caller owns the links of the chain that begins with `newest` (I4).
pub(super) unsafe fn contains(newest: NonNull<Root>, address: usize) -> bool {
    // SAFETY: promised by the caller.
    core::iter::successors(Some(newest), |&root| unsafe { Root::older(root) })
        .any(|root| root.addr().get() == address)
}
