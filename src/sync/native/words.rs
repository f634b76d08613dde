//! A value stored as a row of atomic words, so that a torn copy is a wrong value and not a data race.

use core::cell::UnsafeCell;
use core::mem::{MaybeUninit, size_of};
use core::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicUsize, Ordering::Relaxed};

use bytemuck::NoUninit;

const WORD: usize = size_of::<usize>();

/// Above this many words a value is copied by a loop of its own. Unrolled, the copy would not fit the
/// registers, and every word would take a detour through the stack.
const UNROLLED: usize = 12;

/// How many words of a value of `size` bytes the loops of their own copy.
const fn looped(size: usize) -> usize {
    if size / WORD > UNROLLED { size / WORD } else { 0 }
}

/// Runs the body once for each chunk of a value of `$size` bytes but for the words that have a loop
/// of their own, with its offset and its types.
///
/// The one place that decides with which width a byte is accessed (W2). `$size` is a constant, so
/// the word loop is unrolled and the tail tests vanish.
macro_rules! for_each_chunk {
    ($size:expr, |$at:ident, $atomic:ident, $int:ident| $body:block) => {{
        let size: usize = $size;
        let mut $at = looped(size) * WORD;
        while $at + WORD <= size {
            for_each_chunk!(@ $atomic = AtomicUsize, $int = usize, $body);
            $at += WORD;
        }
        if WORD == 8 && size & 4 != 0 {
            for_each_chunk!(@ $atomic = AtomicU32, $int = u32, $body);
            $at += 4;
        }
        if WORD > 2 && size & 2 != 0 {
            for_each_chunk!(@ $atomic = AtomicU16, $int = u16, $body);
            $at += 2;
        }
        if size & 1 != 0 {
            for_each_chunk!(@ $atomic = AtomicU8, $int = u8, $body);
        }
    }};
    (@ $atomic:ident = $a:ty, $int:ident = $i:ty, $body:block) => {{
        type $atomic = $a;
        type $int = $i;
        $body
    }};
}

