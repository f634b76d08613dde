//! Publishes are counted, with what they cost later: values that went out of use are let go while
//! the publishes go on.

use crossbeam_utils::CachePadded;

use super::{Pointees, Pointer};
use crate::crew::Crew;
use crate::shapes::cell::Value;
use crate::shapes::publication::time_writes;
use crate::shapes::{Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "no-reader", "What does a publish cost when nobody reads?"),
    Regime::of_lanes(
        1,
        "1-reader",
        "What does a publish cost while one thread reads without pause?",
    )
    .beside(1),
    Regime::of_lanes(
        1,
        "8-readers",
        "What does a publish cost while eight threads read without pause? With fewer than nine \
         cores, they and the writer take turns.",
    )
    .beside(8),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "put a new value of 64 bytes in place, over many of them";
    Shape { name: "publish", operation, regimes: REGIMES, contenders }
}

/// Enters `F`.
#[must_use]
pub fn entry<F: Pointees>() -> Contender {
    enter::<F::Of<Value<8>>>()
}

fn enter<P: Pointer<Value<8>>>() -> Contender {
    let (name, package) = (P::NAME, P::PACKAGE);
    let (contract, sample) = (super::contract::<P>, sample::<P>);
    let able = |regime: &Regime| regime.others() <= P::MOST_READERS;
    Contender { name, package, contract, sample, able }
}

fn sample<P: Pointer<Value<8>>>(regime: &Regime, each: u64, crew: &Crew) -> Sample {
    let mut pointer = CachePadded::new(P::new([0; 8]));
    let (writer, readers) = pointer.ends(regime.others());
    let write = |writer: &mut P::Writer<'_>, k| P::publish(writer, [k; 8]);
    time_writes(writer, readers, each, crew, write, |reader| P::read(reader, |value| value[0]))
}
