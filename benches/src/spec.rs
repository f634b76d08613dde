//! Two published experiments, done again: eight threads that count, and a ring of numbers.
//!
//! A document that this library grew from saw an atomic counter beat a mutex 13.3-fold and a
//! lock-free ring beat a mutex ring 3.4-fold. Its times say so. The rates that it prints for the
//! counters are a tenth of what its times make, and it says that performance does not degrade with
//! contention, which its own times deny. Both are shown.

use std::fmt::Write;

use anyhow::{Result, bail};
use comfy_table::{Cell, CellAlignment};

use crate::crew::Crew;
use crate::record::{Experiments, Pair};
use crate::registry;
use crate::report::term::{nanos, plain};
use crate::report::{Progress, percent, times};
use crate::runner::{Amount, Entry, Plan, check, measure};
use crate::shapes::BASELINE;
use crate::stats;

const INCREMENTS_EACH: u64 = 100_000;
const ITEMS: u64 = 100_000;

/// What a document says about one experiment.
#[derive(Debug)]
struct Printed {
    operations: u64,
    fast_ms: f64,
    mutex_ms: f64,
    fast_rate: f64,
    mutex_rate: f64,
    ratio: f64,
}

const COUNTER: Printed = Printed {
    operations: 8 * INCREMENTS_EACH,
    fast_ms: 67.0,
    mutex_ms: 894.0,
    fast_rate: 1.2e6,
    mutex_rate: 89e3,
    ratio: 13.3,
};

const RING: Printed = Printed {
    operations: ITEMS,
    fast_ms: 43.0,
    mutex_ms: 149.0,
    fast_rate: 2.3e6,
    mutex_rate: 670e3,
    ratio: 3.4,
};

/// How many regimes [`run`] measures, and how many samples it takes.
#[must_use]
pub fn size(rounds: usize) -> (usize, u64) {
    (3, 3 * 3 * rounds as u64)
}

/// Does both experiments.
///
/// # Errors
///
/// If a contender breaks its contract.
pub fn run(rounds: usize, crew: &Crew, progress: &mut Progress) -> Result<Experiments> {
    let mut pair = |path: &str, each: u64| {
        progress.begin(path);
        let (shape, regime) = registry::regime(path)?;
        let ours = registry::contender(&shape, "untorn")?;
        let mutex = registry::contender(&shape, BASELINE)?;
        for contender in [ours, mutex] {
            if let Err(why) = check(&contender, 10_000) {
                bail!("{} breaks the contract of {path}: {why}", contender.name);
            }
        }
        let plan = Plan { rounds, sample: Amount::Each(each), within: None };
        let entries = Entry::all(regime, &[ours, mutex, mutex]);
        let series = measure(&entries, &plan, crew, || progress.step());
        progress.end();
        let operations = series[0].operations;
        let mut samples = series.into_iter().map(|series| series.samples);
        let mut next = || samples.next().unwrap_or_default();
        Ok(Pair { operations, ours: next(), mutex: next(), twin: next() })
    };
    Ok(Experiments {
        counter: pair("counter/8-threads", INCREMENTS_EACH)?,
        counter_alone: pair("counter/1-thread", 8 * INCREMENTS_EACH)?,
        ring: pair("spsc-stream/u64-cap1024", ITEMS)?,
    })
}

