//! Where the slots are: inside a [`Latest`], or on the heap.

use core::fmt;
use core::panic::RefUnwindSafe;
use core::slice;

use crossbeam_utils::CachePadded;

use super::handle::Handle;
use super::slots::{Head, MAX_READERS, Place, Slot};
use super::{Reader, Writer};
use crate::sync::{const_unless_loom, repeated};
#[cfg(feature = "alloc")]
use {crate::sync::Arc, alloc::boxed::Box, alloc::vec::Vec};

/// A register of the latest value of any type, with room for its one writer and `READERS` readers in
/// itself. See the [module](crate::latest) for what it promises, and [`channel`] for a register on the
/// heap.
///
/// It is used through the handles that [`split`](Self::split) lends.
///
/// ```
/// use untorn::Latest;
///
/// let mut register = Latest::<String, 2>::new("cold".into());
/// let (mut writer, [mut left, mut right]) = register.split();
/// std::thread::scope(|scope| {
///     scope.spawn(move || writer.publish("warm".into()));
///     scope.spawn(move || assert!(["cold", "warm"].contains(&left.read().as_str())));
///     scope.spawn(move || assert!(["cold", "warm"].contains(&right.read().as_str())));
/// });
/// assert_eq!(register.into_inner(), "warm");
/// ```
#[doc(alias = "triple_buffer")]
#[doc(alias = "TripleBuffer")]
#[doc(alias = "ARC register")]
pub struct Latest<T, const READERS: usize> {
    head: CachePadded<Head>,
    slots: Slots<T, READERS>,
}

/// `READERS + 2` slots side by side: a sum that an array's length cannot name.
#[repr(C)]
struct Slots<T, const READERS: usize> {
    first: Place<T>,
    second: Place<T>,
    others: [Place<T>; READERS],
}

impl<T, const READERS: usize> Slots<T, READERS> {
    fn as_slice(&self) -> &[Place<T>] {
        let first = (&raw const *self).cast::<Place<T>>();
        // SAFETY: `repr(C)` puts fields of one type, and arrays of it, side by side without a gap; the
        // pointer is to all of them, and they are borrowed for as long as the result.
        unsafe { slice::from_raw_parts(first, READERS + 2) }
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Place<T>> {
        [&mut self.first, &mut self.second].into_iter().chain(&mut self.others)
    }
}

impl<T, const READERS: usize> Latest<T, READERS> {
    const_unless_loom! {
        /// A register that holds `init`. More readers than [`MAX_READERS`] do not compile.
        ///
        /// ```
        /// use untorn::Latest;
        ///
        /// const EMPTY: Latest<Vec<u8>, 3> = Latest::new(Vec::new());
        /// assert!(EMPTY.into_inner().is_empty());
        /// ```
        #[must_use]
        pub const fn new(init: T) -> Self {
            const { assert!(READERS <= MAX_READERS, "more readers than half a word can count") };
            Self {
                head: CachePadded::new(Head::new(0, READERS)),
                slots: Slots {
                    first: CachePadded::new(Slot::new(Some(init))),
                    second: CachePadded::new(Slot::new(None)),
                    others: repeated!(CachePadded::new(Slot::new(None)); READERS),
                },
            }
        }
    }

    /// The writer and the readers, until they are dropped; then the register can be split again, and
    /// holds what it held.
    ///
    /// Nothing is allocated. The handles of a register that is borrowed for `'static` can go anywhere.
    ///
    /// ```
    /// let mut register = untorn::Latest::<u64, 1>::new(1);
    /// for round in 2..5 {
    ///     let (mut writer, [mut reader]) = register.split();
    ///     assert_eq!(*reader.read(), round - 1);
    ///     writer.publish(round);
    ///     assert_eq!(*reader.read(), round);
    /// }
    /// ```
    pub fn split(&mut self) -> (Writer<'_, T>, [Reader<'_, T>; READERS]) {
        // Handles of an earlier split may have been forgotten: nobody counts who was in which slot.
        let current = self.head.own_index();
        *self.head = Head::new(current, READERS);
        self.slots.iter_mut().for_each(|slot| slot.reset());

        let this: &Self = self;
        let handle = || Handle::lent(&this.head, this.slots.as_slice(), current);
        (Writer::new(handle()), core::array::from_fn(|_| Reader::new(handle())))
    }

