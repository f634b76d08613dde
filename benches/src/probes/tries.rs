//! A writer that never pauses, against a reader that has to try again when it was overtaken.
//!
//! Contract: a read is one value that was written, and none goes back in time.

use std::hint::spin_loop;
use std::time::{Duration, Instant};

use super::{Answer, Depth, Entrant, Probe};
use crate::crew::{Crew, Part, Stop};
use crate::shapes::cell::Value;
use crate::shapes::publication::whole;
use crate::stats;

/// A read that takes that many tries will never end.
const MOST_TRIES: u64 = 10_000_000;

/// A cell whose readers may have to try again.
pub trait Retried: Sync {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from.
    const PACKAGE: &'static str;

    /// A cell that holds `value`.
    fn new(value: Value<8>) -> Self;
    /// The value, or nothing if a write got in the way.
    fn try_read(&self) -> Option<Value<8>>;
    /// Stores `value`.
    fn write(&self, value: Value<8>);
}

/// The probe.
#[must_use]
pub fn probe(entrants: Vec<Entrant>) -> Probe {
    Probe {
        name: "tries",
        question: "How often does a reader of 64 bytes have to try while a writer never pauses, and \
                   how long is the worst of its reads? (Reads that were interrupted are among them.)",
        columns: &["tries/read", "most tries", "99.9 % / median", "slowest / median"],
        entrants,
    }
}

/// Enters `C`.
#[must_use]
pub fn entry<C: Retried>() -> Entrant {
    let contract = |operations| read_against_a_writer::<C>(operations, Duration::MAX).map(drop);
    Entrant { name: C::NAME, package: C::PACKAGE, contract, ask: ask::<C> }
}

fn ask<C: Retried>(depth: Depth) -> Result<Answer, String> {
    let (reads, within) = match depth {
        Depth::Quick => (200_000, Duration::from_millis(200)),
        Depth::Full => (2_000_000, Duration::from_secs(2)),
    };
    let reads = read_against_a_writer::<C>(reads, within)?;
    let median = stats::median(&reads.nanos).max(1.0);
    let times = |share| stats::quantile(&reads.nanos, share) / median;
    let each = reads.tries as f64 / reads.nanos.len() as f64;
    let numbers = [each, reads.most as f64, times(0.999), times(1.0)];
    let remark = String::new();
    Ok(Answer { numbers: numbers.into_iter().map(Some).collect(), remark })
}

#[derive(Default)]
struct Reads {
    nanos: Vec<f64>,
    tries: u64,
    most: u64,
}

impl Reads {
    fn add(&mut self, nanos: f64, tries: u64) {
        self.nanos.push(nanos);
        self.tries += tries;
        self.most = self.most.max(tries);
    }
}

/// That many reads, or those of that time, while a writer writes all the time.
fn read_against_a_writer<C: Retried>(most: u64, within: Duration) -> Result<Reads, String> {
    let cell = C::new([0; 8]);
    let mut result = Ok(Reads::default());
    let reading = Part::counted(|| result = read_all(&cell, most, within));
    let writing = Part::background(|stop: &Stop| {
        let mut k = 0;
        while !stop.asked() {
            k += 1;
            cell.write([k; 8]);
        }
    });
    let _ = Crew::of_this_machine().time(vec![reading, writing]);
    result
}

fn read_all<C: Retried>(cell: &C, most: u64, within: Duration) -> Result<Reads, String> {
    let mut reads = Reads::default();
    reads.nanos.reserve(usize::try_from(most).unwrap_or_default());
    let begun = Instant::now();
    let mut before = 0;
    for _ in 0..most.max(1) {
        let start = Instant::now();
        let mut tries = 1;
        let value = loop {
            if let Some(value) = cell.try_read() {
                break value;
            }
            if tries == MOST_TRIES {
                return Err(format!("no read after {MOST_TRIES} tries"));
            }
            tries += 1;
            spin_loop();
        };
        let now = Instant::now();
        reads.add((now - start).as_nanos() as f64, tries);
        let seen = whole(&value)?;
        if seen < before {
            return Err(format!("a reader saw {before} and later {seen}"));
        }
        before = seen;
        if now - begun > within {
            break;
        }
    }
    Ok(reads)
}
