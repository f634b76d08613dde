//! Guards and readers that own a share of their cell.

use core::fmt;
use core::mem::MaybeUninit;
use core::ops::Deref;

use super::cell::Rcu;
use super::guard::Guard;
use super::reader::Reader;
use crate::sync::Arc;

/// Something that borrows from a cell, and a share of that cell, which it does not outlive (O1).
///
/// In a `MaybeUninit`, because a reference that is an argument, or part of one, must stay valid to
/// the end of the call, and dropping the share in that call can free the cell.
struct Kept<T, B> {
    borrower: MaybeUninit<B>,
    cell: Arc<Rcu<T>>,
}

impl<T: 'static, B> Kept<T, B> {
    fn new(cell: Arc<Rcu<T>>, borrow: impl FnOnce(&'static Rcu<T>) -> B) -> Self {
        let borrowed: *const Rcu<T> = &*cell;
        // SAFETY: the cell is on the heap, does not move, and lives as long as the share beside the
        // borrower, which is dropped first (O1). Nothing hands the long lifetime out.
        let borrower = MaybeUninit::new(borrow(unsafe { &*borrowed }));
        Self { borrower, cell }
    }

    #[inline(always)]
    fn get(&self) -> &B {
        // SAFETY: initialised by `new`, and dropped by `drop` alone.
        unsafe { self.borrower.assume_init_ref() }
    }

    #[inline(always)]
    fn get_mut(&mut self) -> &mut B {
        // SAFETY: as above.
        unsafe { self.borrower.assume_init_mut() }
    }
}

impl<T, B> Drop for Kept<T, B> {
    fn drop(&mut self) {
        // SAFETY: initialised by `new`; not used afterwards. The share is dropped after this (O1).
        unsafe { self.borrower.assume_init_drop() };
    }
}

/// Holds one value of an [`Rcu`], and the cell with it. Made by [`Rcu::read_owned`].
#[must_use = "if unused the value is let go at once"]
pub struct OwnedGuard<T: 'static>(Kept<T, Guard<'static, T>>);

impl<T: Send + Sync> OwnedGuard<T> {
    pub(super) fn new(cell: Arc<Rcu<T>>) -> Self {
        Self(Kept::new(cell, Rcu::read))
    }

    /// The number of the version, as [`Guard::version`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::rcu::{OwnedGuard, Rcu};
    ///
    /// let cell = Arc::new(Rcu::new('a'));
    /// assert_eq!(OwnedGuard::version(&Rcu::read_owned(&cell)), 0);
    /// ```
    #[must_use]
    pub fn version(this: &Self) -> u64 {
        Guard::version(this.0.get())
    }
}

impl<T> Deref for OwnedGuard<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.0.get()
    }
}

impl<T: fmt::Debug> fmt::Debug for OwnedGuard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// A [`Reader`] that keeps its cell alive. Made by [`Rcu::reader_owned`].
pub struct OwnedReader<T: 'static>(Kept<T, Reader<'static, T>>);

impl<T: Send + Sync> OwnedReader<T> {
    pub(super) fn new(cell: Arc<Rcu<T>>) -> Self {
        Self(Kept::new(cell, Rcu::reader))
    }

    /// Holds the current value, as [`Reader::read`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::Rcu;
    ///
    /// let reader = Rcu::reader_owned(&Arc::new(Rcu::new(1)));
    /// assert_eq!(*reader.read(), 1);
    /// ```
    #[inline]
    pub fn read(&self) -> Guard<'_, T> {
        self.0.get().read()
    }

    /// The current value without a guard, as [`Reader::cached`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::Rcu;
    ///
    /// let mut reader = Rcu::reader_owned(&Arc::new(Rcu::new(1)));
    /// assert_eq!(*reader.cached(), 1);
    /// ```
    #[inline]
    #[must_use]
    pub fn cached(&mut self) -> &T {
        self.0.get_mut().cached()
    }

    /// Lets go of what `cached` keeps, as [`Reader::release`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::Rcu;
    ///
    /// let mut reader = Rcu::reader_owned(&Arc::new(Rcu::new(1)));
    /// assert_eq!(*reader.cached(), 1);
    /// reader.cell().store(2);
    /// reader.release();
    /// assert_eq!(reader.cell().try_reclaim(), 1);
    /// ```
    pub fn release(&mut self) {
        self.0.get_mut().release();
    }

    /// The cell.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::Rcu;
    ///
    /// let reader = Rcu::reader_owned(&Arc::new(Rcu::new(1)));
    /// reader.cell().store(2);
    /// assert_eq!(*reader.read(), 2);
    /// ```
    #[must_use]
    pub fn cell(&self) -> &Arc<Rcu<T>> {
        &self.0.cell
    }
}

impl<T> fmt::Debug for OwnedReader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedReader").field("cell", &self.0.cell).finish()
    }
}
