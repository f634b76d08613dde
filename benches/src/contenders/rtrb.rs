//! rtrb: a queue with one producer and one consumer.

use crate::shapes::spsc::{Item, Spsc};

/// The ring buffer.
#[derive(Debug)]
pub struct Ring;

impl<T: Item> Spsc<T> for Ring {
    const NAME: &'static str = "rtrb";
    const PACKAGE: &'static str = "rtrb";
    type Tx = rtrb::Producer<T>;
    type Rx = rtrb::Consumer<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        rtrb::RingBuffer::new(capacity)
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
