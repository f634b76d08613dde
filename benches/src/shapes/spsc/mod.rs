//! One thread hands numbers to one other through a bounded queue.
//!
//! Contract: first in, first out, nothing lost, no item torn; an item can be popped when the push has
//! returned; a full queue refuses and an empty one says so; exactly `capacity` items fit, or, for a
//! contender that rounds up ([`Spsc::EXACT`] is false), at least as many.
//!
//! Three shapes share the trait: [`stream`] is about throughput, [`roundtrip`] about latency, and
//! [`burst`] about both. In [`batch`] many items are pushed and popped at a time. Ends that sleep are
//! compared in [`blocking`](super::blocking).

pub mod batch;
pub mod burst;
pub mod roundtrip;
pub mod stream;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::atomic::{Ordering::Acquire, Ordering::Release};

use super::publication::whole;
use super::{Patience, together};
use crate::crew::Wait;

/// What goes through a queue.
pub trait Item: Copy + Default + Send + 'static {
    /// The item of that number.
    fn of(number: u64) -> Self;
    /// Its number.
    ///
    /// # Errors
    ///
    /// If it is a mix of two items.
    fn number(&self) -> Result<u64, String>;
}

impl Item for u64 {
    #[inline]
    fn of(number: u64) -> Self {
        number
    }

    #[inline]
    fn number(&self) -> Result<u64, String> {
        Ok(*self)
    }
}

/// `W` words, all with the number of the item.
#[derive(Debug, Clone, Copy)]
pub struct Words<const W: usize>([u64; W]);

impl<const W: usize> Default for Words<W> {
    fn default() -> Self {
        Self([0; W])
    }
}

impl<const W: usize> Item for Words<W> {
    #[inline]
    fn of(number: u64) -> Self {
        Self([number; W])
    }

    fn number(&self) -> Result<u64, String> {
        whole(&self.0)
    }
}

/// A bounded queue of such items from one thread to one other.
pub trait Spsc<T: Item = u64> {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;
    /// The smallest capacity it can have.
    const SMALLEST: usize = 1;
    /// Whether exactly the capacity asked for fits.
    const EXACT: bool = true;

    /// The end that pushes.
    type Tx: Send;
    /// The end that pops.
    type Rx: Send;

    /// An empty queue.
    fn ring(capacity: usize) -> (Self::Tx, Self::Rx);
    /// Pushes, unless it is full. Never waits for room.
    fn try_push(tx: &mut Self::Tx, item: T) -> bool;
    /// Pops the oldest item, if there is one. Never waits for one.
    fn try_pop(rx: &mut Self::Rx) -> Option<T>;
}

/// Pushes, waiting for room.
#[inline]
fn push<S: Spsc<T>, T: Item>(tx: &mut S::Tx, item: T) {
    let mut wait = Wait::new();
    while !S::try_push(tx, item) {
        wait.pause();
    }
}

/// Pops, waiting for an item.
#[inline]
fn pop<S: Spsc<T>, T: Item>(rx: &mut S::Rx) -> T {
    let mut wait = Wait::new();
    loop {
        match S::try_pop(rx) {
            Some(item) => return item,
            None => wait.pause(),
        }
    }
}

/// Checks the contract, on one thread and between two.
///
/// # Errors
///
/// Says what broke.
pub fn contract<S: Spsc<T>, T: Item>(operations: u64) -> Result<(), String> {
    contract_alone::<S, T>(operations)?;
    between_threads::<S, T>(S::SMALLEST, operations)?;
    between_threads::<S, T>(CAPACITY, operations)
}

/// The part of the contract that matters to one thread alone.
///
/// # Errors
///
/// Says what broke.
pub fn contract_alone<S: Spsc<T>, T: Item>(_: u64) -> Result<(), String> {
    let capacities = [S::SMALLEST, 3, 64, CAPACITY].into_iter();
    capacities.map(|capacity| capacity.max(S::SMALLEST)).try_for_each(alone::<S, T>)
}

/// How many items fit between two threads, where it is not asked what that number does.
pub(super) const CAPACITY: usize = 1024;

