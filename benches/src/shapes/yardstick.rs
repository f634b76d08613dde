//! What no contender can do without: copying the value, running on two cores, and the way of a word
//! from one core to the other. Measured in the same run, because it depends on the machine and the
//! moment.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering::Acquire, Ordering::Release};

use crossbeam_utils::CachePadded;

use super::cell::Value;
use super::{ALWAYS, Contender, Sample, YARDSTICK};
use crate::crew::{Crew, Part, Wait};

/// One thread copies a value that nobody shares.
#[must_use]
pub fn plain_copy() -> Contender {
    Contender {
        name: "plain-copy",
        package: YARDSTICK,
        contract: |_| match copied(&Cell::new([7; 8])) {
            [7, 7, 7, 7, 7, 7, 7, 7] => Ok(()),
            other => Err(format!("the copy is {other:?}")),
        },
        sample: |regime, each, crew| match regime.bytes {
            8 => copies::<1>(each, crew),
            64 => copies::<8>(each, crew),
            256 => copies::<32>(each, crew),
            1024 => copies::<128>(each, crew),
            bytes => unreachable!("no regime has {bytes} bytes"),
        },
        able: |regime| regime.threads == 1,
    }
}

#[inline(always)]
fn copied<const W: usize>(value: &Cell<Value<W>>) -> Value<W> {
    value.get()
}

fn copies<const W: usize>(each: u64, crew: &Crew) -> Sample {
    crew.time(vec![Part::counted(move || {
        let value = CachePadded::new(Cell::new([7_u64; W]));
        // From here on the compiler has to expect that the value changes, and copies it each time.
        black_box(&value);
        for _ in 0..each {
            black_box(&copied(&value));
        }
    })])
    .into()
}

/// Each thread adds to a number of its own: what two of them gain on one is what two cores give to
/// threads that share nothing. It enters where all threads do the same, with the one size that more
/// than one thread is measured with.
#[must_use]
pub fn private_counters() -> Contender {
    Contender {
        name: "private-counters",
        package: YARDSTICK,
        contract: |adds| match counted(adds) {
            count if count == adds => Ok(()),
            count => Err(format!("{adds} adds were counted as {count}")),
        },
        sample: |regime, each, crew| {
            let lane = |_| {
                Part::counted(move || {
                    black_box(counted(each));
                })
            };
            crew.time((0..regime.lanes).map(lane).collect()).into()
        },
        able: |regime| regime.others() == 0 && matches!(regime.bytes, 0 | 64),
    }
}

fn counted(adds: u64) -> u64 {
    let count = CachePadded::new(Cell::new(0));
    for _ in 0..adds {
        count.set(count.get() + 1);
        // Each sum must be in memory, as a shared one would be.
        black_box(&count);
    }
    count.get()
}

/// Two threads answer each other by one word each, without a queue: no round trip is shorter.
#[must_use]
pub fn atomic_pingpong() -> Contender {
    Contender {
        name: "atomic-pingpong",
        package: YARDSTICK,
        contract: |trips| {
            let _ = round_trips(trips.div_ceil(10), &Crew::of_this_machine());
            Ok(())
        },
        sample: |_, trips, crew| round_trips(trips, crew),
        able: ALWAYS,
    }
}

fn round_trips(trips: u64, crew: &Crew) -> Sample {
    let (there, back) = (CachePadded::new(AtomicU64::new(0)), CachePadded::new(AtomicU64::new(0)));
    let until = |word: &AtomicU64, number| {
        let mut wait = Wait::new();
        while word.load(Acquire) != number {
            wait.pause();
        }
    };
    let asking = Part::counted(|| {
        for trip in 1..=trips {
            there.store(trip, Release);
            until(&back, trip);
        }
    });
    let answering = Part::counted(|| {
        for trip in 1..=trips {
            until(&there, trip);
            back.store(trip, Release);
        }
    });
    crew.time(vec![asking, answering]).into()
}
