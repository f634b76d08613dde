//! seqlock: the sequence lock that copies its payload with volatile accesses, a data race by the
//! letter of the memory model.

use seqlock::SeqLock;

use crate::shapes::cell::{Cell, Value};

impl<const W: usize> Cell<W> for SeqLock<Value<W>> {
    const NAME: &'static str = "seqlock";
    const PACKAGE: &'static str = "seqlock";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Value<W>) -> Self {
        Self::new(value)
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Value<W> {
        reader.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>) {
        *writer.lock_write() = value;
    }
}
