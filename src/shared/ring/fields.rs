//! The fields that a ring is made of, and the way from them to its ends.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::fmt;
use core::marker::PhantomData;
use core::mem::size_of;

use bytemuck::AnyBitPattern;

use super::consumer::RingConsumer;
use super::end::End;
use super::error::{RingIndex, RingOpenError};
use super::producer::RingProducer;
use crate::shared::builder::LayoutBuilder;
use crate::shared::error::LayoutError;
use crate::shared::field::{Field, SharedInteger};
use crate::shared::{Memory, SharedBuffer};
use crate::word::PlainData;

/// What a ring in shared memory can hold: plain data of which every pattern of bits is a value, since
/// another process may have written any. Integers, floats, arrays of them, and structs without padding.
///
/// Every [`bytemuck::Pod`] type that may be sent has it; derive that for your own.
///
/// ```
/// use untorn::SharedBuffer;
/// use untorn::bytemuck::{Pod, Zeroable};
/// use untorn::shared::Layout;
///
/// #[derive(Clone, Copy, PartialEq, Debug, Pod, Zeroable)]
/// #[repr(C)]
/// struct Trade {
///     price: f64,
///     amount: u64,
/// }
///
/// let mut layout = Layout::builder();
/// let ring = layout.ring::<Trade>("trades", 100)?;
/// let buffer = SharedBuffer::new(layout.build());
/// let trade = Trade { price: 99.5, amount: 3 };
/// buffer.ring_producer(ring)?.try_push(trade)?;
/// assert_eq!(buffer.ring_consumer(ring)?.try_pop()?, trade);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A `bool` is refused at compile time: most bytes are none.
///
/// ```compile_fail,E0277
/// untorn::shared::Layout::builder().ring::<bool>("flags", 8);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an item of a ring in shared memory",
    label = "not plain data of which every pattern of bits is a value",
    note = "for your own `Copy` type without padding: `#[derive(bytemuck::Pod, bytemuck::Zeroable)] #[repr(C)]`"
)]
pub trait RingItem: PlainData + AnyBitPattern + Send {}

impl<T: PlainData + AnyBitPattern + Send> RingItem for T {}

/// More items than that, and twice their number would not be a number of 32 bits.
const MOST: usize = (u32::MAX / 2) as usize;

/// What falls into a cache line with something else is brought along with it: two lines, which is what
/// processors fetch together.
const APART: usize = 128;

/// The key to a ring of `T` in a buffer: opens its two ends in every buffer of its
/// [`Layout`](crate::shared::Layout). Numbers and places, to be copied freely.
///
/// Made by [`LayoutBuilder::ring`].
///
/// ```
/// use untorn::shared::{Layout, RingFields};
///
/// let mut layout = Layout::builder();
/// let ring: RingFields<u32> = layout.ring("samples", 1000)?;
/// assert_eq!(ring.capacity(), 1000);
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
pub struct RingFields<T> {
    pub(super) capacity: Field<u32>,
    pub(super) size: Field<u32>,
    pub(super) producer: Side,
    pub(super) consumer: Side,
    /// The row of the items, an array of integers of [`Width::of`] the type.
    items: (usize, usize),
    /// How many items there can be, at most [`MOST`].
    pub(super) count: u32,
    kind: PhantomData<fn(&T)>,
}

/// The fields of one end.
#[derive(Clone, Copy)]
pub(super) struct Side {
    pub(super) name: RingIndex,
    /// Its index.
    pub(super) index: Field<u32>,
    /// Whether it is there, and the how manieth.
    pub(super) there: Field<u32>,
    /// Whether it sleeps.
    pub(super) waits: Field<u32>,
}

/// The integers that items consist of: the widest that their size is a multiple of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Width {
    One,
    Two,
    Four,
    #[cfg(target_has_atomic = "64")]
    Eight,
}

impl Width {
    pub(super) const fn of(size: usize) -> Self {
        match size {
            #[cfg(target_has_atomic = "64")]
            size if size % 8 == 0 => Self::Eight,
            size if size % 4 == 0 => Self::Four,
            size if size % 2 == 0 => Self::Two,
            _ => Self::One,
        }
    }

    /// How many bytes it has.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            #[cfg(target_has_atomic = "64")]
            Self::Eight => 8,
        }
    }
}

impl<T> RingFields<T> {
    /// How many items fit.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// assert_eq!(layout.ring::<u8>("bytes", 3)?.capacity(), 3);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.count as usize
    }

    /// The key to the items, whose width is that of `W`.
    pub(super) const fn items<W: SharedInteger>(&self) -> Field<[W]> {
        let (row, offset) = self.items;
        Field { row, offset, kind: PhantomData }
    }
}

