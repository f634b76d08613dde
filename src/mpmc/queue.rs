//! The queue: what never waits.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::panic::{RefUnwindSafe, UnwindSafe};

use super::error::{TryPopError, TryPushError};
use super::ring::{Look, No, Place, Ring};
use crate::backoff::Backoff;
use crate::error::CapacityError;
use crate::sync::atomic::Seq;

/// A bounded queue that any number of threads push to and pop from. See the [module](crate::mpmc) for
/// what it promises.
///
/// It is shared by reference: put it into an `Arc`, a scope's environment, or a `static` behind a
/// `LazyLock`.
///
/// ```
/// use std::sync::Arc;
/// use untorn::mpmc::{Queue, TryPushError};
///
/// let queue = Arc::new(Queue::new(2));
/// let other = Arc::clone(&queue);
/// std::thread::spawn(move || other.try_push(1)).join().unwrap().unwrap();
/// queue.try_push(2).unwrap();
/// assert_eq!(queue.try_push(3), Err(TryPushError::Full(3)));
/// assert_eq!(queue.try_pop(), Ok(1));
/// ```
#[doc(alias = "ArrayQueue")]
#[doc(alias = "channel")]
#[doc(alias = "sync_channel")]
pub struct Queue<T> {
    pub(super) ring: Ring<T>,
}

impl<T> Queue<T> {
    /// A queue that holds `capacity` values.
    ///
    /// # Panics
    ///
    /// If `capacity` is zero, or more than memory can hold; [`try_new`](Self::try_new) returns that as
    /// an error.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(3);
    /// queue.try_push("hello").unwrap();
    /// assert_eq!(queue.try_pop(), Ok("hello"));
    /// ```
    #[doc(alias = "bounded")]
    #[doc(alias = "with_capacity")]
    #[must_use]
    #[track_caller]
    pub fn new(capacity: usize) -> Self {
        match Self::try_new(capacity) {
            Ok(queue) => queue,
            Err(error) => panic!("cannot make a queue: {error}"),
        }
    }

    /// A queue that holds `capacity` values.
    ///
    /// # Errors
    ///
    /// If `capacity` is zero, or more than memory can hold.
    ///
    /// ```
    /// assert!(untorn::mpmc::Queue::<u8>::try_new(3).is_ok());
    /// assert!(untorn::mpmc::Queue::<u8>::try_new(0).is_err());
    /// ```
    pub fn try_new(capacity: usize) -> Result<Self, CapacityError> {
        Self::with_lap(capacity, 0)
    }

    fn with_lap(capacity: usize, lap: Seq) -> Result<Self, CapacityError> {
        Ok(Self { ring: Ring::new(capacity, lap)? })
    }

    /// Pushes `value` if there is room. Never waits for more than a few microseconds.
    ///
    /// # Errors
    ///
    /// [`Full`](TryPushError::Full) if the queue held as many values as its capacity at a moment during
    /// the call, [`Closed`](TryPushError::Closed) if it was closed, [`Busy`](TryPushError::Busy) if
    /// neither is so, but the thread that pops the value in the way has not finished. All carry `value`
    /// back.
    ///
    /// ```
    /// use untorn::mpmc::{Queue, TryPushError};
    ///
    /// let queue = Queue::new(1);
    /// assert_eq!(queue.try_push('a'), Ok(()));
    /// assert_eq!(queue.try_push('b'), Err(TryPushError::Full('b')));
    /// queue.close();
    /// assert_eq!(queue.try_push('c'), Err(TryPushError::Closed('c')));
    /// ```
    #[doc(alias = "enqueue")]
    #[doc(alias = "try_send")]
    #[inline]
    pub fn try_push(&self, value: T) -> Result<(), TryPushError<T>> {
        match self.ring.claim_now() {
            Some(place) => {
                self.put(place, value);
                Ok(())
            }
            None => self.push_slowly(value),
        }
    }

    #[cold]
    fn push_slowly(&self, value: T) -> Result<(), TryPushError<T>> {
        match unless_busy(|| self.ring.claim(Look::Awake)) {
            Ok(place) => {
                self.put(place, value);
                Ok(())
            }
            Err(No::Yet) => Err(TryPushError::Full(value)),
            Err(No::Busy) => Err(TryPushError::Busy(value)),
            Err(No::Closed) => Err(TryPushError::Closed(value)),
        }
    }

