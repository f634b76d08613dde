//! The slots, and the words of the buffer that an end keeps at hand.

use core::mem::size_of;
use core::ops::Deref;
use core::ptr::NonNull;

use bytemuck::{AnyBitPattern, Pod};

use super::fields::{RingFields, RingItem, Width};
use crate::shared::field::{Field, SharedInteger};
use crate::shared::{Memory, SharedBuffer};
use crate::sync::atomic::Ordering::Relaxed;
use crate::sync::{Lent, Tracks, Word, users};

/// What was found in a buffer, kept beside a handle of it.
///
/// Invariant: it lives in a struct whose handle of the buffer is dropped later, or at the same time, and so
/// as long as the memory.
pub(super) struct Kept<W: ?Sized>(NonNull<W>);

// SAFETY: a shared reference, by the invariant.
unsafe impl<W: ?Sized + Sync> Send for Kept<W> {}
// SAFETY: as above.
unsafe impl<W: ?Sized + Sync> Sync for Kept<W> {}

impl<W: ?Sized> Kept<W> {
    /// # Safety
    ///
    /// The invariant of the type: `found` borrows from a buffer of which the caller keeps a handle for as
    /// long as the result.
    pub(super) unsafe fn new(found: &W) -> Self {
        Self(NonNull::from(found))
    }
}

impl<W: ?Sized> Deref for Kept<W> {
    type Target = W;

    #[inline(always)]
    fn deref(&self) -> &W {
        // SAFETY: alive, by the invariant; made from a reference, and never changed through this.
        unsafe { self.0.as_ref() }
    }
}

/// The items: rows of words, each as many as an item has (I3).
pub(super) struct Items {
    words: Words,
    /// How many of the words an item has.
    each: usize,
    tracks: Kept<Tracks>,
}

// SAFETY: the words are atomics; the tracks hold nothing, and a model checks each access to them.
unsafe impl Send for Items {}

enum Words {
    One(Kept<[users::AtomicU8]>),
    Two(Kept<[users::AtomicU16]>),
    Four(Kept<[users::AtomicU32]>),
    #[cfg(target_has_atomic = "64")]
    Eight(Kept<[users::AtomicU64]>),
}

impl Words {
    fn len(&self) -> usize {
        match self {
            Self::One(words) => words.len(),
            Self::Two(words) => words.len(),
            Self::Four(words) => words.len(),
            #[cfg(target_has_atomic = "64")]
            Self::Eight(words) => words.len(),
        }
    }
}

impl Items {
    /// Panics if the key is one of another layout: the row must have as many words as the items.
    ///
    /// # Safety
    ///
    /// The caller keeps a handle of the buffer for as long as the result.
    #[track_caller]
    pub(super) unsafe fn new<T, M: Memory>(buffer: &SharedBuffer<M>, ring: RingFields<T>) -> Self {
        let words = match Width::of(size_of::<T>()) {
            // SAFETY: guaranteed by the caller.
            Width::One => Words::One(unsafe { kept::<u8, M>(buffer, ring.items()) }),
            // SAFETY: guaranteed by the caller.
            Width::Two => Words::Two(unsafe { kept::<u16, M>(buffer, ring.items()) }),
            // SAFETY: guaranteed by the caller.
            Width::Four => Words::Four(unsafe { kept::<u32, M>(buffer, ring.items()) }),
            // SAFETY: guaranteed by the caller.
            #[cfg(target_has_atomic = "64")]
            Width::Eight => Words::Eight(unsafe { kept::<u64, M>(buffer, ring.items()) }),
        };
        let each = size_of::<T>() / Width::of(size_of::<T>()).size();
        // Or a slot of the ring would not be one of the row, and a push would panic.
        let fits = ring.capacity() * each == words.len();
        assert!(fits, "{ring:?} is not of the layout of this buffer");
        let tracks = buffer.inner.memory.tracks(ring.items::<u8>().offset());
        // SAFETY: as above.
        let tracks = unsafe { Kept::new(tracks) };
        Self { words, each, tracks }
    }

    /// Copies the item to the slot.
    #[inline(always)]
    pub(super) fn write<T: RingItem>(&self, slot: usize, item: &T) {
        let from = slot * self.each;
        let bytes = bytemuck::bytes_of(item);
        self.tracks.write(slot);
        match &self.words {
            Words::One(words) => copy_in(&words[from..from + self.each], bytes),
            Words::Two(words) => copy_in(&words[from..from + self.each], bytes),
            Words::Four(words) => copy_in(&words[from..from + self.each], bytes),
            #[cfg(target_has_atomic = "64")]
            Words::Eight(words) => copy_in(&words[from..from + self.each], bytes),
        }
    }

    /// Copies the item out of the slot: some item, whoever wrote there.
    #[inline(always)]
    pub(super) fn read<T: RingItem>(&self, slot: usize) -> T {
        let from = slot * self.each;
        let mut item = T::zeroed();
        let bytes = bytemuck::bytes_of_mut(&mut item);
        self.tracks.read(slot);
        match &self.words {
            Words::One(words) => copy_out(&words[from..from + self.each], bytes),
            Words::Two(words) => copy_out(&words[from..from + self.each], bytes),
            Words::Four(words) => copy_out(&words[from..from + self.each], bytes),
            #[cfg(target_has_atomic = "64")]
            Words::Eight(words) => copy_out(&words[from..from + self.each], bytes),
        }
        item
    }
}

/// # Safety
///
/// The caller keeps a handle of the buffer for as long as the result.
#[track_caller]
unsafe fn kept<W: SharedInteger, M: Memory>(
    buffer: &SharedBuffer<M>,
    items: Field<[W]>,
) -> Kept<[W::Atomic]> {
    // SAFETY: guaranteed by the caller.
    unsafe { Kept::new(buffer.array(items).atomics()) }
}

#[inline(always)]
fn copy_in<W: Word<Value: AnyBitPattern>>(words: &[W], bytes: &[u8]) {
    for (word, chunk) in words.iter().zip(bytes.chunks_exact(size_of::<W::Value>())) {
        // Relaxed: published by the index (E1); not written while it is read (E2).
        Lent::new(word).store(bytemuck::pod_read_unaligned(chunk), Relaxed);
    }
}

#[inline(always)]
fn copy_out<W: Word<Value: Pod>>(words: &[W], bytes: &mut [u8]) {
    for (word, chunk) in words.iter().zip(bytes.chunks_exact_mut(size_of::<W::Value>())) {
        // Relaxed: as above.
        chunk.copy_from_slice(bytemuck::bytes_of(&Lent::new(word).load(Relaxed)));
    }
}
