//! Bursts: many items at once for a thread that looks into an empty queue all the time.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::{CAPACITY, Spsc, contract, pop, push};
use crate::crew::{Crew, Part, Wait, Work};
use crate::shapes::{ALWAYS, Contender, Regime, Sample, Shape};

/// How many items come together.
const BURST: u64 = 64;
/// What the pushing thread works for before the next burst.
const PAUSE: Duration = Duration::from_nanos(200);

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "u64-64-items",
    "How long until 64 numbers have arrived, if the other thread looks out for them all the time?",
)
.beside(1)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "work for 200 ns, push 64 items, see by a plain atomic that all were popped";
    Shape { name: "spsc-burst", operation, regimes: REGIMES, contenders }
}

/// Enters `S`.
#[must_use]
pub fn entry<S: Spsc>() -> Contender {
    let (name, package) = (S::NAME, S::PACKAGE);
    let (contract, sample) = (contract::<S, u64>, sample::<S>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

fn sample<S: Spsc>(_: &Regime, bursts: u64, crew: &Crew) -> Sample {
    let (tx, rx) = S::ring(CAPACITY);
    // Padded and borrowed for the reasons given in `stream`.
    let (mut tx, mut rx) = (CachePadded::new(tx), CachePadded::new(rx));
    let (tx, rx): (&mut S::Tx, &mut S::Rx) = (&mut tx, &mut rx);
    let arrived = CachePadded::new(AtomicU64::new(0));
    let arrived: &AtomicU64 = &arrived;
    let work = Work::lasting(PAUSE);
    let producer = Part::counted(move || {
        for burst in 1..=bursts {
            work.run();
            (0..BURST).for_each(|item| push::<S, u64>(tx, item));
            let mut wait = Wait::new();
            while arrived.load(Acquire) != burst {
                wait.pause();
            }
        }
    });
    let consumer = Part::counted(move || {
        for burst in 1..=bursts {
            (0..BURST).for_each(|_| {
                black_box(pop::<S, u64>(rx));
            });
            arrived.store(burst, Release);
        }
    });
    crew.time(vec![producer, consumer]).into()
}
