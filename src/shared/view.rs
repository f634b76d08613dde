//! The operations of an integer of the buffer.

use core::fmt;
use core::marker::PhantomData;

use super::field::SharedInteger;
use super::memory::{Heap, Memory};
use crate::sync::Lent;
use crate::sync::atomic::Ordering::{Relaxed, SeqCst};

/// One integer of a [`SharedBuffer`](crate::SharedBuffer), with the operations of `Atomics`.
///
/// All of them are sequentially consistent, as there: every thread sees those of all views in one order,
/// so what happened before a store is seen by who loads what it stored. Where a weaker order will do,
/// [`atomic`](Self::atomic) is the atomic of `core`. The arithmetic wraps around.
///
/// ```
/// use untorn::SharedBuffer;
/// use untorn::shared::Layout;
///
/// let mut layout = Layout::builder();
/// let field = layout.field::<i32>("value")?;
/// let buffer = SharedBuffer::new(layout.build());
/// let value = buffer.view(field);
/// assert_eq!(value.store(42), 42);
/// assert_eq!(value.add(5), 42);
/// assert_eq!(value.sub(10), 47);
/// assert_eq!(value.exchange(100), 37);
/// assert_eq!(value.compare_exchange(100, 200), Ok(100));
/// assert_eq!(value.compare_exchange(100, 300), Err(200));
/// assert_eq!(value.load(), 200);
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[doc(alias = "Atomics")]
#[must_use = "a view does nothing by itself"]
pub struct View<'a, T: SharedInteger, M: Memory = Heap> {
    word: Lent<'a, T::Atomic>,
    offset: usize,
    memory: PhantomData<M>,
}

impl<'a, T: SharedInteger, M: Memory> View<'a, T, M> {
    #[inline(always)]
    pub(super) const fn new(word: &'a T::Atomic, offset: usize) -> Self {
        Self { word: Lent::new(word), offset, memory: PhantomData }
    }

    /// What it holds. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.view(field).load(), 0);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn load(self) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.load(SeqCst)
    }

    /// Makes it hold `value`; returns that. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.view(field).store(7), 7);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn store(self, value: T) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.store(value, SeqCst);
        value
    }

    /// Adds `value`, wrapping around at the end of the type; returns what it held. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let value = buffer.view(field);
    /// assert_eq!([value.add(200), value.add(100), value.load()], [0, 200, 44]);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[expect(clippy::should_implement_trait, reason = "the names of `Atomics`")]
    #[inline]
    pub fn add(self, value: T) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.fetch_add(value, SeqCst)
    }

    /// Subtracts `value`, wrapping around at the end of the type; returns what it held. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let value = buffer.view(field);
    /// assert_eq!([value.sub(1), value.load()], [0, 255]);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[expect(clippy::should_implement_trait, reason = "the names of `Atomics`")]
    #[inline]
    pub fn sub(self, value: T) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.fetch_sub(value, SeqCst)
    }

    /// Keeps the bits that `value` has; returns what it held. Lock-free: x86 has no instruction for
    /// it that returns the old value, so there it loops.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let value = buffer.view(field);
    /// value.store(0b0110);
    /// assert_eq!([value.and(0b0011), value.load()], [0b0110, 0b0010]);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn and(self, value: T) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.fetch_and(value, SeqCst)
    }

    /// Sets the bits that `value` has; returns what it held. Lock-free: x86 has no instruction for
    /// it that returns the old value, so there it loops.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let value = buffer.view(field);
    /// assert_eq!([value.or(0b0011), value.load()], [0, 0b0011]);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn or(self, value: T) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.fetch_or(value, SeqCst)
    }

    /// Flips the bits that `value` has; returns what it held. Lock-free: x86 has no instruction for
    /// it that returns the old value, so there it loops.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let value = buffer.view(field);
    /// assert_eq!([value.xor(0b0011), value.xor(0b0001), value.load()], [0, 0b0011, 0b0010]);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn xor(self, value: T) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.fetch_xor(value, SeqCst)
    }

    /// Makes it hold `value`; returns what it held. Wait-free.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.view(field).exchange(7), 0);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn exchange(self, value: T) -> T {
        // SeqCst (E1): one order for all threads, as `Atomics` has.
        self.word.swap(value, SeqCst)
    }

    /// Makes it hold `replacement` if it holds `expected`. Either way returns what it held: as `Ok` if it
    /// was exchanged, as `Err` if not. Wait-free.
    ///
    /// # Errors
    ///
    /// If it held another value.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u8>("value")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.view(field).compare_exchange(0, 7), Ok(0));
    /// assert_eq!(buffer.view(field).compare_exchange(0, 8), Err(7));
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn compare_exchange(self, expected: T, replacement: T) -> Result<T, T> {
        // SeqCst (E1): one order for all threads, as `Atomics` has, and for a failure as for a load.
        self.word.compare_exchange(expected, replacement, SeqCst, SeqCst)
    }

    /// The atomic of `core` itself, for orderings of your own choice.
    ///
    /// In memory that processes share it must not be handed to [`wait::wait`](crate::wait::wait()) or
    /// [`wait::notify`](crate::wait::notify), which know the threads of this process alone: the view's own
    /// `wait` and `notify` reach the others.
    ///
    /// Under a model checker it is the checker's.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    ///
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<u64>("hits")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let hits: &AtomicU64 = buffer.view(field).atomic();
    /// assert_eq!(hits.fetch_max(5, Relaxed), 0);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn atomic(self) -> &'a T::Atomic {
        self.word.word()
    }

    /// Where it begins in the buffer, in bytes.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let cells = layout.array::<u32>("cells", 4)?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.array(cells).at(3).offset(), 12);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub fn offset(self) -> usize {
        self.offset
    }
}

impl<T: SharedInteger, M: Memory> Clone for View<'_, T, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: SharedInteger, M: Memory> Copy for View<'_, T, M> {}

/// Prints what it holds now, as the atomics of `core` do.
impl<T: SharedInteger, M: Memory> fmt::Debug for View<'_, T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: a number to look at.
        self.word.load(Relaxed).fmt(f)
    }
}