    /// Pops the oldest value if there is one. Never waits for more than a few microseconds.
    ///
    /// # Errors
    ///
    /// [`Empty`](TryPopError::Empty) if the queue held nothing at a moment during the call,
    /// [`Closed`](TryPopError::Closed) if moreover it was closed: then nothing will ever come.
    /// [`Busy`](TryPopError::Busy) if there is something, but the thread that pushes the oldest value
    /// has not finished; or if there is nothing, and never will be, but the thread that pops the last
    /// value has not finished.
    ///
    /// ```
    /// use untorn::mpmc::{Queue, TryPopError};
    ///
    /// let queue = Queue::new(1);
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
    /// queue.try_push('a').unwrap();
    /// queue.close();
    /// assert_eq!(queue.try_pop(), Ok('a'));
    /// assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
    /// ```
    #[doc(alias = "dequeue")]
    #[doc(alias = "try_recv")]
    #[inline]
    pub fn try_pop(&self) -> Result<T, TryPopError> {
        match self.ring.take_now() {
            Some(place) => Ok(self.get(place)),
            None => self.pop_slowly(),
        }
    }

    #[cold]
    fn pop_slowly(&self) -> Result<T, TryPopError> {
        match unless_busy(|| self.ring.take(Look::Awake)) {
            Ok(place) => Ok(self.get(place)),
            Err(No::Yet) => Err(TryPopError::Empty),
            Err(No::Busy) => Err(TryPopError::Busy),
            Err(No::Closed) => Err(TryPopError::Closed),
        }
    }

    /// Pushes values from the front of `values`, as many as there is room for, at most as many as the
    /// queue holds; how many that were.
    ///
    /// Each is pushed by itself: values of other threads may come between them. Whoever waits is woken
    /// once, at the end.
    ///
    /// # Errors
    ///
    /// As [`try_push`](Self::try_push), if there was no room for any.
    ///
    /// ```
    /// use std::collections::VecDeque;
    /// use untorn::mpmc::{Queue, TryPushError};
    ///
    /// let queue = Queue::new(3);
    /// let mut values: VecDeque<_> = (0..5).collect();
    /// assert_eq!(queue.try_push_many(&mut values), Ok(3));
    /// assert_eq!(values, [3, 4]);
    /// assert_eq!(queue.try_push_many(&mut values), Err(TryPushError::Full(())));
    /// ```
    #[doc(alias = "extend")]
    pub fn try_push_many(&self, values: &mut VecDeque<T>) -> Result<usize, TryPushError<()>> {
        match unless_busy(|| self.push_some(values, Look::Awake)) {
            Ok(pushed) => Ok(pushed),
            Err(No::Yet) => Err(TryPushError::Full(())),
            Err(No::Busy) => Err(TryPushError::Busy(())),
            Err(No::Closed) => Err(TryPushError::Closed(())),
        }
    }

    /// Pops the oldest values, at most `max`, and at most as many as the queue holds, to the end of
    /// `into`; how many there were.
    ///
    /// Each is popped by itself: other threads may pop some that come between them. Whoever waits is
    /// woken once, at the end. `into` grows by as many as are inside, at least by one.
    ///
    /// # Errors
    ///
    /// As [`try_pop`](Self::try_pop), if there was none.
    ///
    /// ```
    /// use untorn::mpmc::{Queue, TryPopError};
    ///
    /// let queue = Queue::new(3);
    /// (0..3).for_each(|value| queue.try_push(value).unwrap());
    /// let mut values = Vec::new();
    /// assert_eq!(queue.try_pop_many(&mut values, 2), Ok(2));
    /// assert_eq!(queue.try_pop_many(&mut values, 2), Ok(1));
    /// assert_eq!(queue.try_pop_many(&mut values, 2), Err(TryPopError::Empty));
    /// assert_eq!(values, [0, 1, 2]);
    /// ```
    #[doc(alias = "drain")]
    pub fn try_pop_many(&self, into: &mut Vec<T>, max: usize) -> Result<usize, TryPopError> {
        match unless_busy(|| self.pop_some(into, max, Look::Awake)) {
            Ok(popped) => Ok(popped),
            Err(No::Yet) => Err(TryPopError::Empty),
            Err(No::Busy) => Err(TryPopError::Busy),
            Err(No::Closed) => Err(TryPopError::Closed),
        }
    }

    /// Refuses all values from now on; whether this call was the first to do so. What is inside can
    /// still be popped. Wakes all who wait.
    ///
    /// A push that began before may still succeed afterwards, until a pop has said that the queue is
    /// closed, or [`is_empty`](Self::is_empty) that it is empty.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(2);
    /// queue.try_push(1).unwrap();
    /// assert!(queue.close());
    /// assert!(!queue.close());
    /// assert!(queue.try_push(2).is_err());
    /// assert_eq!(queue.try_pop(), Ok(1));
    /// ```
    #[allow(clippy::must_use_candidate, reason = "few ask who was first")]
    pub fn close(&self) -> bool {
        let first = self.ring.close();
        #[cfg(feature = "std")]
        {
            self.ring.said.items.notify_all();
            self.ring.said.room.notify_all();
        }
        first
    }

