//! One value of 64 bytes that some threads read and one writes.
//!
//! Contract: a read is one value that was written, never a mix of two; one reader never goes back
//! in time; who has written reads that value or a later one.
//!
//! Two shapes share the trait: [`read`](mod@read) and [`write`](mod@write).

use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

use super::{Patience, together};

/// The value.
pub type Payload = [u64; 8];

/// A cell with many readers and one writer.
pub trait Cell: Sync {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// What the one writing thread holds while it writes.
    type Writer<'a>
    where
        Self: 'a;

    /// A cell that holds `value`.
    fn new(value: Payload) -> Self;
    /// The value.
    fn read(&self) -> Payload;
    /// Prepares to write. Called once, on the thread that writes.
    fn writer(&self) -> Self::Writer<'_>;
    /// Stores `value`: readers that begin after it see it, or a later one.
    fn write(writer: &mut Self::Writer<'_>, value: Payload);
}

/// The number that all words of a value hold.
fn whole(value: &Payload) -> Result<u64, String> {
    if value.iter().all(|&word| word == value[0]) {
        Ok(value[0])
    } else {
        Err(format!("a read was torn: {value:?}"))
    }
}

/// Checks that no read is torn and none goes back in time.
///
/// # Errors
///
/// Says what was read.
pub fn contract<C: Cell>(operations: u64) -> Result<(), String> {
    let cell = C::new([0; 8]);
    if whole(&cell.read())? != 0 {
        return Err("a new cell does not hold its value".to_owned());
    }
    let all_written = AtomicBool::new(false);
    let given_up = AtomicBool::new(false);
    together(3, |index| {
        let result = if index == 0 {
            let written = write_all(&cell, operations, &given_up);
            all_written.store(true, Release);
            written
        } else {
            read_until_done(&cell, operations, &all_written)
        };
        if result.is_err() {
            given_up.store(true, Relaxed);
        }
        result
    })
}

fn write_all<C: Cell>(cell: &C, operations: u64, given_up: &AtomicBool) -> Result<(), String> {
    /// How often the writer reads its own value back.
    const WRITES_PER_LOOK: u64 = 16;
    let mut writer = cell.writer();
    for k in 1..=operations {
        C::write(&mut writer, [k; 8]);
        if k % WRITES_PER_LOOK == 0 {
            let seen = whole(&cell.read())?;
            if seen != k {
                return Err(format!("{k} was written, and {seen} read back"));
            }
            // On one core the readers would otherwise see the last value alone.
            std::thread::yield_now();
        }
        if given_up.load(Relaxed) {
            break;
        }
    }
    Ok(())
}

fn read_until_done<C: Cell>(cell: &C, last: u64, all_written: &AtomicBool) -> Result<(), String> {
    let mut before = 0;
    let mut patience = Patience::new();
    loop {
        // Looked at before the read: all that was written must be there for it.
        let all_written = all_written.load(Acquire);
        let seen = whole(&cell.read())?;
        if seen < before {
            return Err(format!("a reader saw {before} and later {seen}"));
        }
        if all_written {
            return if seen == last {
                Ok(())
            } else {
                Err(format!("after the last write, of {last}, a reader saw {seen}"))
            };
        }
        if seen != before {
            patience = Patience::new();
        }
        before = seen;
        patience.pause("a reader sees no new value")?;
    }
}

/// Reads are counted.
pub mod read {
    use std::hint::black_box;
    use std::time::Duration;

    use crossbeam_utils::CachePadded;

    use super::{Cell, contract};
    use crate::crew::{Crew, Part, Stop, pace};
    use crate::shapes::{Contender, Regime, Shape};

    const REGIMES: &[Regime] = &[
        Regime {
            name: "64B-quiet",
            question: "What does reading 64 bytes cost when nobody writes?",
            threads: 1,
            lanes: 1,
        },
        Regime {
            name: "64B-1-writer",
            question: "What does reading 64 bytes cost while one thread writes about a million \
                       times a second?",
            threads: 2,
            lanes: 1,
        },
        Regime {
            name: "64B-2-readers",
            question: "What does reading 64 bytes cost when two threads read without pause?",
            threads: 2,
            lanes: 2,
        },
    ];

    /// The shape, with these contenders.
    #[must_use]
    pub fn shape(contenders: Vec<Contender>) -> Shape {
        let operation = "one read of 64 bytes; wall time over the reads of all readers";
        Shape { name: "cell-read", operation, regimes: REGIMES, contenders }
    }

    /// Enters `C`.
    #[must_use]
    pub fn entry<C: Cell>() -> Contender {
        let (name, package) = (C::NAME, C::PACKAGE);
        Contender { name, package, contract: contract::<C>, sample: sample::<C> }
    }

    fn sample<C: Cell>(regime: &Regime, each: u64, crew: &Crew) -> Duration {
        let cell = CachePadded::new(C::new([7; 8]));
        let cell: &C = &cell;
        let reader = move || {
            for _ in 0..each {
                // By reference: by value would add a copy to every contender's time.
                black_box(&cell.read());
            }
        };
        let writer = move |stop: &Stop| {
            let mut writer = cell.writer();
            let mut k = 0;
            while !stop.asked() {
                k += 1;
                C::write(&mut writer, [k; 8]);
                pace();
            }
        };
        let mut parts: Vec<Part<'_>> = (0..regime.lanes).map(|_| Part::counted(reader)).collect();
        parts.extend((regime.lanes..regime.threads).map(|_| Part::background(writer)));
        crew.time(parts)
    }
}

/// Writes are counted.
pub mod write {
    use std::time::Duration;

    use crossbeam_utils::CachePadded;

    use super::{Cell, contract};
    use crate::crew::{Crew, Part};
    use crate::shapes::{Contender, Regime, Shape};

    const REGIMES: &[Regime] = &[Regime {
        name: "64B-single",
        question: "What does writing 64 bytes cost the only writer when nobody reads?",
        threads: 1,
        lanes: 1,
    }];

    /// The shape, with these contenders.
    #[must_use]
    pub fn shape(contenders: Vec<Contender>) -> Shape {
        let operation = "one write of 64 bytes";
        Shape { name: "cell-write", operation, regimes: REGIMES, contenders }
    }

    /// Enters `C`.
    #[must_use]
    pub fn entry<C: Cell>() -> Contender {
        let (name, package) = (C::NAME, C::PACKAGE);
        Contender { name, package, contract: contract::<C>, sample: sample::<C> }
    }

    fn sample<C: Cell>(regime: &Regime, each: u64, crew: &Crew) -> Duration {
        let cell = CachePadded::new(C::new([0; 8]));
        let cell: &C = &cell;
        let lane = |_| {
            Part::counted(move || {
                let mut writer = cell.writer();
                (0..each).for_each(|k| C::write(&mut writer, [k; 8]));
            })
        };
        crew.time((0..regime.lanes).map(lane).collect())
    }
}
