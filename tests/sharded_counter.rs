//! ShardedCounter: the public contract, whoever has the slots.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Acquire, Ordering::Relaxed, fence};
use std::thread;

use untorn::ShardedCounter;

mod support;
use support::rounds;

/// Runs `check` with fewer slots than threads, and with more.
macro_rules! for_each_size {
    ($check:ident) => {
        $check::<0>();
        $check::<1>();
        $check::<3>();
        $check::<64>();
        $check::<256>();
    };
}

#[test]
fn counts_every_add_of_every_thread() {
    fn check<const N: usize>() {
        let counter = ShardedCounter::<N>::new();
        let adds = rounds(10_000) as u64;
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..adds).for_each(|_| counter.increment()));
                scope.spawn(|| {
                    let local = counter.local();
                    (0..adds).for_each(|_| local.add(2));
                });
            }
        });
        assert_eq!(counter.sum(), 12 * adds);
        assert_eq!(counter.try_exact(1), Some(12 * adds));
        assert_eq!(counter.into_inner(), 12 * adds);
    }
    for_each_size!(check);
}

#[test]
fn threads_come_and_go() {
    let (few, many) = (ShardedCounter::<2>::new(), ShardedCounter::<16>::new());
    let crews = rounds(250).max(2) as u64;
    for _ in 0..crews {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    few.increment();
                    many.add(3);
                    few.increment();
                });
            }
        });
    }
    let counted = 8 * crews;
    assert_eq!((few.sum(), many.sum()), (2 * counted, 3 * counted));
}

#[test]
fn more_threads_than_there_are_slots() {
    static COUNTER: ShardedCounter<256> = ShardedCounter::new();
    let threads = if cfg!(miri) { 8 } else { 300 };
    let barrier = Barrier::new(threads);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                COUNTER.increment();
                barrier.wait();
                // Everybody has a slot by now who ever gets one.
                (0..10).for_each(|_| COUNTER.increment());
                barrier.wait();
            });
        }
    });
    assert_eq!(COUNTER.sum(), 11 * threads as u64);
}

/// Each adds single bits, so that a take shows which adds it has.
#[test]
fn each_add_is_in_exactly_one_take() {
    fn check<const N: usize>() {
        for _ in 0..rounds(500).max(2) {
            let counter = ShardedCounter::<N>::new();
            let start = Barrier::new(4);
            let done = AtomicU64::new(0);
            let takes: Vec<u64> = thread::scope(|scope| {
                for half in 0..2 {
                    let (counter, start, done) = (&counter, &start, &done);
                    scope.spawn(move || {
                        start.wait();
                        (0..32).for_each(|bit| counter.add(1 << (32 * half + bit)));
                        done.fetch_add(1, Relaxed);
                    });
                }
                let take = || {
                    start.wait();
                    let mut takes = Vec::new();
                    while done.load(Relaxed) < 2 {
                        takes.push(counter.take());
                    }
                    takes
                };
                let takers = [scope.spawn(take), scope.spawn(take)];
                takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect()
            });
            let mut seen = 0;
            for taken in takes.into_iter().chain([counter.take()]) {
                assert_eq!(seen & taken, 0, "an add was taken twice, or in part");
                seen |= taken;
            }
            assert_eq!((seen, counter.take()), (u64::MAX, 0));
        }
    }
    check::<1>();
    check::<16>();
}

#[test]
fn sums_are_within_their_bounds_and_never_go_back() {
    fn check<const N: usize>() {
        let counter = ShardedCounter::<N>::new();
        let (begun, ended) = (AtomicU64::new(0), AtomicU64::new(0));
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let (mut last, mut last_exact) = (0, 0);
                    while !done.load(Relaxed) {
                        let lowest = ended.load(Acquire);
                        let sum = counter.sum();
                        fence(Acquire);
                        let highest = begun.load(Relaxed);
                        assert!(lowest <= sum && sum <= highest, "{lowest} {sum} {highest}");
                        assert!(last <= sum, "back from {last} to {sum}");
                        last = sum;
                        if let Some(exact) = counter.try_exact(2) {
                            assert!(last_exact <= exact && lowest <= exact);
                            last_exact = exact;
                        }
                    }
                });
            }
            let adders = [(); 2].map(|()| {
                scope.spawn(|| {
                    for _ in 0..rounds(20_000) {
                        begun.fetch_add(1, Relaxed);
                        counter.increment();
                        ended.fetch_add(1, std::sync::atomic::Ordering::Release);
                    }
                })
            });
            adders.into_iter().for_each(|adder| adder.join().unwrap());
            done.store(true, Relaxed);
        });
        assert_eq!(counter.sum(), 2 * rounds(20_000) as u64);
    }
    check::<1>();
    check::<16>();
}

#[test]
fn exact_counts_say_so_when_they_failed() {
    let counter = ShardedCounter::<4>::new();
    counter.add(7);
    assert_eq!(counter.try_exact(0), None, "it never looked twice");
    assert_eq!(counter.try_exact(1), Some(7));
    assert_eq!(counter.take(), 7);
    assert_eq!(counter.try_exact(1), Some(0));
}

#[test]
fn wraps_as_documented() {
    let counter = ShardedCounter::<4>::new();
    counter.add(u64::MAX);
    thread::scope(|scope| scope.spawn(|| counter.add(3)).join().unwrap());
    assert_eq!((counter.sum(), counter.try_exact(1)), (2, Some(2)));
    assert_eq!((counter.take(), counter.sum()), (2, 0));
    counter.local().add(u64::MAX);
    assert_eq!((counter.take(), counter.into_inner()), (u64::MAX, 0));
}

#[test]
fn lives_in_a_static_and_prints_its_sum() {
    static COUNTER: ShardedCounter<2> = ShardedCounter::new();
    COUNTER.add(7);
    assert_eq!(format!("{COUNTER:?}"), "ShardedCounter(7)");
    assert_eq!(ShardedCounter::<1>::default().sum(), 0);
    let none = ShardedCounter::<0>::new();
    assert_eq!(format!("{:?}", none.local()), "LocalCounter { slot: None, .. }");
}
