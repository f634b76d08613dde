//! The end that pops.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::time::Instant;

use super::end::{End, RingPeer};
use super::error::RingError;
use super::fields::RingItem;
use crate::shared::{Heap, Memory};

/// The end of a ring in shared memory that pops. See [rings](super).
///
/// Made by [`SharedBuffer::ring_consumer`](crate::SharedBuffer::ring_consumer), and given back when it is
/// dropped: another may then be made, anywhere, which goes on where this one ended. It keeps the memory
/// alive.
///
/// It can be sent to another thread, but not shared: there is one consumer.
#[must_use = "dropping an end gives it back"]
pub struct RingConsumer<T: RingItem, M: Memory = Heap> {
    end: End<M>,
    /// Its index: where the oldest item is.
    read: u32,
    /// So many items there were at the last look at the other end, less those popped since.
    items: u32,
    /// Not `Sync`, and `Send` as its items are, which it is by the bound.
    kind: PhantomData<(T, Cell<T>)>,
}

impl<T: RingItem, M: Memory> RingConsumer<T, M> {
    /// `read` is what the end found to be its index.
    pub(super) fn new(end: End<M>, read: u32) -> Self {
        Self { end, read, items: 0, kind: PhantomData }
    }

    /// Pops the oldest item if there is one. Wait-free, but for waking the other end if that sleeps: one
    /// system call, or between threads a short lock.
    ///
    /// # Errors
    ///
    /// [`Empty`](RingError::Empty); [`Closed`](RingError::Closed), if the producer has left besides;
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
    /// let mut consumer = buffer.ring_consumer(ring)?;
    /// assert_eq!(consumer.try_pop(), Err(RingError::Empty));
    /// buffer.ring_producer(ring)?.try_push(7)?; // and is dropped at once
    /// assert_eq!(consumer.try_pop(), Ok(7));
    /// assert_eq!(consumer.try_pop(), Err(RingError::Closed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn try_pop(&mut self) -> Result<T, RingError> {
        if self.items == 0 {
            self.items = self.look()?;
        }
        let Self { end, read, items, .. } = self;
        let item = end.items.read(end.span.slot(*read));
        *read = end.span.after(*read);
        *items -= 1;
        end.publish(*read);
        Ok(item)
    }

    /// Pops the oldest item, waiting while the ring is empty. Blocking.
    ///
    /// # Errors
    ///
    /// [`Closed`](RingError::Closed) or [`PeerGone`](RingError::PeerGone), if the ring is empty and the
    /// producer has left or died; [`Corrupt`](RingError::Corrupt).
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
    /// let pushed = std::thread::spawn(move || producer.push(7));
    /// assert_eq!(consumer.pop(), Ok(7));
    /// assert_eq!(consumer.pop(), Err(RingError::Closed));
    /// # pushed.join().unwrap()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn pop(&mut self) -> Result<T, RingError> {
        match self.try_pop() {
            Err(RingError::Empty) => self.pop_empty(None),
            other => other,
        }
    }

    /// [`pop`](Self::pop), waiting at most `timeout`. Blocking.
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
    /// let mut consumer = buffer.ring_consumer(ring)?;
    /// assert_eq!(consumer.pop_timeout(Duration::from_millis(1)), Err(RingError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pop_timeout(&mut self, timeout: Duration) -> Result<T, RingError> {
        match self.try_pop() {
            // A ring that has an item costs no look at the clock.
            Err(RingError::Empty) => self.pop_empty(Instant::now().checked_add(timeout)),
            other => other,
        }
    }

    /// [`pop`](Self::pop), waiting until `deadline` at most. Blocking.
    ///
    /// # Errors
    ///
    /// Also [`Timeout`](RingError::Timeout).
    ///
    /// ```
    /// use std::time::Instant;
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, RingError};
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 1)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// let mut consumer = buffer.ring_consumer(ring)?;
    /// assert_eq!(consumer.pop_deadline(Instant::now()), Err(RingError::Timeout));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn pop_deadline(&mut self, deadline: Instant) -> Result<T, RingError> {
        match self.try_pop() {
            Err(RingError::Empty) => self.pop_empty(Some(deadline)),
            other => other,
        }
    }

    #[cold]
    fn pop_empty(&mut self, deadline: Option<Instant>) -> Result<T, RingError> {
        self.end.wait(deadline, || match self.look() {
            Err(RingError::Empty) => Ok(false),
            other => other.map(|_| true),
        })?;
        // Nobody else takes the item.
        self.try_pop()
    }

    /// How many items there are, by another look at the other end; some, if it is not an error.
    #[inline]
    fn look(&self) -> Result<u32, RingError> {
        match self.end.items_between(self.read)? {
            0 => self.look_again(),
            items => Ok(items),
        }
    }

    #[cold]
    fn look_again(&self) -> Result<u32, RingError> {
        if !self.end.has_left() {
            return Err(RingError::Empty);
        }
        // Its last push may have come after the last look, but before it left (E5).
        match self.end.items_between(self.read)? {
            0 => Err(RingError::Closed),
            items => Ok(items),
        }
    }

    /// How many items the ring holds, at least: the producer may have pushed since. Wait-free.
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
    /// let consumer = buffer.ring_consumer(ring)?;
    /// buffer.ring_producer(ring)?.try_push(7)?;
    /// assert_eq!(consumer.len(), Ok(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::len_without_is_empty, reason = "old news at once, and may be an error")]
    pub fn len(&self) -> Result<usize, RingError> {
        Ok(self.end.items_between(self.read)? as usize)
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
    /// assert_eq!(buffer.ring_consumer(ring)?.capacity(), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.end.span.capacity as usize
    }

    /// Whether the producer is there. Wait-free; between processes a system call.
    ///
    /// ```
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{Layout, RingPeer};
    ///
    /// let mut layout = Layout::builder();
    /// let ring = layout.ring::<u64>("prices", 3)?;
    /// let buffer = SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.ring_consumer(ring)?.peer(), RingPeer::Awaited);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peer(&self) -> RingPeer {
        self.end.peer()
    }
}

/// Prints how many items there are, not what they are.
impl<T: RingItem, M: Memory> fmt::Debug for RingConsumer<T, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingConsumer")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .finish_non_exhaustive()
    }
}
