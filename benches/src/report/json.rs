//! The record as a file.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::env::record_dir;
use crate::record::Record;

/// Writes the record where all of them go: once under its time, once under `latest`.
///
/// # Errors
///
/// If a file cannot be written.
pub fn keep(record: &Record, kind: &str) -> Result<PathBuf> {
    let folder = record_dir();
    let prefix = if kind.is_empty() { String::new() } else { format!("{kind}-") };
    // Not every file system takes a colon.
    let when = record.when.replace(':', "-");
    save(record, &folder.join(format!("{prefix}{when}.json")))?;
    let latest = folder.join(format!("{prefix}latest.json"));
    save(record, &latest)?;
    Ok(latest)
}

/// Writes the record to a file, making its folder if need be.
///
/// # Errors
///
/// If the file cannot be written.
pub fn save(record: &Record, file: &Path) -> Result<()> {
    let text = numbers_in_line(&serde_json::to_string_pretty(record)?);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// A list of numbers on one line: one number a line makes thousands of lines.
fn numbers_in_line(pretty: &str) -> String {
    let mut text = String::with_capacity(pretty.len());
    let mut in_numbers = false;
    for line in pretty.lines() {
        let item = line.trim();
        let is_number = item.trim_end_matches(',').parse::<f64>().is_ok();
        if is_number || in_numbers {
            // The bracket that closes the list comes here too.
            text.push_str(if is_number && in_numbers { " " } else { "" });
            text.push_str(item);
        } else {
            text.push_str(if text.is_empty() { "" } else { "\n" });
            text.push_str(line);
        }
        in_numbers = is_number;
    }
    text.push('\n');
    text
}

/// Reads a record from a file.
///
/// # Errors
///
/// If the file cannot be read, or was written by a program that meant something else by it.
pub fn load(file: &Path) -> Result<Record> {
    let shown = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {shown}"))?;
    let record: Record = serde_json::from_str(&text).with_context(|| format!("in {shown}"))?;
    let (format, known) = (record.format, Record::FORMAT);
    ensure!(format == known, "{shown} has format {format}; this program reads {known}");
    Ok(record)
}
