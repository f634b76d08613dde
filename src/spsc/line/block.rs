//! The lines, and how an index becomes a slot.

use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{MaybeUninit, align_of, size_of};
use core::ptr::NonNull;

use super::super::storage::{Block, Header};
use crate::error::{CapacityError, Refusal};
use crate::sync::LINE;
use crate::sync::atomic::AtomicUsize;

/// What a line is made of.
struct Shape<T>(PhantomData<T>);

impl<T> Shape<T> {
    /// Where the values begin, after `tail`.
    const OFFSET: usize = {
        let (word, align) = (size_of::<AtomicUsize>(), align_of::<T>());
        if word > align { word } else { align }
    };

    /// How many values a line has room for.
    const VALUES: usize = {
        let room = LINE.saturating_sub(Self::OFFSET);
        // Values without a size are counted as if they had one.
        let values = if size_of::<T>() == 0 { room } else { room / size_of::<T>() };
        assert!(values > 0, "a value of a ring of lines must fit into a line: use `ring` for this");
        values
    };
}

/// To what lines are aligned: to their size, or as much of it as is a power of two.
const ALIGN: usize = 1 << LINE.trailing_zeros();

/// The ring as its ends see it.
///
/// Invariant: `header` and `first` point to a header and to `lines` lines, one or more, that live until the
/// last end has [left](super::super::storage::leave).
pub(super) struct LineRing<T> {
    header: NonNull<Header>,
    first: NonNull<u8>,
    lines: usize,
    values: PhantomData<T>,
}

impl<T> Clone for LineRing<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for LineRing<T> {}

impl<T> LineRing<T> {
    /// How many values a line has room for.
    pub(super) const VALUES: usize = Shape::<T>::VALUES;

    /// The layout of the block: the header, and where the lines begin in it.
    fn layout(lines: usize) -> Option<(Layout, usize)> {
        let lines = Layout::from_size_align(lines.checked_mul(LINE)?, ALIGN).ok()?;
        let (layout, offset) = Layout::new::<Header>().extend(lines).ok()?;
        Some((layout.pad_to_align(), offset))
    }

    /// On the heap, with both ends.
    pub(super) fn allocate(capacity: usize) -> Result<Self, CapacityError> {
        let refuse = |reason| CapacityError { capacity, reason };
        if capacity == 0 {
            return Err(refuse(Refusal::Zero));
        }
        let element = size_of::<T>();
        // One line more than is needed for all but one value: of the line in which the consumer is, up to
        // all slots but one may be empty and not given back.
        let lines = (capacity - 1).div_ceil(Self::VALUES) + 1;
        let (layout, offset) =
            Self::layout(lines).ok_or_else(|| refuse(Refusal::TooLarge { element }))?;
        // SAFETY: a header has a size.
        let block = unsafe { alloc::alloc::alloc(layout) };
        let block = NonNull::new(block).ok_or_else(|| refuse(Refusal::NoMemory { element }))?;
        let header = block.cast::<Header>();
        // SAFETY: the block begins with room for a header, and nobody else knows it.
        unsafe { header.write(Header::new(capacity, lines * Self::VALUES, true)) };
        // SAFETY: the offset is one within the block.
        let first = unsafe { block.byte_add(offset) };
        let ring = Self { header, first, lines, values: PhantomData };
        for number in 0..lines {
            let tail = ring.line(number, 0).place.cast::<AtomicUsize>();
            // SAFETY: a line begins with room for it, and nobody else knows the line.
            unsafe { tail.write(AtomicUsize::new(0)) };
        }
        ring.header().take_ends();
        Ok(ring)
    }

    #[inline(always)]
    pub(super) fn header(&self) -> &Header {
        // SAFETY: it lives until the last end has left, and an end is asking.
        unsafe { self.header.as_ref() }
    }

    /// How many slots there are.
    #[inline]
    pub(super) fn slots(&self) -> usize {
        self.lines * Self::VALUES
    }

    /// The line of this number, whose first value has the index `start`.
    #[inline]
    pub(super) fn line(&self, number: usize, start: usize) -> Line<T> {
        debug_assert!(number < self.lines, "a line that is not there");
        // SAFETY: it is there.
        let place = unsafe { self.first.byte_add(number * LINE) };
        Line { place, end: start.wrapping_add(Self::VALUES), values: PhantomData }
    }

    /// The number of the line.
    #[inline]
    fn number(&self, line: Line<T>) -> usize {
        (line.place.as_ptr() as usize - self.first.as_ptr() as usize) / LINE
    }

