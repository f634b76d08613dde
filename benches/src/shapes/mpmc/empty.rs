//! A look into an empty queue, as a thread takes it that polls several.

use std::hint::black_box;

use crossbeam_utils::CachePadded;

use super::{CAPACITY, Mpmc, contract_alone};
use crate::crew::{Crew, Part};
use crate::shapes::spsc::{self, Spsc};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] =
    &[Regime::of_lanes(1, "poll", "What does it cost to find that a queue is empty?")];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "a pop that finds nothing";
    Shape { name: "queue-empty", operation, regimes: REGIMES, contenders }
}

/// Enters `M`.
#[must_use]
pub fn entry<M: Mpmc>() -> Contender {
    let sample = |_: &Regime, each, crew: &Crew| {
        let (txs, mut rxs) = M::queue(CAPACITY, 1, 1);
        time(txs, rxs.remove(0), each, crew, M::try_pop)
    };
    let (name, package) = (M::NAME, M::PACKAGE);
    Contender { name, package, contract: contract_alone::<M>, sample, able: ALWAYS }
}

/// Enters `S`, which two threads can share and no more.
#[must_use]
pub fn entry_of_two<S: Spsc>() -> Contender {
    let sample = |_: &Regime, each, crew: &Crew| {
        let (tx, rx) = S::ring(CAPACITY);
        time(tx, rx, each, crew, S::try_pop)
    };
    let (name, package) = (S::NAME, S::PACKAGE);
    Contender { name, package, contract: spsc::contract_alone::<S, u64>, sample, able: ALWAYS }
}

/// The other end stays meanwhile: without it some queues have less to look at.
fn time<Tx, Rx: Send>(
    _other: Tx,
    rx: Rx,
    each: u64,
    crew: &Crew,
    pop: impl Fn(&mut Rx) -> Option<u64> + Send,
) -> Sample {
    let mut rx = CachePadded::new(rx);
    crew.time(vec![Part::counted(move || {
        let rx: &mut Rx = &mut rx;
        for _ in 0..each {
            assert!(black_box(pop(rx)).is_none(), "an empty queue gave an item");
        }
    })])
    .into()
}
