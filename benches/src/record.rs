//! All that is kept of a run, and what can be said about it.
//!
//! Reports are made from a record alone, so that a committed file can be shown again at any time.

use serde::{Deserialize, Serialize};

use crate::env::{Environment, now, package_version};
use crate::probes::ProbeRecord;
use crate::shapes::{BASELINE, Contender, Regime, Sample, Shape, YARDSTICK};
use crate::stats;

/// One run of the program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Changes when a reader of old files would misread new ones.
    pub format: u32,
    /// When it began, in UTC.
    pub when: String,
    /// What was typed.
    pub command: String,
    /// What it was measured on.
    pub environment: Environment,
    /// The share of the machine that others used meanwhile.
    #[serde(default)]
    pub others: Option<f64>,
    /// How often each contender ran.
    pub rounds: usize,
    /// How many contenders were left out because there were many.
    #[serde(default, skip_serializing_if = "is_none")]
    pub left_out: usize,
    /// If it was stopped: how many regimes it would have measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_of: Option<usize>,
    /// What was measured, in order.
    pub regimes: Vec<RegimeRecord>,
    /// What was asked without a clock.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<ProbeRecord>,
    /// The published experiments, if they were done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<Experiments>,
}

impl Record {
    /// The format that this program writes.
    pub const FORMAT: u32 = 1;

    /// A record in which nothing was measured yet.
    #[must_use]
    pub fn new(command: String, environment: Environment, rounds: usize) -> Self {
        let (format, when) = (Self::FORMAT, now());
        let (others, stopped_of, spec) = (None, None, None);
        let (regimes, probes, left_out) = (Vec::new(), Vec::new(), 0);
        Self {
            format,
            when,
            command,
            environment,
            others,
            rounds,
            left_out,
            stopped_of,
            regimes,
            probes,
            spec,
        }
    }

    /// Everywhere that one of ours is slower than the fastest of the others.
    #[must_use]
    pub fn losses(&self) -> Vec<Loss<'_>> {
        self.regimes.iter().flat_map(RegimeRecord::losses).collect()
    }

    /// Contenders that broke a contract, and were not timed or have no answer; with where.
    pub fn invalid(&self) -> impl Iterator<Item = (String, &Invalid)> {
        let timed = self.regimes.iter().map(|regime| (regime.path(), &regime.invalid));
        let asked = self.probes.iter().map(|probe| (probe.probe.clone(), &probe.invalid));
        timed.chain(asked).flat_map(|(path, list)| list.iter().map(move |i| (path.clone(), i)))
    }

    /// How many times as much the threads of a regime did as one of them alone, if both were
    /// measured. The regimes met their own conditions: `[gain]` limits measure them together.
    #[must_use]
    pub fn gain(&self, regime: &RegimeRecord, case: &Case) -> Option<f64> {
        let alone = regime.alone.as_ref()?;
        let at = |other: &&RegimeRecord| other.shape == regime.shape && other.regime == *alone;
        let alone = self.regimes.iter().find(at)?.case(&case.name)?;
        Some(alone.median / case.median)
    }
}

fn is_none(number: &usize) -> bool {
    *number == 0
}

/// One regime.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegimeRecord {
    /// Name of the shape.
    pub shape: String,
    /// Name of the regime.
    pub regime: String,
    /// What the numbers answer.
    pub question: String,
    /// What is counted as one operation.
    pub operation: String,
    /// The regime in which one of its lanes does the same alone, if it is asked what the others add.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<String>,
    /// How far from 1 the ratio of the baseline to itself came out; ratios that differ by less are
    /// ties. Absent if the baseline was not timed.
    pub floor: Option<f64>,
    /// The second series of the baseline.
    pub twin: Vec<f64>,
    /// Contenders, fastest first.
    pub cases: Vec<Case>,
    /// Contenders that were not timed.
    pub invalid: Vec<Invalid>,
}

