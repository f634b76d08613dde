//! seqlock: the sequence lock that copies its payload with volatile accesses, a data race by the
//! letter of the memory model.

use seqlock::SeqLock;

use crate::shapes::cell::{Cell, Payload};

impl Cell for SeqLock<Payload> {
    const NAME: &'static str = "seqlock";
    const PACKAGE: &'static str = "seqlock";
    type Writer<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self::new(value)
    }

    #[inline]
    fn read(&self) -> Payload {
        Self::read(self)
    }

    fn writer(&self) -> Self::Writer<'_> {
        self
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        *writer.lock_write() = value;
    }
}
