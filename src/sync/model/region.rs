//! The model's form of shared bytes: every word is a loom atomic of its own.
//!
//! No byte belongs to words of two widths, which is what makes that possible.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::any::Any;

use crate::sync::{Integer, Word, users};

/// The words by their offset.
pub(crate) struct Region(Vec<(usize, Box<dyn Any + Send + Sync>)>);

impl Region {
    /// The words that the fields are made of, each zero.
    pub(crate) fn zeroed(_: usize, fields: impl Iterator<Item = (usize, Integer, usize)>) -> Self {
        Self(fields.map(|(offset, integer, count)| (offset, make(integer, count))).collect())
    }

    /// The `count` words from `offset` on.
    ///
    /// # Safety
    ///
    /// As natively; here every mistake is a panic.
    pub(crate) unsafe fn words<W: Word>(&self, offset: usize, count: usize) -> &[W] {
        let (_, words) = self.0.iter().find(|(at, _)| *at == offset).expect("a field begins there");
        let words = words.downcast_ref::<Vec<W>>().expect("of that type");
        assert_eq!(words.len(), count, "of that length");
        words
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