    /// Whether the queue was closed. Values may still be inside. Wait-free.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::<u8>::new(2);
    /// assert!(!queue.is_closed());
    /// queue.close();
    /// assert!(queue.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.ring.is_closed()
    }

    /// How many values are inside: exact while nobody pushes or pops, old news otherwise. A push that
    /// began before the queue was [closed](Self::close) may still add to them.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(2);
    /// queue.try_push(1).unwrap();
    /// assert_eq!(queue.len(), 1);
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.ring.len()
    }

    /// Whether the queue held nothing at a moment during the call.
    ///
    /// If it was closed before, `true` is final: no push succeeds any more, even if it began before the
    /// close. (Unless another thread was in the middle of a pop just then.)
    ///
    /// ```
    /// assert!(untorn::mpmc::Queue::<u8>::new(2).is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Whether the queue held as many values as its capacity at a moment during the call. A push that
    /// began before the queue was [closed](Self::close) may still fill it.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(1);
    /// queue.try_push(1).unwrap();
    /// assert!(queue.is_full());
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.ring.is_full()
    }

    /// How many values fit: exactly the number the queue was made with.
    ///
    /// ```
    /// assert_eq!(untorn::mpmc::Queue::<u8>::new(3).capacity(), 3);
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.ring.capacity
    }

    /// Ends a push whose slot is claimed.
    #[inline(always)]
    pub(super) fn put(&self, place: Place<'_, T>, value: T) {
        self.ring.fill(place, value);
        self.tell_of_values(1);
    }

    /// Ends a pop whose slot is taken.
    #[inline(always)]
    pub(super) fn get(&self, place: Place<'_, T>) -> T {
        let value = self.ring.read(place);
        self.tell_of_room(1);
        value
    }

    /// Pushes as many as there is room for.
    ///
    /// At most `capacity` values: if others pop all the while, those who sleep would never hear of the
    /// first.
    pub(super) fn push_some(&self, values: &mut VecDeque<T>, look: Look) -> Result<usize, No> {
        let mut pushed = 0;
        while pushed < self.ring.capacity {
            let Some(value) = values.pop_front() else { break };
            match self.ring.claim(look) {
                Ok(place) => self.ring.fill(place, value),
                Err(no) => {
                    // Where it was: there is room.
                    values.push_front(value);
                    if pushed == 0 {
                        return Err(no);
                    }
                    break;
                }
            }
            pushed += 1;
        }
        self.tell_of_values(pushed);
        Ok(pushed)
    }

    /// Pops as many as there are, at most `capacity` as well.
    pub(super) fn pop_some(&self, into: &mut Vec<T>, max: usize, look: Look) -> Result<usize, No> {
        let max = max.min(self.ring.capacity);
        // For what is there, or the one that comes just now. A vector that cannot grow panics here, and
        // not with a value in hand.
        into.reserve(self.ring.len().max(1).min(max));
        let mut popped = 0;
        while popped < max && into.len() < into.capacity() {
            match self.ring.take(look) {
                Ok(place) => into.push(self.ring.read(place)),
                Err(no) if popped == 0 => return Err(no),
                Err(_) => break,
            }
            popped += 1;
        }
        self.tell_of_room(popped);
        Ok(popped)
    }

    /// Wakes who waits for values; next to nothing where nobody does.
    #[inline(always)]
    fn tell_of_values(&self, count: usize) {
        #[cfg(feature = "std")]
        self.ring.said.items.notify_ordered(count);
        #[cfg(not(feature = "std"))]
        let _ = count;
    }

    /// Wakes who waits for room.
    #[inline(always)]
    fn tell_of_room(&self, count: usize) {
        #[cfg(feature = "std")]
        self.ring.said.room.notify_ordered(count);
        #[cfg(not(feature = "std"))]
        let _ = count;
    }
}

/// Tries until it is known whether there is a place, for a few microseconds.
fn unless_busy<R>(mut attempt: impl FnMut() -> Result<R, No>) -> Result<R, No> {
    let mut backoff = Backoff::new();
    loop {
        match attempt() {
            Err(No::Busy) if backoff.spin() => {}
            result => return result,
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("closed", &self.is_closed())
            .finish()
    }
}

// No call runs code of the caller between a claim and its end.
impl<T> UnwindSafe for Queue<T> {}
impl<T> RefUnwindSafe for Queue<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Indices come round after 2^61 values; here after a few.
    #[test]
    fn indices_wrap() {
        for capacity in [1, 2, 3, 5, 8] {
            let queue = Queue::with_lap(capacity, Seq::MAX - 1).unwrap();
            for round in 0..5 {
                for i in 0..capacity {
                    assert_eq!((queue.len(), queue.is_full()), (i, false));
                    queue.try_push((round, i)).unwrap();
                }
                assert_eq!(queue.try_push((9, 9)), Err(TryPushError::Full((9, 9))));
                assert!(queue.is_full());
                for i in 0..capacity {
                    assert_eq!(queue.try_pop(), Ok((round, i)));
                }
                assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
            }
        }
    }
}
