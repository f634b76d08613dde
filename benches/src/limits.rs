//! Ratios that must hold, a line each: `SHAPE/REGIME[metric]:A<=B*k`.
//!
//! A `[ns]` line holds when the median ratio of A's time to B's is at most k
//! plus the A/A floor, where both run twice and the floor is the larger of the two. A floor above
//! 5 % makes the ratio worthless and voids the line. An `[instr]` line compares instruction counts,
//! which have no floor. A `[ns]` line of a one-thread regime in which an operation takes less than
//! 2 ns must hold for instructions as well: so little time is mostly a matter of where the code
//! happens to lie. If the file has an `[instr]` line for the same pair, that line says what must hold.
//!
//! A `[gain]` line is about a regime in which several threads do what one does in another, and has
//! `>=` for `<=`: how many times as much the threads of A do as its one thread must be at least k
//! times that of B, less the floor. Both regimes are measured in turns, and the gain is taken round
//! by round.
//!
//! A `[share]` line, with `>=` too, is about a regime whose lanes get as much as they can: what the
//! thread with the fewest operations of A got, as a part of what the one with the most got, must be at
//! least k times that of B, less the floor. A share may be nought in a round, so the medians are
//! compared, and the floor is how far apart they come out for a contender and itself.
//!
//! Lines that begin with `#` are comments. A line that begins with `!` is a known miss: it is
//! measured and shown, and does not fail the run.

use std::fmt::{self, Write};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::crew::Crew;
use crate::instructions;
use crate::registry;
use crate::report::term::plain;
use crate::report::{Progress, percent};
use crate::runner::{Amount, Entry, Plan, check, measure};
use crate::shapes::{Contender, Regime, Shape};
use crate::stats;

/// Above it, the machine was too unsteady to say anything.
pub const HIGHEST_FLOOR: f64 = 0.05;
/// How often a void line is measured.
pub const ATTEMPTS: usize = 3;
/// Below it, instructions are counted too.
const SHORT_NANOS: f64 = 2.0;

/// How long a sample lasts that is about shares: where threads outnumber the cores, each must have had
/// many turns of the scheduler.
const SHARED_OUT: Duration = Duration::from_millis(200);

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Limit {
    /// Its number in the file.
    pub line: usize,
    /// Measured and shown, but not held against the run.
    pub known_miss: bool,
    /// `SHAPE/REGIME`.
    pub path: String,
    /// What is compared.
    pub metric: Metric,
    /// Who must be small.
    pub ours: String,
    /// Against whom.
    pub theirs: String,
    /// How many times theirs ours may be.
    pub times: f64,
}

impl Limit {
    /// Whether this line says what must hold for the instructions of `other`'s pair.
    fn counts_for(&self, other: &Self) -> bool {
        self.metric == Metric::Instructions
            && (&self.path, &self.ours, &self.theirs) == (&other.path, &other.ours, &other.theirs)
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, metric, ours, theirs, times, .. } = self;
        let relation = metric.relation();
        write!(f, "{path}[{}]:{ours}{relation}{theirs}*{times}", metric.name())
    }
}

/// What a line compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Time per operation.
    Nanos,
    /// Instructions per operation.
    Instructions,
    /// How many times as much the threads of a regime do as one of them alone.
    Gain,
    /// What the thread that does the fewest operations does of those of the one with the most.
    Share,
}

impl Metric {
    const ALL: [Self; 4] = [Self::Nanos, Self::Instructions, Self::Gain, Self::Share];

    /// As written in a line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nanos => "ns",
            Self::Instructions => "instr",
            Self::Gain => "gain",
            Self::Share => "share",
        }
    }

    /// How A stands to B times k.
    fn relation(self) -> &'static str {
        match self {
            Self::Nanos | Self::Instructions => "<=",
            Self::Gain | Self::Share => ">=",
        }
    }
}

/// Reads a limits file; `name` is what errors call it.
///
/// # Errors
///
/// Names the first bad line, its number and what is wrong with it.
pub fn parse(name: &str, text: &str) -> Result<Vec<Limit>> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let parsed = lines.map(|(number, line)| {
        let limit = parse_line(number, line).and_then(|limit| resolve(&limit).map(|_| limit));
        limit.map_err(|why| anyhow!("{name}:{number}: `{line}`: {why}"))
    });
    parsed.collect()
}

