//! Many threads add one to a number.
//!
//! Contract: no add is lost, whichever thread it came from.

use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::{ALWAYS, Contender, Regime, Shape, together};
use crate::crew::{Crew, Part};

/// A number that many threads add to.
pub trait Count: Sync {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// A counter at zero.
    fn new() -> Self;
    /// Adds one.
    fn add(&self);
    /// The count.
    fn get(&self) -> u64;
}

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "1-thread", "What does one add cost when nobody else adds?"),
    Regime::of_lanes(2, "2-threads", "What does one add cost when two threads add without pause?"),
    Regime::of_lanes(
        8,
        "8-threads",
        "What does one add cost when eight threads add without pause?",
    ),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one add; time is wall time over the adds of all threads";
    Shape { name: "counter", operation, regimes: REGIMES, contenders }
}

/// Enters `C`.
#[must_use]
pub fn entry<C: Count>() -> Contender {
    let (name, package) = (C::NAME, C::PACKAGE);
    let (contract, sample) = (contract::<C>, sample::<C>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

/// Checks that no add is lost.
///
/// # Errors
///
/// Says how many were.
pub fn contract<C: Count>(operations: u64) -> Result<(), String> {
    const THREADS: u64 = 4;
    let count = C::new();
    if count.get() != 0 {
        return Err(format!("a new counter is at {}", count.get()));
    }
    let each = operations.div_ceil(THREADS);
    together(THREADS as usize, |_| {
        (0..each).for_each(|_| count.add());
        Ok(())
    })?;
    let (expected, got) = (each * THREADS, count.get());
    if got == expected { Ok(()) } else { Err(format!("{expected} adds were counted as {got}")) }
}

fn sample<C: Count>(regime: &Regime, each: u64, crew: &Crew) -> Duration {
    let count = CachePadded::new(C::new());
    let count: &C = &count;
    let lane = |_| Part::counted(move || (0..each).for_each(|_| count.add()));
    crew.time((0..regime.lanes).map(lane).collect())
}
