//! Throughput: items in one direction, as fast as they go.

use crossbeam_utils::CachePadded;
use std::hint::black_box;

use super::{Item, Spsc, Words, contract, pop, push};
use crate::crew::{Crew, Part};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

const WORD: usize = size_of::<u64>();
const LINE: usize = size_of::<Line>();
const BLOCK: usize = size_of::<Block>();

/// An item of 64 bytes.
type Line = Words<8>;
/// An item of 1024 bytes.
type Block = Words<128>;

const REGIMES: &[Regime] = &[
    regime(
        WORD,
        1024,
        "u64-cap1024",
        "How long does one item take when two threads stream numbers through 1024 slots?",
    ),
    regime(WORD, 1, "u64-cap1", "How long, if each item has to be taken before the next?"),
    regime(WORD, 64, "u64-cap64", "How long through 64 slots, where either end soon has to wait?"),
    regime(
        WORD,
        65_536,
        "u64-cap65536",
        "How long through 65536 slots, which fill a cache of the second level?",
    ),
    regime(LINE, 1024, "64B-cap1024", "How long does an item of 64 bytes take?"),
    regime(BLOCK, 64, "1024B-cap64", "How long does an item of 1024 bytes take?"),
];

const fn regime(
    bytes: usize,
    capacity: usize,
    name: &'static str,
    question: &'static str,
) -> Regime {
    Regime::of_lanes(1, name, question).beside(1).of_bytes(bytes).with_room_for(capacity)
}

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one item, pushed by one thread and popped by the other";
    Shape { name: "spsc-stream", operation, regimes: REGIMES, contenders }
}

/// Enters `S`.
#[must_use]
pub fn entry<S: Spsc + Spsc<Line> + Spsc<Block>>() -> Contender {
    let sample = |regime: &Regime, items, crew: &Crew| match regime.bytes {
        LINE => sample::<S, Line>(regime, items, crew),
        BLOCK => sample::<S, Block>(regime, items, crew),
        _ => sample::<S, u64>(regime, items, crew),
    };
    let contract = |operations: u64| {
        contract::<S, u64>(operations)?;
        // Those are copied word by word, and a part of the checks says as much.
        contract::<S, Line>(operations.div_ceil(4))?;
        contract::<S, Block>(operations.div_ceil(16))
    };
    let (name, package) = (<S as Spsc>::NAME, <S as Spsc>::PACKAGE);
    Contender { name, package, contract, sample, able: ALWAYS }
}

/// Enters `S`, whose items are numbers and no larger.
#[must_use]
pub fn entry_of_numbers<S: Spsc>() -> Contender {
    let (name, package) = (S::NAME, S::PACKAGE);
    let (contract, sample) = (contract::<S, u64>, sample::<S, u64>);
    Contender { name, package, contract, sample, able: |regime| regime.bytes == WORD }
}

fn sample<S: Spsc<T>, T: Item>(regime: &Regime, items: u64, crew: &Crew) -> Sample {
    let (tx, rx) = S::ring(regime.capacity.max(S::SMALLEST));
    // Padded: side by side on this stack, the two handles would share a cache line, which
    // handles that moved to their threads do not. Borrowed, so that neither end goes away while
    // the other is at work: some queues then refuse.
    let (mut tx, mut rx) = (CachePadded::new(tx), CachePadded::new(rx));
    let (tx, rx): (&mut S::Tx, &mut S::Rx) = (&mut tx, &mut rx);
    let producer = Part::counted(move || {
        (0..items).for_each(|item| push::<S, T>(tx, T::of(item)));
    });
    let consumer = Part::counted(move || {
        (0..items).for_each(|_| {
            black_box(pop::<S, T>(rx));
        });
    });
    crew.time(vec![producer, consumer]).into()
}