fn parse_line(line: usize, text: &str) -> Result<Limit> {
    let form = || anyhow!("expected SHAPE/REGIME[metric]:A<=B*k");
    let known_miss = text.starts_with('!');
    let text = text.trim_start_matches('!').trim();
    let (path, rest) = text.split_once('[').ok_or_else(form)?;
    let (metric, rest) = rest.split_once("]:").ok_or_else(form)?;
    let Some(metric) = Metric::ALL.into_iter().find(|known| known.name() == metric) else {
        let known = Metric::ALL.map(Metric::name).join(", ");
        bail!("unknown metric `{metric}`; known: {known}");
    };
    let form = || match metric {
        Metric::Gain | Metric::Share => {
            anyhow!("expected SHAPE/REGIME[{}]:A>=B*k", metric.name())
        }
        Metric::Nanos | Metric::Instructions => form(),
    };
    let (ours, theirs, factor) = sides(rest, metric.relation()).ok_or_else(form)?;
    let times = number(factor)?;
    let path = path.trim().to_owned();
    let (ours, theirs) = (ours.to_owned(), theirs.to_owned());
    Ok(Limit { line, known_miss, path, metric, ours, theirs, times })
}

/// A, B and k of `A<=B*k`, or with another relation.
pub(crate) fn sides<'a>(text: &'a str, relation: &str) -> Option<(&'a str, &'a str, &'a str)> {
    let (ours, rest) = text.split_once(relation)?;
    let (theirs, factor) = rest.rsplit_once('*')?;
    Some((ours.trim(), theirs.trim(), factor.trim()))
}

/// The k of a line.
pub(crate) fn number(factor: &str) -> Result<f64> {
    let times: f64 = factor.parse().map_err(|_| anyhow!("`{factor}` is not a number"))?;
    ensure!(times.is_finite() && times > 0.0, "`{factor}` is not a positive number");
    Ok(times)
}

/// What the names of a line stand for.
fn resolve(limit: &Limit) -> Result<(Shape, &'static Regime, [Contender; 2])> {
    let (shape, regime) = registry::regime(&limit.path)?;
    let ours = registry::entrant(&shape, regime, &limit.ours)?;
    let theirs = registry::entrant(&shape, regime, &limit.theirs)?;
    if limit.metric == Metric::Instructions {
        ensure!(regime.threads == 1, "instructions are counted in one-thread regimes only");
    }
    if limit.metric == Metric::Share {
        ensure!(regime.shares, "the threads of that regime all do the same");
    }
    if limit.metric == Metric::Gain {
        let alone = alone(&shape, regime).context("no regime has one of its threads alone")?;
        for contender in [&ours, &theirs] {
            registry::entrant(&shape, alone, contender.name)?;
        }
    }
    Ok((shape, regime, [ours, theirs]))
}

/// The regime in which one of the lanes does the same alone.
fn alone(shape: &Shape, regime: &Regime) -> Option<&'static Regime> {
    shape.regimes.iter().find(|other| Some(other.name) == regime.alone)
}

/// How a line came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The ratio is within the limit.
    Holds,
    /// It is not.
    Exceeded,
    /// It is not, and the line says that this is known.
    KnownMiss,
    /// The floor was too high for any verdict.
    Void,
    /// A tool is missing.
    Skipped,
}

impl Verdict {
    /// Whether the run fails for it.
    #[must_use]
    pub fn fails(self) -> bool {
        matches!(self, Self::Exceeded | Self::Void)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Holds => "holds",
            Self::Exceeded => "exceeded",
            Self::KnownMiss => "missed (known)",
            Self::Void => "void",
            Self::Skipped => "skipped",
        })
    }
}

/// The verdict on a ratio.
#[must_use]
pub fn verdict(limit: &Limit, ratio: f64, floor: f64) -> Verdict {
    // Written so that a ratio that is not a number exceeds.
    let within = match limit.metric {
        Metric::Gain | Metric::Share => ratio >= limit.times - floor,
        Metric::Nanos | Metric::Instructions => ratio <= limit.times + floor,
    };
    match (floor <= HIGHEST_FLOOR, within) {
        // A line that need not hold need not be measured well either.
        (_, false) | (false, _) if limit.known_miss => Verdict::KnownMiss,
        (false, _) => Verdict::Void,
        (true, true) => Verdict::Holds,
        (true, false) => Verdict::Exceeded,
    }
}

