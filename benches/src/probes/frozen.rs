//! The writer is stopped after each of its instructions in turn, and a reader reads.
//!
//! A lock's readers wait from the instruction that takes the lock. Where no reader ever waits, every
//! instruction of some writes was tried, those of the allocator and of freeing old values included,
//! but perhaps not of what is done only now and then. A reader also waits if it needs the allocator for what a
//! writer has that stands inside it.

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Acquire, Ordering::Release};
use std::thread;
use std::time::{Duration, Instant};

use super::freeze::Stepper;
use super::{Answer, Depth, Entrant, Probe};
use crate::crew::Wait;
use crate::shapes::cell::{self, Cell, Value};
use crate::shapes::pointer::{self, Pointees, Pointer};
use crate::stats;

/// How many reads must come to their end while the writer stands.
const READS: u32 = 100;
/// How long they may take. They take microseconds, or wait for the writer; in between are readers
/// that others keep from running.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long a write may take from one instruction to the next.
const LONG: Duration = Duration::from_secs(20);
/// How many stops of a write are timed. No contender here has a tenth as many instructions in one.
const MOST_STOPS: usize = 1 << 14;

const COLUMNS: &[&str] = &["stops", "waits from", "ns/read"];

/// Copies of a value.
pub mod value {
    use super::*;

    /// The probe.
    #[must_use]
    pub fn probe(entrants: Vec<Entrant>) -> Probe {
        Probe {
            name: "frozen-cell",
            question: "Does a reader of 64 bytes wait for a writer that stands still, after \
                       whichever of its instructions?",
            columns: COLUMNS,
            entrants,
        }
    }

    /// Enters `S`.
    #[must_use]
    pub fn entry<S: cell::Sizes>() -> Entrant {
        enter::<S::Of<8>>()
    }

    fn enter<C: Cell<8>>() -> Entrant {
        let (name, package) = (C::NAME, C::PACKAGE);
        Entrant { name, package, contract: cell::contract::<C, 8>, ask: ask::<C> }
    }

    fn ask<C: Cell<8>>(depth: Depth) -> Result<Answer, String> {
        let mut cell = C::new([0; 8]);
        let (mut writer, mut readers) = cell.ends(1);
        let mut reader = readers.remove(0);
        let read = || {
            black_box(&C::read(&mut reader));
        };
        stopped(depth, || C::write(&mut writer, black_box([1; 8])), read)
    }
}

/// Looks at a value behind a pointer.
pub mod pointee {
    use super::*;

    /// The probe.
    #[must_use]
    pub fn probe(entrants: Vec<Entrant>) -> Probe {
        Probe {
            name: "frozen-pointer",
            question: "Does a reader of a pointer wait for a writer that stands still, after \
                       whichever of its instructions?",
            columns: COLUMNS,
            entrants,
        }
    }

    /// Enters `F`.
    #[must_use]
    pub fn entry<F: Pointees>() -> Entrant {
        enter::<F::Of<Value<8>>>()
    }

    fn enter<P: Pointer<Value<8>>>() -> Entrant {
        let (name, package) = (P::NAME, P::PACKAGE);
        Entrant { name, package, contract: pointer::contract::<P>, ask: ask::<P> }
    }

    fn ask<P: Pointer<Value<8>>>(depth: Depth) -> Result<Answer, String> {
        let mut pointer = P::new([0; 8]);
        let (mut writer, mut readers) = pointer.ends(1);
        let mut reader = readers.remove(0);
        let read = || {
            black_box(P::read(&mut reader, |value| value[0]));
        };
        stopped(depth, || P::publish(&mut writer, black_box([1; 8])), read)
    }
}

/// Writes, whenever another thread asks for it.
#[derive(Default)]
struct Writes {
    asked: AtomicU64,
    done: AtomicU64,
    over: AtomicBool,
}

impl Writes {
    /// Writes whenever asked, until it is over.
    fn serve(&self, mut write: impl FnMut()) {
        let mut done = 0;
        let mut wait = Wait::new();
        while !self.over.load(Acquire) {
            if self.asked.load(Acquire) == done {
                wait.pause();
                continue;
            }
            write();
            done += 1;
            self.done.store(done, Release);
            wait = Wait::new();
        }
    }

    fn ask(&self) {
        self.asked.fetch_add(1, Release);
    }

