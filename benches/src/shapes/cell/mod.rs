//! One value of plain words that some threads read, as a copy, and one writes.
//!
//! Contract: a read is one value that was written, never a mix of two; one reader never goes back
//! in time; who has written reads that value or a later one.
//!
//! Two shapes share the trait: [`read`](mod@read) and [`write`](mod@write). Every
//! [`Pointer`] is a cell too: its readers copy what they look at.

pub mod read;
pub mod write;

use super::pointer::Pointer;
use super::publication::{Means, whole};

/// The value: `W` words.
pub type Value<const W: usize> = [u64; W];

/// A cell with one writer and at least one reader.
pub trait Cell<const W: usize>: 'static {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;
    /// How many readers it can have.
    const MOST_READERS: usize = usize::MAX;

    /// What the one writing thread holds while it writes.
    type Writer<'a>: Send;
    /// What a reading thread holds while it reads.
    type Reader<'a>: Send;

    /// A cell that holds `value`.
    fn new(value: Value<W>) -> Self;
    /// Prepares to write, and to read in that many threads. Called once.
    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>);
    /// The value.
    fn read(reader: &mut Self::Reader<'_>) -> Value<W>;
    /// Stores `value`: readers that begin after it see it, or a later one.
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>);
}

impl<const W: usize, P: Pointer<Value<W>>> Cell<W> for P {
    const NAME: &'static str = P::NAME;
    const PACKAGE: &'static str = P::PACKAGE;
    const MOST_READERS: usize = P::MOST_READERS;
    type Writer<'a> = P::Writer<'a>;
    type Reader<'a> = P::Reader<'a>;

    fn new(value: Value<W>) -> Self {
        P::new(value)
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        P::ends(self, readers)
    }

    #[inline(always)]
    fn read(reader: &mut Self::Reader<'_>) -> Value<W> {
        P::read(reader, |value| *value)
    }

    #[inline(always)]
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>) {
        P::publish(writer, value);
    }
}

/// One cell for each size of the value.
pub trait Sizes: 'static {
    /// The cell for a value of `W` words.
    type Of<const W: usize>: Cell<W>;
}

/// Checks, with two readers and the writer's own if it can have as many, that no read is torn and
/// none goes back in time.
///
/// # Errors
///
/// Says what was read.
pub fn contract<C: Cell<W>, const W: usize>(operations: u64) -> Result<(), String> {
    let means = Means {
        read: |reader: &mut C::Reader<'_>| whole(&C::read(reader)),
        write: |writer: &mut C::Writer<'_>, k| C::write(writer, [k; W]),
    };
    let mut cell = C::new([0; W]);
    let (mut writer, mut readers) = cell.ends(1);
    means.alone(&mut writer, &mut readers[0])?;
    drop((writer, readers));
    let mut cell = C::new([0; W]);
    let (writer, readers) = cell.ends(C::MOST_READERS.min(3));
    means.between_threads(writer, readers, operations)
}
