//! Work inside the section, and as much outside: what a lock is there for.

use super::{Lock, contract, sample};
use crate::shapes::{ALWAYS, Contender, Regime, Shape};

const REGIMES: &[Regime] = &[
    Regime::of_lanes(
        2,
        "50ns-2-threads",
        "What does a turn of two threads take that work for 50 ns inside, and for 50 ns outside?",
    )
    .of_sections(50)
    .told_apart(),
    Regime::of_lanes(
        8,
        "50ns-8-threads",
        "What does a turn of eight threads take that work for 50 ns inside, and for 50 ns outside?",
    )
    .of_sections(50)
    .told_apart(),
    Regime::of_lanes(
        2,
        "500ns-2-threads",
        "What does a turn of two threads take that work for 500 ns inside, and for 500 ns outside?",
    )
    .of_sections(500)
    .told_apart(),
    Regime::of_lanes(
        8,
        "500ns-8-threads",
        "What does a turn of eight threads take that work for 500 ns inside, and for 500 ns outside?",
    )
    .of_sections(500)
    .told_apart(),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "lock, work, unlock, work; wall time over the turns of all threads";
    Shape { name: "lock-section", operation, regimes: REGIMES, contenders }
}

/// Enters `L`.
#[must_use]
pub fn entry<L: Lock>() -> Contender {
    let (name, package) = (L::NAME, L::PACKAGE);
    let (contract, sample) = (contract::<L>, sample::<L>);
    Contender { name, package, contract, sample, able: ALWAYS }
}
