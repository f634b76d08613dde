//! crossbeam: a bounded queue and a bounded channel, both for many threads at either end, and the
//! cell that locks where the processor has no instruction for its size.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::atomic::AtomicCell;

use crate::shapes::cell::{Cell, Value};
use crate::shapes::spsc::{Item, Spsc};

/// `crossbeam_queue::ArrayQueue`.
#[derive(Debug)]
pub struct Array;

impl<T: Item> Spsc<T> for Array {
    const NAME: &'static str = "crossbeam-array";
    const PACKAGE: &'static str = "crossbeam-queue";
    type Tx = Arc<ArrayQueue<T>>;
    type Rx = Arc<ArrayQueue<T>>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let queue = Arc::new(ArrayQueue::new(capacity));
        (queue.clone(), queue)
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

/// `crossbeam_channel::bounded`.
#[derive(Debug)]
pub struct Channel;

impl<T: Item> Spsc<T> for Channel {
    const NAME: &'static str = "crossbeam-channel";
    const PACKAGE: &'static str = "crossbeam-channel";
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded(capacity)
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

impl<const W: usize> Cell<W> for AtomicCell<Value<W>> {
    const NAME: &'static str = "crossbeam-cell";
    const PACKAGE: &'static str = "crossbeam-utils";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Value<W>) -> Self {
        Self::new(value)
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Value<W> {
        reader.load()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>) {
        writer.store(value);
    }
}
