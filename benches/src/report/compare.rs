//! Two records side by side: ratios to the baseline, never times.
//!
//! Two runs meet different conditions, and times of one say nothing about times of the other. The
//! baseline met the same conditions as everyone else in its run.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment};

use super::term::plain;
use super::{percent, times};
use crate::record::{Case, Record, RegimeRecord};
use crate::shapes::BASELINE;
use crate::stats::LEAST_FLOOR;

/// `record` beside `base`, regime by regime.
#[must_use]
pub fn compared(record: &Record, base: &Record) -> String {
    let mut text = format!("beside the base of {} ({}):\n", base.when, base.command);
    let (here, there) = (&record.environment, &base.environment);
    let differences = [
        ("processor", &here.cpu, &there.cpu),
        ("compiler", &here.rustc, &there.rustc),
        ("build", &here.build, &there.build),
        ("revision", &here.revision, &there.revision),
    ];
    for (what, here, there) in differences {
        if here != there {
            let _ = writeln!(text, "  {what}: {there} then, {here} now");
        }
    }
    if here.cores != there.cores {
        let _ = writeln!(text, "  cores: {} then, {} now", there.cores, here.cores);
    }
    for regime in &record.regimes {
        if let Some(old) = base.regimes.iter().find(|old| old.path() == regime.path()) {
            text.push('\n');
            text.push_str(&one(regime, old));
        }
    }
    for (what, here, there) in [("not", record, base), ("only", base, record)] {
        let there: Vec<String> = there.regimes.iter().map(RegimeRecord::path).collect();
        let mut alone: Vec<String> = here.regimes.iter().map(RegimeRecord::path).collect();
        alone.retain(|path| !there.contains(path));
        if !alone.is_empty() {
            let _ = writeln!(text, "\n{what} in the base: {}", alone.join(", "));
        }
    }
    text
}

fn one(now: &RegimeRecord, then: &RegimeRecord) -> String {
    let floor = |regime: &RegimeRecord| regime.floor.map_or("unknown".to_owned(), percent);
    let path = now.path();
    let mut text = format!("{path}: A/A floors {} then, {} now\n", floor(then), floor(now));
    let mut table = plain();
    let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
    let mut header = vec![Cell::new("x mutex")];
    header.extend(["then", "now", "now / then"].map(|name| right(name.to_owned())));
    header.push(Cell::new(""));
    table.set_header(header);
    let shown = |ratio: Option<f64>| right(ratio.map_or("-".to_owned(), times));
    for case in now.cases.iter().filter(|case| case.name != BASELINE) {
        let old = then.case(&case.name);
        let before = old.and_then(|old| old.to_baseline);
        let change = change(case, old);
        let remark = match change {
            _ if old.is_none() => "not in the base",
            Some(change) => mark(change, now.floor_or_all(), then.floor_or_all()),
            None => "",
        };
        let name = Cell::new(&case.name);
        let cells = [name, shown(before), shown(case.to_baseline), shown(change)];
        table.add_row(cells.into_iter().chain([Cell::new(remark)]));
    }
    for old in then.cases.iter().filter(|old| now.case(&old.name).is_none()) {
        let cells = [Cell::new(&old.name), shown(old.to_baseline), shown(None), shown(None)];
        table.add_row(cells.into_iter().chain([Cell::new("only in the base")]));
    }
    let _ = writeln!(text, "{}", table.trim_fmt());
    text
}

fn change(now: &Case, then: Option<&Case>) -> Option<f64> {
    Some(now.to_baseline? / then?.to_baseline?)
}

/// What is outside the floors of both runs.
fn mark(change: f64, now: f64, then: f64) -> &'static str {
    let floors = (1.0 + now.max(LEAST_FLOOR)) * (1.0 + then.max(LEAST_FLOOR));
    match change {
        change if change > floors => "SLOWER",
        change if change < 1.0 / floors => "faster",
        _ => "",
    }
}
