//! The table that documents a layout.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::field::Type;
use super::layout::{Layout, Shape};

/// `i32`, `[u64; 16]`, `mutex` or `reserved`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(kind) => f.write_str(kind.name()),
            Self::Array(kind, count) => write!(f, "[{}; {count}]", kind.name()),
            Self::Reserved(_) => f.write_str("reserved"),
        }
    }
}

impl Shape {
    /// What the values mean, where the type says it all.
    pub(super) const fn meaning(self) -> alloc::borrow::Cow<'static, str> {
        alloc::borrow::Cow::Borrowed(match self {
            Self::One(Type::Spin) => "0 = free, 1 = held",
            Self::One(Type::Mutex) => "0 = free, 1 = held, 2 = held and awaited",
            _ => "",
        })
    }
}

type Row = [String; 5];

/// The column of names and what follows is for reading, and stands to the left.
const NUMBERS: usize = 2;

/// The table in Markdown, in the order of offsets, gaps included.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = self.rows();
        let head = ["Offset", "Size", "Type", "Name", "Meaning"].map(String::from);
        rows.insert(0, head);
        let widths: [usize; 5] = core::array::from_fn(|column| {
            rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        });
        // The last column is there only if somebody wrote something in it.
        let columns = if rows[1..].iter().all(|row| row[4].is_empty()) { 4 } else { 5 };
        for (index, row) in rows.iter().enumerate() {
            f.write_str("|")?;
            for (column, (text, width)) in row.iter().zip(widths).take(columns).enumerate() {
                if column < NUMBERS {
                    write!(f, " {text:>width$} |")?;
                } else {
                    write!(f, " {text:width$} |")?;
                }
            }
            f.write_str("\n")?;
            if index == 0 {
                f.write_str("|")?;
                for (column, width) in widths.into_iter().take(columns).enumerate() {
                    let end = if column < NUMBERS { ':' } else { '-' };
                    write!(f, "{:->width$}{end}|", "", width = width + 1)?;
                }
                f.write_str("\n")?;
            }
        }
        Ok(())
    }
}

impl Layout {
    /// Fields, reserved ranges, and what lies between and behind them.
    fn rows(&self) -> Vec<Row> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_by_key(|entry| entry.offset);
        let mut rows = Vec::new();
        let gap = |from: usize, to: usize, what: &str| {
            [from.to_string(), (to - from).to_string(), what.into(), String::new(), String::new()]
        };
        let mut end = 0;
        for entry in entries {
            if entry.offset > end {
                rows.push(gap(end, entry.offset, "padding"));
            }
            // A bar would begin a new cell, unless it is escaped, and so would one behind a backslash of the
            // text if that were not escaped too.
            let cell =
                |text: &str| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
            let name = if entry.shape.is_field() { &entry.name } else { "" };
            rows.push([
                entry.offset.to_string(),
                entry.shape.size().to_string(),
                entry.shape.to_string(),
                cell(name),
                cell(&entry.meaning),
            ]);
            end = entry.end();
        }
        if end < self.len {
            rows.push(gap(end, self.len, "unused"));
        }
        rows
    }
}
