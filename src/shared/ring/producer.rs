//! The end that pushes.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::time::Instant;

use super::end::{End, RingPeer};
use super::error::RingError;
use super::fields::RingItem;
use crate::shared::{Heap, Memory};

/// The end of a ring in shared memory that pushes. See [rings](super).
///
/// Made by [`SharedBuffer::ring_producer`](crate::SharedBuffer::ring_producer), and given back when it is
/// dropped: another may then be made, anywhere, which goes on where this one ended. It keeps the memory
/// alive.
///
/// It can be sent to another thread, but not shared: there is one producer.
#[must_use = "dropping an end gives it back"]
pub struct RingProducer<T: RingItem, M: Memory = Heap> {
    end: End<M>,
    /// Its index: where the next item goes.
    write: u32,
    /// So many slots were free at the last look at the other end, less those used since.
    room: u32,
    /// Not `Sync`, and `Send` as its items are, which it is by the bound.
    kind: PhantomData<(T, Cell<T>)>,
}

impl<T: RingItem, M: Memory> RingProducer<T, M> {
    /// `write` is what the end found to be its index.
    pub(super) fn new(end: End<M>, write: u32) -> Self {
        Self { end, write, room: 0, kind: PhantomData }
    }

    /// Pushes `item` if there is room. Wait-free, but for waking the other end if that sleeps: one system
    /// call, or between threads a short lock.
    ///
    /// It needs no consumer: what is pushed before there is one, or after it has gone, is for the next.
    ///
    /// # Errors
    ///
    /// [`Full`](RingError::Full); [`Closed`](RingError::Closed), if the consumer has left besides;
    /// [`Corrupt`](RingError::Corrupt). That it has died is for [`peer`](Self::peer) to say, and for calls that
    /// wait.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, RingError};
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 1)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut producer = buffer.ring_producer(ring)?;
    /// assert_eq!(producer.try_push(7), Ok(()));
    /// assert_eq!(producer.try_push(8), Err(RingError::Full));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_push(&mut self, item: T) -> Result<(), RingError> {
        if self.room == 0 {
            self.room = self.look()?;
        }
        let Self { end, write, room, .. } = self;
        end.items.write(end.span.slot(*write), &item);
        *write = end.span.after(*write);
        *room -= 1;
        end.publish(*write);
        Ok(())
    }

    /// Pushes `item`, waiting while the ring is full. Blocking.
    ///
    /// # Errors
    ///
    /// [`Closed`](RingError::Closed) or [`PeerGone`](RingError::PeerGone), if the ring is full and the consumer
    /// has left or died; [`Corrupt`](RingError::Corrupt).
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, RingError};
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 1)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut producer = buffer.ring_producer(ring)?;
    /// let mut consumer = buffer.ring_consumer(ring)?;
    /// let popped = std::thread::spawn(move || [consumer.pop(), consumer.pop()]);
    /// producer.push(7)?;
    /// producer.push(8)?;
    /// assert_eq!(popped.join().unwrap(), [Ok(7), Ok(8)]);
    /// assert_eq!(producer.push(9), Ok(()));
    /// assert_eq!(producer.push(10), Err(RingError::Closed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn push(&mut self, item: T) -> Result<(), RingError> {
        match self.try_push(item) {
            Err(RingError::Full) => self.push_full(item, None),
            other => other,
        }
    }

    /// [`push`](Self::push), waiting at most `timeout`. Blocking.
    ///
    /// A timeout of zero returns at once; one past the end of the clock waits for ever.
    ///
    /// # Errors
    ///
    /// Also [`Timeout`](RingError::Timeout).
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, RingError};
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 1)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut producer = buffer.ring_producer(ring)?;
    /// assert_eq!(producer.push_timeout(7, Duration::MAX), Ok(()));
    /// let late = producer.push_timeout(8, Duration::from_millis(1));
    /// assert_eq!(late, Err(RingError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push_timeout(&mut self, item: T, timeout: Duration) -> Result<(), RingError> {
        match self.try_push(item) {
            // A ring that has room costs no look at the clock.
            Err(RingError::Full) => self.push_full(item, Instant::now().checked_add(timeout)),
            other => other,
        }
    }

    /// [`push`](Self::push), waiting until `deadline` at most. Blocking.
    ///
    /// # Errors
    ///
    /// Also [`Timeout`](RingError::Timeout).
    ///
    /// ```
    /// use std::time::Instant;
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 1)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut producer = buffer.ring_producer(ring)?;
    /// assert_eq!(producer.push_deadline(7, Instant::now()), Ok(()));
    /// assert!(producer.push_deadline(8, Instant::now()).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn push_deadline(&mut self, item: T, deadline: Instant) -> Result<(), RingError> {
        match self.try_push(item) {
            Err(RingError::Full) => self.push_full(item, Some(deadline)),
            other => other,
        }
    }

    #[cold]
    fn push_full(&mut self, item: T, deadline: Option<Instant>) -> Result<(), RingError> {
        self.end.wait(deadline, || match self.look() {
            Err(RingError::Full) => Ok(false),
            other => other.map(|_| true),
        })?;
        // Nobody else uses up the room.
        self.try_push(item)
    }

    /// How much room there is, by another look at the other end; some, if it is not an error.
    #[inline]
    fn look(&self) -> Result<u32, RingError> {
        match self.room_now()? {
            0 => self.look_again(),
            room => Ok(room),
        }
    }

    #[cold]
    fn look_again(&self) -> Result<u32, RingError> {
        if !self.end.has_left() {
            return Err(RingError::Full);
        }
        // Its last pop may have come after the last look, but before it left (E5).
        match self.room_now()? {
            0 => Err(RingError::Closed),
            room => Ok(room),
        }
    }

    #[inline]
    fn room_now(&self) -> Result<u32, RingError> {
        Ok(self.end.span.capacity - self.end.items_between(self.write)?)
    }

    /// How many items the ring holds, at most: the consumer may have popped since. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Corrupt`](RingError::Corrupt).
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 2)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut producer = buffer.ring_producer(ring)?;
    /// producer.try_push(7)?;
    /// assert_eq!(producer.len(), Ok(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "old news at once, and may be an error")]
    pub fn len(&self) -> Result<usize, RingError> {
        Ok(self.end.items_between(self.write)? as usize)
    }

    /// How many items fit.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 3)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.ring_producer(ring)?.capacity(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.end.span.capacity as usize
    }

    /// Whether the consumer is there. Wait-free; between processes a system call.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, RingPeer};
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 3)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.ring_producer(ring)?.peer(), RingPeer::Awaited);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peer(&self) -> RingPeer {
        self.end.peer()
    }
}

/// Prints how much there is room for, not what is inside.
impl<T: RingItem, M: Memory> fmt::Debug for RingProducer<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingProducer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
