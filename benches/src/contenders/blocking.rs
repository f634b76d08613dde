//! Queues whose ends sleep when they have to wait; and those without a bound, which push at once.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Condvar, Mutex};

use ringbuf_blocking::traits::Split as _;
use ringbuf_blocking::{BlockingCons, BlockingHeapRb, BlockingProd};
use thingbuf::mpsc::blocking as thingbuf;
use tokio::sync::mpsc;

use super::crossbeam::Channel;
use super::queues::{Flume, Kanal, Ringbuf, Thingbuf, Tokio};
use super::std::{Mpsc, MutexDeque};
use crate::shapes::BASELINE;
use crate::shapes::blocking::Blocking;

const GONE: &str = "the other end is there";

/// What both ends of [`MutexDeque`] hold, if they sleep.
#[derive(Debug)]
pub struct SleepingDeque<T> {
    items: Mutex<VecDeque<T>>,
    capacity: usize,
    pushed: Condvar,
    popped: Condvar,
}

impl<T: Send + 'static> Blocking<T> for MutexDeque {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
    type Tx = Arc<SleepingDeque<T>>;
    type Rx = Arc<SleepingDeque<T>>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let items = Mutex::new(VecDeque::with_capacity(capacity));
        let (pushed, popped) = (Condvar::new(), Condvar::new());
        let queue = Arc::new(SleepingDeque { items, capacity, pushed, popped });
        (Arc::clone(&queue), queue)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        let items = tx.items.lock().expect("no holder panicked");
        let full = |items: &mut VecDeque<T>| items.len() == tx.capacity;
        let mut items = tx.popped.wait_while(items, full).expect("no holder panicked");
        items.push_back(item);
        drop(items);
        tx.pushed.notify_one();
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        let items = rx.items.lock().expect("no holder panicked");
        let empty = |items: &mut VecDeque<T>| items.is_empty();
        let mut items = rx.pushed.wait_while(items, empty).expect("no holder panicked");
        let item = items.pop_front().expect("it is not empty");
        drop(items);
        rx.popped.notify_one();
        item
    }
}

impl<T: Send + 'static> Blocking<T> for Mpsc {
    const NAME: &'static str = "std-mpsc";
    const PACKAGE: &'static str = "std";
    type Tx = SyncSender<T>;
    type Rx = Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        sync_channel(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.send(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.recv().expect(GONE)
    }
}

/// `std::sync::mpsc::channel`, which has no bound.
#[derive(Debug)]
pub struct MpscUnbounded;

impl<T: Send + 'static> Blocking<T> for MpscUnbounded {
    const NAME: &'static str = "std-unbounded";
    const PACKAGE: &'static str = "std";
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn ring(_: usize) -> (Self::Tx, Self::Rx) {
        channel()
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.send(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.recv().expect(GONE)
    }
}

impl<T: Send + 'static> Blocking<T> for Channel {
    const NAME: &'static str = "crossbeam-channel";
    const PACKAGE: &'static str = "crossbeam-channel";
    type Tx = crossbeam_channel::Sender<T>;
    type Rx = crossbeam_channel::Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        crossbeam_channel::bounded(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.send(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.recv().expect(GONE)
    }
}

/// `crossbeam_channel::unbounded`.
#[derive(Debug)]
pub struct CrossbeamUnbounded;

impl<T: Send + 'static> Blocking<T> for CrossbeamUnbounded {
    const NAME: &'static str = "crossbeam-unbounded";
    const PACKAGE: &'static str = "crossbeam-channel";
    type Tx = crossbeam_channel::Sender<T>;
    type Rx = crossbeam_channel::Receiver<T>;

    fn ring(_: usize) -> (Self::Tx, Self::Rx) {
        crossbeam_channel::unbounded()
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        Channel::push(tx, item);
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        Channel::pop(rx)
    }
}

/// `ringbuf_blocking`.
impl<T: Send + 'static> Blocking<T> for Ringbuf {
    const NAME: &'static str = "ringbuf-blocking";
    const PACKAGE: &'static str = "ringbuf-blocking";
    type Tx = BlockingProd<Arc<BlockingHeapRb<T>>>;
    type Rx = BlockingCons<Arc<BlockingHeapRb<T>>>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        BlockingHeapRb::<T>::new(capacity).split()
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.push(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.pop().expect(GONE)
    }
}

impl<T: Send + 'static> Blocking<T> for Flume {
    const NAME: &'static str = "flume";
    const PACKAGE: &'static str = "flume";
    type Tx = flume::Sender<T>;
    type Rx = flume::Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        flume::bounded(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.send(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.recv().expect(GONE)
    }
}

/// `flume::unbounded`.
#[derive(Debug)]
pub struct FlumeUnbounded;

impl<T: Send + 'static> Blocking<T> for FlumeUnbounded {
    const NAME: &'static str = "flume-unbounded";
    const PACKAGE: &'static str = "flume";
    type Tx = flume::Sender<T>;
    type Rx = flume::Receiver<T>;

    fn ring(_: usize) -> (Self::Tx, Self::Rx) {
        flume::unbounded()
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        Flume::push(tx, item);
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        Flume::pop(rx)
    }
}

impl<T: Send + 'static> Blocking<T> for Kanal {
    const NAME: &'static str = "kanal";
    const PACKAGE: &'static str = "kanal";
    type Tx = kanal::Sender<T>;
    type Rx = kanal::Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        kanal::bounded(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.send(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.recv().expect(GONE)
    }
}

impl<T: Send + 'static> Blocking<T> for Tokio {
    const NAME: &'static str = "tokio-mpsc";
    const PACKAGE: &'static str = "tokio";
    type Tx = mpsc::Sender<T>;
    type Rx = mpsc::Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.blocking_send(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.blocking_recv().expect(GONE)
    }
}

/// `thingbuf::mpsc::blocking`.
impl Blocking for Thingbuf {
    const NAME: &'static str = "thingbuf";
    const PACKAGE: &'static str = "thingbuf";
    type Tx = thingbuf::Sender<u64>;
    type Rx = thingbuf::Receiver<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        thingbuf::channel(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: u64) {
        assert!(tx.send(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect(GONE)
    }
}