/// Our numbers beside the document's.
#[must_use]
pub fn report(experiments: &Experiments, cores: usize) -> String {
    let mut text = String::new();
    let Experiments { counter, counter_alone, ring } = experiments;
    text.push_str("8 threads x 100 000 increments: atomic counter against mutex counter\n");
    text.push_str(&compared(counter, &COUNTER, ["untorn::Counter", "mutex counter"]));
    text.push_str(&remark_on_rates(&COUNTER));
    text.push_str(
        "\n100 000 items from one thread to another: lock-free ring against mutex ring\n",
    );
    text.push_str(&compared(ring, &RING, ["untorn ring", "mutex ring"]));
    text.push_str(&remark_on_rates(&RING));
    text.push_str(
        "\ndoes performance degrade with contention? 800 000 increments, ns per increment\n",
    );
    let mut table = plain();
    table.set_header(["", "1 thread", "8 threads", "8 threads / 1 thread"].map(right));
    let alone_and_crowd = [
        ("untorn::Counter", &counter_alone.ours, &counter.ours),
        ("mutex counter", &counter_alone.mutex, &counter.mutex),
    ];
    for (name, alone, crowd) in alone_and_crowd {
        let (alone, crowd) = (stats::median(alone), stats::median(crowd));
        let cells = [nanos(alone), nanos(crowd), times(crowd / alone)];
        table.add_row([Cell::new(name)].into_iter().chain(cells.map(right)));
    }
    let _ = writeln!(text, "{}", table.trim_fmt());
    let _ = writeln!(
        text,
        "the document says that performance does not degrade with contention, and gives 1 to 5\n\
         ns for an atomic operation; its own {} ms for {} increments are {} ns each. One word\n\
         that all threads add to moves from core to core, and more cores make each add slower.",
        COUNTER.fast_ms,
        COUNTER.operations,
        nanos(COUNTER.fast_ms * 1e6 / COUNTER.operations as f64),
    );
    if cores < 8 {
        let _ = writeln!(text, "8 threads share {cores} cores here: at most {cores} add at once.");
    }
    text
}

fn compared(here: &Pair, printed: &Printed, names: [&str; 2]) -> String {
    let mut table = plain();
    let header = ["", "here", "rate here", "document", "rate from its time", "rate it prints"];
    table.set_header(header.map(right));
    let rows = [
        (names[0], &here.ours, printed.fast_ms, printed.fast_rate),
        (names[1], &here.mutex, printed.mutex_ms, printed.mutex_rate),
    ];
    for (name, samples, printed_ms, printed_rate) in rows {
        let ms = here.milliseconds(samples);
        let cells = [
            format!("{ms:.2} ms"),
            rate(here.operations as f64 / (ms / 1e3)),
            format!("{printed_ms:.0} ms"),
            rate(printed.operations as f64 / (printed_ms / 1e3)),
            rate(printed_rate),
        ];
        table.add_row([Cell::new(name)].into_iter().chain(cells.map(right)));
    }
    let from_times = printed.mutex_ms / printed.fast_ms;
    let (speedup, floor) = (times(here.speedup()), percent(here.floor()));
    let printed = times(printed.ratio);
    format!(
        "{}\n  speed-up: {speedup} here (A/A floor {floor}); the document prints {printed}, and \
         its times make {from_times:.2}x\n",
        table.trim_fmt()
    )
}

/// States where a printed rate does not follow from operations and time.
fn remark_on_rates(printed: &Printed) -> String {
    let rates = [(printed.fast_ms, printed.fast_rate), (printed.mutex_ms, printed.mutex_rate)];
    let mut text = String::new();
    for (ms, said) in rates {
        let follows = printed.operations as f64 / (ms / 1e3);
        let operations = printed.operations;
        let verdict = if (follows / said - 1.0).abs() < 0.05 {
            "as printed".to_owned()
        } else {
            format!("the document prints {}, off by a factor of {:.1}", rate(said), follows / said)
        };
        let _ = writeln!(text, "  {operations} in {ms} ms is {}: {verdict}", rate(follows));
    }
    text
}

fn rate(per_second: f64) -> String {
    match per_second {
        r if r >= 1e8 => format!("{:.0} M/s", r / 1e6),
        r if r >= 1e7 => format!("{:.1} M/s", r / 1e6),
        r if r >= 1e6 => format!("{:.2} M/s", r / 1e6),
        r => format!("{:.0} k/s", r / 1e3),
    }
}

fn right(text: impl Into<String>) -> Cell {
    Cell::new(text.into()).set_alignment(CellAlignment::Right)
}
