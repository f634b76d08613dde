//! Many threads hand numbers to many others through a bounded queue.
//!
//! Contract: each item that goes in comes out once; those of one thread come out in their order;
//! exactly `capacity` items fit, or, if [`Mpmc::EXACT`] is false, at least as many; an answer of "full"
//! or "empty" was true at some moment during the call, unless [`Mpmc::TRUE_ANSWERS`] is false.
//!
//! In [`stream`] many threads are at work. What a push and a pop cost where nobody else wants the
//! queue, and what a look into an empty one, is the matter of [`uncontended`] and [`empty`], which
//! queues between two threads enter as well.

pub mod empty;
pub mod stream;
pub mod uncontended;

use std::sync::Mutex;
use std::sync::atomic::{
    AtomicBool, AtomicUsize, Ordering::AcqRel, Ordering::Acquire, Ordering::Relaxed,
};

use super::{Patience, together};
use crate::crew::Wait;

/// How many items fit.
const CAPACITY: usize = 1024;

/// A bounded queue between many threads.
pub trait Mpmc {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;
    /// How many threads can pop.
    const MOST_CONSUMERS: usize = usize::MAX;
    /// Whether exactly the capacity asked for fits.
    const EXACT: bool = true;
    /// Whether it is full when it says so, and empty when it says so. A queue whose pushes take their
    /// places before they fill them may say that it is empty while an item waits behind such a place.
    const TRUE_ANSWERS: bool = true;

    /// An end that pushes.
    type Tx: Send;
    /// An end that pops.
    type Rx: Send;

    /// The ends of an empty queue, for that many threads.
    fn queue(capacity: usize, producers: usize, consumers: usize)
    -> (Vec<Self::Tx>, Vec<Self::Rx>);
    /// Pushes, unless it is full. Never waits for room.
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool;
    /// Pops the oldest item, if there is one. Never waits for one.
    fn try_pop(rx: &mut Self::Rx) -> Option<u64>;

    /// Pushes, and tries again until there is room, in the way that its authors offer for that.
    #[inline]
    fn push(tx: &mut Self::Tx, item: u64) {
        let mut wait = Wait::new();
        while !Self::try_push(tx, item) {
            wait.pause();
        }
    }

    /// Pops, and tries again until there is an item.
    #[inline]
    fn pop(rx: &mut Self::Rx) -> u64 {
        let mut wait = Wait::new();
        loop {
            match Self::try_pop(rx) {
                Some(item) => return item,
                None => wait.pause(),
            }
        }
    }
}

/// The ends of a queue whose threads all hold the same.
#[must_use]
pub fn shared<Q: Clone>(queue: &Q, producers: usize, consumers: usize) -> (Vec<Q>, Vec<Q>) {
    (vec![queue.clone(); producers], vec![queue.clone(); consumers])
}

/// How many threads push in a contract, and how many pop, if as many can.
const THREADS: usize = 4;

/// Checks the contract, on one thread and between many.
///
/// # Errors
///
/// Says what broke.
pub fn contract<M: Mpmc>(operations: u64) -> Result<(), String> {
    contract_alone::<M>(operations)?;
    // Where so few fit, every item may cost several threads a turn of the scheduler.
    between_threads::<M>(3, operations.div_ceil(16))?;
    between_threads::<M>(CAPACITY, operations)?;
    if M::TRUE_ANSWERS && M::MOST_CONSUMERS >= THREADS {
        never_empty::<M>(operations)?;
        never_full::<M>(operations)?;
    }
    Ok(())
}

/// The part of the contract that matters to one thread alone.
///
/// # Errors
///
/// Says what broke.
pub fn contract_alone<M: Mpmc>(_: u64) -> Result<(), String> {
    [1, 3, 64, CAPACITY].into_iter().try_for_each(alone::<M>)
}

/// Capacity, fullness, emptiness and order, where nothing runs beside it.
fn alone<M: Mpmc>(capacity: usize) -> Result<(), String> {
    let (mut txs, mut rxs) = M::queue(capacity, 2, M::MOST_CONSUMERS.min(2));
    // Three times, so that positions inside the queue wrap; by another end each time.
    for lap in 0..3 {
        let (tx, consumers) = (&mut txs[lap % 2], rxs.len());
        let rx = &mut rxs[(lap + 1) % consumers];
        if let Some(item) = M::try_pop(rx) {
            return Err(format!("an empty queue of {capacity} gave {item}"));
        }
        let base = lap as u64 * 1_000_000;
        let mut inside = 0;
        while inside < 4 * capacity as u64 && M::try_push(tx, base + inside) {
            inside += 1;
        }
        let fits = if M::EXACT { inside == capacity as u64 } else { inside >= capacity as u64 };
        if !fits {
            return Err(format!("a queue of {capacity} took {inside} items"));
        }
        for expected in base..base + inside {
            match M::try_pop(rx) {
                Some(item) if item == expected => {}
                other => return Err(format!("expected {expected}, popped {other:?}")),
            }
        }
    }
    Ok(())
}

/// Ends that the threads of [`together`] take, and that stay: what a queue does when one goes is no
/// part of the contract.
struct Ends<T>(Mutex<Vec<Option<T>>>);

impl<T> Ends<T> {
    fn new(ends: Vec<T>) -> Self {
        Self(Mutex::new(ends.into_iter().map(Some).collect()))
    }

