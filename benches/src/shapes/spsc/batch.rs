//! Batches: 64 items are pushed at a time, and popped at a time.
//!
//! Contract: first in, first out, nothing lost; a batch goes in if there is room for all of it and comes
//! out if all of it is there, and otherwise nothing moves.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::sync::{Mutex, PoisonError};

use crossbeam_utils::CachePadded;

use super::CAPACITY;
use crate::crew::{Crew, Part, Wait};
use crate::shapes::{ALWAYS, Contender, Patience, Regime, Sample, Shape, together};

/// How many items a batch is.
pub const BATCH: usize = 64;
/// The same for numbers.
const STEP: u64 = BATCH as u64;

/// A bounded queue of numbers from one thread to one other, [`BATCH`] of them at a time. The numbers
/// come one after the other, so that they can be made in their places; who copies them makes an array
/// first.
pub trait Batched {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// The end that pushes.
    type Tx: Send;
    /// The end that pops.
    type Rx: Send;

    /// An empty queue.
    fn ring(capacity: usize) -> (Self::Tx, Self::Rx);
    /// Pushes the numbers from that one on, if there is room for all of them. Never waits for it.
    fn try_push(tx: &mut Self::Tx, first: u64) -> bool;
    /// Pops as many, if there are so many, and looks at each in its turn. Never waits for them.
    fn try_pop(rx: &mut Self::Rx, look: impl FnMut(u64)) -> bool;
}

/// The numbers from that one on.
#[inline]
#[must_use]
pub fn in_a_row(first: u64) -> [u64; BATCH] {
    std::array::from_fn(|index| first + index as u64)
}

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "u64-64-items",
    "How long do 64 numbers take through 1024 slots, if they go in and come out together?",
)
.beside(1)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "a batch of 64 items, pushed by one thread and popped by the other";
    Shape { name: "spsc-batch", operation, regimes: REGIMES, contenders }
}

/// Enters `B`.
#[must_use]
pub fn entry<B: Batched>() -> Contender {
    let (name, package) = (B::NAME, B::PACKAGE);
    let (contract, sample) = (contract::<B>, sample::<B>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

/// Checks the contract, on one thread and between two.
///
/// # Errors
///
/// Says what broke.
pub fn contract<B: Batched>(operations: u64) -> Result<(), String> {
    /// Room for one batch, for one that begins at another place each time, and for many.
    const ROOMS: [usize; 3] = [BATCH, BATCH + 3, CAPACITY];
    ROOMS.iter().try_for_each(|&capacity| alone::<B>(capacity))?;
    let batches = operations.div_ceil(STEP);
    ROOMS.iter().try_for_each(|&capacity| between_threads::<B>(capacity, batches))
}

/// Pops a batch that must begin with that number.
fn pop_from<B: Batched>(rx: &mut B::Rx, first: u64) -> Result<bool, String> {
    let (mut next, mut wrong) = (first, None);
    let popped = B::try_pop(rx, |number| {
        if number != next {
            wrong.get_or_insert((next, number));
        }
        next += 1;
    });
    if let Some((expected, number)) = wrong {
        return Err(format!("expected {expected}, popped {number}"));
    }
    match next - first {
        0 if !popped => Ok(false),
        STEP if popped => Ok(true),
        some => Err(format!("{some} items came out of a batch")),
    }
}

/// Room, emptiness and order, where nothing runs beside it.
fn alone<B: Batched>(capacity: usize) -> Result<(), String> {
    /// So often that a batch begins at many places inside the queue.
    const LAPS: usize = 100;
    let (mut tx, mut rx) = B::ring(capacity);
    let (mut pushed, mut popped) = (0, 0);
    for _ in 0..LAPS {
        while pushed - popped <= capacity as u64 && B::try_push(&mut tx, pushed) {
            pushed += STEP;
        }
        let (inside, fit) = (pushed - popped, capacity as u64 / STEP * STEP);
        if inside != fit {
            return Err(format!("{inside} items went in where {fit} fit"));
        }
        while pop_from::<B>(&mut rx, popped)? {
            popped += STEP;
        }
        if popped != pushed {
            return Err(format!("{pushed} items went in, and {popped} came out"));
        }
    }
    Ok(())
}

/// Order and completeness while the other end is at work.
fn between_threads<B: Batched>(capacity: usize, batches: u64) -> Result<(), String> {
    let (tx, rx) = B::ring(capacity);
    let ends = Mutex::new((Some(tx), Some(rx)));
    let take = || ends.lock().unwrap_or_else(PoisonError::into_inner);
    // What these two are for is said in the contract of `spsc`.
    let (all_pushed, given_up) = (AtomicBool::new(false), AtomicBool::new(false));
    together(2, |index| {
        let result = if index == 0 {
            let mut tx = take().0.take().ok_or("the pushing end is taken")?;
            let produced = produce::<B>(&mut tx, batches, &given_up);
            all_pushed.store(true, Release);
            take().0 = Some(tx);
            produced
        } else {
            let mut rx = take().1.take().ok_or("the popping end is taken")?;
            let consumed = consume::<B>(&mut rx, batches, &all_pushed);
            take().1 = Some(rx);
            consumed
        };
        if result.is_err() {
            given_up.store(true, Relaxed);
        }
        result
    })
}

fn produce<B: Batched>(tx: &mut B::Tx, batches: u64, given_up: &AtomicBool) -> Result<(), String> {
    for batch in 0..batches {
        let mut patience = Patience::new();
        while !B::try_push(tx, batch * STEP) {
            if given_up.load(Relaxed) {
                return Ok(());
            }
            patience.pause("the queue stays full")?;
        }
    }
    Ok(())
}

fn consume<B: Batched>(
    rx: &mut B::Rx,
    batches: u64,
    all_pushed: &AtomicBool,
) -> Result<(), String> {
    for batch in 0..batches {
        let mut patience = Patience::new();
        loop {
            // Looked at before the pop: all that was pushed must be there for it.
            let all_pushed = all_pushed.load(Acquire);
            if pop_from::<B>(rx, batch * STEP)? {
                break;
            }
            if all_pushed {
                return Err(format!("batch {batch} of {batches} was pushed and never came out"));
            }
            patience.pause("the queue stays empty")?;
        }
    }
    if B::try_pop(rx, |_| ()) {
        return Err(format!("{batches} batches went in, and one more came out"));
    }
    Ok(())
}

fn sample<B: Batched>(_: &Regime, batches: u64, crew: &Crew) -> Sample {
    let (tx, rx) = B::ring(CAPACITY);
    // Padded and borrowed for the reasons given in `stream`.
    let (mut tx, mut rx) = (CachePadded::new(tx), CachePadded::new(rx));
    let (tx, rx): (&mut B::Tx, &mut B::Rx) = (&mut tx, &mut rx);
    let producer = Part::counted(move || {
        for batch in 0..batches {
            let mut wait = Wait::new();
            while !B::try_push(tx, batch * STEP) {
                wait.pause();
            }
        }
    });
    let look = |number| {
        black_box(number);
    };
    let consumer = Part::counted(move || {
        for _ in 0..batches {
            let mut wait = Wait::new();
            while !B::try_pop(rx, look) {
                wait.pause();
            }
        }
    });
    crew.time(vec![producer, consumer]).into()
}
