//! Waiting for many at once: a wake when there are enough, instead of one for each.

use super::consumer::Consumer;
use super::engine::{Popping, Pushing, Storage};
use super::producer::Producer;
use crate::error::WaitError;
#[cfg(feature = "std")]
use {crate::sync::Deadline, core::time::Duration, std::time::Instant};

impl<T, S: Storage> Producer<T, S> {
    /// Waits until there is room for `count` values. Blocking.
    ///
    /// # Errors
    ///
    /// [`TooMany`](WaitError::TooMany) if the ring never has that much room, [`Closed`](WaitError::Closed)
    /// if the consumer is gone.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(2);
    /// producer.push_slice(b"ab");
    /// let popped = std::thread::spawn(move || (consumer.pop(), consumer.pop(), consumer));
    /// producer.wait_for_room(2).unwrap();
    /// assert_eq!(producer.push_slice(b"cd"), 2);
    /// # popped.join().unwrap();
    /// ```
    #[cfg(feature = "std")]
    pub fn wait_for_room(&mut self, count: usize) -> Result<(), WaitError> {
        self.room_until(count, Deadline::NEVER)
    }

    /// [`wait_for_room`](Self::wait_for_room) for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Also [`Timeout`](WaitError::Timeout), if there was not so much room in time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::spsc::{WaitError, ring};
    ///
    /// let (mut producer, _consumer) = ring(2);
    /// producer.push_slice(b"a");
    /// let wait = Duration::from_millis(1);
    /// assert_eq!(producer.wait_for_room_timeout(2, wait), Err(WaitError::Timeout));
    /// let never = Err(WaitError::TooMany { count: 3, capacity: 2 });
    /// assert_eq!(producer.wait_for_room_timeout(3, wait), never);
    /// ```
    #[cfg(feature = "std")]
    pub fn wait_for_room_timeout(
        &mut self,
        count: usize,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        self.room_until(count, Deadline::after(timeout))
    }

    /// [`wait_for_room`](Self::wait_for_room) until `deadline` at most.
    ///
    /// # Errors
    ///
    /// As [`wait_for_room_timeout`](Self::wait_for_room_timeout).
    ///
    /// ```
    /// let (mut producer, _consumer) = untorn::spsc::ring::<u8>(2);
    /// assert!(producer.wait_for_room_deadline(2, std::time::Instant::now()).is_ok());
    /// ```
    #[cfg(feature = "std")]
    pub fn wait_for_room_deadline(
        &mut self,
        count: usize,
        deadline: Instant,
    ) -> Result<(), WaitError> {
        self.room_until(count, Deadline::at(deadline))
    }

    #[cfg(feature = "std")]
    fn room_until(&mut self, count: usize, deadline: Deadline) -> Result<(), WaitError> {
        self.can_wait_for(count)?;
        if self.own.room_for(count) < count && !self.own.wait(count, deadline) {
            return Err(WaitError::Timeout);
        }
        self.has_room_for(count)
    }

    pub(super) fn can_wait_for(&self, count: usize) -> Result<(), WaitError> {
        let capacity = self.capacity();
        if count > capacity { Err(WaitError::TooMany { count, capacity }) } else { Ok(()) }
    }

    /// After a wait that has come to its end.
    pub(super) fn has_room_for(&mut self, count: usize) -> Result<(), WaitError> {
        if self.own.room_for(count) < count || self.is_closed() {
            return Err(WaitError::Closed);
        }
        Ok(())
    }
}

impl<T, S: Storage> Consumer<T, S> {
    /// Waits until `count` values are inside, or until the producer is gone; how many there are then.
    /// Blocking.
    ///
    /// # Errors
    ///
    /// [`TooMany`](WaitError::TooMany) if the ring never holds that many, [`Closed`](WaitError::Closed) if
    /// the producer is gone and nothing is inside. If it is gone and fewer are inside, that is their number.
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// let pushed = std::thread::spawn(move || {
    ///     for letter in "abc".chars() {
    ///         producer.push(letter).unwrap();
    ///     }
    /// });
    /// assert!(consumer.wait_for_items(2).unwrap() >= 2);
    /// assert_eq!(consumer.read_chunk(2).into_iter().collect::<String>(), "ab");
    /// pushed.join().unwrap();
    /// assert_eq!(consumer.wait_for_items(2), Ok(1)); // and no more will come
    /// ```
    #[cfg(feature = "std")]
    pub fn wait_for_items(&mut self, count: usize) -> Result<usize, WaitError> {
        self.items_until(count, Deadline::NEVER)
    }

    /// [`wait_for_items`](Self::wait_for_items) for at most `timeout`.
    ///
    /// # Errors
    ///
    /// Also [`Timeout`](WaitError::Timeout), if there were not so many in time.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::spsc::{WaitError, ring};
    ///
    /// let (mut producer, mut consumer) = ring(4);
    /// producer.push_slice(b"a");
    /// let wait = Duration::from_millis(1);
    /// assert_eq!(consumer.wait_for_items_timeout(2, wait), Err(WaitError::Timeout));
    /// assert_eq!(consumer.wait_for_items_timeout(1, wait), Ok(1));
    /// ```
    #[cfg(feature = "std")]
    pub fn wait_for_items_timeout(
        &mut self,
        count: usize,
        timeout: Duration,
    ) -> Result<usize, WaitError> {
        self.items_until(count, Deadline::after(timeout))
    }

    /// [`wait_for_items`](Self::wait_for_items) until `deadline` at most.
    ///
    /// # Errors
    ///
    /// As [`wait_for_items_timeout`](Self::wait_for_items_timeout).
    ///
    /// ```
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// producer.push_slice(b"ab");
    /// assert_eq!(consumer.wait_for_items_deadline(2, std::time::Instant::now()), Ok(2));
    /// ```
    #[cfg(feature = "std")]
    pub fn wait_for_items_deadline(
        &mut self,
        count: usize,
        deadline: Instant,
    ) -> Result<usize, WaitError> {
        self.items_until(count, Deadline::at(deadline))
    }

    #[cfg(feature = "std")]
    fn items_until(&mut self, count: usize, deadline: Deadline) -> Result<usize, WaitError> {
        self.can_wait_for(count)?;
        if self.own.items_for(count) < count && !self.own.wait(count, deadline) {
            return Err(WaitError::Timeout);
        }
        self.has_items()
    }

    pub(super) fn can_wait_for(&self, count: usize) -> Result<(), WaitError> {
        let capacity = self.capacity();
        if count > capacity { Err(WaitError::TooMany { count, capacity }) } else { Ok(()) }
    }

    /// After a wait that has come to its end.
    pub(super) fn has_items(&mut self) -> Result<usize, WaitError> {
        // The producer is gone if there are fewer than were waited for, and has pushed them before (E4).
        let gone = self.is_closed();
        let items = self.own.items_for(usize::MAX);
        if items == 0 && gone { Err(WaitError::Closed) } else { Ok(items) }
    }
}
