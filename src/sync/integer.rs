//! The integers that shared memory is made of.

/// An integer type of fixed width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Integer {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    #[cfg(target_has_atomic = "64")]
    I64,
    #[cfg(target_has_atomic = "64")]
    U64,
}

impl Integer {
    /// How many bytes it has, and so to what its atomic type is aligned.
    pub(crate) const fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::I32 | Self::U32 => 4,
            #[cfg(target_has_atomic = "64")]
            Self::I64 | Self::U64 => 8,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::I16 => "i16",
            Self::U16 => "u16",
            Self::I32 => "i32",
            Self::U32 => "u32",
            #[cfg(target_has_atomic = "64")]
            Self::I64 => "i64",
            #[cfg(target_has_atomic = "64")]
            Self::U64 => "u64",
        }
    }
}
