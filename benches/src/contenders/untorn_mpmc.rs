//! untorn's queue for many threads.

use std::sync::Arc;

use untorn::mpmc::{self, TryPopError, TryPushError};

use crate::shapes::blocking::Blocking;
use crate::shapes::mpmc::{Mpmc, shared};

/// `untorn::mpmc::Queue`. A call that finds a thread stopped in the middle of its own is made again.
#[derive(Debug)]
pub struct Queue;

impl Mpmc for Queue {
    const NAME: &'static str = "untorn-mpmc";
    const PACKAGE: &'static str = "untorn";
    type Tx = Arc<mpmc::Queue<u64>>;
    type Rx = Arc<mpmc::Queue<u64>>;

    fn queue(
        capacity: usize,
        producers: usize,
        consumers: usize,
    ) -> (Vec<Self::Tx>, Vec<Self::Rx>) {
        shared(&Arc::new(mpmc::Queue::new(capacity)), producers, consumers)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        loop {
            match tx.try_push(item) {
                Err(TryPushError::Busy(_)) => std::thread::yield_now(),
                result => return result.is_ok(),
            }
        }
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        loop {
            match rx.try_pop() {
                Err(TryPopError::Busy) => std::thread::yield_now(),
                result => return result.ok(),
            }
        }
    }
}

impl<T: Send + 'static> Blocking<T> for Queue {
    const NAME: &'static str = "untorn-mpmc";
    const PACKAGE: &'static str = "untorn";
    type Tx = Arc<mpmc::Queue<T>>;
    type Rx = Arc<mpmc::Queue<T>>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let queue = Arc::new(mpmc::Queue::new(capacity));
        (Arc::clone(&queue), queue)
    }

    #[inline]
    fn push(tx: &mut Self::Tx, item: T) {
        assert!(tx.push(item).is_ok(), "nobody closes it");
    }

    #[inline]
    fn pop(rx: &mut Self::Rx) -> T {
        rx.pop().expect("nobody closes it")
    }
}
