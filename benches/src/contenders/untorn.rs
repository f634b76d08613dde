//! untorn: this workspace's library.

use untorn::seqlock::Writer;
use untorn::{Counter, Mutex, SeqLock, ShardedCounter, Snapshot, SpinLock};

use crate::probes::tries::Retried;
use crate::shapes::cell::{Cell, Value};
use crate::shapes::counter::Count;
use crate::shapes::lock::{Guarded, Lock};

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

impl Count for ShardedCounter {
    const NAME: &'static str = "untorn-sharded";
    const PACKAGE: &'static str = "untorn";

    fn new() -> Self {
        Self::new()
    }

    #[inline]
    fn add(&self) {
        self.increment();
    }

    #[inline]
    fn get(&self) -> u64 {
        self.sum()
    }
}

impl Lock for Mutex<Guarded> {
    const NAME: &'static str = "untorn-mutex";
    const PACKAGE: &'static str = "untorn";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        f(&mut self.lock())
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

impl<const W: usize> Cell<W> for SeqLock<Value<W>> {
    const NAME: &'static str = "untorn-seqlock";
    const PACKAGE: &'static str = "untorn";
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
        reader.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>) {
        SeqLock::write(writer, value);
    }
}

/// The sequence lock whose one writer keeps the right to write.
#[derive(Debug)]
pub struct KeptWriter<const W: usize>(SeqLock<Value<W>>);

impl<const W: usize> Cell<W> for KeptWriter<W> {
    const NAME: &'static str = "untorn-seqlock-writer";
    const PACKAGE: &'static str = "untorn";
    type Writer<'a> = Writer<'a, Value<W>>;
    type Reader<'a> = &'a Self;

    fn new(value: Value<W>) -> Self {
        Self(SeqLock::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self.0.writer(), vec![self; readers])
    }

    #[inline]
    fn read(reader: &mut Self::Reader<'_>) -> Value<W> {
        reader.0.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>) {
        writer.write(value);
    }
}

impl<const W: usize> Cell<W> for Snapshot<Value<W>> {
    const NAME: &'static str = "untorn-snapshot";
    const PACKAGE: &'static str = "untorn";
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
        reader.read()
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>) {
        writer.publish(value);
    }
}

impl Retried for SeqLock<Value<8>> {
    const NAME: &'static str = "untorn-seqlock";
    const PACKAGE: &'static str = "untorn";

    fn new(value: Value<8>) -> Self {
        Self::new(value)
    }

    #[inline]
    fn try_read(&self) -> Option<Value<8>> {
        SeqLock::try_read(self)
    }

    #[inline]
    fn write(&self, value: Value<8>) {
        SeqLock::write(self, value);
    }
}

impl<const N: usize> Retried for Snapshot<Value<8>, N> {
    const NAME: &'static str = match N {
        2 => "untorn-snapshot",
        3 => "untorn-snapshot-3",
        4 => "untorn-snapshot-4",
        _ => panic!("no name for that many slots"),
    };
    const PACKAGE: &'static str = "untorn";

    fn new(value: Value<8>) -> Self {
        Self::with_slots(value)
    }

    #[inline]
    fn try_read(&self) -> Option<Value<8>> {
        Snapshot::try_read(self)
    }

    #[inline]
    fn write(&self, value: Value<8>) {
        self.publish(value);
    }
}
