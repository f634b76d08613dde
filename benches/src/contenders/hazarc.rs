//! hazarc: a pointer to an immutable value, guarded by hazard pointers; each write allocates.

use std::sync::Arc;

use hazarc::{AtomicArc, Cache};

use crate::shapes::pointer::{Pointee, Pointer};

/// `hazarc::AtomicArc`.
#[derive(Debug)]
pub struct Loaded<T>(AtomicArc<T>);

impl<T: Pointee> Pointer<T> for Loaded<T> {
    const NAME: &'static str = "hazarc";
    const PACKAGE: &'static str = "hazarc";
    type Writer<'a> = &'a AtomicArc<T>;
    type Reader<'a> = &'a AtomicArc<T>;

    fn new(value: T) -> Self {
        Self(AtomicArc::from(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, vec![&self.0; readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(&reader.load())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.store(Arc::new(value));
    }
}

/// With a reader that keeps the value it saw last, and asks only whether there is a new one.
#[derive(Debug)]
pub struct Cached<T>(AtomicArc<T>);

impl<T: Pointee> Pointer<T> for Cached<T> {
    const NAME: &'static str = "hazarc-cache";
    const PACKAGE: &'static str = "hazarc";
    type Writer<'a> = &'a AtomicArc<T>;
    type Reader<'a> = Cache<&'a AtomicArc<T>>;

    fn new(value: T) -> Self {
        Self(AtomicArc::from(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, (0..readers).map(|_| Cache::new(&self.0)).collect())
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(reader.load())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.store(Arc::new(value));
    }
}