/// A line, measured.
#[derive(Debug, Clone)]
pub struct Judged {
    /// The line.
    pub limit: Limit,
    /// A to B.
    pub ratio: Option<f64>,
    /// The A/A floor.
    pub floor: Option<f64>,
    /// The smaller median of the two, in nanoseconds.
    pub shortest: Option<f64>,
    /// How it came out.
    pub verdict: Verdict,
    /// What else there is to say.
    pub note: String,
}

/// How many samples [`judge`] takes for these lines, if none has to be repeated.
#[must_use]
pub fn samples(limits: &[Limit], plan: &Plan) -> u64 {
    let entries = limits.iter().map(|limit| match limit.metric {
        Metric::Nanos | Metric::Share => 4,
        Metric::Gain => 8,
        Metric::Instructions => 0,
    });
    plan.steps(entries.sum())
}

/// Measures one line.
///
/// # Errors
///
/// If a contender breaks its contract, or counting instructions fails.
pub fn judge(
    limit: &Limit,
    all: &[Limit],
    plan: &Plan,
    crew: &Crew,
    progress: &mut Progress,
) -> Result<Judged> {
    let (shape, regime, [ours, theirs]) = resolve(limit)?;
    for contender in [&ours, &theirs] {
        if let Err(why) = check(contender, 20_000) {
            bail!("{} breaks the contract of {}: {why}", contender.name, limit.path);
        }
    }
    progress.begin(&limit.path);
    let both_twice = [ours, theirs, ours, theirs];
    let judged = match limit.metric {
        Metric::Nanos => {
            let entries = Entry::all(regime, &both_twice);
            let mut judged = until_steady(limit, || {
                let series = measure(&entries, plan, crew, || progress.step());
                series.into_iter().map(|series| series.samples).collect()
            });
            if regime.threads == 1 && !all.iter().any(|other| other.counts_for(limit)) {
                also_by_instructions(&mut judged)?;
            }
            judged
        }
        Metric::Gain => {
            let alone = alone(&shape, regime).context("no regime has one of its threads alone")?;
            let pair = |contender| [regime, alone].map(|regime| Entry { regime, contender });
            let entries: Vec<Entry<'_>> = both_twice.into_iter().flat_map(pair).collect();
            until_steady(limit, || {
                let series = measure(&entries, plan, crew, || progress.step());
                series.chunks(2).map(|pair| pair[0].gain_on(&pair[1])).collect()
            })
        }
        Metric::Share => {
            let entries = Entry::all(regime, &both_twice);
            let plan = Plan { sample: Amount::Time(SHARED_OUT), ..*plan };
            until_steady(limit, || {
                let series = measure(&entries, &plan, crew, || progress.step());
                series.into_iter().map(|series| series.shares).collect()
            })
        }
        Metric::Instructions => by_instructions(limit)?,
    };
    progress.end();
    Ok(judged)
}

/// Takes the values of A, B, A again and B again, round by round, until the floor is low enough, but
/// not for ever.
fn until_steady(limit: &Limit, mut values: impl FnMut() -> Vec<Vec<f64>>) -> Judged {
    let mut attempt = 1;
    loop {
        let judged = weigh(limit, &values(), attempt);
        let floor = judged.floor.unwrap_or_default();
        if floor <= HIGHEST_FLOOR || attempt == ATTEMPTS {
            return judged;
        }
        attempt += 1;
    }
}

/// So little time must hold for instructions too.
fn also_by_instructions(judged: &mut Judged) -> Result<()> {
    if judged.shortest.is_none_or(|nanos| nanos >= SHORT_NANOS) {
        return Ok(());
    }
    let counted = by_instructions(&judged.limit)?;
    let _ = write!(judged.note, "under 2 ns, so also {}: {}", counted.note, counted.verdict);
    if counted.verdict.fails() && !judged.verdict.fails() {
        judged.verdict = counted.verdict;
    }
    Ok(())
}

