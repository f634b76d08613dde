//! The ends of a pipe under the traits of `futures-io`.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io::{BufRead, IoSlice, IoSliceMut, Result};

use ::futures_io::{AsyncBufRead, AsyncRead, AsyncWrite};

use crate::pipe::{Reader, Writer};

impl AsyncRead for Reader {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        place: &mut [u8],
    ) -> Poll<Result<usize>> {
        self.get_mut().poll_read(context, place)
    }

    fn poll_read_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        places: &mut [IoSliceMut<'_>],
    ) -> Poll<Result<usize>> {
        self.get_mut().poll_read_vectored(context, places)
    }
}

impl AsyncBufRead for Reader {
    fn poll_fill_buf(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<&[u8]>> {
        self.get_mut().poll_fill_buf(context)
    }

    fn consume(self: Pin<&mut Self>, count: usize) {
        BufRead::consume(self.get_mut(), count);
    }
}

impl AsyncWrite for Writer {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.get_mut().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.get_mut().poll_write_vectored(context, buffers)
    }

    /// Does nothing: the reader sees what was written.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Ends the stream; writes after this fail.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        self.get_mut().close();
        Poll::Ready(Ok(()))
    }
}
