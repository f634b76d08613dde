//! Questions about a contender that no time per operation answers: whom a stopped writer holds up,
//! what is kept from being freed, how often a reader has to try.
//!
//! * `frozen`: the writer stands still after each of its instructions in turn. It needs a processor
//!   that steps and Linux, and is not there otherwise.
//! * [`backlog`]: a consumer that takes its time, behind a producer that does not.
//! * [`garbage`]: a reader stays inside while values are replaced.
//! * [`tries`]: a writer that never pauses against readers that have to try again.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod freeze;

pub mod backlog;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod frozen;
pub mod garbage;
pub mod tries;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::env::package_version;
use crate::interrupt;
use crate::record::Invalid;
use crate::report::Progress;
use crate::runner;

/// A question, and who is asked.
#[derive(Debug)]
pub struct Probe {
    /// As given on the command line.
    pub name: &'static str,
    /// What the numbers answer.
    pub question: &'static str,
    /// What each number of an answer is.
    pub columns: &'static [&'static str],
    /// Who is asked.
    pub entrants: Vec<Entrant>,
}

/// One contender before one question.
#[derive(Clone, Copy)]
pub struct Entrant {
    /// As given on the command line.
    pub name: &'static str,
    /// The crate it comes from, or `std`.
    pub package: &'static str,
    /// Checks the contract of what it does; the error says what broke.
    pub contract: fn(u64) -> Result<(), String>,
    /// Finds the answer; the error says how the contract broke meanwhile.
    pub ask: fn(Depth) -> Result<Answer, String>,
}

impl Entrant {
    /// Whether it is ours.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.package == "untorn"
    }
}

impl fmt::Debug for Entrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entrant").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How much is done for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// For a first look.
    Quick,
    /// For numbers that are passed on.
    Full,
}

/// What was found out about one contender.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// A number for each column, where there is one.
    pub numbers: Vec<Option<f64>>,
    /// What they come to.
    pub remark: String,
}

/// The answers to one question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// Name of the probe.
    pub probe: String,
    /// What the numbers answer.
    pub question: String,
    /// What each number of an answer is.
    pub columns: Vec<String>,
    /// The answers, in the order in which they were asked for.
    pub rows: Vec<Row>,
    /// Contenders that broke their contract.
    pub invalid: Vec<Invalid>,
}

/// The answer of one contender.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Name of the contender.
    pub name: String,
    /// The crate it comes from, or `std`.
    pub package: String,
    /// That crate's version.
    pub version: String,
    /// What was found out.
    #[serde(flatten)]
    pub answer: Answer,
}

/// Asks everyone everything. If the program is interrupted, the probes that came to their end are
/// returned.
#[must_use]
pub fn run(
    probes: &[Probe],
    depth: Depth,
    checks: u64,
    progress: &mut Progress,
) -> Vec<ProbeRecord> {
    let mut records = Vec::new();
    for probe in probes {
        progress.begin(probe.name);
        let mut record = ProbeRecord {
            probe: probe.name.to_owned(),
            question: probe.question.to_owned(),
            columns: probe.columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
            invalid: Vec::new(),
        };
        for entrant in &probe.entrants {
            if interrupt::asked() {
                return records;
            }
            let name = entrant.name.to_owned();
            match answer(entrant, depth, checks) {
                Ok(answer) => record.rows.push(Row {
                    name,
                    package: entrant.package.split(' ').next().unwrap_or_default().to_owned(),
                    version: package_version(entrant.package).unwrap_or_default().to_owned(),
                    answer,
                }),
                Err(why) => record.invalid.push(Invalid { name, why }),
            }
            progress.step();
        }
        records.push(record);
        progress.end();
    }
    records
}

/// What an entrant that keeps its contract answers; a panic breaks it as well.
///
/// # Errors
///
/// Says how it broke the contract.
pub fn answer(entrant: &Entrant, depth: Depth, checks: u64) -> Result<Answer, String> {
    runner::caught(|| (entrant.contract)(checks))?;
    runner::caught(|| (entrant.ask)(depth))
}
