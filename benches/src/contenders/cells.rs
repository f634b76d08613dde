//! Cells of crates that have one for this job, other than pointers that are swapped.

use arcshift::ArcShift;
use left_right::{Absorb, ReadHandle, WriteHandle};
use triple_buffer::{Input, Output, triple_buffer};

use crate::shapes::cell::{Cell, Payload};

/// `arcshift`: a shared pointer whose holders move on to the new value when they next look; each
/// write allocates.
#[derive(Debug)]
pub struct Shift(ArcShift<Payload>);

impl Cell for Shift {
    const NAME: &'static str = "arcshift";
    const PACKAGE: &'static str = "arcshift";
    type Writer<'a> = ArcShift<Payload>;
    type Reader<'a> = ArcShift<Payload>;

    fn new(value: Payload) -> Self {
        Self(ArcShift::new(value))
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        (self.0.clone(), self.0.clone())
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        *reader.get()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.update(value);
    }
}

/// The value of a [`LeftRight`], of which it keeps two copies.
#[derive(Debug, Clone)]
pub struct Copied(Payload);

/// A new value.
#[derive(Debug)]
pub struct Replace(Payload);

impl Absorb<Replace> for Copied {
    fn absorb_first(&mut self, operation: &mut Replace, _: &Self) {
        self.0 = operation.0;
    }

    fn sync_with(&mut self, first: &Self) {
        self.0 = first.0;
    }
}

/// `left_right`: two copies, one to read and one to write. Each write is published at once; that
/// waits for readers of the other copy.
#[derive(Debug)]
pub struct LeftRight(WriteHandle<Copied, Replace>, ReadHandle<Copied>);

impl Cell for LeftRight {
    const NAME: &'static str = "left-right";
    const PACKAGE: &'static str = "left-right";
    type Writer<'a> = &'a mut WriteHandle<Copied, Replace>;
    type Reader<'a> = ReadHandle<Copied>;

    fn new(value: Payload) -> Self {
        let (mut writer, reader) = left_right::new_from_empty(Copied(value));
        writer.publish();
        Self(writer, reader)
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        (&mut self.0, self.1.clone())
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        reader.enter().expect("the writer is there").0
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.append(Replace(value)).publish();
    }
}

/// `triple_buffer`: one to read, one to write, and one in between. It has a single reader.
#[derive(Debug)]
pub struct TripleBuffer(Input<Payload>, Output<Payload>);

impl Cell for TripleBuffer {
    const NAME: &'static str = "triple-buffer";
    const PACKAGE: &'static str = "triple_buffer";
    type Writer<'a> = &'a mut Input<Payload>;
    type Reader<'a> = &'a mut Output<Payload>;

    fn new(value: Payload) -> Self {
        let (input, output) = triple_buffer(&value);
        Self(input, output)
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        (&mut self.0, &mut self.1)
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        *reader.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.write(value);
    }
}
