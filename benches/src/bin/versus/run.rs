//! The command without a subcommand: measure, or show what was measured, and judge it.

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use untorn_bench::assertion::{Assertion, Place};
use untorn_bench::crew::Crew;
use untorn_bench::env::Environment;
use untorn_bench::neighbours::Neighbours;
use untorn_bench::probes::{self, Depth};
use untorn_bench::record::Record;
use untorn_bench::registry::{self, Selection};
use untorn_bench::report::{Progress, compare, json, term};
use untorn_bench::runner::{self, Plan};
use untorn_bench::{instructions, interrupt, spec};

/// Operations of a contract check before a probe: most contenders had a longer one as they were timed.
const PROBE_CHECKS: u64 = 2_000;
/// More threads than any machine has a use for.
const MOST_THREADS: usize = 256;

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// Shapes and probes to measure; all of them if none is named (see `list`)
    #[arg(value_name = "SHAPE")]
    shapes: Vec<String>,
    /// Short samples, few rounds, and of many peers only the best: a first look within a minute
    #[arg(long)]
    quick: bool,
    /// Only these contenders, and the mutex
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// How often each contender runs
    #[arg(long, value_parser = super::rounds)]
    rounds: Option<usize>,
    /// One regime of that many threads instead of the listed ones (counter, lock)
    #[arg(long, value_name = "N", value_parser = threads, allow_negative_numbers = true)]
    threads: Option<usize>,
    /// Makes all samples together take about that long; calibration and contracts come on top
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    seconds: Option<Duration>,
    /// Counts the instructions of one-thread regimes as well (needs valgrind)
    #[arg(long)]
    instructions: bool,
    /// Fails if the ratio of A to B is above k: `SHAPE/REGIME[ns]:A<=B*k`, or `SHAPE:A<=B*k` for
    /// all regimes of a shape; can be given again
    #[arg(long = "assert", value_name = "LINE")]
    assertions: Vec<Assertion>,
    /// Compares the ratios to the mutex with those of a saved record
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Shows a saved record again and measures nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "shapes", "quick", "only", "rounds", "threads", "seconds", "instructions", "save",
    ])]
    from: Option<PathBuf>,
    /// Writes the record to this file as well
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
}

fn threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(threads) if (1..=MOST_THREADS).contains(&threads) => Ok(threads),
        _ => Err(format!("expected a number of threads from 1 to {MOST_THREADS}")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    const DAY: f64 = 86_400.0;
    match text.parse::<f64>() {
        Ok(seconds) if seconds > 0.0 && seconds <= DAY => Ok(Duration::from_secs_f64(seconds)),
        _ => Err(format!("expected a number of seconds above 0, and {DAY} at the most")),
    }
}

/// An option whose value does not do.
#[derive(Debug)]
pub(crate) struct Misuse(String);

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Misuse {}

pub(crate) fn main(run: Run) -> Result<ExitCode> {
    // All that can be wrong is found before anything is measured.
    let base = run.compare.as_deref().map(|file| load("--compare", file)).transpose()?;
    if let Some(file) = &run.from {
        let record = load("--from", file)?;
        let places = Place::recorded(&record);
        let assertions = resolved(&run.assertions, &places)?;
        show(&record, base.as_ref());
        let holds = judge(&assertions, &record);
        return Ok(ExitCode::from(u8::from(!holds)));
    }
    let mut selection = registry::select(&run.shapes, &run.only)?;
    let left_out = if run.quick && run.only.is_empty() {
        let named: Vec<&str> = run.assertions.iter().flat_map(Assertion::names).collect();
        selection.keep_leaders(&named)
    } else {
        0
    };
    let Selection { mut shapes, mut probes } = selection;
    if let Some(threads) = run.threads {
        shapes = registry::with_threads(shapes, &run.shapes, threads)?;
        probes.clear();
    }
    let places = Place::all_of(&shapes);
    let assertions = resolved(&run.assertions, &places)?;
    let entries = runner::entries(&shapes);
    let plan = plan(&run, entries)?;
    let counts = run.instructions && available();

    interrupt::watch()?;
    let crew = Crew::of_this_machine();
    let mut record = Record::new(super::command_line(), Environment::capture(&crew), plan.rounds);
    record.left_out = left_out;
    eprintln!("{}", record.environment);
    let regimes = shapes.iter().map(|shape| shape.regimes.len()).sum::<usize>() + probes.len();
    // A whole check of all contenders takes a minute, which is more than some ask for.
    let short = run.quick || run.seconds.is_some();
    let (checks, depth) = if short { (5_000, Depth::Quick) } else { (100_000, Depth::Full) };
    let asked: usize = probes.iter().map(|probe| probe.entrants.len()).sum();
    let mut progress = Progress::new(regimes, plan.steps(entries) + asked as u64);
    let neighbours = Neighbours::watch();
    record.regimes = runner::run(&shapes, &plan, checks, &crew, &mut progress);
    record.others = neighbours.share();
    record.probes = probes::run(&probes, depth, PROBE_CHECKS, &mut progress);
    record.stopped_of = interrupt::asked().then_some(regimes);
    let failures = if counts {
        instructions::add(&mut record.regimes, &shapes, &progress)
    } else {
        Vec::new()
    };
    drop(progress);
    show(&record, base.as_ref());
    if run.instructions && !counts {
        println!("\n{MISSING}");
    }
    failures.iter().for_each(|why| println!("instructions NOT counted: {why}"));
    let holds = judge(&assertions, &record);
    super::keep(&record, "", run.save.as_deref())?;
    Ok(if record.stopped_of.is_some() {
        ExitCode::from(interrupt::EXIT_CODE)
    } else {
        ExitCode::from(u8::from(!holds || record.invalid().next().is_some()))
    })
}

const MISSING: &str = "valgrind is missing: instructions were NOT counted";

fn available() -> bool {
    let available = instructions::available();
    if !available {
        eprintln!("{MISSING}");
    }
    available
}

fn plan(run: &Run, entries: usize) -> Result<Plan, Misuse> {
    let plan = if run.quick { Plan::QUICK } else { Plan::FULL };
    let plan = Plan { rounds: run.rounds.unwrap_or(plan.rounds), ..plan };
    let Some(total) = run.seconds else { return Ok(plan) };
    plan.within(total, entries, run.rounds.is_some()).map_err(|least| {
        let (total, least) = (total.as_secs_f64(), least.as_secs_f64());
        Misuse(format!("--seconds {total} is too little for {entries} entries; least: {least:.1}"))
    })
}

fn load(option: &str, file: &Path) -> Result<Record, Misuse> {
    json::load(file).map_err(|error| Misuse(format!("{option}: {error:#}")))
}

fn resolved<'a>(
    assertions: &'a [Assertion],
    places: &'a [Place],
) -> Result<Vec<(&'a Assertion, Vec<&'a Place>)>> {
    let resolved = assertions.iter().map(|assertion| Ok((assertion, assertion.places(places)?)));
    resolved.collect()
}

fn show(record: &Record, base: Option<&Record>) {
    print!("{}", term::report(record));
    if let Some(experiments) = &record.spec {
        print!("\n{}", spec::report(experiments, record.environment.cores));
    }
    if let Some(base) = base {
        print!("\n{}", compare::compared(record, base));
    }
}

fn judge(assertions: &[(&Assertion, Vec<&Place>)], record: &Record) -> bool {
    let mut all = true;
    if !assertions.is_empty() {
        println!("\nasserted:");
    }
    for (assertion, places) in assertions {
        for place in places {
            let judged = assertion.judge(place, record);
            println!("  {judged}");
            all &= judged.holds;
        }
    }
    all
}
