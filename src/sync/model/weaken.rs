//! The library's half of the ordering mutator (`loom-tests/src/bin/weaken.rs` is the other).
//!
//! The environment variable `UNTORN_WEAKEN` names one call site and what becomes of its ordering:
//! `FILE:LINE:COLUMN:KIND:ORDERING`, with `KIND` one of `access`, `failure`, `fence` and `ORDERING`
//! `Relaxed`, `Acquire`, `Release`, `AcqRel` or, for a fence, `none`. The first time the site runs,
//! `weakened: FILE:LINE:COLUMN` goes to standard error, so that a site that no test reaches can be
//! told from one whose weakening no test notices.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::panic::Location;
use core::sync::atomic::{AtomicBool, Ordering};
use std::eprintln;
use std::sync::OnceLock;

/// Which ordering of a call is meant.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Operation {
    /// The ordering of a load, store or read-modify-write; the success ordering of a comparison.
    Access,
    /// The failure ordering of a comparison.
    Failure,
    /// The ordering of a fence.
    Fence,
}

struct Mutant {
    file: String,
    line: u32,
    column: u32,
    operation: Operation,
    /// `None` drops a fence.
    order: Option<Ordering>,
    seen: AtomicBool,
}

/// The ordering to use at `site`: `order` itself, unless the mutator chose this site.
pub(super) fn weakened(
    site: &Location<'_>,
    operation: Operation,
    order: Ordering,
) -> Option<Ordering> {
    static MUTANT: OnceLock<Option<Mutant>> = OnceLock::new();
    let mutant = MUTANT.get_or_init(|| {
        let text = std::env::var("UNTORN_WEAKEN").ok()?;
        Some(parse(&text).unwrap_or_else(|| panic!("UNTORN_WEAKEN: cannot read `{text}`")))
    });
    match mutant {
        Some(mutant) if mutant.is_at(site, operation) => {
            // Relaxed: only whether the line was printed.
            if !mutant.seen.swap(true, Ordering::Relaxed) {
                eprintln!("weakened: {}:{}:{}", mutant.file, mutant.line, mutant.column);
            }
            mutant.order
        }
        _ => Some(order),
    }
}

impl Mutant {
    fn is_at(&self, site: &Location<'_>, operation: Operation) -> bool {
        self.line == site.line()
            && self.column == site.column()
            && self.operation == operation
            && self.file == site.file()
    }
}

fn parse(text: &str) -> Option<Mutant> {
    let mut parts = text.rsplitn(5, ':');
    let order = match parts.next()? {
        "none" => None,
        "Relaxed" => Some(Ordering::Relaxed),
        "Acquire" => Some(Ordering::Acquire),
        "Release" => Some(Ordering::Release),
        "AcqRel" => Some(Ordering::AcqRel),
        _ => return None,
    };
    let operation = match parts.next()? {
        "access" => Operation::Access,
        "failure" => Operation::Failure,
        "fence" => Operation::Fence,
        _ => return None,
    };
    let column = parts.next()?.parse().ok()?;
    let line = parts.next()?.parse().ok()?;
    let file = parts.next()?.to_owned();
    Some(Mutant { file, line, column, operation, order, seen: AtomicBool::new(false) })
}
