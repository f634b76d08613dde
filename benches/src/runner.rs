//! Calibrates, interleaves, and checks before it times.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::crew::Crew;
use crate::interrupt;
use crate::record::{Invalid, RegimeRecord, Series};
use crate::report::Progress;
use crate::shapes::{BASELINE, Contender, Regime, Sample, Shape};

/// Fewer rounds say nothing about their median.
pub const FEWEST_ROUNDS: usize = 9;

/// What a sample costs beside what is timed: starting and ending its threads.
const OVERHEAD: Duration = Duration::from_micros(250);
/// Shorter samples are mostly overhead.
const SHORTEST: Duration = Duration::from_micros(200);
/// Below it, fewer rounds are better than even shorter samples.
const SHORT: Duration = Duration::from_millis(5);
/// Above it, more rounds are better than even longer samples.
const LONG: Duration = Duration::from_millis(50);
/// What calibration begins with: where readers outnumber the cores, one operation of some contenders
/// takes as long as a turn of the scheduler.
const FEWEST_OPERATIONS: u64 = 8;
/// Below it, one interruption counts for much.
const FEW_OPERATIONS: u64 = 512;
/// More rounds say nothing more.
const MOST_ROUNDS: usize = 301;

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How often each contender runs.
    pub rounds: usize,
    /// How much each sample does.
    pub sample: Amount,
    /// How long the samples of all regimes may take together; what one regime leaves unused or
    /// takes too much makes the samples of the next ones longer or shorter.
    pub within: Option<Duration>,
}

impl Plan {
    /// For a first look.
    pub const QUICK: Self = Self {
        rounds: FEWEST_ROUNDS,
        sample: Amount::Time(Duration::from_millis(4)),
        within: None,
    };
    /// For numbers that are passed on.
    pub const FULL: Self =
        Self { rounds: 15, sample: Amount::Time(Duration::from_millis(25)), within: None };

    /// How many steps the watcher of [`measure`] is told of, for that many entries.
    #[must_use]
    pub fn steps(&self, entries: usize) -> u64 {
        (entries * self.rounds) as u64
    }

    /// The plan that takes about `total` for that many entries, calibration aside. The number of
    /// rounds stays if it is `fixed`.
    ///
    /// # Errors
    ///
    /// The least time that it takes, if `total` is less.
    pub fn within(
        mut self,
        total: Duration,
        entries: usize,
        fixed: bool,
    ) -> Result<Self, Duration> {
        let sample = |rounds: usize| share(total, entries * rounds);
        if !fixed && sample(self.rounds) < SHORT {
            self.rounds = FEWEST_ROUNDS;
        } else if !fixed && sample(self.rounds) > LONG {
            let round = (LONG + OVERHEAD) * u32::try_from(entries).unwrap_or(u32::MAX);
            let rounds = (total.as_nanos() / round.as_nanos().max(1)) as usize;
            self.rounds = rounds.clamp(self.rounds, MOST_ROUNDS);
        }
        let sample = sample(self.rounds);
        if sample < SHORTEST {
            let samples = u32::try_from(entries * self.rounds).unwrap_or(u32::MAX);
            return Err((SHORTEST + OVERHEAD) * samples);
        }
        Ok(Self { sample: Amount::Time(sample), within: Some(total), ..self })
    }
}

/// What is left for one of that many samples.
fn share(total: Duration, samples: usize) -> Duration {
    let samples = u32::try_from(samples).unwrap_or(u32::MAX).max(1);
    (total / samples).saturating_sub(OVERHEAD)
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

/// Checks a contender's contract; a panic breaks it as well.
///
/// # Errors
///
/// Says why it is not timed.
pub fn check(contender: &Contender, operations: u64) -> Result<(), String> {
    caught(|| (contender.contract)(operations))
}

/// What `work` returns; a panic is an error.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(format!("panicked: {}", text.unwrap_or_else(|| "no message".to_owned())))
    })
}

/// Runs every entry once a round, in a new order each time, and returns their series in the order
/// of the entries. A contender may enter more than once: its twins get the same number of
/// operations. `watch` is called after each sample. If the program is interrupted, only the rounds
/// that came to their end are returned.
#[must_use]
pub fn measure(
    entries: &[Entry<'_>],
    plan: &Plan,
    crew: &Crew,
    watch: impl FnMut(),
) -> Vec<Series> {
    let each = calibrate_all(entries, plan.sample, crew);
    interleave(entries, &each, plan.rounds, crew, watch)
}

/// A contender in a regime.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Under which conditions.
    pub regime: &'a Regime,
    /// Who.
    pub contender: Contender,
}

impl<'a> Entry<'a> {
    /// These contenders, all in one regime.
    #[must_use]
    pub fn all(regime: &'a Regime, contenders: &[Contender]) -> Vec<Self> {
        contenders.iter().map(|&contender| Self { regime, contender }).collect()
    }

    fn is_twin(&self, other: &Self) -> bool {
        self.contender.name == other.contender.name && self.regime.name == other.regime.name
    }

    fn sample(&self, each: u64, crew: &Crew) -> Sample {
        (self.contender.sample)(self.regime, each, crew)
    }
}

/// Operations in each lane, for each entry.
fn calibrate_all(entries: &[Entry<'_>], amount: Amount, crew: &Crew) -> Vec<u64> {
    let mut each: Vec<u64> = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let twin = entries[..index].iter().position(|earlier| earlier.is_twin(entry));
        each.push(match twin {
            Some(twin) => each[twin],
            None => calibrate(entry, amount, crew),
        });
    }
    each
}

