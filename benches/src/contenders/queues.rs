//! Queues and channels of crates that have one for this job.

use std::sync::Arc;

use concurrent_queue::ConcurrentQueue;
use ringbuf::traits::{Consumer as _, Producer as _, Split as _};

use crate::shapes::spsc::{Item, Spsc};

/// `ringbuf::HeapRb`, split: each end remembers where it saw the other.
#[derive(Debug)]
pub struct Ringbuf;

impl<T: Item> Spsc<T> for Ringbuf {
    const NAME: &'static str = "ringbuf";
    const PACKAGE: &'static str = "ringbuf";
    type Tx = ringbuf::HeapProd<T>;
    type Rx = ringbuf::HeapCons<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        ringbuf::HeapRb::new(capacity).split()
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        tx.try_push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        rx.try_pop()
    }
}

/// `nexus_queue::spsc`, whose capacity is a power of two.
#[derive(Debug)]
pub struct Nexus;

impl<T: Item> Spsc<T> for Nexus {
    const NAME: &'static str = "nexus-queue";
    const PACKAGE: &'static str = "nexus-queue";
    const EXACT: bool = false;
    type Tx = nexus_queue::spsc::Producer<T>;
    type Rx = nexus_queue::spsc::Consumer<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        nexus_queue::spsc::ring_buffer(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        tx.push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        rx.pop()
    }
}

/// `concurrent_queue`, bounded: for many threads at either end.
#[derive(Debug)]
pub struct Concurrent;

impl<T: Item> Spsc<T> for Concurrent {
    const NAME: &'static str = "concurrent-queue";
    const PACKAGE: &'static str = "concurrent-queue";
    type Tx = Arc<ConcurrentQueue<T>>;
    type Rx = Arc<ConcurrentQueue<T>>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let queue = Arc::new(ConcurrentQueue::bounded(capacity));
        (queue.clone(), queue)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        tx.push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        rx.pop().ok()
    }
}

/// `flume`, bounded: a channel for many threads at either end.
#[derive(Debug)]
pub struct Flume;

impl<T: Item> Spsc<T> for Flume {
    const NAME: &'static str = "flume";
    const PACKAGE: &'static str = "flume";
    type Tx = flume::Sender<T>;
    type Rx = flume::Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        flume::bounded(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        tx.try_send(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

/// `kanal`, bounded: a channel for many threads at either end.
#[derive(Debug)]
pub struct Kanal;

impl<T: Item> Spsc<T> for Kanal {
    const NAME: &'static str = "kanal";
    const PACKAGE: &'static str = "kanal";
    type Tx = kanal::Sender<T>;
    type Rx = kanal::Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        kanal::bounded(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        // It refuses without an error when it is full.
        matches!(tx.try_send(item), Ok(true))
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok().flatten()
    }
}

/// `thingbuf`, whose slots keep their items until others take their places.
#[derive(Debug)]
pub struct Thingbuf;

/// `tokio::sync::mpsc`, without a runtime.
#[derive(Debug)]
pub struct Tokio;
