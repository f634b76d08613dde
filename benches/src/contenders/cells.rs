//! Cells of crates that have one for this job, other than pointers that are swapped.

use arcshift::ArcShift;
use left_right::{Absorb, ReadHandle, WriteHandle};
use triple_buffer::{Input, Output, triple_buffer};

use crate::shapes::pointer::{Pointee, Pointer};

/// `arcshift`: a shared pointer whose holders move on to the new value when they next look; each
/// write allocates.
#[derive(Debug)]
pub struct Shift<T: 'static>(ArcShift<T>);

impl<T: Pointee> Pointer<T> for Shift<T> {
    const NAME: &'static str = "arcshift";
    const PACKAGE: &'static str = "arcshift";
    type Writer<'a> = ArcShift<T>;
    type Reader<'a> = ArcShift<T>;

    fn new(value: T) -> Self {
        Self(ArcShift::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self.0.clone(), vec![self.0.clone(); readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(reader.get())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.update(value);
    }
}

/// The value of a [`LeftRight`], of which it keeps two copies.
#[derive(Debug, Clone)]
pub struct Copied<T>(T);

/// A new value.
#[derive(Debug)]
pub struct Replace<T>(T);

impl<T: Clone> Absorb<Replace<T>> for Copied<T> {
    fn absorb_first(&mut self, operation: &mut Replace<T>, _: &Self) {
        self.0 = operation.0.clone();
    }

    fn absorb_second(&mut self, operation: Replace<T>, _: &Self) {
        self.0 = operation.0;
    }

    fn sync_with(&mut self, first: &Self) {
        self.0 = first.0.clone();
    }
}

/// `left_right`: two copies, one to read and one to write. Each write is published at once; that
/// waits for readers of the other copy.
#[derive(Debug)]
pub struct LeftRight<T: Clone>(WriteHandle<Copied<T>, Replace<T>>, ReadHandle<Copied<T>>);

impl<T: Pointee> Pointer<T> for LeftRight<T> {
    const NAME: &'static str = "left-right";
    const PACKAGE: &'static str = "left-right";
    type Writer<'a> = &'a mut WriteHandle<Copied<T>, Replace<T>>;
    type Reader<'a> = ReadHandle<Copied<T>>;

    fn new(value: T) -> Self {
        let (mut writer, reader) = left_right::new_from_empty(Copied(value));
        writer.publish();
        Self(writer, reader)
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&mut self.0, vec![self.1.clone(); readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(&reader.enter().expect("the writer is there").0)
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.append(Replace(value)).publish();
    }
}

/// `triple_buffer`: one to read, one to write, and one in between. It has a single reader.
#[derive(Debug)]
pub struct TripleBuffer<T: Send>(Input<T>, Output<T>);

impl<T: Pointee> Pointer<T> for TripleBuffer<T> {
    const NAME: &'static str = "triple-buffer";
    const PACKAGE: &'static str = "triple_buffer";
    const MOST_READERS: usize = 1;
    type Writer<'a> = &'a mut Input<T>;
    type Reader<'a> = &'a mut Output<T>;

    fn new(value: T) -> Self {
        let (input, output) = triple_buffer(&value);
        Self(input, output)
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        let reader = Some(&mut self.1).filter(|_| readers > 0);
        (&mut self.0, reader.into_iter().collect())
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(reader.read())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.write(value);
    }
}
