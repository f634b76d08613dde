//! seqlock: the sequence lock that copies its payload with volatile accesses, a data race by the
//! letter of the memory model.

use seqlock::SeqLock;

use crate::shapes::cell::{Cell, Payload};

impl Cell for SeqLock<Payload> {
    const NAME: &'static str = "seqlock";
    const PACKAGE: &'static str = "seqlock";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self::new(value)
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this, this)
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        reader.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        *writer.lock_write() = value;
    }
}
