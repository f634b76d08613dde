//! Popping many at once: the slots are given back together.

use core::fmt;
use core::iter::FusedIterator;
use core::mem::needs_drop;

use super::consumer::Consumer;
use super::engine::Contiguous;
use super::row::Popping;

impl<T, S: Contiguous> Consumer<T, S> {
    /// The oldest values, to be looked at where they are: `at_most` that many, or as many as are inside
    /// now. Wait-free.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// producer.push_slice(&[1, 2, 3]);
    /// let chunk = consumer.read_chunk(2);
    /// let (first, second) = chunk.as_slices();
    /// assert_eq!(first.iter().chain(second).sum::<i32>(), 3);
    /// chunk.release(1);
    /// assert_eq!(consumer.try_pop(), Ok(2));
    /// ```
    #[inline]
    pub fn read_chunk(&mut self, at_most: usize) -> Chunk<'_, T> {
        let own = self.row();
        let len = own.items_for_batch(at_most).min(at_most);
        Chunk { own, len }
    }

    /// Pops the oldest values into `place`, as many as there are now and fit in, and returns how many that
    /// was. Wait-free; the slots are given back together.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// producer.push_slice(&[1, 2, 3]);
    /// let mut two = [0; 2];
    /// assert_eq!(consumer.pop_slice(&mut two), 2);
    /// assert_eq!(two, [1, 2]);
    /// ```
    #[doc(alias = "pop_partial_slice")]
    pub fn pop_slice(&mut self, place: &mut [T]) -> usize
    where
        T: Copy,
    {
        let chunk = self.read_chunk(place.len());
        let len = chunk.len();
        let (first, second) = chunk.as_slices();
        let (front, back) = place[..len].split_at_mut(first.len());
        front.copy_from_slice(first);
        back.copy_from_slice(second);
        chunk.release(len);
        len
    }

    /// Pops the values that are inside now, one by one. Wait-free; the slots are given back together when
    /// the iterator is dropped. Values that it has not yielded by then stay inside.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// producer.push_slice(&[1, 2, 3]);
    /// assert_eq!(consumer.drain().take(2).collect::<Vec<_>>(), [1, 2]);
    /// assert_eq!(consumer.try_pop(), Ok(3));
    /// ```
    pub fn drain(&mut self) -> Drain<'_, T> {
        let own = self.row();
        let left = own.items();
        Drain { own, left }
    }
}

/// Values in a ring; see [`Consumer::read_chunk`]. They stay inside until they are
/// [released](Self::release).
pub struct Chunk<'a, T> {
    own: &'a mut Popping<T>,
    /// How many there are: `head + len <= limit`.
    len: usize,
}

impl<T> Chunk<'_, T> {
    /// How many values there are.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::ring::<u8>(3).1.read_chunk(9).len(), 0);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    ///
    /// ```
    /// assert!(untorn::spsc::ring::<u8>(3).1.read_chunk(9).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Where the values are: below `limit`, so they hold values and are ours until they are given back
    /// (I2, I3).
    fn rows(&self) -> (*mut [T], *mut [T]) {
        let (first, second) = self.own.ring.rows(self.own.head, self.len);
        (first as *mut [T], second as *mut [T])
    }

    /// The values in order. There are two rows where they go past the end of the memory; the second is
    /// empty otherwise.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(2);
    /// producer.push_slice(b"ab");
    /// assert_eq!(consumer.read_chunk(2).as_slices().0, b"ab");
    /// ```
    #[inline]
    #[must_use]
    pub fn as_slices(&self) -> (&[T], &[T]) {
        let (first, second) = self.rows();
        // SAFETY: they hold values, and the result borrows from this.
        let first = unsafe { &*first };
        // SAFETY: as above.
        (first, unsafe { &*second })
    }

    /// The same, to change them in place.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(2);
    /// producer.push_slice(b"ab");
    /// let mut chunk = consumer.read_chunk(2);
    /// chunk.as_mut_slices().0.make_ascii_uppercase();
    /// assert_eq!(chunk.into_iter().collect::<Vec<_>>(), b"AB");
    /// ```
    #[inline]
    pub fn as_mut_slices(&mut self) -> (&mut [T], &mut [T]) {
        let (first, second) = self.rows();
        // SAFETY: they hold values, and the result borrows from this.
        let first = unsafe { &mut *first };
        // SAFETY: as above, and apart from the first.
        (first, unsafe { &mut *second })
    }

    /// Drops the oldest `count` of the values, and gives their slots back. The others stay inside.
    ///
    /// # Panics
    ///
    /// If there are fewer than that. If a destructor panics, the values after it stay inside.
    #[inline]
    pub fn release(self, count: usize) {
        assert!(count <= self.len, "{count} of {} values cannot be released", self.len);
        if needs_drop::<T>() {
            Drain { own: self.own, left: count }.for_each(drop);
        } else {
            self.own.head = self.own.head.wrapping_add(count);
            self.own.give_back();
        }
    }
}

impl<'a, T> IntoIterator for Chunk<'a, T> {
    type Item = T;
    type IntoIter = Drain<'a, T>;

    fn into_iter(self) -> Drain<'a, T> {
        Drain { own: self.own, left: self.len }
    }
}

impl<T> fmt::Debug for Chunk<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunk").field("len", &self.len).finish()
    }
}

/// Pops the values of a ring; see [`Consumer::drain`].
#[must_use = "values that are not taken stay inside"]
pub struct Drain<'a, T> {
    own: &'a mut Popping<T>,
    /// How many are still to come: `head + left <= limit`.
    left: usize,
}

impl<T> Iterator for Drain<'_, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        // SAFETY: `head < limit <= tail`, so the slot holds a value and is ours (I2, I3); the next line
        // passes it, whether or not this is ever dropped.
        let value = unsafe { self.own.ring.read(self.own.head) };
        self.own.head = self.own.head.wrapping_add(1);
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<T> ExactSizeIterator for Drain<'_, T> {}
impl<T> FusedIterator for Drain<'_, T> {}

impl<T> Drop for Drain<'_, T> {
    fn drop(&mut self) {
        self.own.give_back();
    }
}

impl<T> fmt::Debug for Drain<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("left", &self.left).finish_non_exhaustive()
    }
}
