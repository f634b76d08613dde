//! The model's form of a value stored as atomic words: every word is a loom atomic of its own.

use alloc::boxed::Box;
use alloc::vec;
use core::marker::PhantomData;
use core::mem::{MaybeUninit, size_of};

use bytemuck::NoUninit;

use super::atomic::{AtomicUsize, Ordering::Relaxed};

const WORD: usize = size_of::<usize>();

/// The bytes of one `T`, copied in and out with relaxed atomic accesses.
pub(crate) struct Words<T> {
    words: Box<[AtomicUsize]>,
    value: PhantomData<T>,
}

// SAFETY: values of `T` cross threads by copy only, as in the native form.
unsafe impl<T: NoUninit + Send> Sync for Words<T> {}

impl<T: NoUninit> Words<T> {
    pub(crate) fn new(value: T) -> Self {
        let words = chunks(&value).map(AtomicUsize::new).collect();
        Self { words, value: PhantomData }
    }

    /// A place for a value that is not there yet.
    pub(crate) fn empty() -> Self {
        let words = (0..size_of::<T>().div_ceil(WORD)).map(|_| AtomicUsize::new(0)).collect();
        Self { words, value: PhantomData }
    }

    pub(crate) fn load(&self) -> MaybeUninit<T> {
        let mut copy = MaybeUninit::<T>::uninit();
        self.load_into(&mut copy);
        copy
    }

    pub(crate) fn load_into(&self, copy: &mut MaybeUninit<T>) {
        let mut bytes = vec![0_u8; self.words.len() * WORD];
        for (chunk, word) in bytes.chunks_mut(WORD).zip(&self.words) {
            // Relaxed: ordered and validated by the caller, as in the native form.
            chunk.copy_from_slice(&word.load(Relaxed).to_ne_bytes());
        }
        // SAFETY: `bytes` is at least as long as a `T`, rounded up to words.
        unsafe {
            let to = copy.as_mut_ptr().cast::<u8>();
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), to, size_of::<T>());
        }
    }

    pub(crate) fn store(&self, value: &T) {
        for (word, chunk) in self.words.iter().zip(chunks(value)) {
            // Relaxed: ordered by the caller, as in the native form.
            word.store(chunk, Relaxed);
        }
    }
}

fn chunks<T: NoUninit>(value: &T) -> impl Iterator<Item = usize> + '_ {
    bytemuck::bytes_of(value).chunks(WORD).map(|chunk| {
        let mut word = [0_u8; WORD];
        word[..chunk.len()].copy_from_slice(chunk);
        usize::from_ne_bytes(word)
    })
}
