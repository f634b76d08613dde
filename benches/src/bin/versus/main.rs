//! The command line: `cargo versus --help`.

mod run;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use untorn_bench::crew::Crew;
use untorn_bench::env::{Environment, workspace};
use untorn_bench::neighbours::Neighbours;
use untorn_bench::record::Record;
use untorn_bench::registry::{self, Unknown};
use untorn_bench::report::{Progress, company, json, readme, term};
use untorn_bench::runner::{FEWEST_ROUNDS, Plan};
use untorn_bench::{limits, spec};

/// Lock-free beside mutex and beside today's crates, on your machine.
#[derive(Debug, Parser)]
#[command(name = "cargo versus", bin_name = "cargo versus")]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Run,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows all shapes and probes, their regimes and contenders
    List,
    /// Does two published experiments again: counter and ring, each against a mutex
    Spec {
        /// Few rounds
        #[arg(long)]
        quick: bool,
        /// How often each contender runs
        #[arg(long, value_parser = rounds)]
        rounds: Option<usize>,
        /// Writes the record to this file as well
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
    },
    /// Measures the ratios that must hold; fails if one does not
    Limits {
        /// The lines [default: benches/limits.txt of the workspace]
        #[arg(long)]
        file: Option<PathBuf>,
        /// How often each contender runs
        #[arg(long, value_parser = rounds, default_value = "31")]
        rounds: usize,
    },
    /// Writes the table of a README from a saved record
    Readme {
        /// The record
        #[arg(long, value_name = "FILE")]
        from: PathBuf,
        /// Changes nothing; fails if the README is out of date
        #[arg(long)]
        check: bool,
        /// The file to change [default: README.md of the workspace]
        #[arg(long, value_name = "FILE")]
        readme: Option<PathBuf>,
    },
    /// Runs a one-thread regime once, untimed, for tools that look at the process
    #[command(hide = true)]
    Exec {
        /// SHAPE/REGIME
        path: String,
        contender: String,
        operations: u64,
    },
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(rounds) if rounds >= FEWEST_ROUNDS => Ok(rounds),
        _ => Err(format!("at least {FEWEST_ROUNDS} rounds, or the median says nothing")),
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => return run::main(cli.run).unwrap_or_else(|error| failed(&error)),
        Some(Command::List) => {
            print!("{}", term::list(&registry::shapes(), &registry::probes()));
            Ok(true)
        }
        Some(Command::Spec { quick, rounds, save }) => do_spec(quick, rounds, save.as_deref()),
        Some(Command::Limits { file, rounds }) => do_limits(file, rounds),
        Some(Command::Readme { from, check, readme }) => do_readme(&from, check, readme),
        Some(Command::Exec { path, contender, operations }) => exec(&path, &contender, operations),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::from(if error.is::<Unknown>() || error.is::<run::Misuse>() { 2 } else { 1 })
}

fn do_spec(quick: bool, rounds: Option<usize>, save: Option<&Path>) -> Result<bool> {
    let plan = if quick { Plan::QUICK } else { Plan::FULL };
    let rounds = rounds.unwrap_or(plan.rounds);
    let crew = Crew::of_this_machine();
    let mut record = Record::new(command_line(), Environment::capture(&crew), rounds);
    let (regimes, samples) = spec::size(rounds);
    let mut progress = Progress::new(regimes, samples);
    let neighbours = Neighbours::watch();
    let experiments = spec::run(rounds, &crew, &mut progress)?;
    record.others = neighbours.share();
    drop(progress);
    let others = company(record.others);
    println!("{}\n{rounds} interleaved rounds, medians · {others}\n", record.environment);
    print!("{}", spec::report(&experiments, record.environment.cores));
    record.spec = Some(experiments);
    keep(&record, "spec", save)?;
    Ok(true)
}

fn do_limits(file: Option<PathBuf>, rounds: usize) -> Result<bool> {
    let file = file.unwrap_or_else(|| workspace().join("benches/limits.txt"));
    let text = std::fs::read_to_string(&file);
    let text = text.with_context(|| format!("cannot read {}", file.display()))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let limits = limits::parse(&name, &text)?;
    let plan = limits::plan(rounds);
    let crew = Crew::of_this_machine();
    let neighbours = Neighbours::watch();
    let mut progress = Progress::new(limits.len(), limits::samples(&limits, &plan));
    let judge = |limit| limits::judge(limit, &limits, &plan, &crew, &mut progress);
    let judged: Vec<_> = limits.iter().map(judge).collect::<Result<_>>()?;
    drop(progress);
    let others = company(neighbours.share());
    println!("{}", Environment::capture(&crew));
    println!("{rounds} interleaved rounds, medians · {others}");
    print!("{}", limits::report(&judged));
    Ok(!judged.iter().any(|judged| judged.verdict.fails()))
}

fn do_readme(from: &Path, check: bool, file: Option<PathBuf>) -> Result<bool> {
    let file = file.unwrap_or_else(|| workspace().join("README.md"));
    let record = json::load(from)?;
    let shown = file.display();
    let old = std::fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
    let source = link(from, &file);
    let new = readme::replaced(&old, &record, &source).with_context(|| format!("in {shown}"))?;
    if check && old != new {
        eprintln!("{shown} is out of date: run `cargo versus readme --from {source}`");
        return Ok(false);
    }
    if old != new {
        std::fs::write(&file, new).with_context(|| format!("cannot write {shown}"))?;
    }
    Ok(true)
}

/// The record's file as the README links to it: relative to the README, wherever this was typed.
fn link(record: &Path, readme: &Path) -> String {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let (record, readme) = (whole(record), whole(readme));
    let folder = readme.parent().unwrap_or(&readme);
    // A file outside that folder is named without its place, which means nothing to a reader.
    let inside = record.strip_prefix(folder).ok().map(Path::to_owned);
    let shown = inside.or_else(|| record.file_name().map(PathBuf::from)).unwrap_or(record);
    shown.to_string_lossy().replace('\\', "/")
}

fn exec(path: &str, contender: &str, operations: u64) -> Result<bool> {
    let (shape, regime) = registry::regime(path)?;
    let contender = registry::entrant(&shape, regime, contender)?;
    if regime.threads != 1 {
        bail!("{path} takes {} threads; this runs one-thread regimes only", regime.threads);
    }
    let _ = (contender.sample)(regime, operations, &Crew::in_place());
    Ok(true)
}

fn keep(record: &Record, kind: &str, save: Option<&Path>) -> Result<()> {
    // First where it cannot fail for a mistyped name: a long run must not be lost.
    let latest = json::keep(record, kind)?;
    eprintln!("all numbers: {}", latest.display());
    if let Some(file) = save {
        json::save(record, file)?;
    }
    Ok(())
}

/// What was typed, without what has no bearing on the numbers: where they were saved, and what they
/// were held against.
fn command_line() -> String {
    let mut words = vec!["cargo versus".to_owned()];
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let (name, value) =
            argument.split_once('=').map_or((&*argument, None), |(n, v)| (n, Some(v)));
        match (name, value) {
            ("--save" | "--compare" | "--assert", None) => drop(arguments.next()),
            ("--save" | "--compare" | "--assert", Some(_)) => {}
            _ => words.push(argument),
        }
    }
    words.join(" ")
}
