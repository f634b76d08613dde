//! Ctrl-C: the first asks a run to come to an end, the second ends it.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use anyhow::{Context, Result};

/// What a program that was interrupted exits with.
pub const EXIT_CODE: u8 = 130;

static ASKED: AtomicBool = AtomicBool::new(false);

/// From now on, Ctrl-C does not end the program at once.
///
/// # Errors
///
/// If the system refuses, or this was called before.
pub fn watch() -> Result<()> {
    let handler = || {
        if ASKED.swap(true, Relaxed) {
            std::process::exit(EXIT_CODE.into());
        }
    };
    ctrlc::set_handler(handler).context("cannot watch for Ctrl-C")
}

/// Whether the run shall come to an end.
#[must_use]
pub fn asked() -> bool {
    ASKED.load(Relaxed)
}
