//! untorn's ring between two threads.

use untorn::spsc::{Consumer, Producer};

use crate::shapes::blocking::Blocking;
use crate::shapes::handover::{Handover, WORDS};
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
