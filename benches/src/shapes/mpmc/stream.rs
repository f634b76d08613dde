//! Throughput: items from many threads to many others, as fast as they go.

use std::hint::black_box;

use crossbeam_utils::CachePadded;

use super::{CAPACITY, Mpmc, contract};
use crate::crew::{Crew, Part};
use crate::shapes::{Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "1x1", "How long does an item take from one thread to one other?")
        .beside(1),
    Regime::of_lanes(2, "2x2", "How long does an item take from two threads to two others?")
        .beside(2),
    Regime::of_lanes(4, "4x4", "How long does an item take from four threads to four others?")
        .beside(4),
    Regime::of_lanes(
        8,
        "8x8",
        "How long from eight threads to eight others? With fewer than 16 cores, they take turns.",
    )
    .beside(8),
    Regime::of_lanes(4, "4x1", "How long does an item take from four threads to one?").beside(1),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation =
        "one item, pushed by one thread and popped by another; over those of all threads";
    Shape { name: "mpmc-stream", operation, regimes: REGIMES, contenders }
}

/// Enters `M`.
#[must_use]
pub fn entry<M: Mpmc>() -> Contender {
    let (name, package) = (M::NAME, M::PACKAGE);
    let (contract, sample) = (contract::<M>, sample::<M>);
    let able = |regime: &Regime| regime.others() <= M::MOST_CONSUMERS;
    Contender { name, package, contract, sample, able }
}

fn sample<M: Mpmc>(regime: &Regime, each: u64, crew: &Crew) -> Sample {
    let (producers, consumers) = (regime.lanes, regime.others());
    // Padded and borrowed for the reasons given in the stream of `spsc`.
    let (txs, rxs) = M::queue(CAPACITY, producers, consumers);
    let mut txs: Vec<_> = txs.into_iter().map(CachePadded::new).collect();
    let mut rxs: Vec<_> = rxs.into_iter().map(CachePadded::new).collect();
    let mut parts = Vec::with_capacity(producers + consumers);
    for tx in &mut txs {
        let tx: &mut M::Tx = tx;
        parts.push(Part::counted(move || (0..each).for_each(|item| M::push(tx, item))));
    }
    let items = each * producers as u64;
    for (index, rx) in rxs.iter_mut().enumerate() {
        let (rx, consumers, index): (&mut M::Rx, _, _) = (rx, consumers as u64, index as u64);
        // What does not divide is taken by the first ones.
        let own = items / consumers + u64::from(index < items % consumers);
        parts.push(Part::counted(move || {
            (0..own).for_each(|_| {
                black_box(M::pop(rx));
            });
        }));
    }
    crew.time(parts).into()
}
