//! Queues and channels with many threads at either end, or at the pushing end alone.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use concurrent_queue::ConcurrentQueue;
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::Backoff;
use thingbuf::ThingBuf;
use tokio::sync::mpsc;

use super::crossbeam::{Array, Channel};
use super::queues::{Concurrent, Flume, Kanal, Thingbuf, Tokio};
use super::std::{Mpsc, MutexDeque};
use crate::shapes::BASELINE;
use crate::shapes::mpmc::{Mpmc, shared};

/// What every thread holds of [`MutexDeque`].
#[derive(Debug, Clone)]
pub struct SharedDeque {
    items: Arc<Mutex<VecDeque<u64>>>,
    capacity: usize,
}

impl Mpmc for MutexDeque {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
    type Tx = SharedDeque;
    type Rx = SharedDeque;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let items = Arc::new(Mutex::new(VecDeque::with_capacity(capacity)));
        shared(&SharedDeque { items, capacity }, producers, consumers)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        let mut items = tx.items.lock().expect("no holder panicked");
        let fits = items.len() < tx.capacity;
        if fits {
            items.push_back(item);
        }
        fits
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.items.lock().expect("no holder panicked").pop_front()
    }
}

/// `std::sync::mpsc`: one thread pops.
impl Mpmc for Mpsc {
    const NAME: &'static str = "std-mpsc";
    const PACKAGE: &'static str = "std";
    const MOST_CONSUMERS: usize = 1;
    type Tx = SyncSender<u64>;
    type Rx = Receiver<u64>;

    fn queue(capacity: usize, producers: usize, _: usize) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let (tx, rx) = sync_channel(capacity);
        (vec![tx; producers], vec![rx])
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.try_send(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_recv().ok()
    }
}

/// `crossbeam_queue::ArrayQueue`, tried again after the backoff of the same authors.
impl Mpmc for Array {
    const NAME: &'static str = "crossbeam-array";
    const PACKAGE: &'static str = "crossbeam-queue";
    type Tx = Arc<ArrayQueue<u64>>;
    type Rx = Arc<ArrayQueue<u64>>;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        shared(&Arc::new(ArrayQueue::new(capacity)), producers, consumers)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.pop()
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: u64) {
        let backoff = Backoff::new();
        while tx.push(item).is_err() {
            backoff.snooze();
        }
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> u64 {
        let backoff = Backoff::new();
        loop {
            match rx.pop() {
                Some(item) => return item,
                None => backoff.snooze(),
            }
        }
    }
}

impl Mpmc for Channel {
    const NAME: &'static str = "crossbeam-channel";
    const PACKAGE: &'static str = "crossbeam-channel";
    type Tx = crossbeam_channel::Sender<u64>;
    type Rx = crossbeam_channel::Receiver<u64>;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let (tx, rx) = crossbeam_channel::bounded(capacity);
        (vec![tx; producers], vec![rx; consumers])
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.try_send(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_recv().ok()
    }
}

impl Mpmc for Concurrent {
    const NAME: &'static str = "concurrent-queue";
    const PACKAGE: &'static str = "concurrent-queue";
    type Tx = Arc<ConcurrentQueue<u64>>;
    type Rx = Arc<ConcurrentQueue<u64>>;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        shared(&Arc::new(ConcurrentQueue::bounded(capacity)), producers, consumers)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.pop().ok()
    }
}

/// `thingbuf::ThingBuf`: a pop that has waited for the push into its slot for long says "empty",
/// whatever lies behind that slot.
impl Mpmc for Thingbuf {
    const NAME: &'static str = "thingbuf";
    const PACKAGE: &'static str = "thingbuf";
    const TRUE_ANSWERS: bool = false;
    type Tx = Arc<ThingBuf<u64>>;
    type Rx = Arc<ThingBuf<u64>>;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        shared(&Arc::new(ThingBuf::new(capacity)), producers, consumers)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.pop()
    }
}

impl Mpmc for Flume {
    const NAME: &'static str = "flume";
    const PACKAGE: &'static str = "flume";
    type Tx = flume::Sender<u64>;
    type Rx = flume::Receiver<u64>;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let (tx, rx) = flume::bounded(capacity);
        (vec![tx; producers], vec![rx; consumers])
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.try_send(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_recv().ok()
    }
}

impl Mpmc for Kanal {
    const NAME: &'static str = "kanal";
    const PACKAGE: &'static str = "kanal";
    type Tx = kanal::Sender<u64>;
    type Rx = kanal::Receiver<u64>;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let (tx, rx) = kanal::bounded(capacity);
        (vec![tx; producers], vec![rx; consumers])
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        // It refuses without an error when it is full.
        tx.try_send(item) == Ok(true)
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_recv().ok().flatten()
    }
}

/// `tokio::sync::mpsc`: one thread pops.
impl Mpmc for Tokio {
    const NAME: &'static str = "tokio-mpsc";
    const PACKAGE: &'static str = "tokio";
    const MOST_CONSUMERS: usize = 1;
    type Tx = mpsc::Sender<u64>;
    type Rx = mpsc::Receiver<u64>;

    fn queue(capacity: usize, producers: usize, _: usize) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        let (tx, rx) = mpsc::channel(capacity);
        (vec![tx; producers], vec![rx])
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.try_send(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_recv().ok()
    }
}