impl RegimeRecord {
    /// Judges the series of one regime. `twin` is the second series of the baseline.
    #[must_use]
    pub fn new(
        shape: &Shape,
        regime: &Regime,
        series: Vec<(Contender, Series)>,
        twin: Option<Series>,
        invalid: Vec<Invalid>,
    ) -> Self {
        let baseline = series.iter().find(|(contender, _)| contender.name == BASELINE);
        let baseline = baseline.map(|(_, series)| series.samples.clone());
        let twin = twin.map(|series| series.samples).unwrap_or_default();
        let floor = baseline.as_ref().map(|baseline| stats::floor(baseline, &twin));
        let case = |(contender, series): (Contender, Series)| Case {
            name: contender.name.to_owned(),
            package: contender.package.split(' ').next().unwrap_or_default().to_owned(),
            version: package_version(contender.package).unwrap_or_default().to_owned(),
            operations: series.operations,
            median: stats::median(&series.samples),
            spread: stats::spread(&series.samples),
            to_baseline: baseline.as_ref().map(|base| stats::ratio(&series.samples, base)),
            instructions: None,
            samples: series.samples,
            shares: series.shares,
        };
        let mut cases: Vec<Case> = series.into_iter().map(case).collect();
        cases.sort_by(|a, b| a.median.total_cmp(&b.median));
        Self {
            shape: shape.name.to_owned(),
            regime: regime.name.to_owned(),
            question: regime.question.to_owned(),
            operation: shape.operation.to_owned(),
            alone: regime.alone.map(str::to_owned),
            floor,
            twin,
            cases,
            invalid,
        }
    }

    /// `SHAPE/REGIME`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.shape, self.regime)
    }

    /// The floor; without a baseline nothing is known, and everything ties.
    #[must_use]
    pub fn floor_or_all(&self) -> f64 {
        self.floor.unwrap_or(f64::INFINITY)
    }

    /// Whether a case cannot be told from the fastest one.
    #[must_use]
    pub fn ties_with_fastest(&self, case: &Case) -> bool {
        self.fastest().is_some_and(|fastest| !case.is_slower_than(fastest, self.floor_or_all()))
    }

    /// The fastest that does the job.
    #[must_use]
    pub fn fastest(&self) -> Option<&Case> {
        self.cases.iter().find(|case| !case.is_yardstick())
    }

    /// The case of that name.
    #[must_use]
    pub fn case(&self, name: &str) -> Option<&Case> {
        self.cases.iter().find(|case| case.name == name)
    }

    /// The fastest that is ours.
    #[must_use]
    pub fn best_of_ours(&self) -> Option<&Case> {
        self.cases.iter().find(|case| case.is_ours())
    }

    /// The fastest that is neither ours nor the baseline.
    #[must_use]
    pub fn best_peer(&self) -> Option<&Case> {
        self.rivals().find(|case| case.name != BASELINE)
    }

    fn rivals(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| !case.is_ours() && !case.is_yardstick())
    }

    /// Each of ours that is slower than the fastest of the others, outside the floor.
    #[must_use]
    pub fn losses(&self) -> Vec<Loss<'_>> {
        let Some(rival) = self.rivals().next() else { return Vec::new() };
        let floor = self.floor_or_all();
        let ours = self.cases.iter().filter(|case| case.is_ours());
        let losers = ours.filter(|case| case.is_slower_than(rival, floor));
        losers.map(|ours| Loss { regime: self, ours, rival }).collect()
    }
}

/// One contender in one regime.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Case {
    /// Name of the contender.
    pub name: String,
    /// The crate it comes from, or `std`.
    pub package: String,
    /// That crate's version.
    pub version: String,
    /// Operations in one sample, as it was planned.
    pub operations: u64,
    /// Median of the samples.
    pub median: f64,
    /// Distance between the quartiles of the samples.
    pub spread: f64,
    /// Median of the ratios to the baseline, round by round.
    pub to_baseline: Option<f64>,
    /// Instructions per operation, if they were counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<f64>,
    /// Nanoseconds per operation, round by round.
    pub samples: Vec<f64>,
    /// What the thread that did the fewest operations did, as a part of what the one with the most
    /// did, round by round; empty where all do the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shares: Vec<f64>,
}

