//! What can be wrong with a layout, and with a key.

use alloc::string::String;
use core::error::Error;
use core::fmt;

/// Why a [`Layout`](crate::shared::Layout) cannot have a field.
///
/// Each names the field, where it was to begin, and how many bytes it has. A reserved range goes by the
/// name `reserved`.
///
/// ```
/// use untorn::shared::{Layout, LayoutError};
///
/// let mut layout = Layout::builder();
/// layout.field::<u64>("total")?;
/// let error = layout.field_at::<u32>("part", 4).unwrap_err();
/// assert_eq!(error.to_string(), "field `part` (4 bytes at 4) overlaps `total` (8 bytes at 0)");
/// # Ok::<(), LayoutError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum LayoutError {
    /// Some of its bytes are those of another field.
    Overlap {
        /// Its name.
        field: String,
        /// Where it was to begin.
        offset: usize,
        /// How many bytes it has.
        size: usize,
        /// The name of the other.
        other: String,
        /// Where the other begins.
        other_offset: usize,
        /// How many bytes the other has.
        other_size: usize,
    },
    /// Its offset is no multiple of its alignment.
    Misaligned {
        /// Its name.
        field: String,
        /// Where it was to begin.
        offset: usize,
        /// How many bytes it has.
        size: usize,
        /// What its offset has to be a multiple of.
        align: usize,
    },
    /// It ends behind the last byte.
    OutOfRange {
        /// Its name.
        field: String,
        /// Where it was to begin.
        offset: usize,
        /// How many bytes it has; `usize::MAX` for more than can be counted.
        size: usize,
        /// How many bytes there are, or can be.
        len: usize,
    },
    /// Another field has its name.
    DuplicateName {
        /// The name.
        field: String,
        /// Where it was to begin.
        offset: usize,
        /// How many bytes it has.
        size: usize,
    },
    /// It has no bytes: an array of nothing.
    Empty {
        /// Its name.
        field: String,
        /// Where it was to begin.
        offset: usize,
    },
}

impl fmt::Display for LayoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overlap { field, offset, size, other, other_offset, other_size } => write!(
                f,
                "field `{field}` ({size} bytes at {offset}) overlaps `{other}` ({other_size} bytes at \
                 {other_offset})"
            ),
            Self::Misaligned { field, offset, size, align } => {
                write!(f, "field `{field}` ({size} bytes at {offset}) is not aligned to {align}")
            }
            Self::OutOfRange { field, offset, size, len } => {
                write!(f, "field `{field}` ({size} bytes at {offset}) ends beyond {len} bytes")
            }
            Self::DuplicateName { field, offset, size } => {
                write!(f, "field `{field}` ({size} bytes at {offset}) has the name of another")
            }
            Self::Empty { field, offset } => {
                write!(f, "field `{field}` (0 bytes at {offset}) is empty")
            }
        }
    }
}

impl Error for LayoutError {}

/// Why a [`Layout`](crate::shared::Layout) has no key to the field that was asked for.
///
/// ```
/// use untorn::shared::{FieldError, Layout};
///
/// let found = Layout::builder().build().find::<u8>("none");
/// assert_eq!(found, Err(FieldError::Missing { field: "none".into() }));
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FieldError {
    /// No field has that name.
    Missing {
        /// The name.
        field: String,
    },
    /// The field is something else.
    OtherType {
        /// Its name.
        field: String,
        /// What it is.
        is: String,
        /// What was asked for.
        asked: String,
    },
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { field } => write!(f, "there is no field `{field}`"),
            Self::OtherType { field, is, asked } => {
                write!(f, "field `{field}` is {is}, not {asked}")
            }
        }
    }
}

impl Error for FieldError {}
