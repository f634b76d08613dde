//! A producer and a consumer over two shared words: the data, and a flag to wait for.
//!
//! Whoever comes first, the data arrives. A wait for a flag that is up already does not sleep and ends
//! as `NotEqual`: that, too, means ready. A consumer that takes `Woken` alone drops what was there
//! before it came.
//!
//! `cargo run --example producer_consumer`

use std::sync::atomic::{
    AtomicI32,
    Ordering::{Relaxed, Release},
};
use std::thread;

use untorn::wait::{self, Outcome};

const DATA: usize = 0;
const READY: usize = 1;

type Shared = [AtomicI32; 2];

/// Returns how many consumers it woke.
fn produce(shared: &Shared, data: i32) -> usize {
    shared[DATA].store(data, Relaxed);
    // Release: who finds the flag up finds the data.
    shared[READY].store(1, Release);
    wait::notify(&shared[READY], 1)
}

fn consume(shared: &Shared) -> (Outcome, i32) {
    // Notified, or too late to wait: what came before the flag is seen either way.
    let outcome = wait::wait(&shared[READY], 0);
    (outcome, shared[DATA].load(Relaxed))
}

fn main() {
    let shared = Shared::default();
    let (woken, (outcome, data)) = thread::scope(|scope| {
        let consumer = scope.spawn(|| consume(&shared));
        while wait::waiting(&shared[READY]) == 0 {
            thread::yield_now();
        }
        (produce(&shared, 42), consumer.join().expect("it only waits"))
    });
    println!("consumer first: {woken} woken, {outcome:?}, received {data}");
    assert_eq!((woken, outcome, data), (1, Outcome::Woken, 42));

    let shared = Shared::default();
    let woken = produce(&shared, 43);
    let (outcome, data) = thread::scope(|scope| {
        scope.spawn(|| consume(&shared)).join().expect("it does not even wait")
    });
    println!("producer first: {woken} woken, {outcome:?}, received {data}");
    assert_eq!((woken, outcome, data), (0, Outcome::NotEqual, 43));
}
