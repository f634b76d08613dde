//! Four workers count to 10 000 each: with [`Counter`], and beside it with a load and a store.
//!
//! `cargo run --example counter_workers`

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use untorn::Counter;

const WORKERS: u64 = 4;
const INCREMENTS: u64 = 10_000;

fn main() {
    let counter = Counter::new();
    let broken = AtomicU64::new(0);
    let start = Barrier::new(WORKERS as usize);

    thread::scope(|scope| {
        for worker in 1..=WORKERS {
            let (counter, broken, start) = (&counter, &broken, &start);
            scope.spawn(move || {
                start.wait();
                for i in 0..INCREMENTS {
                    counter.increment();

                    // The mistake: another worker's store between this load and this store is lost.
                    let seen = broken.load(Relaxed);
                    if i % 100 == 0 {
                        thread::yield_now(); // what a busy machine does now and then by itself
                    }
                    broken.store(seen + 1, Relaxed);
                }
                println!("worker {worker} completed {INCREMENTS} increments");
            });
        }
    });

    let expected = WORKERS * INCREMENTS;
    println!("expected:          {expected}");
    println!("Counter:           {}", counter.get());
    println!("load, then store:  {}", broken.load(Relaxed));
    println!("lost by the latter: {}", expected - broken.load(Relaxed));
    assert_eq!(counter.get(), expected, "Counter loses nothing");
}
