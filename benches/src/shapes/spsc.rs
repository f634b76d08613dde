//! One thread hands numbers to one other through a bounded queue.
//!
//! Contract: first in, first out, nothing lost; an item can be popped when the push has returned; a
//! full queue refuses and an empty one says so; exactly `capacity` items fit, or, for a contender
//! that rounds up ([`Spsc::EXACT`] is false), at least as many.
//!
//! Two shapes share the trait: [`stream`] is about throughput, [`roundtrip`] about latency.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::atomic::{Ordering::Acquire, Ordering::Release};

use super::{Patience, together};
use crate::crew::Wait;

/// A bounded queue from one thread to one other.
pub trait Spsc {
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
    fn try_push(tx: &mut Self::Tx, item: u64) -> bool;
    /// Pops the oldest item, if there is one. Never waits for one.
    fn try_pop(rx: &mut Self::Rx) -> Option<u64>;
}

/// Pushes, waiting for room.
#[inline]
fn push<S: Spsc>(tx: &mut S::Tx, item: u64) {
    let mut wait = Wait::new();
    while !S::try_push(tx, item) {
        wait.pause();
    }
}

/// Pops, waiting for an item.
#[inline]
fn pop<S: Spsc>(rx: &mut S::Rx) -> u64 {
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
pub fn contract<S: Spsc>(operations: u64) -> Result<(), String> {
    for capacity in [S::SMALLEST, 3, 64, stream::CAPACITY] {
        alone::<S>(capacity.max(S::SMALLEST))?;
    }
    between_threads::<S>(S::SMALLEST, operations)?;
    between_threads::<S>(stream::CAPACITY, operations)
}

/// Capacity, fullness, emptiness and order, where nothing runs beside it.
fn alone<S: Spsc>(capacity: usize) -> Result<(), String> {
    let (mut tx, mut rx) = S::ring(capacity);
    // Three times, so that positions inside the queue wrap.
    for lap in 0..3 {
        if let Some(item) = S::try_pop(&mut rx) {
            return Err(format!("an empty queue of {capacity} gave {item}"));
        }
        let base = lap * 1_000_000;
        let mut inside = 0;
        while inside < 4 * capacity as u64 && S::try_push(&mut tx, base + inside) {
            inside += 1;
        }
        let fits = if S::EXACT { inside == capacity as u64 } else { inside >= capacity as u64 };
        if !fits {
            return Err(format!("a queue of {capacity} took {inside} items"));
        }
        for expected in base..base + inside {
            match S::try_pop(&mut rx) {
                Some(item) if item == expected => {}
                other => return Err(format!("expected {expected}, popped {other:?}")),
            }
        }
    }
    for item in 0..2 * capacity as u64 {
        let pushed = S::try_push(&mut tx, item);
        let popped = S::try_pop(&mut rx);
        if !pushed || popped != Some(item) {
            return Err(format!("{item} could not be popped when its push had returned"));
        }
    }
    Ok(())
}

/// Order and completeness while the other end is at work.
fn between_threads<S: Spsc>(capacity: usize, items: u64) -> Result<(), String> {
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
            let produced = produce::<S>(&mut tx, items, &given_up);
            all_pushed.store(true, Release);
            // Kept: what a queue does when an end goes is no part of this contract.
            take().0 = Some(tx);
            produced
        } else {
            let mut rx = take().1.take().ok_or("the popping end is taken")?;
            let consumed = consume::<S>(&mut rx, items, &all_pushed);
            take().1 = Some(rx);
            consumed
        };
        if result.is_err() {
            given_up.store(true, Relaxed);
        }
        result
    })
}

fn produce<S: Spsc>(tx: &mut S::Tx, items: u64, given_up: &AtomicBool) -> Result<(), String> {
    for item in 0..items {
        let mut patience = Patience::new();
        while !S::try_push(tx, item) {
            if given_up.load(Relaxed) {
                return Ok(());
            }
            patience.pause("the queue stays full")?;
        }
    }
    Ok(())
}

