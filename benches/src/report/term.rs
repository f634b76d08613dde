//! The record as text for a terminal.

use std::fmt::Write;

use comfy_table::{Cell, CellAlignment, Table, presets};

use super::{company, percent, times};
use crate::probes::{Probe, ProbeRecord};
use crate::record::{Record, RegimeRecord};
use crate::shapes::{BASELINE, Shape};

/// The whole report: environment, losses, then every regime.
#[must_use]
pub fn report(record: &Record) -> String {
    let mut text = format!("{}\n", record.environment);
    let rounds = record.rounds;
    let others = company(record.others);
    let _ = writeln!(text, "{} · {rounds} interleaved rounds, medians · {others}", record.command);
    if record.left_out > 0 {
        let entries = record.left_out;
        let _ = writeln!(text, "a first look: {entries} entries of slower peers were left out");
    }
    if let Some(all) = record.stopped_of {
        let rounds = record.regimes.last().and_then(|r| r.cases.first()).map(|c| c.samples.len());
        let last =
            rounds.map(|n| format!("; the last of them has {n} of {} rounds", record.rounds));
        let last = last.unwrap_or_default();
        let _ = writeln!(
            text,
            "PARTIAL: stopped after {} of {all} regimes{last}",
            record.regimes.len() + record.probes.len()
        );
    }
    text.push('\n');
    text.push_str(&losses(record));
    for (path, invalid) in record.invalid() {
        let (name, why) = (&invalid.name, &invalid.why);
        let _ = writeln!(text, "INVALID: {name} breaks the contract of {path}: {why}");
    }
    for regime in &record.regimes {
        text.push('\n');
        text.push_str(&one(record, regime));
    }
    for probe in &record.probes {
        text.push('\n');
        text.push_str(&answers(probe));
    }
    text
}

fn losses(record: &Record) -> String {
    let losses = record.losses();
    if losses.is_empty() {
        return "where untorn loses: nowhere outside the noise floor\n".to_owned();
    }
    let mut text =
        "where untorn loses (slower than the fastest other, outside the floor):\n".to_owned();
    let mut table = plain();
    for loss in losses {
        let floor = loss.regime.floor.map(percent).unwrap_or_default();
        table.add_row([
            Cell::new(loss.regime.path()),
            Cell::new(&loss.ours.name),
            Cell::new(format!("{} the time of {}", close(loss.ratio()), loss.rival.name)),
            Cell::new(format!("floor {floor}")),
        ]);
    }
    let _ = writeln!(text, "{}", table.trim_fmt());
    text
}

