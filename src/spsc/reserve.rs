//! Pushing many at once: one publication for all of them.

use core::fmt;
use core::mem::MaybeUninit;

use super::engine::{Contiguous, Pushing as _};
use super::producer::Producer;
use super::row::Pushing;
use crate::error::{Closed, TryPushError};

impl<T, S: Contiguous> Producer<T, S> {
    /// Empty slots to write values into, where they will stay: `at_most` that many, or as many as are
    /// empty now. Wait-free. None if the consumer is gone.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// let mut slots = producer.reserve(3);
    /// assert_eq!(slots.len(), 3);
    /// let (first, second) = slots.as_mut_slices();
    /// for (number, slot) in first.iter_mut().chain(second).enumerate() {
    ///     slot.write(number);
    /// }
    /// // SAFETY: three values were written.
    /// unsafe { slots.commit(3) }.unwrap();
    /// assert_eq!(consumer.drain().collect::<Vec<_>>(), [0, 1, 2]);
    /// ```
    #[doc(alias = "write_chunk_uninit")]
    #[doc(alias = "grant")]
    #[inline]
    pub fn reserve(&mut self, at_most: usize) -> Reserved<'_, T> {
        let own = self.row();
        let len = own.room_for_batch(at_most).min(at_most);
        Reserved { own, len }
    }

    /// Pushes the first of `values`, as many as there is room for now, and returns how many that was.
    /// Wait-free, with one publication.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(3);
    /// assert_eq!(producer.push_slice(&[1, 2, 3, 4]), 3);
    /// assert_eq!(consumer.drain().sum::<i32>(), 6);
    /// ```
    #[doc(alias = "push_partial_slice")]
    pub fn push_slice(&mut self, values: &[T]) -> usize
    where
        T: Copy,
    {
        let mut slots = self.reserve(values.len());
        let len = slots.len();
        let (first, second) = slots.as_mut_slices();
        let (front, back) = values[..len].split_at(first.len());
        copy(front, first);
        copy(back, second);
        // SAFETY: that many were copied.
        match unsafe { slots.commit(len) } {
            Ok(()) => len,
            // Nobody will pop them.
            Err(_) => 0,
        }
    }

    /// Pushes what `values` yields while there is room, and returns how many that was. Wait-free beside
    /// what the iterator does, with one publication.
    ///
    /// Nothing is taken from the iterator that there is no room for. If it panics, what it yielded before
    /// is pushed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(3);
    /// let mut numbers = 0..;
    /// assert_eq!(producer.push_iter(&mut numbers), 3);
    /// assert_eq!(consumer.drain().collect::<Vec<_>>(), [0, 1, 2]);
    /// assert_eq!(numbers.next(), Some(3));
    /// ```
    pub fn push_iter(&mut self, values: impl IntoIterator<Item = T>) -> usize {
        let (mut later, mut values) = (self.deferred(), values.into_iter());
        while later.own.room_for(1) != 0 {
            let Some(value) = values.next() else { break };
            later.write(value);
        }
        later.written
    }

    /// A guard by which values are pushed that the consumer sees later: when the guard is
    /// [flushed](Deferred::flush) or dropped, when the ring is full, or when this end waits.
    ///
    /// Each publication moves a cache line from core to core. One for many values is cheaper, if the
    /// consumer can wait for them.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// let mut later = producer.deferred();
    /// later.try_push(1).unwrap();
    /// later.try_push(2).unwrap();
    /// assert!(consumer.try_pop().is_err());
    /// drop(later);
    /// assert_eq!(consumer.try_pop(), Ok(1));
    /// ```
    pub fn deferred(&mut self) -> Deferred<'_, T> {
        let own = self.row();
        own.room_for_batch(1);
        Deferred { own, written: 0 }
    }
}

fn copy<T: Copy>(values: &[T], slots: &mut [MaybeUninit<T>]) {
    // SAFETY: a `MaybeUninit<T>` may be any `T`, and has its layout.
    let values = unsafe { &*(core::ptr::from_ref(values) as *const [MaybeUninit<T>]) };
    slots.copy_from_slice(values);
}

/// Empty slots of a ring; see [`Producer::reserve`]. What is not [committed](Self::commit) is not pushed,
/// and not dropped.
#[must_use = "nothing is pushed until it is committed"]
pub struct Reserved<'a, T> {
    own: &'a mut Pushing<T>,
    /// How many there are: `tail + len <= limit`.
    len: usize,
}

