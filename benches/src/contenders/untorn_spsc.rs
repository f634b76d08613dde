//! untorn's rings between two threads, and its pipe.

use untorn::pipe::{Reader, Writer};
use untorn::spsc::{Consumer, Lines, Producer};

use crate::shapes::blocking::Blocking;
use crate::shapes::bytes;
use crate::shapes::handover::{Handover, WORDS};
use crate::shapes::spsc::batch::{BATCH, Batched};
use crate::shapes::spsc::{Item, Spsc};

/// `untorn::spsc::ring`.
#[derive(Debug)]
pub struct Ring;

impl<T: Item> Spsc<T> for Ring {
    const NAME: &'static str = "untorn";
    const PACKAGE: &'static str = "untorn";
    type Tx = Producer<T>;
    type Rx = Consumer<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        untorn::spsc::ring(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        tx.try_push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        rx.try_pop().ok()
    }
}

impl<T: Send + 'static> Blocking<T> for Ring {
    const NAME: &'static str = "untorn";
    const PACKAGE: &'static str = "untorn";
    type Tx = Producer<T>;
    type Rx = Consumer<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        untorn::spsc::ring(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.push(item).is_ok(), "the other end is there");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.pop().expect("the other end is there")
    }
}

/// Chunks of it: the numbers are made in their slots, and looked at there.
impl Batched for Ring {
    const NAME: &'static str = "untorn-chunks";
    const PACKAGE: &'static str = "untorn";
    type Tx = Producer<u64>;
    type Rx = Consumer<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        untorn::spsc::ring(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, first: u64) -> bool {
        let slots = tx.reserve(BATCH);
        slots.len() == BATCH && slots.fill(first..) == BATCH
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx, look: impl FnMut(u64)) -> bool {
        let chunk = rx.read_chunk(BATCH);
        if chunk.len() < BATCH {
            return false;
        }
        let (first, second) = chunk.as_slices();
        first.iter().chain(second).copied().for_each(look);
        chunk.release(BATCH);
        true
    }
}

/// `untorn::spsc::line_ring`.
#[derive(Debug)]
pub struct LineRing;

impl Spsc for LineRing {
    const NAME: &'static str = "untorn-line";
    const PACKAGE: &'static str = "untorn";
    const EXACT: bool = false;
    type Tx = Producer<u64, Lines>;
    type Rx = Consumer<u64, Lines>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        untorn::spsc::line_ring(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        tx.try_push(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_pop().ok()
    }
}

/// `untorn::pipe::pipe`.
#[derive(Debug)]
pub struct Pipe;

impl bytes::Pipe for Pipe {
    const NAME: &'static str = "untorn-pipe";
    const PACKAGE: &'static str = "untorn";
    type Writer = Writer;
    type Reader = Reader;

    fn pipe(capacity: usize) -> (Self::Writer, Self::Reader) {
        untorn::pipe::pipe(capacity)
    }
}

/// All words in one allocation, which is moved through the ring.
#[derive(Debug)]
pub struct Moved;

impl Handover for Moved {
    const NAME: &'static str = "untorn-moved";
    const PACKAGE: &'static str = "untorn";
    type Tx = Producer<Vec<u64>>;
    type Rx = Consumer<Vec<u64>>;

    fn ends() -> (Self::Tx, Self::Rx) {
        untorn::spsc::ring(1)
    }

    fn send(tx: &mut Self::Tx, mut make: impl FnMut(&mut [u64])) {
        let mut words = vec![0; WORDS];
        make(&mut words);
        tx.push(words).expect("the other end is there");
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        look(&rx.pop().expect("the other end is there"));
    }
}
