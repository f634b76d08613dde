//! A push and a pop by one thread, and nobody else is there.

use std::hint::black_box;

use crossbeam_utils::CachePadded;

use super::{CAPACITY, Mpmc, contract_alone};
use crate::crew::{Crew, Part};
use crate::shapes::spsc::{self, Spsc};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "push-pop",
    "What do a push and a pop cost that nobody else is in the way of?",
)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "a push, and a pop of the same item by the same thread";
    Shape { name: "queue-uncontended", operation, regimes: REGIMES, contenders }
}

/// Enters `M`.
#[must_use]
pub fn entry<M: Mpmc>() -> Contender {
    let sample = |_: &Regime, each, crew: &Crew| {
        let (mut txs, mut rxs) = M::queue(CAPACITY, 1, 1);
        time(txs.remove(0), rxs.remove(0), each, crew, M::try_push, M::try_pop)
    };
    let (name, package) = (M::NAME, M::PACKAGE);
    Contender { name, package, contract: contract_alone::<M>, sample, able: ALWAYS }
}

/// Enters `S`, which two threads can share and no more.
#[must_use]
pub fn entry_of_two<S: Spsc>() -> Contender {
    let sample = |_: &Regime, each, crew: &Crew| {
        let (tx, rx) = S::ring(CAPACITY);
        time(tx, rx, each, crew, S::try_push, S::try_pop)
    };
    let (name, package) = (S::NAME, S::PACKAGE);
    Contender { name, package, contract: spsc::contract_alone::<S, u64>, sample, able: ALWAYS }
}

fn time<Tx: Send, Rx: Send>(
    tx: Tx,
    rx: Rx,
    each: u64,
    crew: &Crew,
    push: impl Fn(&mut Tx, u64) -> bool + Send,
    pop: impl Fn(&mut Rx) -> Option<u64> + Send,
) -> Sample {
    let (mut tx, mut rx) = (CachePadded::new(tx), CachePadded::new(rx));
    crew.time(vec![Part::counted(move || {
        let (tx, rx): (&mut Tx, &mut Rx) = (&mut tx, &mut rx);
        for item in 0..each {
            let pushed = push(tx, black_box(item));
            let popped = pop(rx);
            assert!(pushed && popped.is_some(), "a queue that nobody shares refuses");
            black_box(popped);
        }
    })])
    .into()
}
