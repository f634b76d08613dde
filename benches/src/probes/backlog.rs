//! A producer that never pauses and a consumer that takes its time: how much is kept between them?
//!
//! Contract: the items come out in their order, and each is dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use super::{Answer, Depth, Entrant, Probe};
use crate::crew::pace;
use crate::shapes::blocking::Blocking;

/// How many items fit where there is a bound.
const CAPACITY: usize = 64;
/// How many items there are: 16 MiB.
const ITEMS: usize = 16 * 1024;
/// How many times as many there are the second time.
const TIMES: usize = 4;

/// How many items there are now, and were at most.
#[derive(Debug, Default)]
struct Living {
    now: AtomicUsize,
    most: AtomicUsize,
}

/// An item of 1 KiB, which is counted while it lives.
#[derive(Debug)]
pub struct Parcel {
    data: Box<[u64; 128]>,
    living: Arc<Living>,
}

impl Parcel {
    fn new(number: u64, living: &Arc<Living>) -> Self {
        let now = living.now.fetch_add(1, Relaxed) + 1;
        living.most.fetch_max(now, Relaxed);
        Self { data: Box::new([number; 128]), living: Arc::clone(living) }
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        self.living.now.fetch_sub(1, Relaxed);
    }
}

/// The probe.
#[must_use]
pub fn probe(entrants: Vec<Entrant>) -> Probe {
    Probe {
        name: "backlog",
        question: "How many KiB of items are alive at most, if one thread makes items of 1 KiB without \
                   pause, 16 MiB in all or 64, and the other takes a microsecond over each? Where \
                   there is a bound, it is 64 items.",
        columns: &["of 16 MiB", "of 64 MiB"],
        entrants,
    }
}

/// Enters `B`.
#[must_use]
pub fn entry<B: Blocking<Parcel>>() -> Entrant {
    let contract = |operations| {
        let items = usize::try_from(operations).unwrap_or(usize::MAX);
        most_living::<B>(items, || ()).map(drop)
    };
    Entrant { name: B::NAME, package: B::PACKAGE, contract, ask: ask::<B> }
}

fn ask<B: Blocking<Parcel>>(_: Depth) -> Result<Answer, String> {
    let (few, many) = (most_living::<B>(ITEMS, pace)?, most_living::<B>(TIMES * ITEMS, pace)?);
    let remark = if few < ITEMS / 8 { "" } else { "grows with what is sent" };
    let numbers = vec![Some(few as f64), Some(many as f64)];
    Ok(Answer { numbers, remark: remark.to_owned() })
}

/// How many of that many items were alive at once.
fn most_living<B: Blocking<Parcel>>(items: usize, pause: fn()) -> Result<usize, String> {
    let living = Arc::new(Living::default());
    let (mut tx, mut rx) = B::ring(CAPACITY);
    let all = Arc::clone(&living);
    let producer = thread::spawn(move || {
        (0..items as u64).for_each(|number| B::push(&mut tx, Parcel::new(number, &all)));
        tx
    });
    for expected in 0..items as u64 {
        let parcel = B::pop(&mut rx);
        if parcel.data.iter().any(|word| *word != expected) {
            return Err(format!("expected {expected}, popped {}", parcel.data[0]));
        }
        pause();
    }
    producer.join().map(drop).map_err(|_| "the producer panicked".to_owned())?;
    drop(rx);
    match living.now.load(Relaxed) {
        0 => Ok(living.most.load(Relaxed)),
        some => Err(format!("{some} items were not dropped")),
    }
}
