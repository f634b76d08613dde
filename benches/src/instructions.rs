//! Instructions per operation, counted by valgrind: they do not depend on who else uses the
//! machine.
//!
//! The program runs itself twice with different numbers of operations; the difference of the counts
//! is free of everything that happens once.

use std::env::current_exe;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::interrupt;
use crate::record::RegimeRecord;
use crate::report::Progress;
use crate::shapes::Shape;

const FEW: u64 = 20_000;
const MANY: u64 = 220_000;

/// Whether valgrind can be run here.
#[must_use]
pub fn available() -> bool {
    let valgrind = Command::new("valgrind").arg("--version").output();
    valgrind.is_ok_and(|output| output.status.success())
}

/// Instructions per operation of a contender in a one-thread regime. Only for `versus` itself: it
/// is the program that valgrind is told to run.
///
/// # Errors
///
/// If valgrind or the program under it fails.
pub fn per_operation(path: &str, contender: &str) -> Result<f64> {
    let few = count(path, contender, FEW)?;
    let many = count(path, contender, MANY)?;
    Ok((many as f64 - few as f64) / (MANY - FEW) as f64)
}

/// Counts for every case of a one-thread regime that was timed. Returns what could not be counted.
#[must_use]
pub fn add(regimes: &mut [RegimeRecord], shapes: &[Shape], progress: &Progress) -> Vec<String> {
    let mut failures = Vec::new();
    let one_thread = |regime: &RegimeRecord| {
        let shape = shapes.iter().find(|shape| shape.name == regime.shape);
        let known = shape.and_then(|s| s.regimes.iter().find(|r| r.name == regime.regime));
        known.is_some_and(|known| known.threads == 1)
    };
    for regime in regimes.iter_mut().filter(|regime| one_thread(regime)) {
        let path = regime.path();
        progress.note(&format!("{path}: instructions"));
        for case in &mut regime.cases {
            if interrupt::asked() {
                return failures;
            }
            match per_operation(&path, &case.name) {
                // To two places: the rest comes from what happens now and then.
                Ok(count) => case.instructions = Some((count * 100.0).round() / 100.0),
                Err(_) if interrupt::asked() => {}
                Err(why) => failures.push(format!("{path}, {}: {why:#}", case.name)),
            }
        }
    }
    failures
}

fn count(path: &str, contender: &str, operations: u64) -> Result<u64> {
    let program = current_exe().context("cannot find this program's file")?;
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    valgrind.args(["exec", path, contender, &operations.to_string()]);
    let output = valgrind.output().context("cannot run valgrind")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("valgrind failed on {path} {contender}: {said}");
    }
    collected(&said).with_context(|| format!("valgrind gave no count: {said}"))
}

/// The number after "Collected :" in callgrind's summary.
fn collected(said: &str) -> Option<u64> {
    let line = said.lines().find(|line| line.contains("Collected"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::collected;

    #[test]
    fn the_count_is_found_in_the_summary() {
        let said = "==1== Events    : Ir\n==1== Collected : 123456\n==1==\n";
        assert_eq!(collected(said), Some(123_456));
        assert_eq!(collected("==1== killed\n"), None);
    }
}
