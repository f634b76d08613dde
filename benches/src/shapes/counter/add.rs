//! Adds are counted.

use crossbeam_utils::CachePadded;

use super::{Count, contract};
use crate::crew::{Crew, Part};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

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

fn sample<C: Count>(regime: &Regime, each: u64, crew: &Crew) -> Sample {
    let count = CachePadded::new(C::new());
    let count: &C = &count;
    let lane = |_| Part::counted(move || (0..each).for_each(|_| count.add()));
    crew.time((0..regime.lanes).map(lane).collect()).into()
}
