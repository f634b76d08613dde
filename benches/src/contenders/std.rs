//! The standard library: the baselines, whose code is fixed and plain, and the channel.

use std::collections::VecDeque;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

use crate::shapes::BASELINE;
use crate::shapes::cell::{Cell, Value};
use crate::shapes::counter::Count;
use crate::shapes::lock::{Guarded, Lock};
use crate::shapes::pointer::{Pointee, Pointer};
use crate::shapes::spsc::{Item, Spsc};

/// The baselines do nothing clever: lock, or die with the thread that panicked.
#[inline]
fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no holder panicked")
}

impl Count for Mutex<u64> {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";

    fn new() -> Self {
        Self::new(0)
    }

    #[inline]
    fn add(&self) {
        *hold(self) += 1;
    }

    fn get(&self) -> u64 {
        *hold(self)
    }
}

impl Count for AtomicU64 {
    const NAME: &'static str = "std-atomic";
    const PACKAGE: &'static str = "std";

    fn new() -> Self {
        Self::new(0)
    }

    #[inline]
    fn add(&self) {
        self.fetch_add(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.load(Relaxed)
    }
}

impl Lock for Mutex<Guarded> {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        f(&mut hold(self))
    }
}

/// The baseline queue: a deque behind a mutex.
#[derive(Debug)]
pub struct MutexDeque;

/// What both ends of [`MutexDeque`] hold.
#[derive(Debug, Clone)]
pub struct MutexDequeEnd<T> {
    items: Arc<Mutex<VecDeque<T>>>,
    capacity: usize,
}

impl<T> MutexDequeEnd<T> {
    /// Takes the first `count` of the items, or none if there is no room for so many.
    pub(super) fn extend(&self, count: usize, items: impl Iterator<Item = T>) -> bool {
        let mut inside = hold(&self.items);
        let fits = inside.len() + count <= self.capacity;
        if fits {
            inside.extend(items.take(count));
        }
        fits
    }

    /// Gives that many items to `look`, or none if there are not so many.
    pub(super) fn drain(&self, count: usize, look: impl FnMut(T)) -> bool {
        let mut inside = hold(&self.items);
        let enough = inside.len() >= count;
        if enough {
            inside.drain(..count).for_each(look);
        }
        enough
    }
}

impl<T: Item> Spsc<T> for MutexDeque {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
    type Tx = MutexDequeEnd<T>;
    type Rx = MutexDequeEnd<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let items = Arc::new(Mutex::new(VecDeque::with_capacity(capacity)));
        let end = MutexDequeEnd { items, capacity };
        (end.clone(), end)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        let mut items = hold(&tx.items);
        if items.len() == tx.capacity {
            return false;
        }
        items.push_back(item);
        true
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        hold(&rx.items).pop_front()
    }
}

/// `std::sync::mpsc`, bounded.
#[derive(Debug)]
pub struct Mpsc;

impl<T: Item> Spsc<T> for Mpsc {
    const NAME: &'static str = "std-mpsc";
    const PACKAGE: &'static str = "std";
    type Tx = SyncSender<T>;
    type Rx = Receiver<T>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        sync_channel(capacity)
    }

    #[inline]
    fn try_push(tx: &mut Self::Tx, item: T) -> bool {
        tx.try_send(item).is_ok()
    }

    #[inline]
    fn try_pop(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

impl<const W: usize> Cell<W> for Mutex<Value<W>> {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
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
        *hold(reader)
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Value<W>) {
        *hold(writer) = value;
    }
}

/// The baseline pointer: under the mutex, a reader takes a share of the value, and looks at it after
/// it has let go of the mutex.
impl<T: Pointee> Pointer<T> for Mutex<Arc<T>> {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: T) -> Self {
        Self::new(Arc::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        let value = hold(reader).clone();
        look(&value)
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        let new = Arc::new(value);
        // The old one goes after the mutex.
        let _old = mem::replace(&mut *hold(writer), new);
    }
}

/// Readers hold the lock while they look.
impl<T: Pointee> Pointer<T> for RwLock<T> {
    const NAME: &'static str = "rwlock";
    const PACKAGE: &'static str = "std";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(&RwLock::read(reader).expect("no holder panicked"))
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        *writer.write().expect("no holder panicked") = value;
    }
}
