//! The right to write, kept.

use core::fmt;

use super::lock::SeqLock;
use crate::mutex::Parked;
use crate::word::PlainData;

/// The right to write to a [`SeqLock`], held until it is dropped.
///
/// Its writes need no read-modify-write: the cell's only writer does not have to ask who else is
/// writing.
///
/// ```
/// let cell = untorn::SeqLock::new([0_u32; 2]);
/// let mut writer = cell.writer();
/// writer.write([1, 1]);
/// writer.update(|pair| pair[1] += 1);
/// assert_eq!(writer.read(), [1, 2]);
/// ```
#[must_use = "if unused the right to write is given back at once"]
pub struct Writer<'a, T> {
    cell: &'a SeqLock<T>,
    /// Proof of I1.
    _claim: Parked<'a>,
}

impl<'a, T: PlainData> Writer<'a, T> {
    #[inline]
    pub(super) fn new(cell: &'a SeqLock<T>, claim: Parked<'a>) -> Self {
        Self { cell, _claim: claim }
    }

    /// Stores `value`. Wait-free.
    ///
    /// ```
    /// let cell = untorn::SeqLock::new(1_u8);
    /// cell.writer().write(2);
    /// assert_eq!(cell.read(), 2);
    /// ```
    #[inline]
    pub fn write(&mut self, value: T) {
        self.cell.store(&value);
    }

    /// Changes the value by running `change` on a copy, and stores the result. Wait-free but for
    /// `change`; if that panics, nothing is stored.
    ///
    /// ```
    /// let cell = untorn::SeqLock::new(1_u8);
    /// cell.writer().update(|value| *value += 1);
    /// assert_eq!(cell.read(), 2);
    /// ```
    #[inline]
    pub fn update(&mut self, change: impl FnOnce(&mut T)) {
        let mut value = self.cell.own_copy();
        change(&mut value);
        self.cell.store(&value);
    }

    /// The value; nobody else can change it now. Wait-free.
    ///
    /// ```
    /// assert_eq!(untorn::SeqLock::new(1_u8).writer().read(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn read(&self) -> T {
        self.cell.own_copy()
    }
}

impl<T> fmt::Debug for Writer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("cell", self.cell).finish()
    }
}
