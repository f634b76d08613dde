//! Throughput: items in one direction, as fast as they go.

use std::hint::black_box;

use crossbeam_utils::CachePadded;

use super::{Blocking, contract};
use crate::crew::{Crew, Part};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[
    Regime::of_lanes(
        1,
        "u64-cap1024",
        "How long does one item take through 1024 slots, if both ends sleep when they have to wait?",
    )
    .beside(1)
    .with_room_for(1024),
    Regime::of_lanes(1, "u64-cap16", "How long through 16 slots, where one of them soon has to?")
        .beside(1)
        .with_room_for(16),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one item, pushed by one thread and popped by the other";
    Shape { name: "spsc-blocking", operation, regimes: REGIMES, contenders }
}

/// Enters `B`.
#[must_use]
pub fn entry<B: Blocking>() -> Contender {
    let (name, package) = (B::NAME, B::PACKAGE);
    let (contract, sample) = (contract::<B>, sample::<B>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

fn sample<B: Blocking>(regime: &Regime, items: u64, crew: &Crew) -> Sample {
    let (tx, rx) = B::ring(regime.capacity);
    // Padded and borrowed for the reasons given in the stream of `spsc`.
    let (mut tx, mut rx) = (CachePadded::new(tx), CachePadded::new(rx));
    let (tx, rx): (&mut B::Tx, &mut B::Rx) = (&mut tx, &mut rx);
    let producer = Part::counted(move || (0..items).for_each(|item| B::push(tx, item)));
    let consumer = Part::counted(move || {
        (0..items).for_each(|_| {
            black_box(B::pop(rx));
        });
    });
    crew.time(vec![producer, consumer]).into()
}
