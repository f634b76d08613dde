//! A row of integers of the buffer.

use core::fmt;
use core::marker::PhantomData;

use super::field::SharedInteger;
use super::memory::{Heap, Memory};
use super::view::View;

/// An array of a [`SharedBuffer`](crate::SharedBuffer): each element is a [`View`].
///
/// An array of `u8` is what raw bytes are: [`atomics`](Self::atomics) hands them out as a slice.
///
/// ```
/// use untorn::SharedBuffer;
/// use untorn::shared::Layout;
///
/// let mut layout = Layout::builder();
/// let slots = layout.array::<u64>("slots", 4)?;
/// let buffer = SharedBuffer::new(layout.build());
/// let slots = buffer.array(slots);
/// for (i, slot) in slots.iter().enumerate() {
///     slot.store(i as u64 * 10);
/// }
/// assert_eq!((slots.len(), slots.at(3).load()), (4, 30));
/// assert!(slots.get(4).is_none());
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[must_use = "a view does nothing by itself"]
pub struct ArrayView<'a, T: SharedInteger, M: Memory = Heap> {
    words: &'a [T::Atomic],
    offset: usize,
    memory: PhantomData<M>,
}

impl<'a, T: SharedInteger, M: Memory> ArrayView<'a, T, M> {
    #[inline(always)]
    pub(super) const fn new(words: &'a [T::Atomic], offset: usize) -> Self {
        Self { words, offset, memory: PhantomData }
    }

    /// How many there are; never none. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.array::<u8>("bytes", 16)?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.array(field).len(), 16);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "an array of nothing is no field")]
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        self.words.len()
    }

    /// The element `index`, if there are that many. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.array::<u8>("bytes", 16)?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert!(buffer.array(field).get(16).is_none());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn get(self, index: usize) -> Option<View<'a, T, M>> {
        let word = self.words.get(index)?;
        Some(View::new(word, self.offset + index * T::TYPE.integer().size()))
    }

    /// The element `index`. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.array::<u8>("bytes", 16)?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.array(field).at(15).add(1), 0);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not that many.
    #[inline]
    #[track_caller]
    pub fn at(self, index: usize) -> View<'a, T, M> {
        match self.get(index) {
            Some(view) => view,
            None => panic!("element {index} of an array of {}", self.len()),
        }
    }

    /// The elements one after the other, each as it is when it is looked at.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.array::<i32>("cells", 4)?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let cells = buffer.array(field);
    /// cells.at(2).store(7);
    /// assert_eq!(cells.iter().map(|cell| cell.load()).collect::<Vec<_>>(), [0, 0, 7, 0]);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub fn iter(self) -> impl ExactSizeIterator<Item = View<'a, T, M>> + DoubleEndedIterator {
        (0..self.len()).map(move |index| self.at(index))
    }

    /// The atomics of `core` themselves.
    ///
    /// Under a model checker they are the checker's.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
    ///
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.array::<u8>("bytes", 4)?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let bytes: &[AtomicU8] = buffer.array(field).atomics();
    /// bytes.iter().zip(*b"data").for_each(|(byte, value)| byte.store(value, Relaxed));
    /// assert_eq!(bytes[3].load(Relaxed), b'a');
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn atomics(self) -> &'a [T::Atomic] {
        self.words
    }
}

impl<T: SharedInteger, M: Memory> Clone for ArrayView<'_, T, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: SharedInteger, M: Memory> Copy for ArrayView<'_, T, M> {}

/// Prints what the elements hold, each as it is when it is looked at.
impl<T: SharedInteger, M: Memory> fmt::Debug for ArrayView<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