fn interleave(
    entries: &[Entry<'_>],
    each: &[u64],
    rounds: usize,
    crew: &Crew,
    mut watch: impl FnMut(),
) -> Vec<Series> {
    let series = |(entry, each): (&Entry<'_>, &u64)| Series {
        operations: each * entry.regime.lanes as u64,
        samples: Vec::with_capacity(rounds),
        shares: Vec::new(),
    };
    let mut series: Vec<Series> = entries.iter().zip(each).map(series).collect();
    let mut order: Vec<usize> = (0..entries.len()).collect();
    'rounds: for round in 0..rounds {
        fastrand::shuffle(&mut order);
        for &index in &order {
            if interrupt::asked() {
                series.iter_mut().for_each(|series| series.truncate(round));
                break 'rounds;
            }
            series[index].push(&entries[index].sample(each[index], crew));
            watch();
        }
    }
    series
}

/// Operations in each lane for one sample; running them warms caches, code and clock up as well.
fn calibrate(entry: &Entry<'_>, amount: Amount, crew: &Crew) -> u64 {
    let target = match amount {
        Amount::Each(each) => {
            let _ = entry.sample(each, crew);
            return each;
        }
        Amount::Time(target) => target.as_nanos().max(1),
    };
    let lanes = entry.regime.lanes as u64;
    // How long it took, and how many operations of each lane that was.
    let timed = |each| {
        let sample = entry.sample(each, crew);
        (sample.elapsed.as_nanos().max(1), sample.operations(each * lanes).div_ceil(lanes))
    };
    let mut each = FEWEST_OPERATIONS;
    loop {
        let (mut took, mut did) = timed(each);
        if took >= target / 2 && did < FEW_OPERATIONS && !interrupt::asked() {
            // So few may have been held up by something else.
            let again = timed(each);
            if again.0 * u128::from(did) < took * u128::from(again.1) {
                (took, did) = again;
            }
        }
        if took >= target / 2 || interrupt::asked() {
            return u64::try_from(u128::from(did) * target / took).unwrap_or(did).max(1);
        }
        // At most eightfold: a first sample may be so short that it says nothing.
        each *= u64::try_from(target / took).unwrap_or(8).clamp(2, 8);
    }
}

/// How often a sample is taken in one round of all regimes: by everyone who enters, and by the
/// baseline again.
#[must_use]
pub fn entries(shapes: &[Shape]) -> usize {
    let of =
        |shape: &Shape| -> usize { shape.regimes.iter().map(|r| entrants(shape, r) + 1).sum() };
    shapes.iter().map(of).sum()
}

fn entrants(shape: &Shape, regime: &Regime) -> usize {
    shape.contenders.iter().filter(|contender| contender.enters(regime)).count()
}

/// Measures all regimes of these shapes. The baseline enters each regime twice, once as its own
/// twin, for the noise floor; a contender that breaks its contract does not enter. If the program
/// is interrupted, the regimes in which at least one round came to its end are returned.
#[must_use]
pub fn run(
    shapes: &[Shape],
    plan: &Plan,
    checks: u64,
    crew: &Crew,
    progress: &mut Progress,
) -> Vec<RegimeRecord> {
    let mut records = Vec::new();
    let mut purse = Purse { plan: *plan, samples: entries(shapes) * plan.rounds };
    for shape in shapes {
        progress.note(&format!("{}: checking contracts", shape.name));
        let mut valid = Vec::new();
        let mut invalid = Vec::new();
        for contender in &shape.contenders {
            if interrupt::asked() {
                return records;
            }
            match check(contender, checks) {
                Ok(()) => valid.push(*contender),
                Err(why) => invalid.push(Invalid { name: contender.name.to_owned(), why }),
            }
        }
        let baseline = valid.iter().copied().find(|contender| contender.name == BASELINE);
        for regime in shape.regimes {
            progress.begin(&format!("{}/{}", shape.name, regime.name));
            let able = valid.iter().copied().filter(|contender| contender.enters(regime));
            let able: Vec<Contender> = able.collect();
            let mut entries = Entry::all(regime, &able);
            entries.extend(baseline.map(|contender| Entry { regime, contender }));
            let each = calibrate_all(&entries, purse.sample(), crew);
            let begun = Instant::now();
            let watch = || progress.step();
            let mut series = interleave(&entries, &each, plan.rounds, crew, watch);
            purse.pay(begun.elapsed(), (entrants(shape, regime) + 1) * plan.rounds);
            let rounds = series.iter().map(|series| series.samples.len()).min();
            if rounds.is_none_or(|rounds| rounds == 0) && interrupt::asked() {
                return records;
            }
            let twin = baseline.and_then(|_| series.pop());
            let series = able.into_iter().zip(series).collect();
            records.push(RegimeRecord::new(shape, regime, series, twin, invalid.clone()));
            progress.end();
            if interrupt::asked() {
                return records;
            }
        }
    }
    records
}

/// What is left of the time for a run.
struct Purse {
    plan: Plan,
    samples: usize,
}

impl Purse {
    /// What the samples of the next regime do.
    fn sample(&self) -> Amount {
        match self.plan.within {
            Some(left) => Amount::Time(share(left, self.samples).clamp(SHORTEST, 4 * LONG)),
            None => self.plan.sample,
        }
    }

    /// Those samples were taken, or could not be.
    fn pay(&mut self, took: Duration, samples: usize) {
        self.plan.within = self.plan.within.map(|left| left.saturating_sub(took));
        self.samples = self.samples.saturating_sub(samples);
    }
}