/// Pops, and reads the number.
fn popped<S: Spsc<T>, T: Item>(rx: &mut S::Rx) -> Result<Option<u64>, String> {
    S::try_pop(rx).map(|item| item.number()).transpose()
}

/// Capacity, fullness, emptiness and order, where nothing runs beside it.
fn alone<S: Spsc<T>, T: Item>(capacity: usize) -> Result<(), String> {
    let (mut tx, mut rx) = S::ring(capacity);
    // Three times, so that positions inside the queue wrap.
    for lap in 0..3 {
        if let Some(item) = popped::<S, T>(&mut rx)? {
            return Err(format!("an empty queue of {capacity} gave {item}"));
        }
        let base = lap * 1_000_000;
        let mut inside = 0;
        while inside < 4 * capacity as u64 && S::try_push(&mut tx, T::of(base + inside)) {
            inside += 1;
        }
        let fits = if S::EXACT { inside == capacity as u64 } else { inside >= capacity as u64 };
        if !fits {
            return Err(format!("a queue of {capacity} took {inside} items"));
        }
        for expected in base..base + inside {
            match popped::<S, T>(&mut rx)? {
                Some(item) if item == expected => {}
                other => return Err(format!("expected {expected}, popped {other:?}")),
            }
        }
    }
    for item in 0..2 * capacity as u64 {
        let pushed = S::try_push(&mut tx, T::of(item));
        if !pushed || popped::<S, T>(&mut rx)? != Some(item) {
            return Err(format!("{item} could not be popped when its push had returned"));
        }
    }
    Ok(())
}

/// Order and completeness while the other end is at work.
fn between_threads<S: Spsc<T>, T: Item>(capacity: usize, items: u64) -> Result<(), String> {
    let (tx, rx) = S::ring(capacity);
    let ends = std::sync::Mutex::new((Some(tx), Some(rx)));
    // Says that all pushes have returned, so that a consumer that then finds nothing knows that an
    // item is lost, and does not wait for it.
    let all_pushed = AtomicBool::new(false);
    let given_up = AtomicBool::new(false);
    let take = || ends.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    together(2, |index| {
        let result = if index == 0 {
            let mut tx = take().0.take().ok_or("the pushing end is taken")?;
            let produced = produce::<S, T>(&mut tx, items, &given_up);
            all_pushed.store(true, Release);
            // Kept: what a queue does when an end goes is no part of this contract.
            take().0 = Some(tx);
            produced
        } else {
            let mut rx = take().1.take().ok_or("the popping end is taken")?;
            let consumed = consume::<S, T>(&mut rx, items, &all_pushed);
            take().1 = Some(rx);
            consumed
        };
        if result.is_err() {
            given_up.store(true, Relaxed);
        }
        result
    })
}

fn produce<S: Spsc<T>, T: Item>(
    tx: &mut S::Tx,
    items: u64,
    given_up: &AtomicBool,
) -> Result<(), String> {
    for item in 0..items {
        let mut patience = Patience::new();
        while !S::try_push(tx, T::of(item)) {
            if given_up.load(Relaxed) {
                return Ok(());
            }
            patience.pause("the queue stays full")?;
        }
    }
    Ok(())
}

fn consume<S: Spsc<T>, T: Item>(
    rx: &mut S::Rx,
    items: u64,
    all_pushed: &AtomicBool,
) -> Result<(), String> {
    for expected in 0..items {
        let mut patience = Patience::new();
        let item = loop {
            // Looked at before the pop: all that was pushed must be there for it.
            let all_pushed = all_pushed.load(Acquire);
            if let Some(item) = popped::<S, T>(rx)? {
                break item;
            }
            if all_pushed {
                return Err(format!("item {expected} of {items} was pushed and never came out"));
            }
            patience.pause("the queue stays empty")?;
        };
        if item != expected {
            return Err(format!("expected {expected}, popped {item}"));
        }
    }
    match popped::<S, T>(rx)? {
        None => Ok(()),
        Some(item) => Err(format!("{items} items went in, and {item} came out once more")),
    }
}
