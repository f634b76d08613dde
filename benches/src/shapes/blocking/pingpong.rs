//! Latency: one item goes there and back, and each thread sleeps until its turn comes.

use crossbeam_utils::CachePadded;

use super::{Blocking, contract};
use crate::crew::{Crew, Part};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "u64-cap1",
    "How long until an answer is back, over two queues of one slot, if both threads sleep meanwhile?",
)
.beside(1)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one item there and back, over two queues";
    Shape { name: "blocking-pingpong", operation, regimes: REGIMES, contenders }
}

/// Enters `B`.
#[must_use]
pub fn entry<B: Blocking>() -> Contender {
    let (name, package) = (B::NAME, B::PACKAGE);
    let (contract, sample) = (contract::<B>, sample::<B>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

fn sample<B: Blocking>(_: &Regime, trips: u64, crew: &Crew) -> Sample {
    let (there, arrived) = B::ring(1);
    let (back, returned) = B::ring(1);
    // Padded and borrowed for the reasons given in the stream of `spsc`.
    let (mut there, mut returned) = (CachePadded::new(there), CachePadded::new(returned));
    let (mut arrived, mut back) = (CachePadded::new(arrived), CachePadded::new(back));
    let (there, returned): (&mut B::Tx, &mut B::Rx) = (&mut there, &mut returned);
    let asking = Part::counted(move || {
        for trip in 0..trips {
            B::push(there, trip);
            let answer = B::pop(returned);
            assert_eq!(answer, trip, "an answer to another question came back");
        }
    });
    let (arrived, back): (&mut B::Rx, &mut B::Tx) = (&mut arrived, &mut back);
    let answering = Part::counted(move || {
        (0..trips).for_each(|_| B::push(back, B::pop(arrived)));
    });
    crew.time(vec![asking, answering]).into()
}