impl<T> Reserved<'_, T> {
    /// How many slots there are.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::ring::<u8>(3).0.reserve(9).len(), 3);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    ///
    /// ```
    /// assert!(untorn::spsc::ring::<u8>(3).0.reserve(0).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The slots in order. There are two rows where they go past the end of the memory; the second is
    /// empty otherwise.
    ///
    /// ```
    /// let (mut producer, _consumer) = untorn::spsc::ring::<u8>(3);
    /// let mut slots = producer.reserve(2);
    /// let (first, second) = slots.as_mut_slices();
    /// assert_eq!(first.len() + second.len(), 2);
    /// ```
    #[inline]
    pub fn as_mut_slices(&mut self) -> (&mut [MaybeUninit<T>], &mut [MaybeUninit<T>]) {
        let (first, second) = self.own.ring.rows(self.own.tail, self.len);
        // SAFETY: below `limit`, so empty and ours until they are published (I2, I3); the result borrows
        // from this.
        let first = unsafe { &mut *first };
        // SAFETY: as above, and apart from the first.
        (first, unsafe { &mut *second })
    }

    /// Pushes the first `count` slots; the others stay empty.
    ///
    /// # Errors
    ///
    /// If the consumer has gone meanwhile. The values are dropped with this end of the ring.
    ///
    /// # Safety
    ///
    /// Values were written to the first `count` slots.
    ///
    /// # Panics
    ///
    /// If there are fewer slots than that.
    #[inline]
    pub unsafe fn commit(self, count: usize) -> Result<(), Closed> {
        assert!(count <= self.len, "{count} of {} slots cannot be committed", self.len);
        self.own.tail = self.own.tail.wrapping_add(count);
        self.own.publish_batch()
    }

    /// Pushes what `values` yields, as many as there are slots, and returns how many that was.
    ///
    /// If the iterator panics, what it yielded before is pushed.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// assert_eq!(producer.reserve(2).fill("abc".chars()), 2);
    /// assert_eq!(consumer.drain().collect::<String>(), "ab");
    /// ```
    pub fn fill(self, values: impl IntoIterator<Item = T>) -> usize {
        let mut later = Deferred { own: self.own, written: 0 };
        values.into_iter().take(self.len).for_each(|value| later.write(value));
        later.written
    }
}

impl<T> fmt::Debug for Reserved<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserved").field("len", &self.len).finish()
    }
}

/// Values that the consumer sees later; see [`Producer::deferred`].
#[must_use = "what is pushed is seen when this is dropped"]
pub struct Deferred<'a, T> {
    own: &'a mut Pushing<T>,
    /// How many were pushed by this guard.
    written: usize,
}

impl<T> Deferred<'_, T> {
    /// Pushes `value` if there is room, to be seen later. Wait-free.
    ///
    /// # Errors
    ///
    /// As [`Producer::try_push`]. If the ring is full, the consumer is shown what there is. That it is gone
    /// may be noticed later, by this end; the value is then dropped with it.
    ///
    /// ```
    /// use untorn::spsc::{TryPushError, ring};
    ///
    /// let (mut producer, _consumer) = ring(1);
    /// let mut later = producer.deferred();
    /// assert_eq!(later.try_push('a'), Ok(()));
    /// assert_eq!(later.try_push('b'), Err(TryPushError::Full('b')));
    /// ```
    #[inline]
    pub fn try_push(&mut self, value: T) -> Result<(), TryPushError<T>> {
        if self.own.room_for(1) == 0 {
            return Err(self.own.refused(value));
        }
        self.write(value);
        Ok(())
    }

    /// Shows the consumer all that was pushed. Wait-free.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(2);
    /// let mut later = producer.deferred();
    /// later.try_push('a').unwrap();
    /// later.flush();
    /// assert_eq!(consumer.try_pop(), Ok('a'));
    /// ```
    pub fn flush(&mut self) {
        // If the consumer is gone, the next push says so.
        _ = self.own.publish_batch();
    }

    /// Into a slot that is there.
    #[inline]
    fn write(&mut self, value: T) {
        // SAFETY: the callers have looked that `tail < limit`, so the slot is empty and ours (I2, I3).
        unsafe { self.own.ring.write(self.own.tail, value) };
        self.own.tail = self.own.tail.wrapping_add(1);
        self.written += 1;
    }
}

impl<T> Drop for Deferred<'_, T> {
    fn drop(&mut self) {
        self.flush();
    }
}

impl<T> fmt::Debug for Deferred<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deferred").field("written", &self.written).finish_non_exhaustive()
    }
}
