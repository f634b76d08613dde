//! arc-swap: a pointer to an immutable value; each write allocates.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use crate::shapes::pointer::{Pointee, Pointer};

impl<T: Pointee> Pointer<T> for ArcSwap<T> {
    const NAME: &'static str = "arc-swap";
    const PACKAGE: &'static str = "arc-swap";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: T) -> Self {
        Self::from_pointee(value)
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
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

/// With a reader that takes a share of its own each time, which it could keep.
#[derive(Debug)]
pub struct Full<T>(ArcSwap<T>);

impl<T: Pointee> Pointer<T> for Full<T> {
    const NAME: &'static str = "arc-swap-full";
    const PACKAGE: &'static str = "arc-swap";
    type Writer<'a> = &'a ArcSwap<T>;
    type Reader<'a> = &'a ArcSwap<T>;

    fn new(value: T) -> Self {
        Self(ArcSwap::from_pointee(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, vec![&self.0; readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(&reader.load_full())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.store(Arc::new(value));
    }
}

/// With a reader that keeps the value it saw last, and asks only whether there is a new one.
#[derive(Debug)]
pub struct Cached<T>(ArcSwap<T>);

impl<T: Pointee> Pointer<T> for Cached<T> {
    const NAME: &'static str = "arc-swap-cache";
    const PACKAGE: &'static str = "arc-swap";
    type Writer<'a> = &'a ArcSwap<T>;
    type Reader<'a> = Cache<&'a ArcSwap<T>, Arc<T>>;

    fn new(value: T) -> Self {
        Self(ArcSwap::from_pointee(value))
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
