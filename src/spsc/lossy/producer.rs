//! The end that pushes.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::storage::{Names, Shared};
use crate::sync::Arc;
use crate::sync::atomic::Ordering::{AcqRel, Relaxed, Release};

/// The end of a [`lossy`](super::lossy()) queue that pushes. Dropping it closes the queue.
///
/// It can be sent to another thread, but not shared: there is one producer.
#[must_use = "dropping an end closes the queue"]
pub struct Producer<T> {
    shared: Arc<Shared<T>>,
    /// The cell of the next value, and how often it was its turn before.
    cell: usize,
    lap: u64,
    /// A slot of its own, empty (I1).
    spare: usize,
    pushed: u64,
    overruns: u64,
    /// Not `Sync`.
    alone: PhantomData<Cell<T>>,
}

impl<T> Producer<T> {
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let spare = shared.capacity();
        Self { shared, cell: 0, lap: 0, spare, pushed: 0, overruns: 0, alone: PhantomData }
    }

    /// Pushes `value`, in the place of the oldest one if the queue is full, which it returns. Wait-free.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::lossy(1);
    /// assert_eq!(producer.push(String::from("old")), None);
    /// assert_eq!(producer.push(String::from("new")).as_deref(), Some("old"));
    /// assert_eq!(consumer.try_pop().as_deref(), Ok("new"));
    /// ```
    #[doc(alias = "force_push")]
    #[inline]
    pub fn push(&mut self, value: T) -> Option<T> {
        let shared = &*self.shared;
        // SAFETY: the spare slot is empty and ours (I1).
        unsafe { shared.write(self.spare, value) };
        let word = shared.names.full(self.spare, self.lap);
        // Release (E1): the value is in its slot before the consumer can have that. Acquire (E2): if the
        // consumer gives back a slot here, its value was moved out before.
        let before = shared.cell(self.cell).swap(word, AcqRel);
        self.spare = shared.names.slot(before);
        self.pushed += 1;
        // Release (E1): who sees the number finds that many values pushed.
        shared.pushed.store(self.pushed, Release);
        self.cell += 1;
        if self.cell == shared.capacity() {
            (self.cell, self.lap) = (0, self.lap + 1);
        }
        if !Names::is_full(before) {
            return None;
        }
        self.overruns += 1;
        // SAFETY: the cell was full, so its slot holds a value; it is ours by the exchange (I1, I2), and
        // empty from here on.
        Some(unsafe { shared.read(self.spare) })
    }

    /// How many values came back from a push, because they were overwritten. Exact.
    ///
    /// ```
    /// let (mut producer, _consumer) = untorn::spsc::lossy(2);
    /// (0..5).for_each(|number| _ = producer.push(number));
    /// assert_eq!(producer.overruns(), 3);
    /// ```
    #[must_use]
    pub fn overruns(&self) -> u64 {
        self.overruns
    }

    /// How many values are kept.
    ///
    /// ```
    /// assert_eq!(untorn::spsc::lossy::<u8>(3).0.capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.capacity()
    }

    /// Whether the consumer is gone, and nobody will pop. Wait-free.
    ///
    /// ```
    /// let (producer, consumer) = untorn::spsc::lossy::<u8>(1);
    /// assert!(!producer.is_closed());
    /// drop(consumer);
    /// assert!(producer.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // Relaxed: nothing is read on the strength of it.
        self.shared.left.load(Relaxed)
    }
}

impl<T> Drop for Producer<T> {
    fn drop(&mut self) {
        // Release (E3): all that was pushed happens-before the consumer's look at this.
        self.shared.closed.store(true, Release);
    }
}

impl<T> fmt::Debug for Producer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &self.capacity())
            .field("overruns", &self.overruns)
            .field("closed", &self.is_closed())
            .finish()
    }
}

// No call leaves an invariant broken while it runs code of the caller.
impl<T> UnwindSafe for Producer<T> {}
impl<T> RefUnwindSafe for Producer<T> {}
