//! The declared fields of a buffer.

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::marker::PhantomData;

use super::builder::LayoutBuilder;
use super::error::FieldError;
use super::field::{Field, FieldType, SharedInteger, Type};

/// What the bytes of a [`SharedBuffer`](crate::SharedBuffer) are: fields with a name, a type and an
/// offset, none of which overlap.
///
/// Prints itself as a table in Markdown, for the comment or the page that documents the memory.
///
/// ```
/// use untorn::shared::{Layout, MutexWord};
///
/// let mut layout = Layout::builder();
/// layout.field::<MutexWord>("lock")?;
/// layout.field::<i32>("counter")?;
/// let status = layout.field::<i32>("status")?;
/// layout.describe(status, "0 = idle, 1 = working, 2 = done");
/// layout.reserved(20)?;
/// assert_eq!(layout.build().to_string(), "\
/// | Offset | Size | Type     | Name    | Meaning                                  |
/// |-------:|-----:|----------|---------|------------------------------------------|
/// |      0 |    4 | mutex    | lock    | 0 = free, 1 = held, 2 = held and awaited |
/// |      4 |    4 | i32      | counter |                                          |
/// |      8 |    4 | i32      | status  | 0 = idle, 1 = working, 2 = done          |
/// |     12 |   20 | reserved |         |                                          |
/// ");
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// In the order of declaration, which is what keys count in. No two overlap, each is aligned, and
    /// all end within `len` (I1).
    pub(super) entries: Vec<Entry>,
    pub(super) len: usize,
}

/// One row of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    pub(super) name: Cow<'static, str>,
    pub(super) meaning: Cow<'static, str>,
    pub(super) offset: usize,
    pub(super) shape: Shape,
}

/// What there is at an offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Shape {
    One(Type),
    Array(Type, usize),
    Reserved(usize),
}

/// The longest layout: memory of twice the length is still addressable, so no sum overflows.
pub(super) const LONGEST: usize = isize::MAX as usize / 2;

impl Shape {
    /// How many bytes it takes; a size that no memory has for an array that long.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::One(kind) => kind.integer().size(),
            Self::Array(kind, count) => kind.integer().size().saturating_mul(count),
            Self::Reserved(size) => size,
        }
    }

    /// Whether it has a name of its own.
    pub(super) const fn is_field(self) -> bool {
        !matches!(self, Self::Reserved(_))
    }

    pub(super) const fn align(self) -> usize {
        match self {
            Self::One(kind) | Self::Array(kind, _) => kind.integer().size(),
            Self::Reserved(_) => 1,
        }
    }
}

impl Entry {
    pub(super) fn end(&self) -> usize {
        self.offset + self.shape.size()
    }
}

impl Layout {
    /// An empty layout that grows with its fields.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.field::<u64>("total")?;
    /// assert_eq!(layout.build().len(), 8);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub const fn builder() -> LayoutBuilder {
        LayoutBuilder::new(None)
    }

    /// An empty layout of `len` bytes. A field beyond them is an error.
    ///
    /// ```
    /// use untorn::shared::{Layout, LayoutError};
    ///
    /// let mut config = Layout::with_len(1024);
    /// config.field::<u32>("max workers")?;
    /// assert!(matches!(config.field_at::<u32>("late", 1024), Err(LayoutError::OutOfRange { .. })));
    /// assert_eq!(config.build().len(), 1024);
    /// # Ok::<(), LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If `len` is more than a quarter of the address space.
    pub const fn with_len(len: usize) -> LayoutBuilder {
        assert!(len <= LONGEST, "no memory is that long");
        LayoutBuilder::new(Some(len))
    }

    /// How many bytes a buffer of this layout has.
    ///
    /// ```
    /// assert_eq!(untorn::shared::Layout::with_len(16).build().len(), 16);
    /// ```
    #[doc(alias = "byteLength")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether a buffer of this layout has no bytes at all.
    ///
    /// ```
    /// assert!(untorn::shared::Layout::builder().build().is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The key to the field `name`, for who did not declare it.
    ///
    /// # Errors
    ///
    /// If there is no such field, or it is something else than one `T`.
    ///
    /// ```
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let status = layout.field::<i32>("status")?;
    /// let layout = layout.build();
    /// assert_eq!(layout.find::<i32>("status"), Ok(status));
    /// assert_eq!(layout.find::<u64>("status").unwrap_err().to_string(), "field `status` is i32, not u64");
    /// assert_eq!(layout.find::<i32>("state").unwrap_err().to_string(), "there is no field `state`");
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn find<T: FieldType>(&self, name: &str) -> Result<Field<T>, FieldError> {
        self.find_entry(name, |shape| shape == Shape::One(T::TYPE), || String::from(T::TYPE.name()))
    }

    /// The key to the array `name`, for who did not declare it.
    ///
    /// # Errors
    ///
    /// If there is no such field, or it is something else than an array of `T`.
    ///
    /// ```
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let cells = layout.array::<u64>("cells", 16)?;
    /// assert_eq!(layout.build().find_array::<u64>("cells"), Ok(cells));
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn find_array<T: SharedInteger>(&self, name: &str) -> Result<Field<[T]>, FieldError> {
        let fits = |shape| matches!(shape, Shape::Array(kind, _) if kind == T::TYPE);
        self.find_entry(name, fits, || alloc::format!("an array of {}", T::TYPE.name()))
    }

    fn find_entry<T: ?Sized>(
        &self,
        name: &str,
        fits: impl Fn(Shape) -> bool,
        asked: impl Fn() -> String,
    ) -> Result<Field<T>, FieldError> {
        let named = |entry: &Entry| entry.shape.is_field() && entry.name == name;
        let Some(row) = self.entries.iter().position(named) else {
            return Err(FieldError::Missing { field: String::from(name) });
        };
        let entry = &self.entries[row];
        if !fits(entry.shape) {
            let (field, is) = (String::from(name), entry.shape.to_string());
            return Err(FieldError::OtherType { field, is, asked: asked() });
        }
        Ok(Field { row, offset: entry.offset, kind: PhantomData })
    }

    /// A short number for names, types, offsets and the length, the same in every process: to log, or to
    /// compare over a file. Layouts that differ may have the same one by chance; who attaches compares
    /// more than that. What fields mean is not part of it.
    ///
    /// ```
    /// use untorn::shared::Layout;
    ///
    /// let mut signed = Layout::builder();
    /// signed.field::<i32>("count")?;
    /// let mut unsigned = Layout::builder();
    /// unsigned.field::<u32>("count")?;
    /// assert_ne!(signed.build().fingerprint(), unsigned.build().fingerprint());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        // FNV-1a: the same in every process and every build of this crate.
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME);
        self.canonical().bytes().fold(OFFSET, mix)
    }

    /// All that decides what the bytes are, and nothing else. Two layouts have the same text only if
    /// they are the same: a name can contain anything, so each stands behind its length.
    pub(super) fn canonical(&self) -> String {
        let mut rows: Vec<&Entry> = self.entries.iter().collect();
        rows.sort_by_key(|row| row.offset);
        let mut text = self.len.to_string();
        for Entry { name, offset, shape, .. } in rows {
            let (size, letters) = (shape.size(), name.len());
            text += &alloc::format!("\n{offset} {size} {shape} {letters} {name}");
        }
        text
    }
}