/// The verdict on four series of values (A, B, A again, B again), all of the same rounds.
#[must_use]
pub fn weigh(limit: &Limit, values: &[Vec<f64>], attempt: usize) -> Judged {
    if limit.metric == Metric::Share {
        return weigh_shares(limit, values, attempt);
    }
    let ratio = stats::ratio(&values[0], &values[1]);
    let floors = [stats::floor(&values[0], &values[2]), stats::floor(&values[1], &values[3])];
    let floor = floors[0].max(floors[1]);
    let verdict = verdict(limit, ratio, floor);
    let medians = [stats::median(&values[0]), stats::median(&values[1])];
    let mut note = note_on(attempt);
    let shortest = if limit.metric == Metric::Gain {
        let _ = write!(note, "gains {:.2}x and {:.2}x", medians[0], medians[1]);
        None
    } else {
        Some(medians[0].min(medians[1]))
    };
    let (ratio, floor) = (Some(ratio), Some(floor));
    Judged { limit: limit.clone(), ratio, floor, shortest, verdict, note }
}

/// [`weigh`] for shares: the medians of all samples that A and B ran are compared.
fn weigh_shares(limit: &Limit, values: &[Vec<f64>], attempt: usize) -> Judged {
    let all = |once: &[f64], again: &[f64]| stats::median(&[once, again].concat());
    let apart = |once, again| (stats::median(once) - stats::median(again)).abs();
    let (ours, theirs) = (all(&values[0], &values[2]), all(&values[1], &values[3]));
    let floor = apart(&values[0], &values[2]).max(apart(&values[1], &values[3]));
    // Nothing is less than nought.
    let ratio = if theirs == 0.0 { f64::INFINITY } else { ours / theirs };
    let verdict = verdict(limit, ratio, floor);
    let note = format!("{}shares {ours:.2} and {theirs:.2}", note_on(attempt));
    let (ratio, floor) = (Some(ratio), Some(floor));
    Judged { limit: limit.clone(), ratio, floor, shortest: None, verdict, note }
}

fn note_on(attempt: usize) -> String {
    if attempt > 1 { format!("attempt {attempt}; ") } else { String::new() }
}

fn by_instructions(limit: &Limit) -> Result<Judged> {
    let limit = limit.clone();
    if !instructions::available() {
        let note = "valgrind is missing: instructions were NOT counted".to_owned();
        let verdict = Verdict::Skipped;
        return Ok(Judged { limit, ratio: None, floor: None, shortest: None, verdict, note });
    }
    let count = |name: &str| {
        let count = instructions::per_operation(&limit.path, name);
        count.with_context(|| format!("counting instructions of {name}"))
    };
    let (ours, theirs) = (count(&limit.ours)?, count(&limit.theirs)?);
    let ratio = ours / theirs;
    let note = format!("{ours:.1} / {theirs:.1} instructions ({ratio:.3}x)");
    let verdict = verdict(&limit, ratio, 0.0);
    Ok(Judged { limit, ratio: Some(ratio), floor: None, shortest: None, verdict, note })
}

/// The plan of a limits run: long samples and many rounds, for a low floor.
#[must_use]
pub fn plan(rounds: usize) -> Plan {
    let sample = Amount::Time(Duration::from_millis(50));
    Plan { rounds, sample, within: None }
}

/// All lines with their verdicts.
#[must_use]
pub fn report(judged: &[Judged]) -> String {
    let mut table = plain();
    table.set_header(["limit", "ratio", "floor", "verdict", ""]);
    for Judged { limit, ratio, floor, verdict, note, .. } in judged {
        let spare = if *verdict == Verdict::Holds && limit.known_miss {
            "no longer missed: the `!` can go; "
        } else {
            ""
        };
        table.add_row([
            limit.to_string(),
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.3}x")),
            floor.map_or("-".to_owned(), percent),
            verdict.to_string(),
            format!("{spare}{note}").trim_end_matches("; ").to_owned(),
        ]);
    }
    let failed = judged.iter().filter(|judged| judged.verdict.fails()).count();
    let skipped = judged.iter().filter(|judged| judged.verdict == Verdict::Skipped).count();
    let mut text = format!("{}\n{} limits, {failed} failed", table.trim_fmt(), judged.len());
    if skipped > 0 {
        let _ = write!(text, ", {skipped} SKIPPED (valgrind is missing)");
    }
    text.push('\n');
    text
}
