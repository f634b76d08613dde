//! The ordering mutator: weakens each ordering and drops each fence of the library, one at a time,
//! and demands that a model check fails.
//!
//! A survivor is a missing check or an ordering stronger than needed. One build serves all mutants:
//! under loom the façade weakens the call site that `UNTORN_WEAKEN` names (see
//! `src/sync/model/weaken.rs`). A site that no check reaches counts as a survivor.

mod record;
mod sites;
mod trial;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use clap::Parser;

use record::{Record, Survivors};
use sites::Mutant;
use trial::{Programs, Verdict};

/// Weakens every memory ordering, one at a time, and demands that a model check notices.
#[derive(Parser)]
struct Options {
    /// Try every file, not only those that changed since the last full run, and record the result.
    #[arg(long)]
    all: bool,
    /// Only the mutants of files whose path contains this, whether or not they changed; records nothing.
    #[arg(long, value_name = "TEXT", conflicts_with = "all")]
    only: Option<String>,
    /// Only list the mutants.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("weaken: {error}");
            ExitCode::from(2)
        }
    }
}

/// Tries the mutants; whether every one was killed or is explained.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no workspace root")?;
    let mutants = sites::find(root)?;
    if options.list {
        for mutant in &mutants {
            println!("{mutant}");
        }
        println!("{} mutants", mutants.len());
        return Ok(true);
    }

    let survivors = Survivors::read(&root.join("loom-tests/survivors.txt"))?;
    let record_path = root.join("loom-tests/weaken.json");
    let record = Record::read(&record_path)?;
    let (chosen, unchanged): (Vec<_>, Vec<_>) =
        mutants.into_iter().partition(|mutant| match &options.only {
            Some(text) => mutant.file.contains(text),
            None => options.all || !record.has_settled(root, &mutant.file),
        });
    if !options.all && options.only.is_none() {
        println!(
            "{} mutants killed by the last full run, in files unchanged since",
            unchanged.len()
        );
    }
    if chosen.is_empty() {
        println!("nothing to try");
        return Ok(true);
    }

    let programs = Programs::build(root)?;
    programs.check_unweakened()?;
    let verdicts = try_all(&chosen, &programs);
    let clean = report(&chosen, &verdicts, &survivors);
    if options.all {
        Record::new(root, &chosen, &verdicts)?.write(&record_path)?;
        println!("recorded in loom-tests/weaken.json");
    }
    Ok(clean)
}

/// One worker a core; a mutant's checks run one after the other until one fails.
fn try_all(mutants: &[Mutant], programs: &Programs) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(BTreeMap::new());
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Relaxed);
                    let Some(mutant) = mutants.get(index) else { break };
                    let verdict = programs.try_mutant(mutant);
                    println!("[{}/{}] {mutant}: {verdict}", index + 1, mutants.len());
                    verdicts.lock().unwrap().insert(index, verdict);
                }
            });
        }
    });
    verdicts.into_inner().unwrap().into_values().collect()
}

/// Prints the score; whether nothing is left unexplained.
fn report(mutants: &[Mutant], verdicts: &[Verdict], survivors: &Survivors) -> bool {
    let mut killed = 0;
    let mut explained = 0;
    let mut open = Vec::new();
    for (mutant, verdict) in mutants.iter().zip(verdicts) {
        match (verdict, survivors.reason(mutant)) {
            (Verdict::Killed { .. }, None) => killed += 1,
            (Verdict::Killed { .. }, Some(_)) => {
                open.push(format!("{mutant}: listed in survivors.txt, but killed; take it out"));
            }
            (_, Some(reason)) => {
                explained += 1;
                println!("explained: {mutant}: {reason}");
            }
            (_, None) => open.push(format!("{mutant}: {verdict}")),
        }
    }
    println!("{killed} of {} mutants killed, {explained} explained", mutants.len());
    for line in &open {
        println!("OPEN {line}");
    }
    open.is_empty()
}

/// Every file below `folder`, in a fixed order.
fn files_below(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
