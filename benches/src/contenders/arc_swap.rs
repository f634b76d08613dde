//! arc-swap: a pointer to an immutable value; each write allocates.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::shapes::cell::{Cell, Payload};

impl Cell for ArcSwap<Payload> {
    const NAME: &'static str = "arc-swap";
    const PACKAGE: &'static str = "arc-swap";
    type Writer<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self::from_pointee(value)
    }

    #[inline]
    fn read(&self) -> Payload {
        **self.load()
    }

    fn writer(&self) -> Self::Writer<'_> {
        self
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.store(Arc::new(value));
    }
}
