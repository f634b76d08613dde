//! Notifications are counted that nobody waits for: what it costs to have waits at all.

use crossbeam_utils::CachePadded;

use super::{Waiting, contract};
use crate::crew::{Crew, Part};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] =
    &[Regime::of_lanes(1, "nobody", "What does notifying cost when nobody waits?")];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one notification";
    Shape { name: "notify", operation, regimes: REGIMES, contenders }
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
    let number: &W = &number;
    crew.time(vec![Part::counted(move || (0..each).for_each(|_| number.notify()))]).into()
}
