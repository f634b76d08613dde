//! Four workers, one bar: completed and failed items come from one snapshot, so that they never say
//! more than there is. An item whose worker gives up, or panics, counts as failed by itself.
//!
//! `cargo run --example progress_workers`

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use untorn::Progress;
use untorn::progress::NoTaskLeft;

const ITEMS: u32 = 10_000;
const WORKERS: usize = 4;

static PROGRESS: Progress = Progress::new(ITEMS);
static NEXT: AtomicU32 = AtomicU32::new(1);

/// One in a hundred is spoiled, and one in a thousand makes its worker panic.
fn treat(item: u32) -> Result<(), String> {
    thread::sleep(Duration::from_micros(50));
    match item {
        _ if item % 1_000 == 0 => resume_unwind(Box::new("a bug, without a message here")),
        _ if item % 100 == 0 => Err(format!("item {item} is spoiled")),
        _ => Ok(()),
    }
}

/// Takes one item from the claim to its end.
fn next_item() -> Result<(), NoTaskLeft> {
    let ticket = PROGRESS.ticket()?;
    let item = NEXT.fetch_add(1, Relaxed);
    // Dropped on each other way out, it counts the item as failed.
    if treat(item).is_ok() {
        ticket.complete();
    }
    Ok(())
}

fn work() {
    // A worker outlives the panic over an item.
    while !matches!(catch_unwind(AssertUnwindSafe(next_item)), Ok(Err(NoTaskLeft { .. }))) {}
}

fn main() {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}").expect("a template");
    // On the standard error, and only where that is a terminal.
    let bar = ProgressBar::new(ITEMS.into()).with_style(style);
    let mut pace = PROGRESS.pace(Duration::from_secs(1));
    let mut frames = 0;
    let last = thread::scope(|scope| {
        (0..WORKERS).for_each(|_| _ = scope.spawn(work));
        loop {
            let report = pace.look();
            let tally = report.tally;
            assert!(tally.completed + tally.failed <= tally.total, "a snapshot is of one moment");
            bar.set_position(tally.done().into());
            bar.set_message(format!("({} failed), {:.0}/s", tally.failed, report.rate));
            frames += 1;
            // Sleeps until the finish, but not past the next frame.
            if let Some(last) = PROGRESS.wait_timeout(Duration::from_millis(20)) {
                break last;
            }
        }
    });
    bar.finish();
    println!("{last}, by {WORKERS} workers");
    println!("frames drawn before the end: {frames}");
    assert_eq!((last.completed, last.failed), (ITEMS - ITEMS / 100, ITEMS / 100));
}
