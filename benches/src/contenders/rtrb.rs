//! rtrb: a queue with one producer and one consumer.

use crate::shapes::spsc::Spsc;

/// The ring buffer.
#[derive(Debug)]
pub struct Ring;

impl Spsc for Ring {
    const NAME: &'static str = "rtrb";
    const PACKAGE: &'static str = "rtrb";
    type Tx = rtrb::Producer<u64>;
    type Rx = rtrb::Consumer<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        rtrb::RingBuffer::new(capacity)
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