impl Case {
    /// The median of its shares, if it has any.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        (!self.shares.is_empty()).then(|| stats::median(&self.shares))
    }

    /// Whether it is ours.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.package == "untorn"
    }

    /// Whether it only shows what a part of the job costs.
    #[must_use]
    pub fn is_yardstick(&self) -> bool {
        self.package == YARDSTICK
    }

    /// Whether it can be told that this one is slower than `other`.
    #[must_use]
    pub fn is_slower_than(&self, other: &Self, floor: f64) -> bool {
        stats::is_slower(&self.samples, &other.samples, floor)
    }
}

/// A contender that was not timed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Invalid {
    /// Name of the contender.
    pub name: String,
    /// How it broke the contract.
    pub why: String,
}

/// One of ours that is slower than another.
#[derive(Debug, Clone, Copy)]
pub struct Loss<'a> {
    /// Where.
    pub regime: &'a RegimeRecord,
    /// Which of ours.
    pub ours: &'a Case,
    /// The fastest of the others.
    pub rival: &'a Case,
}

impl Loss<'_> {
    /// How many times the rival's time ours takes.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        stats::ratio(&self.ours.samples, &self.rival.samples)
    }
}

/// What one entry did.
#[derive(Debug, Clone)]
pub struct Series {
    /// Operations of all lanes in one sample, as it was planned.
    pub operations: u64,
    /// Nanoseconds per operation, round by round.
    pub samples: Vec<f64>,
    /// The fewest operations of a lane as a part of the most, round by round; empty where all do the
    /// same.
    pub shares: Vec<f64>,
}

impl Series {
    /// Adds a round.
    pub fn push(&mut self, sample: &Sample) {
        let operations = sample.operations(self.operations);
        let nanos = sample.elapsed.as_nanos() as f64;
        self.samples.push(to_four_places(nanos / operations as f64));
        self.shares.extend(sample.share().map(to_four_places));
    }

    /// Leaves that many rounds.
    pub fn truncate(&mut self, rounds: usize) {
        self.samples.truncate(rounds);
        self.shares.truncate(rounds);
    }

    /// How many times as much was done in the same time as by one thread in `alone`, round by round.
    #[must_use]
    pub fn gain_on(&self, alone: &Self) -> Vec<f64> {
        stats::ratios(&alone.samples, &self.samples)
    }
}

/// More would be noise, and is kept in every record.
fn to_four_places(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// What came out here.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Experiments {
    /// 8 threads x 100 000 increments.
    pub counter: Pair,
    /// 800 000 increments on one thread.
    pub counter_alone: Pair,
    /// 100 000 items from one thread to another.
    pub ring: Pair,
}

/// Ours and the mutex, interleaved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pair {
    /// Operations in one sample, of all threads.
    pub operations: u64,
    /// Nanoseconds per operation of ours, round by round.
    pub ours: Vec<f64>,
    /// Of the mutex.
    pub mutex: Vec<f64>,
    /// Of the mutex again, for the floor.
    pub twin: Vec<f64>,
}

impl Pair {
    /// How many times as fast ours is.
    #[must_use]
    pub fn speedup(&self) -> f64 {
        stats::ratio(&self.mutex, &self.ours)
    }

    /// The A/A floor.
    #[must_use]
    pub fn floor(&self) -> f64 {
        stats::floor(&self.mutex, &self.twin)
    }

    /// The median of some of its samples, as the time of all operations.
    #[must_use]
    pub fn milliseconds(&self, samples: &[f64]) -> f64 {
        stats::median(samples) * self.operations as f64 / 1e6
    }
}
