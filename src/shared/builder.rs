//! Declaring the fields of a buffer.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use super::error::LayoutError;
use super::field::{Field, FieldType, SharedInteger, sealed};
use super::layout::{Entry, LONGEST, Layout, Shape};

/// Declares the fields of a [`Layout`] one by one, and gives out the key to each.
///
/// What is refused leaves the layout as it was.
///
/// ```
/// use untorn::shared::{Field, Layout, LayoutError, MutexWord};
///
/// struct Job {
///     layout: Layout,
///     lock: Field<MutexWord>,
///     counter: Field<i32>,
///     samples: Field<[u64]>,
/// }
///
/// impl Job {
///     fn new() -> Result<Self, LayoutError> {
///         let mut layout = Layout::builder();
///         Ok(Self {
///             lock: layout.field("lock")?,
///             counter: layout.field("counter")?,
///             samples: layout.array("samples", 16)?,
///             layout: layout.build(),
///         })
///     }
/// }
/// assert_eq!(Job::new()?.layout.len(), 8 + 16 * 8);
/// # Ok::<(), LayoutError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a layout is there once it is built"]
pub struct LayoutBuilder {
    /// As in [`Layout`] (I1).
    entries: Vec<Entry>,
    /// None while it grows with its fields.
    len: Option<usize>,
    /// Where the next field goes that has no place of its own: behind all others, and so the end.
    next: usize,
}

impl LayoutBuilder {
    pub(super) const fn new(len: Option<usize>) -> Self {
        Self { entries: Vec::new(), len, next: 0 }
    }