fn one(record: &Record, regime: &RegimeRecord) -> String {
    let mut text = format!("{}: {}\n", regime.path(), regime.question);
    let floor = regime.floor.map_or("unknown".to_owned(), percent);
    let _ = writeln!(text, "one operation: {} · A/A floor {floor}", regime.operation);
    let mut table = plain();
    let counted = regime.cases.iter().any(|case| case.instructions.is_some());
    let numbers = ["ns/op", "spread", "Mop/s", "x mutex"].into_iter();
    let numbers = numbers.chain(counted.then_some("instr/op"));
    let gains = regime.cases.iter().any(|case| record.gain(regime, case).is_some());
    let numbers = numbers.chain(gains.then_some("gain"));
    let shares = regime.cases.iter().any(|case| case.share().is_some());
    let numbers = numbers.chain(shares.then_some("share"));
    let mut header = vec![Cell::new("contender")];
    header.extend(numbers.map(|name| Cell::new(name).set_alignment(CellAlignment::Right)));
    header.push(Cell::new(""));
    table.set_header(header);
    let fastest = regime.fastest().map(|case| case.name.as_str());
    for case in &regime.cases {
        let number = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let ratio = case.to_baseline.map_or("-".to_owned(), times);
        let remark = match case.name.as_str() {
            _ if case.is_yardstick() => "yardstick",
            name if Some(name) == fastest => "fastest",
            _ if regime.ties_with_fastest(case) => "tie with the fastest",
            _ => "",
        };
        let version = if case.name == BASELINE { "" } else { case.version.as_str() };
        let instructions = case.instructions.map_or("-".to_owned(), |count| format!("{count:.1}"));
        let cells = [
            Cell::new(format!("{} {version}", case.name).trim()),
            number(nanos(case.median)),
            number(format!("±{}", nanos(case.spread / 2.0))),
            number(format!("{:.2}", 1000.0 / case.median)),
            number(ratio),
        ];
        let instructions = counted.then(|| number(instructions));
        let gain = record.gain(regime, case).map_or("-".to_owned(), times);
        let gain = gains.then(|| number(gain));
        let share = case.share().map_or("-".to_owned(), |share| format!("{share:.2}"));
        let share = shares.then(|| number(share));
        let cells = cells.into_iter().chain(instructions).chain(gain).chain(share);
        table.add_row(cells.chain([Cell::new(remark)]));
    }
    let _ = writeln!(text, "{}", table.trim_fmt());
    if shares {
        text.push_str("share: what the thread with the fewest turns got of those of the most\n");
    }
    if let (true, Some(alone)) = (gains, &regime.alone) {
        let _ = writeln!(text, "gain: how many times as much they did as one thread in {alone}");
    }
    for invalid in &regime.invalid {
        let _ = writeln!(text, "  {} invalid: {}", invalid.name, invalid.why);
    }
    text
}

fn answers(probe: &ProbeRecord) -> String {
    let mut text = format!("{}: {}\n", probe.probe, probe.question);
    let mut table = plain();
    let number = |text: &str| Cell::new(text).set_alignment(CellAlignment::Right);
    let mut header = vec![Cell::new("contender")];
    header.extend(probe.columns.iter().map(|name| number(name)));
    header.push(Cell::new(""));
    table.set_header(header);
    for row in &probe.rows {
        let version = if row.name == BASELINE { "" } else { row.version.as_str() };
        let mut cells = vec![Cell::new(format!("{} {version}", row.name).trim())];
        let shown = row.answer.numbers.iter().map(|value| value.map_or("-".to_owned(), plainly));
        cells.extend(shown.map(|text| number(&text)));
        cells.push(Cell::new(&row.answer.remark));
        table.add_row(cells);
    }
    let _ = writeln!(text, "{}", table.trim_fmt());
    for invalid in &probe.invalid {
        let _ = writeln!(text, "  {} invalid: {}", invalid.name, invalid.why);
    }
    text
}

/// A count as it is; of others, three digits.
fn plainly(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { nanos(value) }
}

/// What can be run, and what it answers.
#[must_use]
pub fn list(shapes: &[Shape], probes: &[Probe]) -> String {
    let mut text = String::new();
    for shape in shapes {
        let _ = writeln!(text, "{}: {}", shape.name, shape.operation);
        for regime in shape.regimes {
            let _ = writeln!(text, "  {:<14} {}", regime.name, regime.question);
        }
        let names: Vec<&str> = shape.contenders.iter().map(|contender| contender.name).collect();
        let _ = writeln!(text, "  contenders     {}\n", names.join(", "));
    }
    for probe in probes {
        let _ = writeln!(text, "{}: {}", probe.name, probe.question);
        let names: Vec<&str> = probe.entrants.iter().map(|entrant| entrant.name).collect();
        let _ = writeln!(text, "  contenders     {}\n", names.join(", "));
    }
    text
}

/// A ratio above 1, so that it never reads as 1.
fn close(ratio: f64) -> String {
    if ratio < 1.1 { format!("{ratio:.4}x") } else { times(ratio) }
}

/// Three digits of a time.
#[must_use]
pub fn nanos(value: f64) -> String {
    match value {
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

/// A table without lines, indented.
#[must_use]
pub fn plain() -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table
}