    /// The line after `line`.
    #[inline]
    pub(super) fn after(&self, line: Line<T>) -> Line<T> {
        let number = self.number(line) + 1;
        self.line(if number == self.lines { 0 } else { number }, line.end)
    }

    /// Where the line is that comes `by` lines after `line`, for the processor.
    #[inline]
    pub(super) fn ahead(&self, line: Line<T>, by: usize) -> *const u8 {
        debug_assert!(by <= self.lines, "once around, and further");
        let number = self.number(line) + by;
        self.line(if number < self.lines { number } else { number - self.lines }, 0).place.as_ptr()
    }

    /// The line into which `index` falls, which is less than all lines away from `line`.
    pub(super) fn of_index(&self, line: Line<T>, index: usize) -> Line<T> {
        let away = index.wrapping_sub(line.end) as isize;
        let away = away.div_euclid(Self::VALUES as isize) + 1;
        let number = (self.number(line) as isize + away).rem_euclid(self.lines as isize);
        let start = line.start().wrapping_add_signed(away * Self::VALUES as isize);
        self.line(number as usize, start)
    }

    /// Moves `value` into the slot of `index`, which falls into `line`.
    ///
    /// # Safety
    ///
    /// The slot is empty and the caller's (L3).
    #[inline(always)]
    pub(super) unsafe fn write(&self, line: Line<T>, index: usize, value: T) {
        self.header().tracks.write(self.number(line) * Self::VALUES + line.place_of(index));
        // SAFETY: the slot is there, and nobody else touches it (L3).
        unsafe { line.slot(index).write(MaybeUninit::new(value)) };
    }

    /// Moves the value out of the slot of `index`, which falls into `line`.
    ///
    /// # Safety
    ///
    /// The slot holds a value and is the caller's (L3), which lets its index pass it before anyone reads it
    /// again.
    #[inline(always)]
    pub(super) unsafe fn read(&self, line: Line<T>, index: usize) -> T {
        self.header().tracks.read(self.number(line) * Self::VALUES + line.place_of(index));
        // SAFETY: the slot is there, and nobody else touches it (L3).
        let slot = unsafe { line.slot(index).read() };
        // SAFETY: it holds a value that is not read again; guaranteed by the caller.
        unsafe { slot.assume_init() }
    }
}

/// A line, and which indices fall into it now.
///
/// Invariant: `place` is that of a line, which lives as long as the ring.
pub(super) struct Line<T> {
    place: NonNull<u8>,
    /// The index after its last.
    pub(super) end: usize,
    values: PhantomData<T>,
}

impl<T> Clone for Line<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Line<T> {}

impl<T> Line<T> {
    /// The first of its indices.
    #[inline]
    pub(super) fn start(self) -> usize {
        self.end.wrapping_sub(Shape::<T>::VALUES)
    }

    /// Which of its slots is that of `index`.
    #[inline(always)]
    fn place_of(self, index: usize) -> usize {
        index.wrapping_sub(self.start())
    }

    #[inline(always)]
    fn slot(self, index: usize) -> *mut MaybeUninit<T> {
        // SAFETY: the values begin there.
        let values = unsafe { self.place.byte_add(Shape::<T>::OFFSET) }.cast::<MaybeUninit<T>>();
        // SAFETY: the index falls into this line, so its slot is one of the line.
        unsafe { values.as_ptr().add(self.place_of(index)) }
    }

    /// The index after its last value (L4).
    #[inline(always)]
    pub(super) fn tail(&self) -> &AtomicUsize {
        // SAFETY: it lives as long as the ring, and an end is asking.
        unsafe { self.place.cast::<AtomicUsize>().as_ref() }
    }
}

/// The ring, and one of its lines from which all others are found.
pub(super) struct Rest<T> {
    pub(super) ring: LineRing<T>,
    pub(super) line: Line<T>,
}

impl<T> Clone for Rest<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Rest<T> {}

impl<T> Block for Rest<T> {
    type Value = T;

    fn header(&self) -> &Header {
        self.ring.header()
    }

    unsafe fn read(&self, index: usize) -> T {
        // SAFETY: guaranteed by the caller.
        unsafe { self.ring.read(self.ring.of_index(self.line, index), index) }
    }

    unsafe fn free(self) {
        let LineRing { header, lines, .. } = self.ring;
        let (layout, _) = LineRing::<T>::layout(lines).expect("the layout it was allocated with");
        // SAFETY: the last end is gone, so nobody uses the header any more.
        unsafe { header.drop_in_place() };
        // SAFETY: allocated with this layout; the words of the lines own nothing.
        unsafe { alloc::alloc::dealloc(header.as_ptr().cast(), layout) };
    }
}
