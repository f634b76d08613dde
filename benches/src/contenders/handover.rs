//! Ways for a lot of data from one thread to another.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex};

use super::rtrb::Ring;
use crate::crew::Wait;
use crate::shapes::BASELINE;
use crate::shapes::handover::{Handover, PIECE, ROOM, WORDS};

const GONE: &str = "the other end is there";

/// The baseline: one place for the data behind a mutex, and whose turn it is.
#[derive(Debug)]
pub struct Place {
    data: Mutex<(Vec<u64>, bool)>,
    turn: Condvar,
}

impl Place {
    /// Works on the data when that is the turn, and gives the turn to the other end.
    fn take_turn(&self, filled: bool, work: impl FnOnce(&mut [u64])) {
        let data = self.data.lock().expect("no holder panicked");
        let mut data =
            self.turn.wait_while(data, |data| data.1 != filled).expect("no holder panicked");
        work(&mut data.0);
        data.1 = !filled;
        drop(data);
        self.turn.notify_one();
    }
}

impl Handover for Place {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
    type Tx = Arc<Self>;
    type Rx = Arc<Self>;

    fn ends() -> (Self::Tx, Self::Rx) {
        let data = Mutex::new((vec![0; WORDS], false));
        let place = Arc::new(Self { data, turn: Condvar::new() });
        (Arc::clone(&place), place)
    }

    fn send(tx: &mut Self::Tx, make: impl FnMut(&mut [u64])) {
        tx.take_turn(false, make);
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        rx.take_turn(true, |data| look(data));
    }
}

/// The maker keeps its data and sends a clone.
#[derive(Debug)]
pub struct Cloned;

impl Handover for Cloned {
    const NAME: &'static str = "std-cloned";
    const PACKAGE: &'static str = "std";
    type Tx = (Vec<u64>, SyncSender<Vec<u64>>);
    type Rx = Receiver<Vec<u64>>;

    fn ends() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = sync_channel(1);
        ((vec![0; WORDS], tx), rx)
    }

    fn send((own, tx): &mut Self::Tx, mut make: impl FnMut(&mut [u64])) {
        make(own);
        tx.send(own.clone()).expect(GONE);
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        look(&rx.recv().expect(GONE));
    }
}

/// The maker gives its data away, and takes new memory the next time.
#[derive(Debug)]
pub struct Moved;

impl Handover for Moved {
    const NAME: &'static str = "std-moved";
    const PACKAGE: &'static str = "std";
    type Tx = SyncSender<Vec<u64>>;
    type Rx = Receiver<Vec<u64>>;

    fn ends() -> (Self::Tx, Self::Rx) {
        sync_channel(1)
    }

    fn send(tx: &mut Self::Tx, mut make: impl FnMut(&mut [u64])) {
        let mut words = vec![0; WORDS];
        make(&mut words);
        tx.send(words).expect(GONE);
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        look(&rx.recv().expect(GONE));
    }
}

/// The maker gives its data away, and gets the memory back by a second channel.
#[derive(Debug)]
pub struct Recycled;

impl Handover for Recycled {
    const NAME: &'static str = "std-recycled";
    const PACKAGE: &'static str = "std";
    type Tx = (SyncSender<Vec<u64>>, Receiver<Vec<u64>>);
    type Rx = (SyncSender<Vec<u64>>, Receiver<Vec<u64>>);

    fn ends() -> (Self::Tx, Self::Rx) {
        let ((there, arrived), (back, returned)) = (sync_channel(2), sync_channel(2));
        for _ in 0..2 {
            back.send(vec![0; WORDS]).expect(GONE);
        }
        ((there, returned), (back, arrived))
    }

    fn send((there, returned): &mut Self::Tx, mut make: impl FnMut(&mut [u64])) {
        let mut words = returned.recv().expect(GONE);
        make(&mut words);
        there.send(words).expect(GONE);
    }

    fn receive((back, arrived): &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        let words = arrived.recv().expect(GONE);
        look(&words);
        back.send(words).expect(GONE);
    }
}

/// `rtrb`, in whose slots the data is made and looked at; its ends cannot sleep.
impl Handover for Ring {
    const NAME: &'static str = "rtrb-shared";
    const PACKAGE: &'static str = "rtrb";
    type Tx = rtrb::Producer<u64>;
    type Rx = rtrb::Consumer<u64>;

    fn ends() -> (Self::Tx, Self::Rx) {
        rtrb::RingBuffer::new(ROOM)
    }

    fn send(tx: &mut Self::Tx, mut make: impl FnMut(&mut [u64])) {
        for _ in 0..WORDS / PIECE {
            let mut wait = Wait::new();
            while tx.slots() < PIECE {
                wait.pause();
            }
            let mut chunk = tx.write_chunk(PIECE).expect("there is room");
            let (first, second) = chunk.as_mut_slices();
            make(first);
            make(second);
            chunk.commit_all();
        }
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        for _ in 0..WORDS / PIECE {
            let mut wait = Wait::new();
            while rx.slots() < PIECE {
                wait.pause();
            }
            let chunk = rx.read_chunk(PIECE).expect("they are there");
            let (first, second) = chunk.as_slices();
            look(first);
            look(second);
            chunk.commit_all();
        }
    }
}
