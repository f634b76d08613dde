//! The record as a Markdown table of ratios, between two marks of a README.
//!
//! Ratios alone: a time says more about the machine than about the code.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};

use super::{company, percent, times};
use crate::record::{Case, Record, RegimeRecord};

/// Opens the generated part.
pub const BEGIN: &str = "<!-- versus:begin -->";
/// Closes the generated part.
pub const END: &str = "<!-- versus:end -->";

/// The README with its generated part made anew from `record`, which was read from `source`.
///
/// # Errors
///
/// If the README does not have both marks once and in order, or the run was stopped.
pub fn replaced(readme: &str, record: &Record, source: &str) -> Result<String> {
    ensure!(record.stopped_of.is_none(), "the record is PARTIAL: its run was stopped");
    let (before, rest) = readme.split_once(BEGIN).with_context(|| format!("no line {BEGIN}"))?;
    let (old, after) = rest.split_once(END).with_context(|| format!("no {END} after {BEGIN}"))?;
    ensure!(!old.contains(BEGIN) && !after.contains(BEGIN), "{BEGIN} stands there twice");
    ensure!(!after.contains(END), "{END} stands there twice");
    Ok(format!("{before}{BEGIN}\n{}{END}{after}", rendered(record, source)))
}

/// The generated part.
#[must_use]
pub fn rendered(record: &Record, source: &str) -> String {
    let mut text = String::new();
    text.push_str("| measure | untorn | best peer | mutex | A/A floor |\n");
    text.push_str("|---|--:|--:|--:|--:|\n");
    for regime in &record.regimes {
        let _ = writeln!(text, "{}", row(regime));
    }
    let lost = record.regimes.iter().filter(|regime| is_lost(regime)).count();
    text.push('\n');
    let _ = match lost {
        0 => writeln!(text, "untorn is nowhere slower than the fastest other, outside the floor."),
        1 => writeln!(
            text,
            "**loses** marks the row where untorn is slower than another, outside the floor."
        ),
        n => writeln!(
            text,
            "**loses** marks the {n} rows where untorn is slower than another, outside the floor."
        ),
    };
    let _ = writeln!(
        text,
        "\nMeasured with `{}` ({} interleaved rounds, medians; [all numbers]({source})) on:",
        record.command, record.rounds
    );
    let _ = writeln!(text, "{} · {}.", record.environment, company(record.others));
    text
}

fn row(regime: &RegimeRecord) -> String {
    let shown = |case: Option<&Case>| {
        let ratio = |case: &Case| case.to_baseline.map_or("-".to_owned(), times);
        case.map_or("-".to_owned(), |case| format!("{} ({})", ratio(case), case.name))
    };
    let floor = regime.floor.map_or("-".to_owned(), percent);
    let mark = if is_lost(regime) { " **loses**" } else { "" };
    let (ours, peer) = (shown(regime.best_of_ours()), shown(regime.best_peer()));
    format!("| `{}` | {ours}{mark} | {peer} | 1 | {floor} |", regime.path())
}

/// Whether even the best of ours is slower than another, the baseline included.
fn is_lost(regime: &RegimeRecord) -> bool {
    let ours = regime.best_of_ours().map(|case| case.name.as_str());
    regime.losses().iter().any(|loss| Some(loss.ours.name.as_str()) == ours)
}