    fn with<R>(
        &self,
        index: usize,
        work: impl FnOnce(&mut T) -> Result<R, String>,
    ) -> Result<R, String> {
        let ends = || self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let mut end = ends()[index].take().ok_or("the end is taken")?;
        let result = work(&mut end);
        ends()[index] = Some(end);
        result
    }
}

/// Each item comes out once, and those of one producer in their order.
fn between_threads<M: Mpmc>(capacity: usize, operations: u64) -> Result<(), String> {
    let (producers, consumers) = (THREADS, M::MOST_CONSUMERS.min(THREADS));
    let each = operations.div_ceil(producers as u64);
    let (txs, rxs) = M::queue(capacity, producers, consumers);
    let (txs, rxs) = (Ends::new(txs), Ends::new(rxs));
    let (pushing, given_up) = (AtomicUsize::new(producers), AtomicBool::new(false));
    let came_out: Vec<AtomicBool> = (0..each * producers as u64).map(|_| false.into()).collect();
    together(producers + consumers, |index| {
        let result = if index < producers {
            let produced = txs.with(index, |tx| {
                let items = (0..each).map(|k| k * producers as u64 + index as u64);
                produce::<M>(tx, items, &given_up)
            });
            pushing.fetch_sub(1, AcqRel);
            produced
        } else {
            let over = || given_up.load(Relaxed);
            rxs.with(index - producers, |rx| consume::<M>(rx, &came_out, &pushing, over))
        };
        if result.is_err() {
            given_up.store(true, Relaxed);
        }
        result
    })?;
    match came_out.iter().position(|seen| !seen.load(Relaxed)) {
        None => Ok(()),
        Some(item) => Err(format!("item {item} was pushed and never came out")),
    }
}

fn produce<M: Mpmc>(
    tx: &mut M::Tx,
    items: impl Iterator<Item = u64>,
    given_up: &AtomicBool,
) -> Result<(), String> {
    for item in items {
        let mut patience = Patience::new();
        while !M::try_push(tx, item) {
            if given_up.load(Relaxed) {
                return Ok(());
            }
            patience.pause("the queue stays full")?;
        }
    }
    Ok(())
}

/// Pops until nobody pushes any more and nothing is left.
fn consume<M: Mpmc>(
    rx: &mut M::Rx,
    came_out: &[AtomicBool],
    pushing: &AtomicUsize,
    over: impl Fn() -> bool,
) -> Result<(), String> {
    let mut next = [0; THREADS];
    let mut patience = Patience::new();
    loop {
        // Looked at before the pop: all that was pushed must be there for it.
        let all_pushed = pushing.load(Acquire) == 0;
        match M::try_pop(rx) {
            Some(item) => {
                let seen =
                    came_out.get(item as usize).ok_or("an item came out that nobody made")?;
                if seen.swap(true, Relaxed) {
                    return Err(format!("item {item} came out twice"));
                }
                let next = &mut next[item as usize % THREADS];
                if item < *next {
                    return Err(format!("item {item} of a thread came out after a later one"));
                }
                *next = item + 1;
                patience = Patience::new();
            }
            None if all_pushed || over() => return Ok(()),
            None => patience.pause("the queue stays empty")?,
        }
    }
}

/// Each thread pops after it has pushed, so at no moment of any pop have more pops begun than pushes
/// ended: the queue is not empty, and must not say so.
fn never_empty<M: Mpmc>(operations: u64) -> Result<(), String> {
    in_turns::<M>(0, operations, |tx, rx, item| {
        // Each thread has one item inside at most.
        if !M::try_push(tx, item) {
            return Err(format!("{THREADS} items fill a queue of {CAPACITY}"));
        }
        M::try_pop(rx).map(drop).ok_or_else(|| "empty, says a queue with an item inside".to_owned())
    })
}

/// The same the other way round: each thread pushes after it has popped from a queue that was full.
fn never_full<M: Mpmc>(operations: u64) -> Result<(), String> {
    in_turns::<M>(CAPACITY as u64, operations, |tx, rx, item| {
        M::try_pop(rx).ok_or_else(|| "empty, says a queue that is almost full".to_owned())?;
        let pushed = M::try_push(tx, item);
        pushed.then_some(()).ok_or_else(|| "full, says a queue with room for one".to_owned())
    })
}

/// Threads that each do both, on a queue with that many items.
fn in_turns<M: Mpmc>(
    inside: u64,
    operations: u64,
    turn: impl Fn(&mut M::Tx, &mut M::Rx, u64) -> Result<(), String> + Sync,
) -> Result<(), String> {
    let (mut txs, rxs) = M::queue(CAPACITY, THREADS, THREADS);
    if !(0..inside).all(|item| M::try_push(&mut txs[0], item)) {
        return Err(format!("{inside} items do not fit in a queue of {CAPACITY}"));
    }
    let (txs, rxs) = (Ends::new(txs), Ends::new(rxs));
    together(THREADS, |index| {
        let all = |tx: &mut M::Tx, rx: &mut M::Rx| {
            (0..operations.div_ceil(THREADS as u64)).try_for_each(|item| turn(tx, rx, item))
        };
        txs.with(index, |tx| rxs.with(index, |rx| all(tx, rx)))
    })
}
