//! Looks at the value are counted.

use std::hint::black_box;

use crossbeam_utils::CachePadded;

use super::{Pointees, Pointer};
use crate::crew::Crew;
use crate::shapes::cell::Value;
use crate::shapes::publication::time_reads;
use crate::shapes::{Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "quiet", "What does access to the value cost when nobody publishes?"),
    Regime::of_lanes(
        1,
        "1-writer",
        "What does access to the value cost while one thread publishes about a million times a \
         second?",
    )
    .beside(1),
    Regime::of_lanes(
        2,
        "2-readers",
        "What does access to the value cost when two threads read without pause?",
    )
    .gains_on("quiet"),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "get at a value of 64 bytes, look at one word of it, let go";
    Shape { name: "pointer-read", operation, regimes: REGIMES, contenders }
}

/// Enters `F`.
#[must_use]
pub fn entry<F: Pointees>() -> Contender {
    enter::<F::Of<Value<8>>>()
}

fn enter<P: Pointer<Value<8>>>() -> Contender {
    let (name, package) = (P::NAME, P::PACKAGE);
    let (contract, sample) = (super::contract::<P>, sample::<P>);
    let able = |regime: &Regime| regime.lanes <= P::MOST_READERS;
    Contender { name, package, contract, sample, able }
}

fn sample<P: Pointer<Value<8>>>(regime: &Regime, each: u64, crew: &Crew) -> Sample {
    let mut pointer = CachePadded::new(P::new([7; 8]));
    let (writer, readers) = pointer.ends(regime.lanes);
    let writer = (regime.others() > 0).then_some(writer);
    let read = |reader: &mut P::Reader<'_>| {
        black_box(P::read(reader, |value| value[0]));
    };
    time_reads(readers, writer, each, crew, read, |writer, k| P::publish(writer, [k; 8])).into()
}
