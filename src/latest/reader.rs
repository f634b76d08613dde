//! The end that reads.

use core::fmt;

use crossbeam_utils::CachePadded;

use super::handle::Handle;

/// A reader of a register. See the [module](crate::latest) for what it promises.
///
/// It can be sent to another thread, but not shared: there are several. Handles are padded, so that
/// two that lie side by side do not share a cache line.
///
/// Dropping it lets go of the value that it held. Forgetting it keeps that value for ever, and holds
/// up nobody: its slot was its own.
#[must_use = "a reader that does not read is no use"]
pub struct Reader<'a, T> {
    own: CachePadded<Handle<'a, T>>,
}

impl<'a, T> Reader<'a, T> {
    pub(super) fn new(own: Handle<'a, T>) -> Self {
        Self { own: CachePadded::new(own) }
    }

    /// The latest value. Wait-free.
    ///
    /// Cost: one load if nothing was published since this reader's last read, and nothing shared is
    /// written; two read-modify-writes otherwise. The value stays as it is until the next call,
    /// whatever the writer does.
    ///
    /// ```
    /// let mut register = untorn::Latest::<_, 1>::new("old");
    /// let (mut writer, mut readers) = register.split();
    /// writer.publish("new");
    /// assert_eq!(*readers[0].read(), "new");
    /// ```
    #[doc(alias = "load")]
    #[doc(alias = "get")]
    #[inline]
    #[must_use]
    pub fn read(&mut self) -> &T {
        if self.has_news() {
            self.refresh();
        }
        self.held()
    }

    /// The value of this reader's last [`read`](Self::read), or the first value. Wait-free.
    ///
    /// ```
    /// let mut register = untorn::Latest::<_, 1>::new("old");
    /// let (mut writer, mut readers) = register.split();
    /// writer.publish("new");
    /// assert_eq!(*readers[0].held(), "old");
    /// ```
    #[inline]
    #[must_use]
    pub fn held(&self) -> &T {
        self.own.value()
    }

    /// Whether something was published since this reader's last [`read`](Self::read), as far as this
    /// thread has seen. Wait-free: one load.
    ///
    /// Once it says so, a read brings something newer.
    ///
    /// ```
    /// let mut register = untorn::Latest::<_, 1>::new(1);
    /// let (mut writer, mut readers) = register.split();
    /// assert!(!readers[0].has_news());
    /// writer.publish(2);
    /// assert!(readers[0].has_news());
    /// ```
    #[doc(alias = "updated")]
    #[inline]
    #[must_use]
    pub fn has_news(&self) -> bool {
        // The slot that this reader is in cannot have become current again meanwhile (I4), so the
        // number alone tells.
        self.own.head().seen() != self.own.at()
    }

    /// Whether the writer is gone. Then the next [`read`](Self::read) brings the last value that there
    /// will be. Wait-free.
    ///
    /// ```
    /// let mut register = untorn::Latest::<_, 1>::new(1);
    /// let (mut writer, mut readers) = register.split();
    /// writer.publish(2);
    /// assert!(!readers[0].is_closed());
    /// drop(writer);
    /// assert!(readers[0].is_closed());
    /// assert_eq!(*readers[0].read(), 2);
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.own.head().is_closed()
    }

    /// Goes from the slot held to the current one.
    #[cold]
    #[inline(never)]
    fn refresh(&mut self) {
        // In this order: a reader is in one slot at most, or the writer might run out of them (E3).
        self.own.place().leave();
        let current = self.own.head().join();
        self.own.move_to(current);
    }
}

impl<T> Drop for Reader<'_, T> {
    fn drop(&mut self) {
        self.own.place().leave();
    }
}

impl<T> fmt::Debug for Reader<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("has_news", &self.has_news())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
