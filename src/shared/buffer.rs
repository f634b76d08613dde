//! The buffer: a layout, and the memory that it describes.

use core::fmt;

use super::array::ArrayView;
use super::field::{Field, FieldType, MutexWord, SharedInteger, SpinWord};
use super::layout::{Layout, Shape};
use super::lock::{MutexView, SpinView};
use super::memory::{Heap, Memory};
use super::view::View;
use crate::sync::{Arc, Region};

/// A fixed number of bytes that threads share as atomic integers, the fields of a declared [`Layout`].
/// See the [module](crate::shared) for what it promises.
///
/// A handle: its clones are the same memory, which is freed with the last of them. Fields begin as
/// zero. `SharedBuffer<Mapped>` is memory that processes share, where there is such.
///
/// ```
/// use std::thread;
/// use untorn::SharedBuffer;
/// use untorn::shared::Layout;
///
/// let mut layout = Layout::builder();
/// let counter = layout.field::<i32>("counter")?;
/// let buffer = SharedBuffer::new(layout.build());
///
/// let workers = [(); 4].map(|()| {
///     let buffer = buffer.clone();
///     thread::spawn(move || {
///         for _ in 0..10_000 {
///             buffer.view(counter).add(1);
///         }
///     })
/// });
/// workers.into_iter().for_each(|worker| worker.join().unwrap());
/// assert_eq!(buffer.view(counter).load(), 40_000);
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[doc(alias = "SharedArrayBuffer")]
pub struct SharedBuffer<M: Memory = Heap> {
    pub(super) inner: Arc<Inner<M>>,
}

pub(super) struct Inner<M> {
    /// Never changes (I2).
    layout: Layout,
    /// As long as the layout says, and made for it (I2).
    pub(super) memory: M,
}

impl SharedBuffer {
    /// A buffer on the heap, all zero, whose first byte is aligned to 128.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let buffer = SharedBuffer::new(Layout::with_len(1024).build());
    /// assert_eq!(buffer.len(), 1024);
    /// ```
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let words = layout.entries.iter().filter_map(|entry| match entry.shape {
            Shape::One(kind) => Some((entry.offset, kind.integer(), 1)),
            Shape::Array(kind, count) => Some((entry.offset, kind.integer(), count)),
            Shape::Reserved(_) => None,
        });
        let memory = Heap(Region::zeroed(layout.len, words));
        Self::over(layout, memory)
    }
}

impl<M: Memory> SharedBuffer<M> {
    /// The memory is as long as the layout, and nobody in this process uses it but through what is made
    /// here (I2).
    pub(super) fn over(layout: Layout, memory: M) -> Self {
        Self { inner: Arc::new(Inner { layout, memory }) }
    }

    /// The integer behind the key. Wait-free: a look at the table, which a loop makes once.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let status = layout.field::<i32>("status")?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.view(status).exchange(1), 0);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key is one of another layout.
    #[inline]
    #[track_caller]
    pub fn view<T: SharedInteger>(&self, field: Field<T>) -> View<'_, T, M> {
        View::new(self.word(field), field.offset)
    }

    /// The integers behind the key. Wait-free.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let cells = layout.array::<i32>("cells", 16)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let cells = buffer.array(cells);
    /// cells.at(3).add(5);
    /// assert_eq!(cells.iter().map(|cell| cell.load()).sum::<i32>(), 5);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key is one of another layout.
    #[inline]
    #[track_caller]
    pub fn array<T: SharedInteger>(&self, field: Field<[T]>) -> ArrayView<'_, T, M> {
        let words = self.words::<T, _>(field, |shape| match shape {
            Shape::Array(kind, count) if kind == T::TYPE => Some(count),
            _ => None,
        });
        ArrayView::new(words, field.offset)
    }

    /// The lock behind the key, for short sections between threads that run. Wait-free.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, SpinWord};
    ///
    /// let mut layout = Layout::builder();
    /// let lock = layout.field::<SpinWord>("lock")?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let held = buffer.spin_lock(lock).lock();
    /// assert!(buffer.spin_lock(lock).is_locked());
    /// # drop(held);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key is one of another layout.
    #[inline]
    #[track_caller]
    pub fn spin_lock(&self, field: Field<SpinWord>) -> SpinView<'_> {
        SpinView::new(self.word(field))
    }

    /// The lock behind the key, whose waiting threads sleep. Wait-free.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, MutexWord};
    ///
    /// let mut layout = Layout::builder();
    /// let lock = layout.field::<MutexWord>("lock")?;
    /// let counter = layout.field::<i32>("counter")?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// buffer.mutex(lock).with(|| buffer.view(counter).add(1));
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the key is one of another layout.
    #[inline]
    #[track_caller]
    pub fn mutex(&self, field: Field<MutexWord>) -> MutexView<'_, M> {
        MutexView::new(self.word(field))
    }

    /// The word behind the key.
    #[inline]
    #[track_caller]
    fn word<T: FieldType>(&self, field: Field<T>) -> &T::Word {
        &self.words::<T, _>(field, |shape| (shape == Shape::One(T::TYPE)).then_some(1))[0]
    }

    /// The words behind the key, as many as `count` finds in a row of words of that type.
    #[inline]
    #[track_caller]
    fn words<T: FieldType, K: ?Sized>(
        &self,
        key: Field<K>,
        count: impl Fn(Shape) -> Option<usize>,
    ) -> &[T::Word] {
        let Inner { layout, memory } = &*self.inner;
        let row = layout.entries.get(key.row).filter(|row| row.offset == key.offset);
        match row.and_then(|row| count(row.shape)) {
            // SAFETY: a row of that type begins there and has that many words (I1, I2).
            Some(count) => unsafe { memory.words(key.offset, count) },
            None => stranger(key),
        }
    }

    /// What the bytes are.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// layout.field::<u64>("total")?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let total = buffer.layout().find::<u64>("total").unwrap();
    /// assert_eq!(buffer.view(total).load(), 0);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.inner.layout
    }

    /// How many bytes there are.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// assert_eq!(SharedBuffer::new(Layout::with_len(16).build()).len(), 16);
    /// ```
    #[doc(alias = "byteLength")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.layout.len
    }

    /// Whether there are none.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// assert!(SharedBuffer::new(Layout::builder().build()).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cold]
#[track_caller]
fn stranger<K: ?Sized>(key: Field<K>) -> ! {
    panic!("{key:?} is not of the layout of this buffer")
}

impl<M: Memory> Clone for SharedBuffer<M> {
    /// Another handle of the same memory.
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

/// Prints the length and the number of fields, not what they hold.
impl<M: Memory> fmt::Debug for SharedBuffer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields =
            self.inner.layout.entries.iter().filter(|entry| entry.shape.is_field()).count();
        f.debug_struct("SharedBuffer")
            .field("len", &self.len())
            .field("fields", &fields)
            .finish_non_exhaustive()
    }
}
