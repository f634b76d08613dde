//! Counter: no edges to check, but no add may be lost and no take may count twice.
#![cfg(loom)]

use loom_tests::{Arc, explore, spawn};
use untorn::Counter;

#[test]
fn no_add_is_lost_and_each_is_taken_once() {
    // (taken while the other thread adds, left over)
    explore([(0, 2), (1, 1), (2, 0)], || {
        let counter = Arc::new(Counter::new());
        let adder = spawn({
            let counter = Arc::clone(&counter);
            move || {
                counter.increment();
                counter.add(1);
            }
        });
        let taker = spawn({
            let counter = Arc::clone(&counter);
            move || counter.take()
        });
        adder.join();
        (taker.join(), counter.get())
    });
}
