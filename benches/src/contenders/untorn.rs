//! untorn: this workspace's library.

use untorn::seqlock::Writer;
use untorn::spsc::{Consumer, Producer};
use untorn::{Counter, SeqLock, Snapshot, SpinLock};

use crate::shapes::cell::{Cell, Payload};
use crate::shapes::counter::Count;
use crate::shapes::lock::{Guarded, Lock};
use crate::shapes::spsc::Spsc;

impl Count for Counter {
    const NAME: &'static str = "untorn";
    const PACKAGE: &'static str = "untorn";

    fn new() -> Self {
        Self::new()
    }

    #[inline]
    fn add(&self) {
        self.increment();
    }

    fn get(&self) -> u64 {
        Self::get(self)
    }
}

impl Lock for SpinLock<Guarded> {
    const NAME: &'static str = "untorn-spin";
    const PACKAGE: &'static str = "untorn";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        f(&mut self.lock())
    }
}

/// `untorn::spsc::ring`.
#[derive(Debug)]
pub struct Ring;

impl Spsc for Ring {
    const NAME: &'static str = "untorn";
    const PACKAGE: &'static str = "untorn";
    type Tx = Producer<u64>;
    type Rx = Consumer<u64>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        untorn::spsc::ring(capacity)
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

impl Cell for SeqLock<Payload> {
    const NAME: &'static str = "untorn-seqlock";
    const PACKAGE: &'static str = "untorn";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self::new(value)
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this, this)
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        reader.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        SeqLock::write(writer, value);
    }
}

/// The sequence lock whose one writer keeps the right to write.
#[derive(Debug)]
pub struct KeptWriter(SeqLock<Payload>);

impl Cell for KeptWriter {
    const NAME: &'static str = "untorn-seqlock-writer";
    const PACKAGE: &'static str = "untorn";
    type Writer<'a> = Writer<'a, Payload>;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self(SeqLock::new(value))
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this.0.writer(), this)
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        reader.0.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.write(value);
    }
}

impl Cell for Snapshot<Payload> {
    const NAME: &'static str = "untorn-snapshot";
    const PACKAGE: &'static str = "untorn";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self::new(value)
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this, this)
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        reader.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        writer.publish(value);
    }
}