    fn are_done(&self) -> bool {
        self.done.load(Acquire) == self.asked.load(Acquire)
    }
}

/// Sees whether a reader gets through.
#[derive(Default)]
struct Watch {
    /// Raised before each turn and after it, so odd within one.
    turns: AtomicU64,
    /// Whether a turn took too long.
    held_up: AtomicBool,
    over: AtomicBool,
}

impl Watch {
    /// Looks until it is over; the writer goes on when a turn takes too long.
    fn look(&self, stepper: &Stepper) {
        const BETWEEN_LOOKS: Duration = Duration::from_millis(5);
        let mut seen = 0;
        let mut since = Instant::now();
        while !self.over.load(Acquire) {
            thread::sleep(BETWEEN_LOOKS);
            let turns = self.turns.load(Acquire);
            if turns != seen {
                seen = turns;
                since = Instant::now();
            } else if turns % 2 == 1 && since.elapsed() > PATIENCE {
                self.held_up.store(true, Release);
                stepper.go_on_to_the_end();
            }
        }
    }

    /// Whether `read` got through while the writer stood.
    fn gets_through(&self, read: impl FnOnce()) -> bool {
        self.turns.fetch_add(1, Release);
        read();
        self.turns.fetch_add(1, Release);
        !self.held_up.load(Acquire)
    }
}

/// Stops the writer, which has a thread of its own, and reads in this one.
fn stopped(
    depth: Depth,
    mut write: impl FnMut() + Send,
    read: impl FnMut(),
) -> Result<Answer, String> {
    let stepper = Stepper::new();
    let (writes, watch) = (Writes::default(), Watch::default());
    thread::scope(|scope| {
        let (stepper, writes, watch) = (&stepper, &writes, &watch);
        scope.spawn(move || writes.serve(|| stepper.run(&mut write)));
        scope.spawn(move || watch.look(stepper));
        let answer = stop_everywhere(depth, stepper, writes, watch, read);
        // Whatever has happened, so that both threads end.
        stepper.go_on_to_the_end();
        writes.over.store(true, Release);
        watch.over.store(true, Release);
        answer
    })
}

/// Steps through some writes, and reads after each instruction.
fn stop_everywhere(
    depth: Depth,
    stepper: &Stepper,
    writes: &Writes,
    watch: &Watch,
    mut read: impl FnMut(),
) -> Result<Answer, String> {
    let until = Instant::now()
        + match depth {
            Depth::Quick => Duration::from_millis(100),
            Depth::Full => Duration::from_secs(2),
        };
    let mut stops = 0;
    let mut nanos = Vec::new();
    // At least one whole write.
    while stops == 0 || Instant::now() < until {
        // While the writer runs. Where it stands, it may hold a lock of the allocator, which the memory
        // of this list can belong to: to grow it then would be to wait for ever.
        nanos.reserve(MOST_STOPS);
        writes.ask();
        for stop in 0.. {
            if !stands_or_done(stepper, writes)? {
                break;
            }
            stops += 1;
            let begun = Instant::now();
            if !watch.gets_through(|| (0..READS).for_each(|_| read())) {
                return Ok(answer(stops, Some(stop), &nanos));
            }
            if nanos.len() < nanos.capacity() {
                nanos.push(begun.elapsed().as_nanos() as f64 / f64::from(READS));
            }
            stepper.go_on();
        }
    }
    Ok(answer(stops, None, &nanos))
}

/// Waits until the writer stands; not so if its write is done.
fn stands_or_done(stepper: &Stepper, writes: &Writes) -> Result<bool, String> {
    let until = Instant::now() + LONG;
    let mut wait = Wait::new();
    loop {
        if stepper.stands() {
            return Ok(true);
        }
        if writes.are_done() {
            return Ok(false);
        }
        if Instant::now() > until {
            return Err("a write does not come to its end".to_owned());
        }
        wait.pause();
    }
}

fn answer(stops: u32, waits_from: Option<u32>, nanos: &[f64]) -> Answer {
    let remark = if waits_from.is_some() { "WAITS" } else { "never waits" };
    let read = (!nanos.is_empty()).then(|| stats::median(nanos));
    let numbers = vec![Some(f64::from(stops)), waits_from.map(f64::from), read];
    Answer { numbers, remark: remark.to_owned() }
}
