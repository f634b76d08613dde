//! Reads of the count are counted: what it costs to have the adds of each thread apart.

use std::hint::black_box;

use crossbeam_utils::CachePadded;

use super::{Count, contract};
use crate::crew::{Crew, Part, Stop};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "quiet", "What does reading the count cost when nobody adds?"),
    Regime::of_lanes(
        1,
        "1-adder",
        "What does reading the count cost while one thread adds without pause?",
    )
    .beside(1),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one read of the count";
    Shape { name: "counter-read", operation, regimes: REGIMES, contenders }
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
    let mut parts = vec![Part::counted(move || {
        (0..each).for_each(|_| {
            black_box(count.get());
        });
    })];
    parts.extend((0..regime.others()).map(|_| {
        Part::background(move |stop: &Stop| {
            while !stop.asked() {
                count.add();
            }
        })
    }));
    crew.time(parts).into()
}
