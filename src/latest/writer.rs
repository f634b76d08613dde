//! The end that publishes.

use core::fmt;

use crossbeam_utils::CachePadded;

use super::handle::Handle;
use crate::sync::pause_point;

/// The writer of a register. See the [module](crate::latest) for what it promises.
///
/// It can be sent to another thread, but not shared: there is one writer. Handles are padded, so that
/// two that lie side by side do not share a cache line.
///
/// Dropping it drops the values that no reader can see any more.
#[must_use = "without its writer a register stays as it is"]
pub struct Writer<'a, T> {
    own: CachePadded<Handle<'a, T>>,
}

impl<'a, T> Writer<'a, T> {
    pub(super) fn new(own: Handle<'a, T>) -> Self {
        Self { own: CachePadded::new(own) }
    }

    /// Publishes `value`. Wait-free: readers cannot hold it up, nor it them.
    ///
    /// An older value that no reader can see any more is dropped before, on this thread. If its
    /// destructor panics, nothing is published.
    ///
    /// ```
    /// let mut register = untorn::Latest::<_, 1>::new(Box::new(1));
    /// let (mut writer, mut readers) = register.split();
    /// writer.publish(Box::new(2));
    /// assert_eq!(**readers[0].read(), 2);
    /// ```
    #[doc(alias = "write")]
    #[doc(alias = "set")]
    #[doc(alias = "store")]
    pub fn publish(&mut self, value: T) {
        self.publish_in(|slot, _| {
            // Empties the slot even if the destructor panics.
            *slot = None;
            *slot = Some(value);
        });
    }

    /// Lets `f` make an older value into a new one, and publishes it. Wait-free but for `f`.
    ///
    /// What `f` gets was published some time before, and no reader can see it any more: it overwrites
    /// what has changed, and reuses buffers. While a slot is still empty `f` gets a clone of the
    /// current value; [`fill`](Self::fill) makes those clones beforehand.
    ///
    /// If `f` panics, nothing is published, and a later call gets the value as `f` has left it.
    ///
    /// ```
    /// let mut register = untorn::Latest::<_, 1>::new(Vec::with_capacity(100));
    /// let (mut writer, mut readers) = register.split();
    /// for frame in 0..10 {
    ///     writer.publish_with(|pixels| {
    ///         pixels.clear(); // still has its memory
    ///         pixels.extend([frame; 100]);
    ///     });
    /// }
    /// assert_eq!(*readers[0].read(), [9; 100]);
    /// ```
    #[doc(alias = "input_buffer")]
    pub fn publish_with(&mut self, f: impl FnOnce(&mut T))
    where
        T: Clone,
    {
        self.publish_in(|slot, current| f(slot.get_or_insert_with(|| current.clone())));
    }

    /// Puts a clone of the current value into every slot that is still empty, so that no later
    /// [`publish_with`](Self::publish_with) clones one.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let value = Arc::new(1);
    /// let mut register = untorn::Latest::<_, 3>::new(value.clone());
    /// let (mut writer, _readers) = register.split();
    /// writer.fill();
    /// assert_eq!(Arc::strong_count(&value), 1 + 3 + 2); // three readers, five slots
    /// ```
    pub fn fill(&mut self)
    where
        T: Clone,
    {
        self.for_each_free(|slot, current| {
            slot.get_or_insert_with(|| current.clone());
        });
    }

    /// The value last published.
    ///
    /// ```
    /// let mut register = untorn::Latest::<_, 1>::new(1);
    /// let (mut writer, _readers) = register.split();
    /// writer.publish(2);
    /// assert_eq!(*writer.latest(), 2);
    /// ```
    #[inline]
    #[must_use]
    pub fn latest(&self) -> &T {
        self.own.value()
    }

    /// Lets `make` at a free slot and at the current value, then publishes that slot.
    #[inline]
    fn publish_in(&mut self, make: impl FnOnce(&mut Option<T>, &T)) {
        let (slots, current) = (self.own.slots(), self.own.at());
        // Round and round, so that the oldest value goes first, and none is kept for ever.
        let mut others = (current + 1..slots.len()).chain(0..current);
        let next = others.find(|&index| slots[index].is_deserted());
        let next = next.expect("R readers are in R of the R + 1 other slots, at most (I5)");
        // SAFETY: the slot is not the current one and no reader is in it, so it is free (I3).
        unsafe { slots[next].change(|slot| make(slot, self.own.value())) };
        pause_point("latest.publish.filled");
        let joined = self.own.head().replace(next);
        self.own.place().count(joined);
        self.own.move_to(next);
    }

    /// Lets `change` at every free slot, and at the current value.
    fn for_each_free(&mut self, mut change: impl FnMut(&mut Option<T>, &T)) {
        for (index, slot) in self.own.slots().iter().enumerate() {
            if index != self.own.at() && slot.is_deserted() {
                // SAFETY: the slot is not the current one and no reader is in it, so it is free (I3).
                unsafe { slot.change(|slot| change(slot, self.own.value())) };
            }
        }
    }
}

impl<T> Drop for Writer<'_, T> {
    fn drop(&mut self) {
        self.own.head().close();
        // No reader will ever come to a free slot again. If a destructor panics, the rest goes with
        // the register.
        self.for_each_free(|slot, _| *slot = None);
    }
}

impl<T> fmt::Debug for Writer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("readers", &(self.own.slots().len() - 2))
            .finish_non_exhaustive()
    }
}
