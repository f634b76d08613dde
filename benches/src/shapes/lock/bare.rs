//! As short a section as there is, without a pause.

use super::{Lock, contract, sample};
use crate::shapes::{ALWAYS, Contender, Regime, Shape};

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "1-thread", "What does a lock cost that nobody else wants?"),
    Regime::of_lanes(
        2,
        "2-threads",
        "What does a turn cost when two threads want the lock all the time?",
    )
    .told_apart(),
    Regime::of_lanes(
        8,
        "8-threads",
        "What does a turn cost when eight threads want the lock all the time?",
    )
    .told_apart(),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "lock, add to two numbers, unlock; wall time over the turns of all threads";
    Shape { name: "lock", operation, regimes: REGIMES, contenders }
}

/// Enters `L`.
#[must_use]
pub fn entry<L: Lock>() -> Contender {
    let (name, package) = (L::NAME, L::PACKAGE);
    let (contract, sample) = (contract::<L>, sample::<L>);
    Contender { name, package, contract, sample, able: ALWAYS }
}
