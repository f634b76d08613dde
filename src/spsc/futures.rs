//! The waits as futures.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use super::consumer::Consumer;
use super::engine::{Heap, Popping, Pushing, Storage};
use super::producer::Producer;
use crate::error::{Closed, TryPopError, TryPushError, WaitError};

impl<T, S: Storage> Producer<T, S> {
    /// Pushes `value` when there is room.
    ///
    /// The future pushes when it is polled, and is done then: one that is dropped before has pushed
    /// nothing, and drops the value.
    ///
    /// # Errors
    ///
    /// If the consumer is gone; carries `value` back.
    ///
    /// ```
    /// use core::pin::pin;
    /// use core::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut producer, mut consumer) = untorn::spsc::ring(1);
    /// producer.try_push('a').unwrap();
    /// let mut push = pin!(producer.push_async('b'));
    /// assert!(push.as_mut().poll(&mut context).is_pending());
    /// assert_eq!(consumer.try_pop(), Ok('a'));
    /// assert_eq!(push.poll(&mut context), Poll::Ready(Ok(())));
    /// # use core::future::Future;
    /// ```
    #[doc(alias = "send_async")]
    pub fn push_async(&mut self, value: T) -> Push<'_, T, S> {
        Push { producer: self, value: Some(value), waits: false }
    }

    /// Waits until there is room for `count` values.
    ///
    /// # Errors
    ///
    /// [`TooMany`](WaitError::TooMany) if the ring never has that much room, [`Closed`](WaitError::Closed)
    /// if the consumer is gone.
    ///
    /// ```
    /// use core::pin::pin;
    /// use core::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut producer, _consumer) = untorn::spsc::ring::<u8>(2);
    /// assert_eq!(pin!(producer.room_async(2)).poll(&mut context), Poll::Ready(Ok(())));
    /// # use core::future::Future;
    /// ```
    pub fn room_async(&mut self, count: usize) -> Room<'_, T, S> {
        Room { producer: self, count, waits: false }
    }

    /// Polls for room for `count` values: [`room_async`](Self::room_async), for futures written by hand. The
    /// waker of the last poll is woken, once; there is one, for whatever is polled for.
    ///
    /// # Errors
    ///
    /// As [`room_async`](Self::room_async).
    ///
    /// ```
    /// use core::task::{Context, Poll, Waker};
    /// use untorn::spsc::{WaitError, ring};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut producer, consumer) = ring(2);
    /// producer.push_slice(b"a");
    /// assert_eq!(producer.poll_room(1, &mut context), Poll::Ready(Ok(())));
    /// assert_eq!(producer.poll_room(2, &mut context), Poll::Pending);
    /// drop(consumer);
    /// assert_eq!(producer.poll_room(2, &mut context), Poll::Ready(Err(WaitError::Closed)));
    /// ```
    pub fn poll_room(
        &mut self,
        count: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), WaitError>> {
        self.can_wait_for(count)?;
        if self.own.room_for(count) < count {
            ready!(self.own.poll(count, context));
        }
        Poll::Ready(self.has_room_for(count))
    }
}

impl<T, S: Storage> Consumer<T, S> {
    /// Pops the oldest value when there is one.
    ///
    /// The future pops when it is polled, and is done then: one that is dropped before has popped nothing.
    ///
    /// # Errors
    ///
    /// If nothing is inside and the producer is gone.
    ///
    /// ```
    /// use core::pin::pin;
    /// use core::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut producer, mut consumer) = untorn::spsc::ring(1);
    /// let mut pop = pin!(consumer.pop_async());
    /// assert!(pop.as_mut().poll(&mut context).is_pending());
    /// producer.try_push('a').unwrap();
    /// assert_eq!(pop.poll(&mut context), Poll::Ready(Ok('a')));
    /// # use core::future::Future;
    /// ```
    #[doc(alias = "recv_async")]
    pub fn pop_async(&mut self) -> Pop<'_, T, S> {
        Pop { consumer: self, waits: false }
    }

    /// Waits until `count` values are inside, or until the producer is gone; how many there are then.
    ///
    /// # Errors
    ///
    /// [`TooMany`](WaitError::TooMany) if the ring never holds that many, [`Closed`](WaitError::Closed) if
    /// the producer is gone and nothing is inside.
    ///
    /// ```
    /// use core::pin::pin;
    /// use core::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut producer, mut consumer) = untorn::spsc::ring(2);
    /// producer.push_slice(b"ab");
    /// assert_eq!(pin!(consumer.items_async(2)).poll(&mut context), Poll::Ready(Ok(2)));
    /// # use core::future::Future;
    /// ```
    pub fn items_async(&mut self, count: usize) -> Items<'_, T, S> {
        Items { consumer: self, count, waits: false }
    }

    /// Polls for `count` values, or as many as there are when the producer is gone:
    /// [`items_async`](Self::items_async), for futures written by hand. The waker of the last poll is woken,
    /// once; there is one, for whatever is polled for.
    ///
    /// # Errors
    ///
    /// As [`items_async`](Self::items_async).
    ///
    /// ```
    /// use core::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut producer, mut consumer) = untorn::spsc::ring(4);
    /// producer.push_slice(b"ab");
    /// assert_eq!(consumer.poll_items(2, &mut context), Poll::Ready(Ok(2)));
    /// assert_eq!(consumer.poll_items(3, &mut context), Poll::Pending);
    /// drop(producer);
    /// assert_eq!(consumer.poll_items(3, &mut context), Poll::Ready(Ok(2)));
    /// ```
    pub fn poll_items(
        &mut self,
        count: usize,
        context: &mut Context<'_>,
    ) -> Poll<Result<usize, WaitError>> {
        self.can_wait_for(count)?;
        if self.own.items_for(count) < count {
            ready!(self.own.poll(count, context));
        }
        Poll::Ready(self.has_items())
    }

    /// Polls for the oldest value: [`pop_async`](Self::pop_async), for futures written by hand. The waker of
    /// the last poll is woken, once; there is one, for whatever is polled for.
    ///
    /// # Errors
    ///
    /// As [`pop_async`](Self::pop_async).
    ///
    /// ```
    /// use core::task::{Context, Poll, Waker};
    ///
    /// let mut context = Context::from_waker(Waker::noop());
    /// let (mut producer, mut consumer) = untorn::spsc::ring(1);
    /// assert_eq!(consumer.poll_pop(&mut context), Poll::Pending);
    /// producer.try_push('a').unwrap();
    /// assert_eq!(consumer.poll_pop(&mut context), Poll::Ready(Ok('a')));
    /// ```
    pub fn poll_pop(&mut self, context: &mut Context<'_>) -> Poll<Result<T, Closed>> {
        loop {
            match self.try_pop() {
                Ok(value) => return Poll::Ready(Ok(value)),
                Err(TryPopError::Closed) => return Poll::Ready(Err(Closed(()))),
                Err(TryPopError::Empty) => ready!(self.own.poll(1, context)),
            }
        }
    }
}

