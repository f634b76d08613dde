//! Writes are counted.

use crossbeam_utils::CachePadded;

use super::{Cell, Sizes};
use crate::crew::Crew;
use crate::shapes::publication::time_writes;
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "64B-single",
    "What does writing 64 bytes cost the only writer when nobody reads?",
)
.of_bytes(64)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one write of 64 bytes";
    Shape { name: "cell-write", operation, regimes: REGIMES, contenders }
}

/// Enters `S` with the size that is measured.
#[must_use]
pub fn entry<S: Sizes>() -> Contender {
    let (name, package) = (<S::Of<8> as Cell<8>>::NAME, <S::Of<8> as Cell<8>>::PACKAGE);
    let (contract, sample) = (super::contract::<S::Of<8>, 8>, sample::<S::Of<8>>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

fn sample<C: Cell<8>>(_: &Regime, each: u64, crew: &Crew) -> Sample {
    let mut cell = CachePadded::new(C::new([0; 8]));
    // The reader stays, and does not read.
    let (writer, _reader) = cell.ends(1);
    let nobody = Vec::<C::Reader<'_>>::new();
    time_writes(writer, nobody, each, crew, |writer, k| C::write(writer, [k; 8]), C::read)
}
