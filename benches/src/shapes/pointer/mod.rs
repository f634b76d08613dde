//! One immutable value behind a pointer: some threads look at it where it is, and one puts another
//! in its place.
//!
//! Contract: that of a [`cell`](super::cell), and a value does not change while it is looked at.
//!
//! Two shapes share the trait: [`read`](mod@read) and [`publish`](mod@publish). What does not need
//! a clock is asked by [`probes`](crate::probes).

pub mod publish;
pub mod read;

use super::cell::Value;
use super::publication::{Means, whole};

/// What can be pointed to. Some contenders keep several copies.
pub trait Pointee: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Pointee for T {}

/// A pointer with one writer and at least one reader.
pub trait Pointer<T: Pointee>: 'static {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;
    /// How many readers it can have.
    const MOST_READERS: usize = usize::MAX;

    /// What the one writing thread holds while it publishes.
    type Writer<'a>: Send;
    /// What a reading thread holds while it reads.
    type Reader<'a>: Send;

    /// A pointer to `value`.
    fn new(value: T) -> Self;
    /// Prepares to publish, and to read in that many threads. Called once.
    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>);
    /// Looks at the value, which stays as it is until `look` returns.
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R;
    /// Puts `value` in place: readers that begin after it see it, or a later one.
    fn publish(writer: &mut Self::Writer<'_>, value: T);
}

/// One pointer for each type of value.
pub trait Pointees: 'static {
    /// The pointer to a `T`.
    type Of<T: Pointee>: Pointer<T>;
}

/// Checks, with two readers and the writer's own if it can have as many, that no value changes while
/// it is looked at and no reader goes back in time.
///
/// # Errors
///
/// Says what was read.
pub fn contract<P: Pointer<Value<8>>>(operations: u64) -> Result<(), String> {
    let means = Means {
        read: |reader: &mut P::Reader<'_>| P::read(reader, looked_at_twice),
        write: |writer: &mut P::Writer<'_>, k| P::publish(writer, [k; 8]),
    };
    let mut pointer = P::new([0; 8]);
    let (mut writer, mut readers) = pointer.ends(1);
    means.alone(&mut writer, &mut readers[0])?;
    drop((writer, readers));
    let mut pointer = P::new([0; 8]);
    let (writer, readers) = pointer.ends(P::MOST_READERS.min(3));
    means.between_threads(writer, readers, operations)
}

/// The number of a value that does not change.
fn looked_at_twice(value: &Value<8>) -> Result<u64, String> {
    /// How many numbers are looked at twice, of which the second time after a while, once.
    const NUMBERS_PER_PAUSE: u64 = 32;
    let number = whole(value)?;
    if number % NUMBERS_PER_PAUSE == 0 {
        std::thread::yield_now();
    }
    match whole(std::hint::black_box(value))? {
        same if same == number => Ok(number),
        other => Err(format!("{number} became {other} while it was looked at")),
    }
}
