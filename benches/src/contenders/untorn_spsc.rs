//! untorn's rings between two threads.

use untorn::pipe::{Reader, Writer};
use untorn::spsc::{Consumer, Lines, Producer};

use crate::shapes::blocking::Blocking;
use crate::shapes::bytes;
use crate::shapes::handover::{Handover, PIECE, ROOM, WORDS};
use crate::shapes::spsc::batch::{BATCH, Batched};
use crate::shapes::spsc::{Item, Spsc};

const GONE: &str = "the other end is there";

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
        assert!(tx.push(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.pop().expect(GONE)
    }
}

/// The ring again: the numbers are made in their slots, and looked at there.
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

/// `untorn::spsc::line_ring`, which rounds up to whole lines.
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

impl Blocking for LineRing {
    const NAME: &'static str = "untorn-line";
    const PACKAGE: &'static str = "untorn";
    const EXACT: bool = false;
    type Tx = Producer<u64, Lines>;
    type Rx = Consumer<u64, Lines>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        untorn::spsc::line_ring(capacity)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: u64) {
        assert!(tx.push(item).is_ok(), "{GONE}");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> u64 {
        rx.pop().expect(GONE)
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
        tx.push(words).expect(GONE);
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        look(&rx.pop().expect(GONE));
    }
}

/// A piece at a time is copied into the ring, and looked at where it is.
#[derive(Debug)]
pub struct Shared;

impl Handover for Shared {
    const NAME: &'static str = "untorn-shared";
    const PACKAGE: &'static str = "untorn";
    type Tx = (Vec<u64>, Producer<u64>);
    type Rx = Consumer<u64>;

    fn ends() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = untorn::spsc::ring(ROOM);
        ((vec![0; PIECE], tx), rx)
    }

    fn send((piece, tx): &mut Self::Tx, mut make: impl FnMut(&mut [u64])) {
        for _ in 0..WORDS / PIECE {
            make(piece);
            tx.wait_for_room(PIECE).expect(GONE);
            assert_eq!(tx.push_slice(piece), PIECE, "there was room");
        }
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        for _ in 0..WORDS / PIECE {
            rx.wait_for_items(PIECE).expect(GONE);
            let chunk = rx.read_chunk(PIECE);
            let (first, second) = chunk.as_slices();
            look(first);
            look(second);
            chunk.release(PIECE);
        }
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
