//! arc-swap: a pointer to an immutable value; each write allocates.

use std::sync::Arc;

use arc_swap::{ArcSwap, Cache};

use crate::shapes::cell::{Cell, Payload};

impl Cell for ArcSwap<Payload> {
    const NAME: &'static str = "arc-swap";
    const PACKAGE: &'static str = "arc-swap";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self::from_pointee(value)
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this, this)
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        **reader.load()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.store(Arc::new(value));
    }
}

/// With a reader that keeps the value it saw last, and asks only whether there is a new one.
#[derive(Debug)]
pub struct Cached(ArcSwap<Payload>);

impl Cell for Cached {
    const NAME: &'static str = "arc-swap-cache";
    const PACKAGE: &'static str = "arc-swap";
    type Writer<'a> = &'a ArcSwap<Payload>;
    type Reader<'a> = Cache<&'a ArcSwap<Payload>, Arc<Payload>>;

    fn new(value: Payload) -> Self {
        Self(ArcSwap::from_pointee(value))
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        (&self.0, Cache::new(&self.0))
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        **reader.load()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.store(Arc::new(value));
    }
}
