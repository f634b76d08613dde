//! Counter: the public contract.

use untorn::Counter;

mod support;
use support::rounds;

#[test]
fn counts_every_add_of_every_thread() {
    let counter = Counter::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..rounds(10_000)).for_each(|_| counter.increment()));
        }
    });
    assert_eq!(counter.get(), 4 * rounds(10_000) as u64);
}

#[test]
fn each_add_is_taken_once() {
    let counter = Counter::new();
    let taken = std::thread::scope(|scope| {
        let adders: Vec<_> = (0..2)
            .map(|_| scope.spawn(|| (0..rounds(10_000)).for_each(|_| counter.add(3))))
            .collect();
        let mut taken = 0;
        while adders.iter().any(|adder| !adder.is_finished()) {
            taken += counter.take();
        }
        taken
    });
    assert_eq!(taken + counter.take(), 6 * rounds(10_000) as u64);
    assert_eq!(counter.into_inner(), 0);
}

#[test]
fn wraps_as_documented() {
    let counter = Counter::from(u64::MAX);
    counter.add(2);
    assert_eq!(counter.get(), 1);
}

#[test]
fn lives_in_a_static_and_prints_its_value() {
    static COUNTER: Counter = Counter::new();
    COUNTER.add(7);
    assert_eq!(format!("{COUNTER:?}"), "Counter(7)");
    assert_eq!(Counter::default().get(), 0);
}
