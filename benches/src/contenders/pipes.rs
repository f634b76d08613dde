//! Streams of bytes.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind, PipeReader, PipeWriter, Read, Write};
use std::sync::{Arc, Condvar, Mutex};

use ringbuf_blocking::traits::Split as _;
use ringbuf_blocking::{BlockingCons, BlockingHeapRb, BlockingProd};

use super::queues::Ringbuf;
use super::rtrb::Ring;
use super::std::MutexDeque;
use crate::shapes::BASELINE;
use crate::shapes::bytes::{Pipe, Spun};

/// What both ends of [`MutexDeque`] hold, if it is one of bytes.
#[derive(Debug)]
struct Bytes {
    bytes: Mutex<(VecDeque<u8>, bool)>,
    changed: Condvar,
    capacity: usize,
}

impl Bytes {
    /// Works on the bytes when it may, and wakes the other end.
    fn when(
        &self,
        may: impl Fn(&VecDeque<u8>) -> bool,
        work: impl FnOnce(&mut VecDeque<u8>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let bytes = self.bytes.lock().expect("no holder panicked");
        let waits = |(bytes, over): &mut (_, bool)| !may(bytes) && !*over;
        let mut bytes = self.changed.wait_while(bytes, waits).expect("no holder panicked");
        let done = work(&mut bytes.0);
        drop(bytes);
        self.changed.notify_one();
        done
    }
}

/// An end of the baseline.
#[derive(Debug)]
pub struct End(Arc<Bytes>);

impl Read for End {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.when(|bytes| !bytes.is_empty(), |bytes| bytes.read(into))
    }
}

impl Write for End {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        let capacity = self.0.capacity;
        let fits =
            |bytes: &mut VecDeque<u8>| bytes.write(&from[..from.len().min(capacity - bytes.len())]);
        self.0.when(|bytes| bytes.len() < capacity, fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if let Ok(mut bytes) = self.0.bytes.lock() {
            bytes.1 = true;
        }
        self.0.changed.notify_one();
    }
}

impl Pipe for MutexDeque {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
    type Writer = End;
    type Reader = End;

    fn pipe(capacity: usize) -> (Self::Writer, Self::Reader) {
        let bytes = Mutex::new((VecDeque::with_capacity(capacity), false));
        let shared = Arc::new(Bytes { bytes, changed: Condvar::new(), capacity });
        (End(Arc::clone(&shared)), End(shared))
    }
}

/// `std::io::pipe`: the system's, whose capacity is its own affair.
#[derive(Debug)]
pub struct System;

impl Pipe for System {
    const NAME: &'static str = "std-pipe";
    const PACKAGE: &'static str = "std";
    type Writer = PipeWriter;
    type Reader = PipeReader;

    fn pipe(_: usize) -> (Self::Writer, Self::Reader) {
        let (reader, writer) = io::pipe().expect("the system has room for a pipe");
        (writer, reader)
    }
}

/// The reading end of `rtrb`, which says itself when the other is gone.
#[derive(Debug)]
pub struct RtrbReader(rtrb::Consumer<u8>);

impl Read for RtrbReader {
    #[inline]
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.0.read(into) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && self.0.is_abandoned() => {
                // What was written before it went is there now.
                self.0.read(into).or(Ok(0))
            }
            result => result,
        }
    }
}

impl Pipe for Ring {
    const NAME: &'static str = "rtrb-spun";
    const PACKAGE: &'static str = "rtrb";
    type Writer = Spun<rtrb::Producer<u8>>;
    type Reader = Spun<RtrbReader>;

    fn pipe(capacity: usize) -> (Self::Writer, Self::Reader) {
        let (producer, consumer) = rtrb::RingBuffer::new(capacity);
        (Spun(producer), Spun(RtrbReader(consumer)))
    }
}

impl Pipe for Ringbuf {
    const NAME: &'static str = "ringbuf-blocking";
    const PACKAGE: &'static str = "ringbuf-blocking";
    type Writer = BlockingProd<Arc<BlockingHeapRb<u8>>>;
    type Reader = BlockingCons<Arc<BlockingHeapRb<u8>>>;

    fn pipe(capacity: usize) -> (Self::Writer, Self::Reader) {
        BlockingHeapRb::<u8>::new(capacity).split()
    }
}

/// `piper`, whose ends are waited for by `pollster`.
#[derive(Debug)]
pub struct Piper;

/// An end of [`Piper`].
#[derive(Debug)]
pub struct Polled<E>(E);

impl Read for Polled<piper::Reader> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Ok(pollster::block_on(poll_fn(|context| self.0.poll_drain_bytes(context, into))))
    }
}

impl Write for Polled<piper::Writer> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        Ok(pollster::block_on(poll_fn(|context| self.0.poll_fill_bytes(context, from))))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Pipe for Piper {
    const NAME: &'static str = "piper";
    const PACKAGE: &'static str = "piper";
    type Writer = Polled<piper::Writer>;
    type Reader = Polled<piper::Reader>;

    fn pipe(capacity: usize) -> (Self::Writer, Self::Reader) {
        let (reader, writer) = piper::pipe(capacity);
        (Polled(writer), Polled(reader))
    }
}
