//! A handle with slots of its own.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::{self, NonNull};

use super::chain::{Root, Version};
use super::engine::Engine;
use super::guard::Guard;
use super::pin::Pin;
use super::slots::{Block, Slot};

/// Reads one [`Rcu`](super::Rcu) from a line of slots that no other reader writes to.
///
/// For one thread at a time: it can be sent, but not shared. Its guards do not borrow from it.
///
/// ```
/// let cell = untorn::Rcu::new(1);
/// let reader = cell.reader();
/// let (first, second) = (reader.read(), reader.read());
/// drop(reader);
/// assert_eq!(*first, *second);
/// ```
pub struct Reader<'a, T> {
    engine: &'a Engine,
    /// The block that this reader owns.
    home: Cell<&'a Block>,
    /// The version that `kept` holds, or null: what `cached` compares.
    seen: *const Root,
    kept: Option<Pin<'a>>,
    values: PhantomData<&'a T>,
}

// SAFETY: a reader owns its block, which any thread may do, but one at a time (I2); and it is a `&T`
// in the making. `seen` is only compared, or followed while `kept` holds it.
unsafe impl<T: Send + Sync> Send for Reader<'_, T> {}

impl<'a, T> Reader<'a, T> {
    pub(super) fn new(engine: &'a Engine) -> Self {
        Self {
            engine,
            home: Cell::new(engine.readers.claim()),
            seen: ptr::null(),
            kept: None,
            values: PhantomData,
        }
    }

    /// Holds the current value. Wait-free, but for each eighth guard that is kept, which may
    /// allocate a line of slots.
    ///
    /// Cost where the kernel fences for us (Linux): two plain stores and a load beside a look at the
    /// reader's own slot, and one more store to drop the guard; no locked instruction, no fence.
    ///
    /// ```
    /// let cell = untorn::Rcu::new("old");
    /// let reader = cell.reader();
    /// let seen = reader.read();
    /// cell.store("new");
    /// assert_eq!((*seen, *reader.read()), ("old", "new"));
    /// ```
    #[inline]
    pub fn read(&self) -> Guard<'a, T> {
        let home = self.home.get();
        let (home, slot) = match home.idle() {
            Some(slot) => (home, slot),
            None => self.move_to_another_block(),
        };
        Guard::new(Pin::new(self.engine, home, slot))
    }

    /// All slots are in use by guards that live on: the reader moves to another block.
    #[cold]
    #[inline(never)]
    fn move_to_another_block(&self) -> (&'a Block, &'a Slot) {
        let (block, slot) = self.engine.readers.claim_slot();
        self.home.replace(block).release();
        (block, slot)
    }

    /// The current value, which the reader keeps until the next call. Wait-free.
    ///
    /// Cost while nothing is stored: one load, one comparison. The price is that a reader that does
    /// not come back keeps one value, the last that it saw, from being freed
    /// ([`release`](Self::release) lets go of it).
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// let mut reader = cell.reader();
    /// assert_eq!(*reader.cached(), 1);
    /// cell.store(2);
    /// assert_eq!(*reader.cached(), 2);
    /// ```
    #[doc(alias = "Cache")]
    #[inline]
    #[must_use]
    pub fn cached(&mut self) -> &T {
        if !self.engine.is_current(self.seen) {
            self.refresh();
        }
        // SAFETY: there is a current version (I1), and it is `seen`, so that is not null.
        let seen = unsafe { NonNull::new_unchecked(self.seen.cast_mut()) };
        // SAFETY: held by `kept`, so not freed (I3) until this reader is next used; all versions of an
        // `Rcu<T>` are `Version<T>`.
        let value = unsafe { Version::value(seen) };
        // SAFETY: as above; never changed while it is shared.
        unsafe { value.as_ref() }
    }

    #[cold]
    #[inline(never)]
    fn refresh(&mut self) {
        // The new one before the old one is let go: a destructor that this runs may panic.
        self.seen = ptr::null();
        let pin = self.read().into_pin();
        self.seen = pin.root().as_ptr();
        self.kept = Some(pin);
    }

    /// Lets go of what [`cached`](Self::cached) keeps.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// let mut reader = cell.reader();
    /// assert_eq!(*reader.cached(), 1);
    /// cell.store(2);
    /// reader.release();
    /// assert_eq!(cell.try_reclaim(), 1);
    /// ```
    pub fn release(&mut self) {
        self.seen = ptr::null();
        self.kept = None;
    }
}

impl<T> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        self.home.get().release();
    }
}

impl<T> fmt::Debug for Reader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("keeps_a_value", &self.kept.is_some())
            .finish_non_exhaustive()
    }
}