/// The future of [`Producer::push_async`].
#[must_use = "a future does nothing unless it is polled"]
pub struct Push<'a, T, S: Storage = Heap> {
    producer: &'a mut Producer<T, S>,
    /// Until it is pushed.
    value: Option<T>,
    waits: bool,
}

// The value is moved, and never pinned.
impl<T, S: Storage> Unpin for Push<'_, T, S> {}

impl<T, S: Storage> Future for Push<'_, T, S> {
    type Output = Result<(), Closed<T>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            let value = this.value.take().expect("polled again after it was done");
            match this.producer.try_push(value) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(TryPushError::Closed(value)) => return Poll::Ready(Err(Closed(value))),
                Err(TryPushError::Full(value)) => this.value = Some(value),
            }
            let polled = this.producer.own.poll(1, context);
            this.waits |= polled.is_pending();
            ready!(polled);
        }
    }
}

/// The future of [`Producer::room_async`].
#[must_use = "a future does nothing unless it is polled"]
pub struct Room<'a, T, S: Storage = Heap> {
    producer: &'a mut Producer<T, S>,
    count: usize,
    waits: bool,
}

impl<T, S: Storage> Future for Room<'_, T, S> {
    type Output = Result<(), WaitError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { producer, count, waits } = self.get_mut();
        let polled = producer.poll_room(*count, context);
        *waits |= polled.is_pending();
        polled
    }
}

/// The future of [`Consumer::pop_async`].
#[must_use = "a future does nothing unless it is polled"]
pub struct Pop<'a, T, S: Storage = Heap> {
    consumer: &'a mut Consumer<T, S>,
    waits: bool,
}

impl<T, S: Storage> Future for Pop<'_, T, S> {
    type Output = Result<T, Closed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { consumer, waits } = self.get_mut();
        let polled = consumer.poll_pop(context);
        *waits |= polled.is_pending();
        polled
    }
}

/// The future of [`Consumer::items_async`].
#[must_use = "a future does nothing unless it is polled"]
pub struct Items<'a, T, S: Storage = Heap> {
    consumer: &'a mut Consumer<T, S>,
    count: usize,
    waits: bool,
}

impl<T, S: Storage> Future for Items<'_, T, S> {
    type Output = Result<usize, WaitError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { consumer, count, waits } = self.get_mut();
        let polled = consumer.poll_items(*count, context);
        *waits |= polled.is_pending();
        polled
    }
}

/// A future that goes takes its waker with it, and is not woken any more. If it has none, the one that is
/// there is that of a poll before.
macro_rules! stops_when_dropped {
    ($($future:ident: $end:ident),+) => {$(
        impl<T, S: Storage> Drop for $future<'_, T, S> {
            fn drop(&mut self) {
                if self.waits {
                    self.$end.own.stop_polling();
                }
            }
        }

        impl<T, S: Storage> fmt::Debug for $future<'_, T, S> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($future)).field(stringify!($end), &self.$end).finish_non_exhaustive()
            }
        }
    )+};
}

stops_when_dropped!(Push: producer, Room: producer, Pop: consumer, Items: consumer);