    /// Adds one `T` at the next offset that is aligned for it.
    ///
    /// # Errors
    ///
    /// If the name is taken, or the length of the layout is given and does not suffice.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// assert_eq!(layout.field::<u8>("flag")?.offset(), 0);
    /// assert_eq!(layout.field::<i32>("count")?.offset(), 4);
    /// assert!(layout.field::<i32>("count").is_err());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn field<T: FieldType>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<Field<T>, LayoutError> {
        self.append(name.into(), Shape::One(T::TYPE))
    }

    /// Adds one `T` at `offset`.
    ///
    /// # Errors
    ///
    /// If it overlaps another field or is not aligned there, if the name is taken, or if the length of
    /// the layout is given and does not suffice.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.field_at::<i32>("status", 8)?;
    /// let error = layout.field_at::<u64>("total", 4).unwrap_err();
    /// assert_eq!(error.to_string(), "field `total` (8 bytes at 4) is not aligned to 8");
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn field_at<T: FieldType>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        offset: usize,
    ) -> Result<Field<T>, LayoutError> {
        self.add(name.into(), offset, Shape::One(T::TYPE))
    }

    /// Adds `count` integers in a row at the next offset that is aligned for them. An array of `u8` is
    /// what raw bytes are.
    ///
    /// # Errors
    ///
    /// As [`field`](Self::field); and if `count` is zero.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.array::<u64>("cells", 16)?;
    /// assert_eq!(layout.array::<u8>("bytes", 4096)?.offset(), 128);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn array<T: SharedInteger>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        count: usize,
    ) -> Result<Field<[T]>, LayoutError> {
        self.append(name.into(), Shape::Array(T::TYPE, count))
    }

    /// Adds `count` integers in a row at `offset`.
    ///
    /// # Errors
    ///
    /// As [`field_at`](Self::field_at); and if `count` is zero.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.array_at::<u8>("ring", 64, 4096)?;
    /// assert_eq!(layout.field::<u32>("after")?.offset(), 64 + 4096);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn array_at<T: SharedInteger>(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        offset: usize,
        count: usize,
    ) -> Result<Field<[T]>, LayoutError> {
        self.add(name.into(), offset, Shape::Array(T::TYPE, count))
    }

    /// Keeps `size` bytes behind all fields free, for versions to come.
    ///
    /// # Errors
    ///
    /// If `size` is zero, or the length of the layout is given and does not suffice.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.reserved(20)?;
    /// assert_eq!(layout.build().len(), 20);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn reserved(&mut self, size: usize) -> Result<(), LayoutError> {
        self.reserved_at(self.next, size)
    }

    /// Keeps the `size` bytes from `offset` on free.
    ///
    /// # Errors
    ///
    /// If `size` is zero, if they overlap a field, or if the length of the layout is given and does not
    /// suffice.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.reserved_at(12, 20)?;
    /// assert!(layout.field_at::<i32>("status", 12).is_err());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn reserved_at(&mut self, offset: usize, size: usize) -> Result<(), LayoutError> {
        self.add::<u8>(Cow::Borrowed("reserved"), offset, Shape::Reserved(size)).map(drop)
    }

    /// Moves on to a multiple of `align`, for a field that shall share no cache line with those before
    /// it. After the last field, it makes the layout end there, if its length is not given.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.field::<u32>("head")?;
    /// layout.align_to(64);
    /// assert_eq!(layout.field::<u32>("tail")?.offset(), 64);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `align` is no power of two, or more than a quarter of the address space.
    pub fn align_to(&mut self, align: usize) {
        assert!(
            align.is_power_of_two() && align <= LONGEST,
            "{align} is no power of two that memory could be aligned to"
        );
        self.next = self.next.next_multiple_of(align);
    }

    /// Says what the values of a field mean, for the last column of the table.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// let timeout = layout.field::<u32>("timeout")?;
    /// layout.describe(timeout, "milliseconds");
    /// assert!(layout.build().to_string().contains("| timeout | milliseconds |"));
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the field is one of another layout.
    #[track_caller]
    pub fn describe<T: ?Sized + sealed::Keyed>(
        &mut self,
        field: Field<T>,
        meaning: impl Into<Cow<'static, str>>,
    ) {
        let fits = |shape| match shape {
            Shape::One(kind) => T::fits(kind, false),
            Shape::Array(kind, _) => T::fits(kind, true),
            Shape::Reserved(_) => false,
        };
        let entry = self.entries.get_mut(field.row);
        match entry.filter(|entry| entry.offset == field.offset && fits(entry.shape)) {
            Some(entry) => entry.meaning = meaning.into(),
            None => panic!("{field:?} is not of this layout"),
        }
    }

    /// The layout.
    ///
    /// ```
    /// assert_eq!(untorn::shared::Layout::with_len(16).build().len(), 16);
    /// ```
    #[must_use]
    pub fn build(self) -> Layout {
        // `align_to` may have gone further than any layout does.
        Layout { len: self.len.unwrap_or(self.next.min(LONGEST)), entries: self.entries }
    }

    fn append<T: ?Sized>(
        &mut self,
        name: Cow<'static, str>,
        shape: Shape,
    ) -> Result<Field<T>, LayoutError> {
        // No overflow: `next` is far from the end of the address space, by `LONGEST`.
        self.add(name, self.next.next_multiple_of(shape.align()), shape)
    }

    /// Adds a row, if it keeps I1.
    fn add<T: ?Sized>(
        &mut self,
        name: Cow<'static, str>,
        offset: usize,
        shape: Shape,
    ) -> Result<Field<T>, LayoutError> {
        let size = shape.size();
        let field = || String::from(&*name);
        if size == 0 {
            return Err(LayoutError::Empty { field: field(), offset });
        }
        let len = self.len.unwrap_or(LONGEST);
        if offset > len || size > len - offset {
            return Err(LayoutError::OutOfRange { field: field(), offset, size, len });
        }
        let align = shape.align();
        if offset % align != 0 {
            return Err(LayoutError::Misaligned { field: field(), offset, size, align });
        }
        let twin = |other: &Entry| other.shape.is_field() && other.name == name;
        if shape.is_field() && self.entries.iter().any(twin) {
            return Err(LayoutError::DuplicateName { field: field(), offset, size });
        }
        let end = offset + size;
        for other in &self.entries {
            if offset < other.end() && other.offset < end {
                return Err(LayoutError::Overlap {
                    field: field(),
                    offset,
                    size,
                    other: String::from(&*other.name),
                    other_offset: other.offset,
                    other_size: other.shape.size(),
                });
            }
        }
        let row = self.entries.len();
        self.entries.push(Entry { name, meaning: shape.meaning(), offset, shape });
        self.next = self.next.max(end);
        Ok(Field { row, offset, kind: PhantomData })
    }
}