impl LayoutBuilder {
    /// Adds the fields of a ring of `capacity` items: the two indices, what its ends say to each other,
    /// and the items, named after `name` and each described in the table. See [rings](super).
    ///
    /// # Errors
    ///
    /// If one of the names is taken, if the length of the layout is given and does not suffice, if
    /// `capacity` is zero or more than 2<sup>31</sup> - 1, or if `T` has no bytes.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 1000)?;
    /// let layout = layout.build();
    /// assert!(layout.to_string().contains("| [u64; 1000] | prices.items "));
    ///
    /// let buffer = SharedBuffer::new(layout);
    /// let (mut producer, mut consumer) = (buffer.ring_producer(ring)?, buffer.ring_consumer(ring)?);
    /// producer.try_push(7)?;
    /// assert_eq!(consumer.try_pop(), Ok(7));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ring<T: RingItem>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        capacity: usize,
    ) -> Result<RingFields<T>, LayoutError> {
        // What is refused leaves the layout as it was.
        let mut layout = self.clone();
        let ring = layout.add_ring(&name.into(), capacity)?;
        *self = layout;
        Ok(ring)
    }

    fn add_ring<T: RingItem>(
        &mut self,
        name: &str,
        capacity: usize,
    ) -> Result<RingFields<T>, LayoutError> {
        let mut word = |part: &str, meaning: &'static str| {
            let field = self.field::<u32>(format!("{name}.{part}"))?;
            self.describe(field, meaning);
            Ok(field)
        };
        let size = word("item size", "bytes an item has")?;
        let count = word("capacity", "how many items fit")?;
        const THERE: &str = "odd while it is there, one more with each that comes or goes";
        let producer_there = word("producer", THERE)?;
        let consumer_there = word("consumer", THERE)?;
        const WAITS: &str = "1 = it sleeps, until this is 0";
        let producer_waits = word("producer waits", WAITS)?;
        let consumer_waits = word("consumer waits", WAITS)?;

        let mut index = |part: &str, meaning: String| {
            self.align_to(APART);
            let field = self.field::<u32>(format!("{name}.{part}"))?;
            self.describe(field, meaning);
            Ok(field)
        };
        let fits = capacity.min(MOST);
        let most = (2 * fits).saturating_sub(1);
        let what = |of: &str, whose: &str| format!("0 to {most}, modulo {fits}: {of}; {whose}");
        let write = index("write index", what("the next item's place", "set by the producer"))?;
        let read = index("read index", what("the oldest item's place", "set by the consumer"))?;

        self.align_to(APART);
        let items = format!("{name}.items");
        let bytes = size_of::<T>().saturating_mul(capacity);
        if capacity > MOST {
            let (offset, len) = (read.offset() + APART, MOST.saturating_mul(size_of::<T>()));
            return Err(LayoutError::OutOfRange { field: items, offset, size: bytes, len });
        }
        let width = Width::of(size_of::<T>());
        let words = bytes / width.size();
        let items = match width {
            Width::One => key(self.array::<u8>(items, words)?),
            Width::Two => key(self.array::<u16>(items, words)?),
            Width::Four => key(self.array::<u32>(items, words)?),
            #[cfg(target_has_atomic = "64")]
            Width::Eight => key(self.array::<u64>(items, words)?),
        };
        let side = |name, index, there, waits| Side { name, index, there, waits };
        Ok(RingFields {
            capacity: count,
            size,
            producer: side(RingIndex::Write, write, producer_there, producer_waits),
            consumer: side(RingIndex::Read, read, consumer_there, consumer_waits),
            items,
            // At most `MOST`, see above.
            count: capacity as u32,
            kind: PhantomData,
        })
    }
}

fn key<T: ?Sized>(field: Field<T>) -> (usize, usize) {
    (field.row, field.offset)
}

impl<M: Memory> SharedBuffer<M> {
    /// The end that pushes. See [rings](super).
    ///
    /// # Errors
    ///
    /// If somebody has it; and what else can be [wrong](RingOpenError).
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u16>("ports", 8)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut producer = buffer.ring_producer(ring)?;
    /// assert_eq!(producer.try_push(443), Ok(()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key is one of another layout.
    #[track_caller]
    pub fn ring_producer<T: RingItem>(
        &self,
        ring: RingFields<T>,
    ) -> Result<RingProducer<T, M>, RingOpenError> {
        let (end, write) = End::open(self, ring, ring.producer, ring.consumer)?;
        Ok(RingProducer::new(end, write))
    }

    /// The end that pops. See [rings](super).
    ///
    /// # Errors
    ///
    /// If somebody has it; and what else can be [wrong](RingOpenError).
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, RingError};
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u16>("ports", 8)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut consumer = buffer.ring_consumer(ring)?;
    /// assert_eq!(consumer.try_pop(), Err(RingError::Empty));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key is one of another layout.
    #[track_caller]
    pub fn ring_consumer<T: RingItem>(
        &self,
        ring: RingFields<T>,
    ) -> Result<RingConsumer<T, M>, RingOpenError> {
        let (end, read) = End::open(self, ring, ring.consumer, ring.producer)?;
        Ok(RingConsumer::new(end, read))
    }
}

impl<T> Clone for RingFields<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for RingFields<T> {}

impl<T> fmt::Debug for RingFields<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = core::any::type_name::<T>();
        let first = self.size.offset();
        write!(f, "RingFields<{name}> of {} at {first}", self.count)
    }
}
