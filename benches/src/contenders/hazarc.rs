//! hazarc: a pointer to an immutable value, guarded by hazard pointers; each write allocates.

use std::sync::Arc;

use hazarc::{AtomicArc, Cache};

use crate::shapes::cell::{Cell, Payload};

/// `hazarc::AtomicArc`.
#[derive(Debug)]
pub struct Loaded(AtomicArc<Payload>);

impl Cell for Loaded {
    const NAME: &'static str = "hazarc";
    const PACKAGE: &'static str = "hazarc";
    type Writer<'a> = &'a AtomicArc<Payload>;
    type Reader<'a> = &'a AtomicArc<Payload>;

    fn new(value: Payload) -> Self {
        Self(AtomicArc::from(value))
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        (&self.0, &self.0)
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
pub struct Cached(AtomicArc<Payload>);

impl Cell for Cached {
    const NAME: &'static str = "hazarc-cache";
    const PACKAGE: &'static str = "hazarc";
    type Writer<'a> = &'a AtomicArc<Payload>;
    type Reader<'a> = Cache<&'a AtomicArc<Payload>>;

    fn new(value: Payload) -> Self {
        Self(AtomicArc::from(value))
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