    /// The value last published.
    ///
    /// ```
    /// let mut register = untorn::Latest::<u64, 1>::new(1);
    /// *register.get_mut() += 1;
    /// assert_eq!(*register.split().1[0].read(), 2);
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "the current slot holds a value (I2)")]
    #[must_use]
    pub fn get_mut(&mut self) -> &mut T {
        self.current().as_mut().expect("the current slot holds a value (I2)")
    }

    /// The value last published, once the register is no longer needed.
    ///
    /// ```
    /// assert_eq!(untorn::Latest::<_, 2>::new('x').into_inner(), 'x');
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "the current slot holds a value (I2)")]
    #[must_use]
    pub fn into_inner(mut self) -> T {
        self.current().take().expect("the current slot holds a value (I2)")
    }

    fn current(&mut self) -> &mut Option<T> {
        let current = self.head.own_index();
        let slot = self.slots.iter_mut().nth(current).expect("`current` is the number of a slot");
        slot.own_value()
    }
}

impl<T: Default, const READERS: usize> Default for Latest<T, READERS> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T, const READERS: usize> From<T> for Latest<T, READERS> {
    fn from(init: T) -> Self {
        Self::new(init)
    }
}

/// Prints the number of readers, not the value.
impl<T, const READERS: usize> fmt::Debug for Latest<T, READERS> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latest").field("readers", &READERS).finish_non_exhaustive()
    }
}

// Shared, it offers nothing to observe but its values.
impl<T: RefUnwindSafe, const READERS: usize> RefUnwindSafe for Latest<T, READERS> {}

/// The register of [`channel`].
#[cfg(feature = "alloc")]
pub(super) struct Heap<T> {
    pub(super) head: CachePadded<Head>,
    pub(super) slots: Box<[Place<T>]>,
}

/// A register on the heap that holds `init`: its writer, and as many readers as are asked for.
///
/// The handles share it, and the last of them frees it. Nothing is allocated later. Without readers
/// the values are for nobody but the writer.
///
/// # Panics
///
/// If there are more than [`MAX_READERS`] readers, or more than memory has room for.
///
/// ```
/// let (mut writer, mut readers) = untorn::latest::channel(vec![0; 4], 2);
/// writer.publish(vec![1; 4]);
/// let reading = std::thread::spawn({
///     let mut reader = readers.remove(0);
///     move || reader.read().iter().sum::<i32>()
/// });
/// assert_eq!(*readers[0].read(), [1; 4]);
/// assert_eq!(reading.join().unwrap(), 4);
/// ```
#[cfg(feature = "alloc")]
#[doc(alias = "triple_buffer")]
#[doc(alias = "left_right")]
#[doc(alias = "watch")]
#[track_caller]
pub fn channel<T>(init: T, readers: usize) -> (Writer<'static, T>, Vec<Reader<'static, T>>) {
    assert!(
        readers <= MAX_READERS,
        "cannot make a register: {readers} readers are too many, at most {MAX_READERS} can be counted"
    );
    let mut slots = Vec::new();
    let mut handles = Vec::new();
    let room = slots.try_reserve_exact(readers + 2).is_ok();
    assert!(
        room && handles.try_reserve_exact(readers).is_ok(),
        "cannot make a register: the allocator has no room for {readers} readers"
    );
    slots.push(CachePadded::new(Slot::new(Some(init))));
    slots.resize_with(readers + 2, || CachePadded::new(Slot::new(None)));
    let head = CachePadded::new(Head::new(0, readers));
    let heap = Arc::new(Heap { head, slots: slots.into_boxed_slice() });

    handles.extend((0..readers).map(|_| Reader::new(Handle::kept(heap.clone(), 0))));
    (Writer::new(Handle::kept(heap, 0)), handles)
}
