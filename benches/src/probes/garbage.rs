//! A reader stays inside while values are replaced: how many of them are kept beside the current one?
//!
//! Contract: the value that the reader looks at stays as it is.

use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU64, AtomicUsize, Ordering::Acquire, Ordering::Relaxed, Ordering::Release,
};
use std::thread;
use std::time::{Duration, Instant};

use super::{Answer, Depth, Entrant, Probe};
use crate::crew::Wait;
use crate::shapes::cell::Value;
use crate::shapes::pointer::{self, Pointees, Pointer};

/// How many values are put in place of one another.
const PUBLISHES: u64 = 1_000;
/// How long one publish may take before it counts as waiting for the reader.
const PATIENCE: Duration = Duration::from_millis(300);

/// A value that is counted while it lives, and each copy of it.
#[derive(Debug)]
pub struct Counted {
    number: u64,
    living: Arc<AtomicUsize>,
}

impl Counted {
    fn new(number: u64, living: &Arc<AtomicUsize>) -> Self {
        living.fetch_add(1, Relaxed);
        Self { number, living: Arc::clone(living) }
    }
}

impl Clone for Counted {
    fn clone(&self) -> Self {
        Self::new(self.number, &self.living)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.living.fetch_sub(1, Relaxed);
    }
}

/// The probe.
#[must_use]
pub fn probe(entrants: Vec<Entrant>) -> Probe {
    Probe {
        name: "garbage",
        question: "How many values are kept beside the current one after 1000 publishes, while a \
                   reader stays inside, and while nobody reads?",
        columns: &["reader inside", "nobody reads"],
        entrants,
    }
}

/// Enters `F`.
#[must_use]
pub fn entry<F: Pointees>() -> Entrant {
    let (name, package) = (<F::Of<Counted>>::NAME, <F::Of<Counted>>::PACKAGE);
    let contract = pointer::contract::<F::Of<Value<8>>>;
    Entrant { name, package, contract, ask: ask::<F::Of<Counted>> }
}

fn ask<P: Pointer<Counted>>(_: Depth) -> Result<Answer, String> {
    let (kept, published) = with_a_reader::<P>()?;
    let remark = match published {
        PUBLISHES => String::new(),
        fewer => format!("WAITS for the reader after {fewer} publishes"),
    };
    let kept = (published == PUBLISHES).then_some(kept as f64);
    let numbers = vec![kept, Some(with_nobody::<P>() as f64)];
    Ok(Answer { numbers, remark })
}

/// What is alive, except for the current value.
fn beside_current(living: &AtomicUsize) -> usize {
    living.load(Relaxed).saturating_sub(1)
}

fn with_nobody<P: Pointer<Counted>>() -> usize {
    let living = Arc::default();
    let mut pointer = P::new(Counted::new(0, &living));
    let (mut writer, _readers) = pointer.ends(1);
    (1..=PUBLISHES).for_each(|k| P::publish(&mut writer, Counted::new(k, &living)));
    beside_current(&living)
}

/// What is kept, and after how many publishes.
fn with_a_reader<P: Pointer<Counted>>() -> Result<(usize, u64), String> {
    let living = Arc::default();
    let mut pointer = P::new(Counted::new(0, &living));
    let (mut writer, mut readers) = pointer.ends(1);
    let mut reader = readers.remove(0);
    let (inside, over) = (AtomicBool::new(false), AtomicBool::new(false));
    let published = AtomicU64::new(0);
    thread::scope(|scope| {
        let staying = scope.spawn(|| P::read(&mut reader, |value| stay(value, &inside, &over)));
        let mut wait = Wait::new();
        while !inside.load(Acquire) && !staying.is_finished() {
            wait.pause();
        }
        let writing = scope.spawn(|| {
            for k in 1..=PUBLISHES {
                P::publish(&mut writer, Counted::new(k, &living));
                published.store(k, Release);
                if over.load(Acquire) {
                    break;
                }
            }
        });
        let after = all_or_stuck(&published);
        let kept = beside_current(&living);
        over.store(true, Release);
        let stayed = staying.join().unwrap_or_else(|_| Err("the reader panicked".to_owned()));
        let wrote = writing.join().map_err(|_| "the writer panicked".to_owned());
        stayed.and(wrote).map(|()| (kept, after))
    })
}

/// Looks at the value until it is over.
fn stay(value: &Counted, inside: &AtomicBool, over: &AtomicBool) -> Result<(), String> {
    let before = value.number;
    inside.store(true, Release);
    while !over.load(Acquire) {
        thread::sleep(Duration::from_micros(100));
    }
    match std::hint::black_box(value).number {
        same if same == before => Ok(()),
        other => Err(format!("{before} became {other} while it was looked at")),
    }
}

/// How many values were published when all were, or when no more came.
fn all_or_stuck(published: &AtomicU64) -> u64 {
    let mut seen = 0;
    let mut until = Instant::now() + PATIENCE;
    loop {
        match published.load(Acquire) {
            PUBLISHES => return PUBLISHES,
            more if more > seen => {
                seen = more;
                until = Instant::now() + PATIENCE;
            }
            _ if Instant::now() > until => return seen,
            _ => thread::sleep(Duration::from_micros(100)),
        }
    }
}
