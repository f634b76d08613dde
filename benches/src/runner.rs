//! Calibrates, interleaves, and checks before it times.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::crew::Crew;
use crate::record::{Invalid, RegimeRecord};
use crate::report::Progress;
use crate::shapes::{BASELINE, Contender, Regime, Shape};

/// Fewer rounds say nothing about their median.
pub const FEWEST_ROUNDS: usize = 9;

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How often each contender runs.
    pub rounds: usize,
    /// How much each sample does.
    pub sample: Amount,
}

impl Plan {
    /// For a first look.
    pub const QUICK: Self =
        Self { rounds: FEWEST_ROUNDS, sample: Amount::Time(Duration::from_millis(10)) };
    /// For numbers that are passed on.
    pub const FULL: Self = Self { rounds: 15, sample: Amount::Time(Duration::from_millis(50)) };

    /// How many steps the watcher of [`measure`] is told of, for that many entries.
    #[must_use]
    pub fn steps(&self, entries: usize) -> u64 {
        (entries * self.rounds) as u64
    }
}

/// How much a sample does.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// As many operations as take about that long; the number is found in warm-up, for each
    /// contender, and then stays.
    Time(Duration),
    /// That many operations in each lane.
    Each(u64),
}

/// What one entry did.
#[derive(Debug, Clone)]
pub struct Series {
    /// Operations of all lanes in one sample.
    pub operations: u64,
    /// Nanoseconds per operation, round by round.
    pub samples: Vec<f64>,
}

/// Checks a contender's contract; a panic breaks it as well.
///
/// # Errors
///
/// Says why it is not timed.
pub fn check(contender: &Contender, operations: u64) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| (contender.contract)(operations))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(format!("panicked: {}", text.unwrap_or_else(|| "no message".to_owned())))
    })
}

/// Runs every entry once a round, in a new order each time, and returns their series in the order
/// of the entries. A contender may enter more than once: its twins get the same number of
/// operations. `watch` is called after each sample.
#[must_use]
pub fn measure(
    regime: &Regime,
    entries: &[Contender],
    plan: &Plan,
    crew: &Crew,
    mut watch: impl FnMut(),
) -> Vec<Series> {
    let mut each: Vec<u64> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let twin = entries[..index].iter().position(|earlier| earlier.name == entry.name);
        each.push(match twin {
            Some(twin) => each[twin],
            None => calibrate(regime, entry, plan.sample, crew),
        });
    }
    let lanes = regime.lanes as u64;
    let mut series: Vec<Series> = each
        .iter()
        .map(|each| Series { operations: each * lanes, samples: Vec::with_capacity(plan.rounds) })
        .collect();
    let mut order: Vec<usize> = (0..entries.len()).collect();
    for _ in 0..plan.rounds {
        fastrand::shuffle(&mut order);
        for &index in &order {
            let elapsed = (entries[index].sample)(regime, each[index], crew);
            let series = &mut series[index];
            series.samples.push(per_operation(elapsed, series.operations));
            watch();
        }
    }
    series
}

/// Nanoseconds, to four places: more would be noise, and is kept in every record.
fn per_operation(elapsed: Duration, operations: u64) -> f64 {
    (elapsed.as_nanos() as f64 / operations as f64 * 1e4).round() / 1e4
}

/// Operations in each lane for one sample; running them warms caches, code and clock up as well.
fn calibrate(regime: &Regime, entry: &Contender, amount: Amount, crew: &Crew) -> u64 {
    let target = match amount {
        Amount::Each(each) => {
            let _ = (entry.sample)(regime, each, crew);
            return each;
        }
        Amount::Time(target) => target.as_nanos().max(1),
    };
    let mut each = 64;
    loop {
        let elapsed = (entry.sample)(regime, each, crew).as_nanos().max(1);
        if elapsed >= target / 2 {
            return u64::try_from(u128::from(each) * target / elapsed).unwrap_or(each).max(1);
        }
        // At most eightfold: a first sample may be so short that it says nothing.
        each *= u64::try_from(target / elapsed).unwrap_or(8).clamp(2, 8);
    }
}

/// Measures all regimes of these shapes. The baseline enters each regime twice, once as its own
/// twin, for the noise floor; a contender that breaks its contract does not enter.
#[must_use]
pub fn run(
    shapes: &[Shape],
    plan: &Plan,
    checks: u64,
    crew: &Crew,
    progress: &mut Progress,
) -> Vec<RegimeRecord> {
    let mut records = Vec::new();
    for shape in shapes {
        progress.note(&format!("{}: checking contracts", shape.name));
        let mut valid = Vec::new();
        let mut invalid = Vec::new();
        for contender in &shape.contenders {
            match check(contender, checks) {
                Ok(()) => valid.push(*contender),
                Err(why) => invalid.push(Invalid { name: contender.name.to_owned(), why }),
            }
        }
        let baseline = valid.iter().copied().find(|contender| contender.name == BASELINE);
        for regime in shape.regimes {
            progress.begin(&format!("{}/{}", shape.name, regime.name));
            let entries: Vec<Contender> = valid.iter().copied().chain(baseline).collect();
            let mut series = measure(regime, &entries, plan, crew, || progress.step());
            let twin = baseline.and_then(|_| series.pop());
            let series = valid.iter().copied().zip(series).collect();
            records.push(RegimeRecord::new(shape, regime, series, twin, invalid.clone()));
            progress.end();
        }
    }
    records
}
