//! The ends of a ring as a stream and as a sink.

use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use futures_sink::Sink;

use crate::spsc::{Closed, Consumer, Contiguous, Producer, Storage, TryPushError, WaitError};

/// Pops the values; the end of the stream is the end of the producer, everything being popped.
impl<T, S: Storage> Stream for Consumer<T, S> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        self.get_mut().poll_pop(context).map(Result::ok)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), None)
    }
}

impl<T, S: Storage> FusedStream for Consumer<T, S> {
    fn is_terminated(&self) -> bool {
        // In this order: what was pushed last was pushed before the producer went.
        self.is_closed() && self.is_empty()
    }
}

/// Pushes the values. What is sent is seen by the consumer after a flush, when the ring is full, or when
/// the sink is closed: one publication for many values.
///
/// A value that is sent when the consumer has just gone is dropped; later calls say so.
impl<T, S: Contiguous> Sink<T> for Producer<T, S> {
    type Error = Closed;

    fn poll_ready(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Self::Error>> {
        self.get_mut().poll_room(1, context).map_err(|_: WaitError| Closed(()))
    }

    /// # Panics
    ///
    /// If there is no room, which `poll_ready` makes sure of.
    fn start_send(self: Pin<&mut Self>, value: T) -> Result<(), Self::Error> {
        match self.get_mut().push_unseen(value) {
            Ok(()) => Ok(()),
            Err(TryPushError::Closed(_)) => Err(Closed(())),
            Err(TryPushError::Full(_)) => panic!("`start_send` without `poll_ready`"),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(self.get_mut().flush())
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Result<(), Self::Error>> {
        let flushed = ready!(self.as_mut().poll_flush(context));
        self.get_mut().close();
        Poll::Ready(flushed)
    }
}
