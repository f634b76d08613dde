//! untorn's register of the latest value: the value is read where it lies, and nothing is allocated.

use untorn::latest::{MAX_READERS, Reader, Writer, channel};

use crate::shapes::pointer::{Pointee, Pointer};

/// What [`channel`] makes, once it is known for how many readers.
#[derive(Debug)]
pub struct Latest<T>(Option<T>);

impl<T: Pointee> Pointer<T> for Latest<T> {
    const NAME: &'static str = "untorn-latest";
    const PACKAGE: &'static str = "untorn";
    const MOST_READERS: usize = MAX_READERS;
    type Writer<'a> = Writer<'static, T>;
    type Reader<'a> = Reader<'static, T>;

    fn new(value: T) -> Self {
        Self(Some(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        channel(self.0.take().expect("called once"), readers)
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(reader.read())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.publish(value);
    }
}
