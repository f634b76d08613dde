//! What a field can be, and the key to one.

use core::fmt;
use core::marker::PhantomData;

use crate::sync::{Integer, Word, users};
use crate::wait::Waitable;

/// What one field of a [`Layout`](crate::shared::Layout) can hold: an integer from `i8` to `u64`, or a
/// word to lock ([`SpinWord`], [`MutexWord`]). Sealed.
///
/// ```
/// use untorn::shared::Layout;
///
/// let mut layout = Layout::builder();
/// layout.field::<u16>("port")?;
/// assert_eq!(layout.build().len(), 2);
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
///
/// Nothing else compiles. A float has no atomic operations, and `usize` has not the same width
/// everywhere, so no table could say what it is:
///
/// ```compile_fail,E0277
/// untorn::shared::Layout::builder().field::<f64>("ratio");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of shared memory",
    label = "not an integer of fixed width, nor a word to lock",
    note = "fields are `i8` to `u64`, `SpinWord` and `MutexWord`",
    note = "a float travels as its bits (`f64::to_bits` in a `u64`); other data belongs in a `Snapshot` or a ring"
)]
pub trait FieldType: sealed::FieldType {}

/// A field that is an integer, and so can be read, written and counted: `i8` to `u64`. Sealed.
///
/// ```
/// use untorn::shared::{Field, SharedBuffer, SharedInteger};
///
/// fn clear<T: SharedInteger + Default>(buffer: &SharedBuffer, field: Field<T>) -> T {
///     buffer.view(field).exchange(T::default())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no integer of fixed width",
    label = "has no atomic operations in shared memory",
    note = "integers are `i8` to `u64`",
    note = "a float travels as its bits (`f64::to_bits` in a `u64`); a lock opens with `spin_lock` or `mutex`"
)]
pub trait SharedInteger:
    FieldType
    + sealed::FieldType<Word = <Self as SharedInteger>::Atomic>
    + Copy
    + Eq
    + fmt::Debug
    + Send
    + Sync
{
    /// The atomic type of `core` of that width.
    type Atomic: Waitable<Value = Self> + Word<Value = Self>;
}

/// A word of 32 bits that [`SpinView`](crate::shared::SpinView) locks. Not to be read or written: a key
/// to it opens the lock, and nothing else.
///
/// ```
/// use untorn::shared::{Layout, SharedBuffer, SpinWord};
///
/// let mut layout = Layout::builder();
/// let lock = layout.field::<SpinWord>("lock")?;
/// let buffer = SharedBuffer::new(layout.build());
/// assert!(buffer.spin_lock(lock).try_lock().is_some());
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[derive(Debug)]
pub enum SpinWord {}

/// A word of 32 bits that [`MutexView`](crate::shared::MutexView) locks, and sleeps on. Not to be read or
/// written: a key to it opens the lock, and nothing else.
///
/// ```
/// use untorn::shared::{Layout, MutexWord, SharedBuffer};
///
/// let mut layout = Layout::builder();
/// let lock = layout.field::<MutexWord>("lock")?;
/// let buffer = SharedBuffer::new(layout.build());
/// assert!(buffer.mutex(lock).try_lock().is_some());
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[derive(Debug)]
pub enum MutexWord {}

pub(super) mod sealed {
    use super::{Type, Word};

    pub trait FieldType {
        /// Its row in the table.
        const TYPE: Type;
        /// What is in the memory: as wide as the row says (I1).
        type Word: Word;
    }

    /// What a key can name: one `T`, or an array of them.
    pub trait Keyed {
        /// Whether that is what a row is.
        fn fits(row: Type, array: bool) -> bool;
    }

    impl<T: FieldType> Keyed for T {
        fn fits(row: Type, array: bool) -> bool {
            !array && row == T::TYPE
        }
    }

    impl<T: FieldType> Keyed for [T] {
        fn fits(row: Type, array: bool) -> bool {
            array && row == T::TYPE
        }
    }
}

/// What one element of a field is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Integer(Integer),
    Spin,
    Mutex,
}

impl Type {
    /// How the memory is accessed.
    pub(crate) const fn integer(self) -> Integer {
        match self {
            Self::Integer(integer) => integer,
            Self::Spin | Self::Mutex => Integer::U32,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Integer(integer) => integer.name(),
            Self::Spin => "spin lock",
            Self::Mutex => "mutex",
        }
    }
}

macro_rules! field_types {
    ($($(#[$meta:meta])* $type:ty, $atomic:ident => $row:ident;)*) => {$(
        field_types! { @row $(#[$meta])* $type, $atomic => Type::Integer(Integer::$row) }

        $(#[$meta])*
        impl SharedInteger for $type {
            type Atomic = users::$atomic;
        }
    )*};
    (@row $(#[$meta:meta])* $type:ty, $atomic:ident => $row:expr) => {
        $(#[$meta])*
        impl sealed::FieldType for $type {
            const TYPE: Type = $row;
            type Word = users::$atomic;
        }
        $(#[$meta])*
        impl FieldType for $type {}
    };
}
field_types! {
    i8, AtomicI8 => I8;
    u8, AtomicU8 => U8;
    i16, AtomicI16 => I16;
    u16, AtomicU16 => U16;
    i32, AtomicI32 => I32;
    u32, AtomicU32 => U32;
    #[cfg(target_has_atomic = "64")]
    i64, AtomicI64 => I64;
    #[cfg(target_has_atomic = "64")]
    u64, AtomicU64 => U64;
}
field_types! { @row SpinWord, AtomicU32 => Type::Spin }
field_types! { @row MutexWord, AtomicU32 => Type::Mutex }

/// The key to a field: opens it in every buffer of its [`Layout`](crate::shared::Layout), as what it was
/// declared. `Field<i32>` is one integer, `Field<[i32]>` an array of them.
///
/// A number and a place, to be copied freely; a layout gives it out, and finds it again by name.
///
/// ```
/// use untorn::shared::{Field, Layout, SharedBuffer};
///
/// let mut layout = Layout::builder();
/// let status: Field<i32> = layout.field("status")?;
/// let buffer = SharedBuffer::new(layout.build());
/// assert_eq!(buffer.view(status).store(2), 2);
/// assert_eq!(status.offset(), 0);
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
pub struct Field<T: ?Sized> {
    /// Its row in the table of its layout, in the order of declaration.
    pub(super) row: usize,
    pub(super) offset: usize,
    /// Names the type, and owns nothing of it.
    pub(super) kind: PhantomData<fn(&T)>,
}

impl<T: ?Sized> Field<T> {
    /// Where it begins, in bytes.
    ///
    /// ```
    /// let mut layout = untorn::shared::Layout::builder();
    /// layout.field::<u8>("flag")?;
    /// assert_eq!(layout.field::<u64>("total")?.offset(), 8);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub const fn offset(self) -> usize {
        self.offset
    }
}

impl<T: ?Sized> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Field<T> {}

impl<T: ?Sized> PartialEq for Field<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.row, self.offset) == (other.row, other.offset)
    }
}

impl<T: ?Sized> Eq for Field<T> {}

impl<T: ?Sized> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = core::any::type_name::<T>();
        write!(f, "Field<{name}> at {}", self.offset)
    }
}
