//! Queues that take many items at a time.

use ringbuf::traits::{Consumer as _, Observer as _, Producer as _, Split as _};

use super::queues::Ringbuf;
use super::rtrb::Ring;
use super::std::{MutexDeque, MutexDequeEnd};
use crate::shapes::BASELINE;
use crate::shapes::spsc::Spsc;
use crate::shapes::spsc::batch::{BATCH, Batched, in_a_row};

impl Batched for MutexDeque {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
    type Tx = MutexDequeEnd<u64>;
    type Rx = MutexDequeEnd<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        <Self as Spsc>::ring(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, first: u64) -> bool {
        tx.extend(BATCH, first..)
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx, look: impl FnMut(u64)) -> bool {
        rx.drain(BATCH, look)
    }
}

/// `rtrb` chunks: the numbers are made in their slots, and looked at there.
impl Batched for Ring {
    const NAME: &'static str = "rtrb-chunks";
    const PACKAGE: &'static str = "rtrb";
    type Tx = rtrb::Producer<u64>;
    type Rx = rtrb::Consumer<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        rtrb::RingBuffer::new(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, first: u64) -> bool {
        tx.write_chunk_uninit(BATCH).is_ok_and(|chunk| chunk.fill_from_iter(first..) == BATCH)
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx, look: impl FnMut(u64)) -> bool {
        let Ok(chunk) = rx.read_chunk(BATCH) else { return false };
        let (first, second) = chunk.as_slices();
        first.iter().chain(second).copied().for_each(look);
        chunk.commit_all();
        true
    }
}

/// `rtrb` slices: the numbers are copied in, and copied out.
#[derive(Debug)]
pub struct RtrbSlices;

impl Batched for RtrbSlices {
    const NAME: &'static str = "rtrb-slices";
    const PACKAGE: &'static str = "rtrb";
    type Tx = rtrb::Producer<u64>;
    type Rx = rtrb::Consumer<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        rtrb::RingBuffer::new(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, first: u64) -> bool {
        tx.push_entire_slice(&in_a_row(first)).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx, look: impl FnMut(u64)) -> bool {
        let mut batch = [0; BATCH];
        let popped = rx.pop_entire_slice(&mut batch).is_ok();
        if popped {
            batch.into_iter().for_each(look);
        }
        popped
    }
}

/// `ringbuf` slices, which are pushed and popped in part if nobody looks before.
impl Batched for Ringbuf {
    const NAME: &'static str = "ringbuf-slices";
    const PACKAGE: &'static str = "ringbuf";
    type Tx = ringbuf::HeapProd<u64>;
    type Rx = ringbuf::HeapCons<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        ringbuf::HeapRb::new(capacity).split()
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, first: u64) -> bool {
        tx.vacant_len() >= BATCH && tx.push_slice(&in_a_row(first)) == BATCH
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx, look: impl FnMut(u64)) -> bool {
        let mut batch = [0; BATCH];
        let popped = rx.occupied_len() >= BATCH && rx.pop_slice(&mut batch) == BATCH;
        if popped {
            batch.into_iter().for_each(look);
        }
        popped
    }
}
