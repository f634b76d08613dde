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
fn numbers_are_handed_out_once() {
    let ids = Counter::new();
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let take = || (0..rounds(5_000)).map(|_| ids.fetch_add(1)).collect::<Vec<_>>();
        let threads = [scope.spawn(take), scope.spawn(take), scope.spawn(take)];
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_unstable();
    assert!(all.iter().copied().eq(0..3 * rounds(5_000) as u64));
}

#[test]
fn a_gauge_and_its_limit() {
    let (inside, most, refused) = (Counter::new(), Counter::new(), Counter::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..rounds(5_000) {
                    match inside.try_add(2, 5) {
                        Some(count) => {
                            assert!(count <= 5);
                            most.raise_to(count);
                            inside.sub(2);
                        }
                        None => refused.increment(),
                    }
                }
            });
        }
    });
    assert_eq!(inside.get(), 0);
    assert!(most.get() == 2 || most.get() == 4, "two find room, three do not");
    assert_eq!(Counter::from(1).try_add(u64::MAX, u64::MAX), None, "no wrap past a limit");
    assert_eq!(Counter::from(1).try_add(u64::MAX - 1, u64::MAX), Some(u64::MAX));
}

#[test]
fn a_high_water_mark_is_never_lowered() {
    let (mark, marks) = (Counter::new(), rounds(5_000) as u64);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let mark = &mark;
            scope.spawn(move || {
                for n in (thread..4 * marks).step_by(4) {
                    mark.raise_to(n);
                    assert!(mark.get() >= n);
                }
            });
        }
    });
    assert_eq!(mark.get(), 4 * marks - 1);
    mark.raise_to(7);
    assert_eq!(mark.into_inner(), 4 * marks - 1);
}

#[test]
fn lives_in_a_static_and_prints_its_value() {
    static COUNTER: Counter = Counter::new();
    COUNTER.add(7);
    assert_eq!(format!("{COUNTER:?}"), "Counter(7)");
    assert_eq!(Counter::default().get(), 0);
}
