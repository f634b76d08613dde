//! Round trips are counted: each thread sleeps until the other wakes it.

use crossbeam_utils::CachePadded;

use super::{LONG, Waiting, contract};
use crate::crew::{Crew, Part};
use crate::shapes::{Contender, Regime, Sample, Shape};

const TIMED: &str = "roundtrip-timed";

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "roundtrip", "How long until an answer is back from a thread asleep?")
        .beside(1),
    Regime::of_lanes(1, TIMED, "How long, if each wait is given a time, which never comes?")
        .beside(1),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "change a number, wake the other thread, sleep until its answer";
    Shape { name: "wake", operation, regimes: REGIMES, contenders }
}

/// Enters `W`.
#[must_use]
pub fn entry<W: Waiting>() -> Contender {
    let (name, package) = (W::NAME, W::PACKAGE);
    let (contract, sample) = (contract::<W>, sample::<W>);
    let able = |regime: &Regime| W::TIMED || regime.name != TIMED;
    Contender { name, package, contract, sample, able }
}

fn sample<W: Waiting>(regime: &Regime, trips: u64, crew: &Crew) -> Sample {
    if regime.name == TIMED {
        time(trips, crew, |number: &W, old| number.wait_for(old, LONG).expect("it was woken"))
    } else {
        time(trips, crew, |number: &W, old| number.wait(old))
    }
}

fn time<W: Waiting>(
    trips: u64,
    crew: &Crew,
    wait: impl Fn(&W, u32) -> u32 + Copy + Send,
) -> Sample {
    let (there, back) = (CachePadded::new(W::new()), CachePadded::new(W::new()));
    let (there, back): (&W, &W) = (&there, &back);
    let asking = Part::counted(move || {
        for trip in 0..trips {
            let old = trip as u32;
            there.store(old.wrapping_add(1));
            there.notify();
            let answer = wait(back, old);
            assert_eq!(answer, old.wrapping_add(1), "an answer to another question came back");
        }
    });
    let answering = Part::counted(move || {
        for trip in 0..trips {
            let question = wait(there, trip as u32);
            back.store(question);
            back.notify();
        }
    });
    crew.time(vec![asking, answering]).into()
}
