//! Reads are counted.

use std::hint::black_box;

use crossbeam_utils::CachePadded;

use super::{Cell, Sizes};
use crate::crew::Crew;
use crate::shapes::publication::time_reads;
use crate::shapes::{Contender, Regime, Sample, Shape};

const REGIMES: &[Regime] = &[
    quiet("8B-quiet", "What does reading 8 bytes cost when nobody writes?").of_bytes(8),
    written(
        "8B-1-writer",
        "What does reading 8 bytes cost while one thread writes about a million times a second?",
    )
    .of_bytes(8),
    quiet("64B-quiet", "What does reading 64 bytes cost when nobody writes?").of_bytes(64),
    written(
        "64B-1-writer",
        "What does reading 64 bytes cost while one thread writes about a million times a second?",
    )
    .of_bytes(64),
    Regime::of_lanes(
        2,
        "64B-2-readers",
        "What does reading 64 bytes cost when two threads read without pause?",
    )
    .of_bytes(64)
    .gains_on("64B-quiet"),
    quiet("256B-quiet", "What does reading 256 bytes cost when nobody writes?").of_bytes(256),
    written(
        "256B-1-writer",
        "What does reading 256 bytes cost while one thread writes about a million times a second?",
    )
    .of_bytes(256),
    quiet("1024B-quiet", "What does reading 1024 bytes cost when nobody writes?").of_bytes(1024),
    written(
        "1024B-1-writer",
        "What does reading 1024 bytes cost while one thread writes about a million times a second?",
    )
    .of_bytes(1024),
];

const fn quiet(name: &'static str, question: &'static str) -> Regime {
    Regime::of_lanes(1, name, question)
}

const fn written(name: &'static str, question: &'static str) -> Regime {
    Regime::of_lanes(1, name, question).beside(1)
}

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one read of the value; wall time over the reads of all readers";
    Shape { name: "cell-read", operation, regimes: REGIMES, contenders }
}

/// Enters `S` with every size.
#[must_use]
pub fn entry<S: Sizes>() -> Contender {
    let (name, package) = (<S::Of<8> as Cell<8>>::NAME, <S::Of<8> as Cell<8>>::PACKAGE);
    let (contract, sample) = (contract::<S>, sample::<S>);
    let able = |regime: &Regime| regime.lanes <= <S::Of<8> as Cell<8>>::MOST_READERS;
    Contender { name, package, contract, sample, able }
}

/// A whole check of the size that most is measured of, and a short one of each other.
fn contract<S: Sizes>(operations: u64) -> Result<(), String> {
    super::contract::<S::Of<8>, 8>(operations)?;
    let few = operations.min(2_000);
    super::contract::<S::Of<1>, 1>(few)?;
    super::contract::<S::Of<32>, 32>(few)?;
    super::contract::<S::Of<128>, 128>(few)
}

fn sample<S: Sizes>(regime: &Regime, each: u64, crew: &Crew) -> Sample {
    match regime.bytes {
        8 => time::<S::Of<1>, 1>(regime, each, crew),
        64 => time::<S::Of<8>, 8>(regime, each, crew),
        256 => time::<S::Of<32>, 32>(regime, each, crew),
        1024 => time::<S::Of<128>, 128>(regime, each, crew),
        bytes => unreachable!("no regime has {bytes} bytes"),
    }
}

fn time<C: Cell<W>, const W: usize>(regime: &Regime, each: u64, crew: &Crew) -> Sample {
    let mut cell = CachePadded::new(C::new([7; W]));
    let (writer, readers) = cell.ends(regime.lanes);
    let writer = (regime.others() > 0).then_some(writer);
    let read = |reader: &mut C::Reader<'_>| {
        // By reference: by value would add a copy to every contender's time.
        black_box(&C::read(reader));
    };
    time_reads(readers, writer, each, crew, read, |writer, k| C::write(writer, [k; W])).into()
}