fn consume<S: Spsc>(rx: &mut S::Rx, items: u64, all_pushed: &AtomicBool) -> Result<(), String> {
    for expected in 0..items {
        let mut patience = Patience::new();
        let item = loop {
            // Looked at before the pop: all that was pushed must be there for it.
            let all_pushed = all_pushed.load(Acquire);
            if let Some(item) = S::try_pop(rx) {
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
    match S::try_pop(rx) {
        None => Ok(()),
        Some(item) => Err(format!("{items} items went in, and {item} came out once more")),
    }
}

/// Throughput: items in one direction, as fast as they go.
pub mod stream {
    use crossbeam_utils::CachePadded;
    use std::hint::black_box;

    use super::{Spsc, contract, pop, push};
    use crate::crew::{Crew, Part};
    use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

    /// How many items fit between the two threads.
    pub const CAPACITY: usize = 1024;

    const REGIMES: &[Regime] = &[Regime::of_lanes(
        1,
        "u64-cap1024",
        "How long does one item take when two threads stream numbers through 1024 slots?",
    )
    .beside(1)];

    /// The shape, with these contenders.
    #[must_use]
    pub fn shape(contenders: Vec<Contender>) -> Shape {
        let operation = "one item, pushed by one thread and popped by the other";
        Shape { name: "spsc-stream", operation, regimes: REGIMES, contenders }
    }

    /// Enters `S`.
    #[must_use]
    pub fn entry<S: Spsc>() -> Contender {
        let (name, package) = (S::NAME, S::PACKAGE);
        let (contract, sample) = (contract::<S>, sample::<S>);
        Contender { name, package, contract, sample, able: ALWAYS }
    }

    fn sample<S: Spsc>(_: &Regime, items: u64, crew: &Crew) -> Sample {
        let (tx, rx) = S::ring(CAPACITY);
        // Padded: side by side on this stack, the two handles would share a cache line, which
        // handles that moved to their threads do not. Borrowed, so that neither end goes away while
        // the other is at work: some queues then refuse.
        let (mut tx, mut rx) = (CachePadded::new(tx), CachePadded::new(rx));
        let (tx, rx): (&mut S::Tx, &mut S::Rx) = (&mut tx, &mut rx);
        let producer = Part::counted(move || (0..items).for_each(|item| push::<S>(tx, item)));
        let consumer = Part::counted(move || {
            (0..items).for_each(|_| {
                black_box(pop::<S>(rx));
            });
        });
        crew.time(vec![producer, consumer]).into()
    }
}

/// Latency: one item goes there and back over two queues as small as they come.
pub mod roundtrip {
    use crossbeam_utils::CachePadded;

    use super::{Spsc, contract, pop, push};
    use crate::crew::{Crew, Part};
    use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

    const REGIMES: &[Regime] = &[Regime::of_lanes(
        1,
        "u64-cap1",
        "How long until an answer is back, over two queues of the smallest capacity?",
    )
    .beside(1)];

    /// The shape, with these contenders.
    #[must_use]
    pub fn shape(contenders: Vec<Contender>) -> Shape {
        let operation = "one item there and back, over two queues";
        Shape { name: "spsc-roundtrip", operation, regimes: REGIMES, contenders }
    }

    /// Enters `S`.
    #[must_use]
    pub fn entry<S: Spsc>() -> Contender {
        let (name, package) = (S::NAME, S::PACKAGE);
        let (contract, sample) = (contract::<S>, sample::<S>);
        Contender { name, package, contract, sample, able: ALWAYS }
    }

    fn sample<S: Spsc>(_: &Regime, trips: u64, crew: &Crew) -> Sample {
        let (there, arrived) = S::ring(S::SMALLEST);
        let (back, returned) = S::ring(S::SMALLEST);
        // Padded and borrowed for the reasons given in `stream`.
        let (mut there, mut returned) = (CachePadded::new(there), CachePadded::new(returned));
        let (mut arrived, mut back) = (CachePadded::new(arrived), CachePadded::new(back));
        let (there, returned): (&mut S::Tx, &mut S::Rx) = (&mut there, &mut returned);
        let asking = Part::counted(move || {
            for trip in 0..trips {
                push::<S>(there, trip);
                let answer = pop::<S>(returned);
                assert_eq!(answer, trip, "an answer to another question came back");
            }
        });
        let (arrived, back): (&mut S::Rx, &mut S::Tx) = (&mut arrived, &mut back);
        let answering = Part::counted(move || {
            (0..trips).for_each(|_| push::<S>(back, pop::<S>(arrived)));
        });
        crew.time(vec![asking, answering]).into()
    }
}
