//! Latency: one item goes there and back over two queues as small as they come.

use crossbeam_utils::CachePadded;

use super::{Spsc, contract, pop, push};
use crate::crew::{Crew, Part};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "u64-cap1",
    "How long until an answer is back, over two queues of the smallest capacity?",
)
.beside(1)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one item there and back, over two queues";
    Shape { name: "spsc-roundtrip", operation, regimes: REGIMES, contenders }
}

/// Enters `S`.
#[must_use]
pub fn entry<S: Spsc>() -> Contender {
    let (name, package) = (S::NAME, S::PACKAGE);
    let (contract, sample) = (contract::<S, u64>, sample::<S>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

fn sample<S: Spsc>(_: &Regime, trips: u64, crew: &Crew) -> Sample {
    let (there, arrived) = S::ring(S::SMALLEST);
    let (back, returned) = S::ring(S::SMALLEST);
    // Padded and borrowed for the reasons given in `stream`.
    let (mut there, mut returned) = (CachePadded::new(there), CachePadded::new(returned));
    let (mut arrived, mut back) = (CachePadded::new(arrived), CachePadded::new(back));
    let (there, returned): (&mut S::Tx, &mut S::Rx) = (&mut there, &mut returned);
    let asking = Part::counted(move || {
        for trip in 0..trips {
            push::<S, u64>(there, trip);
            let answer = pop::<S, u64>(returned);
            assert_eq!(answer, trip, "an answer to another question came back");
        }
    });
    let (arrived, back): (&mut S::Rx, &mut S::Tx) = (&mut arrived, &mut back);
    let answering = Part::counted(move || {
        (0..trips).for_each(|_| push::<S, u64>(back, pop::<S, u64>(arrived)));
    });
    crew.time(vec![asking, answering]).into()
}
