//! One thread hands numbers to one other through a bounded queue, and either end sleeps when it has to
//! wait.
//!
//! Contract: first in, first out, nothing lost; exactly `capacity` items go in without a
//! pop, or, if [`Blocking::EXACT`] is false, at least as many; a push
//! into a full queue waits until there is room, and a pop from an empty one until there is an item; who
//! waits for long leaves its core to others.
//!
//! Two shapes share the trait: [`stream`] is about throughput, and [`pingpong`] about latency. The same
//! ends are asked by a [probe](crate::probes::backlog) how much they keep behind a slow consumer.

pub mod pingpong;
pub mod stream;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::{PATIENCE, Patience, Verdict, within};

/// How many items fit, where it is not asked what that number does.
const CAPACITY: usize = 1024;

/// A queue from one thread to one other.
pub trait Blocking<T: Send + 'static = u64>: 'static {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;
    /// Whether exactly the capacity asked for fits.
    const EXACT: bool = true;

    /// The end that pushes.
    type Tx: Send + 'static;
    /// The end that pops.
    type Rx: Send + 'static;

    /// An empty queue.
    fn ring(capacity: usize) -> (Self::Tx, Self::Rx);
    /// Pushes, and sleeps until there is room.
    fn push(tx: &mut Self::Tx, item: T);
    /// Pops the oldest item, and sleeps until there is one.
    fn pop(rx: &mut Self::Rx) -> T;
}

/// Checks that nothing is lost, and that waits end when they should.
///
/// # Errors
///
/// Says what broke.
pub fn contract<B: Blocking>(operations: u64) -> Result<(), String> {
    contract_within::<B>(operations, PATIENCE)
}

/// [`contract`] with another limit to its patience.
///
/// # Errors
///
/// As there; the threads of a contender that is stuck are left behind.
pub fn contract_within<B: Blocking>(operations: u64, patience: Duration) -> Result<(), String> {
    within(patience, move |tell| {
        for capacity in [1, 3, CAPACITY] {
            full::<B>(capacity)?;
        }
        empty::<B>()?;
        // Where one item fits, each may take two threads as long as it takes to wake them.
        between_threads::<B>(1, operations.div_ceil(10), tell)?;
        between_threads::<B>(CAPACITY, operations, tell)
    })
}

/// Long enough for a thread to do what it does not wait for.
const WHILE: Duration = Duration::from_millis(2);

/// The thread's result, or that it panicked.
fn joined<T>(thread: JoinHandle<Result<T, String>>) -> Result<T, String> {
    thread.join().unwrap_or_else(|_| Err("panicked".to_owned()))
}

/// A producer fills the queue, and waits until there is room.
fn full<B: Blocking>(capacity: usize) -> Verdict {
    const MORE: usize = 2;
    let (mut tx, mut rx) = B::ring(capacity);
    let pushed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&pushed);
    let producer = thread::spawn(move || {
        for item in 0..capacity + MORE {
            B::push(&mut tx, item as u64);
            count.fetch_add(1, Relaxed);
        }
        Ok(tx)
    });
    let mut patience = Patience::new();
    while pushed.load(Relaxed) < capacity {
        patience.pause("the queue is full too early")?;
    }
    thread::sleep(WHILE);
    let inside = pushed.load(Relaxed);
    if B::EXACT && inside > capacity {
        return Err(format!("a queue of {capacity} took {inside} items"));
    }
    for expected in 0..(capacity + MORE) as u64 {
        let item = B::pop(&mut rx);
        if item != expected {
            return Err(format!("expected {expected}, popped {item}"));
        }
    }
    // The end stays until here: what a queue does when one goes is no part of the contract.
    joined(producer).map(drop)
}

/// A consumer waits for an item, and sleeps meanwhile.
fn empty<B: Blocking>() -> Verdict {
    const LONG: Duration = Duration::from_millis(40);
    /// More than any look around before the sleep, and less than is left of that time on a busy machine.
    const AWAKE: Duration = Duration::from_millis(5);
    let (mut tx, mut rx) = B::ring(CAPACITY);
    let consumer = thread::spawn(move || {
        let before = own_time();
        let item = B::pop(&mut rx);
        let used = own_time().zip(before).map(|(after, before)| after.saturating_sub(before));
        match (item, used) {
            (7, Some(used)) if used > AWAKE => {
                Err(format!("a pop that waited for {LONG:?} kept its core busy for {used:?}"))
            }
            (7, _) => Ok(rx),
            (item, _) => Err(format!("7 went in, and {item} came out")),
        }
    });
    thread::sleep(LONG);
    if consumer.is_finished() {
        return joined(consumer).and(Err("a pop ended before there was an item".to_owned()));
    }
    B::push(&mut tx, 7);
    joined(consumer).map(drop)
}

/// For how long a core was this thread's; `None` where the system does not say.
fn own_time() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// Order and completeness while the other end is at work.
fn between_threads<B: Blocking>(capacity: usize, items: u64, tell: &Sender<Verdict>) -> Verdict {
    let (mut tx, mut rx) = B::ring(capacity);
    let tell = Mutex::new(tell.clone());
    let producer = thread::spawn(move || {
        (0..items).for_each(|item| B::push(&mut tx, item));
        Ok(tx)
    });
    let consumer = thread::spawn(move || {
        for expected in 0..items {
            let item = B::pop(&mut rx);
            if item != expected {
                let why = Err(format!("expected {expected}, popped {item}"));
                // At once: the other sleeps for ever now, and is waited for.
                let tell = tell.lock().unwrap_or_else(PoisonError::into_inner);
                let _ = tell.send(why.clone());
                return why.map(|()| rx);
            }
        }
        Ok(rx)
    });
    let produced = joined(producer);
    joined(consumer).and(produced).map(drop)
}