/// The bytes of one `T`, copied in and out with relaxed atomic accesses.
///
/// Invariants: W1, `bytes` starts at a word boundary (the empty array gives the alignment). W2, a
/// byte is always accessed with the same width, which `for_each_chunk` alone decides: words from
/// the front, then at most one of each smaller width. W3, all `size_of::<T>()` bytes are initialised
/// as soon as a value was stored, because `T: NoUninit` has no padding; trailing padding of this
/// struct is never touched.
#[repr(C)]
pub(crate) struct Words<T> {
    align: [AtomicUsize; 0],
    bytes: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the only access through `&Words` is a relaxed atomic copy of a whole `T` in or out; that
// hands values of `T` between threads (`Send`) and never a reference (`Sync` is not needed).
unsafe impl<T: NoUninit + Send> Sync for Words<T> {}

impl<T: NoUninit> Words<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self { align: [], bytes: UnsafeCell::new(MaybeUninit::new(value)) }
    }

    /// A place for a value that is not there yet.
    pub(crate) const fn empty() -> Self {
        Self { align: [], bytes: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Copies the bytes out.
    ///
    /// The result is a `T` only if no store overlapped and a value had been stored before.
    #[inline(always)]
    pub(crate) fn load(&self) -> MaybeUninit<T> {
        let mut copy = MaybeUninit::<T>::uninit();
        self.load_into(&mut copy);
        copy
    }

    /// Copies the bytes to `copy`, which is a `T` afterwards under the same condition.
    #[inline(always)]
    pub(crate) fn load_into(&self, copy: &mut MaybeUninit<T>) {
        let (from, to) = (self.bytes.get().cast::<u8>(), copy.as_mut_ptr().cast::<u8>());
        if looped(size_of::<T>()) > 0 {
            // SAFETY: so many words are within both buffers; `from` is aligned and accessed by
            // words there, by W1 and W2.
            unsafe { load_words(from.cast(), to.cast(), looped(size_of::<T>())) };
        }
        for_each_chunk!(size_of::<T>(), |at, Atomic, Int| {
            // `at` plus the width is within both buffers.
            let (from, to) = (from.wrapping_add(at), to.wrapping_add(at));
            // SAFETY: aligned and always of this width, by W1 and W2; alive as long as `self`.
            let word = unsafe { Atomic::from_ptr(from.cast::<Int>()) };
            // Relaxed: the caller's sequence word and fence order and validate the copy.
            let value = word.load(Relaxed);
            // SAFETY: `to` points into `copy`, which may be aligned to less than a word.
            unsafe { to.cast::<Int>().write_unaligned(value) };
        });
    }

    /// Copies the bytes of `value` in.
    #[inline(always)]
    pub(crate) fn store(&self, value: &T) {
        let (from, to) = (core::ptr::from_ref(value).cast::<u8>(), self.bytes.get().cast::<u8>());
        if looped(size_of::<T>()) > 0 {
            // SAFETY: so many words are within both buffers, all of them initialised in `value`
            // (`NoUninit`); `to` is aligned and accessed by words there, by W1 and W2.
            unsafe { store_words(from.cast(), to.cast(), looped(size_of::<T>())) };
        }
        for_each_chunk!(size_of::<T>(), |at, Atomic, Int| {
            // `at` plus the width is within both buffers.
            let (from, to) = (from.wrapping_add(at), to.wrapping_add(at));
            // SAFETY: every byte of `value` is initialised (`NoUninit`); it may be aligned to less
            // than a word.
            let value = unsafe { from.cast::<Int>().read_unaligned() };
            // SAFETY: aligned and always of this width, by W1 and W2; alive as long as `self`.
            let word = unsafe { Atomic::from_ptr(to.cast::<Int>()) };
            // Relaxed: the caller's sequence word and fence order the copy.
            word.store(value, Relaxed);
        });
    }
}

/// How many words at a time the loops below take through the registers.
const AT_A_TIME: usize = 8;

/// Copies `words` words out of a shared value. Not inlined, so that the count is no constant by
/// which all of the loop could be unrolled.
///
/// # Safety
///
/// `from` is aligned, and its words are accessed atomically as words only; `to` is valid for writing
/// as many.
#[inline(never)]
unsafe fn load_words(from: *mut usize, to: *mut usize, words: usize) {
    // SAFETY: promised by the caller, for each of the words.
    let copy = |i| unsafe { load_word(from.wrapping_add(i), to.wrapping_add(i)) };
    in_bunches(words, copy);
}

/// Copies `words` words into a shared value. Not inlined, as `load_words`.
///
/// # Safety
///
/// `from` is valid for reading so many initialised words; `to` is aligned, and its words are
/// accessed atomically as words only.
#[inline(never)]
unsafe fn store_words(from: *const usize, to: *mut usize, words: usize) {
    // SAFETY: promised by the caller, for each of the words.
    let copy = |i| unsafe { store_word(from.wrapping_add(i), to.wrapping_add(i)) };
    in_bunches(words, copy);
}

/// Calls `copy` for each number below `words`.
#[inline(always)]
fn in_bunches(words: usize, copy: impl Fn(usize)) {
    let bunched = words - words % AT_A_TIME;
    for first in (0..bunched).step_by(AT_A_TIME) {
        for i in 0..AT_A_TIME {
            copy(first + i);
        }
    }
    (bunched..words).for_each(copy);
}

/// # Safety
///
/// `from` is valid, aligned and accessed atomically as a word only; `to` is valid for writing.
#[inline(always)]
unsafe fn load_word(from: *mut usize, to: *mut usize) {
    // SAFETY: promised by the caller.
    let word = unsafe { AtomicUsize::from_ptr(from) };
    // Relaxed: as in `Words::load_into`.
    let value = word.load(Relaxed);
    // SAFETY: promised by the caller.
    unsafe { to.write_unaligned(value) };
}

/// # Safety
///
/// `from` is valid for reading; `to` is valid, aligned and accessed atomically as a word only.
#[inline(always)]
unsafe fn store_word(from: *const usize, to: *mut usize) {
    // SAFETY: promised by the caller.
    let value = unsafe { from.read_unaligned() };
    // SAFETY: promised by the caller.
    let word = unsafe { AtomicUsize::from_ptr(to) };
    // Relaxed: as in `Words::store`.
    word.store(value, Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip<const N: usize>() {
        let a: [u8; N] = core::array::from_fn(|i| (i as u8).wrapping_add(1));
        let b: [u8; N] = core::array::from_fn(|i| 0xF0 ^ (i / 3) as u8);
        let words = Words::new(a);
        // SAFETY: a value was stored and nobody writes.
        assert_eq!(unsafe { words.load().assume_init() }, a);
        words.store(&b);
        // SAFETY: as above.
        assert_eq!(unsafe { words.load().assume_init() }, b);
    }

    #[test]
    fn every_tail_width_round_trips() {
        round_trip::<0>();
        round_trip::<1>();
        round_trip::<2>();
        round_trip::<3>();
        round_trip::<4>();
        round_trip::<5>();
        round_trip::<6>();
        round_trip::<7>();
        round_trip::<8>();
        round_trip::<9>();
        round_trip::<15>();
        round_trip::<64>();
        round_trip::<71>();
        round_trip::<96>();
        round_trip::<103>();
        round_trip::<104>();
        round_trip::<1023>();
    }
}
