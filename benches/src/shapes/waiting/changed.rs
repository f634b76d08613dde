//! Waits are counted that find a number which has changed already.

use crossbeam_utils::CachePadded;

use super::{Waiting, contract};
use crate::crew::{Crew, Part};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "changed",
    "What does going to sleep cost when the number has changed just before?",
)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one wait that need not sleep";
    Shape { name: "wait", operation, regimes: REGIMES, contenders }
}

/// Enters `W`.
#[must_use]
pub fn entry<W: Waiting>() -> Contender {
    let (name, package) = (W::NAME, W::PACKAGE);
    let (contract, sample) = (contract::<W>, sample::<W>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

fn sample<W: Waiting>(_: &Regime, each: u64, crew: &Crew) -> Sample {
    let number = CachePadded::new(W::new());
    number.store(1);
    let number: &W = &number;
    crew.time(vec![Part::counted(move || (0..each).for_each(|_| number.come_late(0)))]).into()
}
