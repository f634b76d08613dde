//! The model's form of shared bytes: every word is a loom atomic of its own.
//!
//! No byte belongs to words of two widths, which is what makes that possible.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;

use crate::sync::{Integer, Tracks, Word, users};

/// The words by their offset, and who may touch them, where a primitive says so.
pub(crate) struct Region(Vec<(usize, Box<dyn Any + Send + Sync>, Tracks)>);

// SAFETY: the words are atomics; the tracks hold nothing, and loom checks each access to them.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

impl Region {
    /// The words that the fields are made of, each zero.
    pub(crate) fn zeroed(_: usize, fields: impl Iterator<Item = (usize, Integer, usize)>) -> Self {
        let make = |(offset, integer, count)| (offset, make(integer, count), Tracks::new(count));
        Self(fields.map(make).collect())
    }

    /// The `count` words from `offset` on.
    ///
    /// # Safety
    ///
    /// As natively; here every mistake is a panic.
    pub(crate) unsafe fn words<W: Word>(&self, offset: usize, count: usize) -> &[W] {
        let (_, words, _) = self.field(offset);
        let words = words.downcast_ref::<Vec<W>>().expect("of that type");
        assert_eq!(words.len(), count, "of that length");
        words
    }

    /// Who may touch which word of the field at `offset`.
    pub(crate) fn tracks(&self, offset: usize) -> &Tracks {
        &self.field(offset).2
    }

    fn field(&self, offset: usize) -> &(usize, Box<dyn Any + Send + Sync>, Tracks) {
        self.0.iter().find(|(at, ..)| *at == offset).expect("a field begins there")
    }
}

fn make(integer: Integer, count: usize) -> Box<dyn Any + Send + Sync> {
    fn zeros<W: Word>(count: usize) -> Box<dyn Any + Send + Sync> {
        Box::new((0..count).map(|_| W::default()).collect::<Vec<W>>())
    }
    match integer {
        Integer::I8 => zeros::<users::AtomicI8>(count),
        Integer::U8 => zeros::<users::AtomicU8>(count),
        Integer::I16 => zeros::<users::AtomicI16>(count),
        Integer::U16 => zeros::<users::AtomicU16>(count),
        Integer::I32 => zeros::<users::AtomicI32>(count),
        Integer::U32 => zeros::<users::AtomicU32>(count),
        Integer::I64 => zeros::<users::AtomicI64>(count),
        Integer::U64 => zeros::<users::AtomicU64>(count),
    }
}
