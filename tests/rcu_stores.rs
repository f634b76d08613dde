//! Rcu: the public contract of storing, and of waiting until what was replaced is gone.
#![cfg(feature = "alloc")]

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;

use untorn::rcu::{Guard, Policy, Rcu};

mod support;
use support::rcu::{Canary, POLICIES};
use support::register::panics;
use support::{Alive, rounds};

#[test]
fn versions_count_stores_of_every_kind() {
    let mut cell = Rcu::new(0_u64);
    for version in 0..40 {
        assert_eq!(Guard::version(&cell.read()), version);
        match version % 5 {
            0 => cell.store(1),
            1 => cell.update(|value| value + 1),
            2 => drop(cell.swap(1)),
            3 => assert_eq!(cell.compare_exchange(&cell.read(), 1), Ok(())),
            _ => assert_eq!(cell.writer().publish(1), version + 1),
        }
        *cell.get_mut() = version;
        assert_eq!((*cell.read(), Guard::version(&cell.read())), (version, version + 1));
    }
}

/// Eight threads, each in its own way; every increment counts once.
#[test]
fn no_update_is_lost() {
    const THREADS: usize = 8;
    for policy in [Policy::Prompt, Policy::Batch(3)] {
        let (cell, count) = (Rcu::with_policy(vec![0; 3], policy), rounds(1_000).max(3));
        let (runs, barrier) = (AtomicUsize::new(0), Barrier::new(THREADS));
        let more = |list: &Vec<usize>| list.iter().map(|item| item + 1).collect::<Vec<_>>();
        let increment = |thread: usize| match thread % 2 {
            0 => cell.update(|list| {
                runs.fetch_add(1, Relaxed);
                more(list)
            }),
            _ => loop {
                let seen = cell.read();
                match cell.compare_exchange(&seen, more(&seen)) {
                    Ok(()) => break,
                    Err(back) => assert_eq!(back, more(&seen), "the value comes back"),
                }
            },
        };
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (increment, barrier) = (&increment, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    (0..count).for_each(|_| increment(thread));
                });
            }
        });
        assert_eq!(*cell.read(), [THREADS * count; 3]);
        assert_eq!(Guard::version(&cell.read()), (THREADS * count) as u64);
        assert!(runs.into_inner() >= THREADS / 2 * count);
    }
}

/// What is stored comes back by exactly one `swap`, or stays.
#[test]
fn each_value_is_swapped_out_once() {
    const THREADS: usize = 4;
    let (cell, count) = (Rcu::with_policy(usize::MAX, Policy::Batch(2)), rounds(5_000).max(3));
    let out: Vec<usize> = thread::scope(|scope| {
        let swapping = |thread: usize| {
            let cell = &cell;
            move || (0..count).map(|i| *cell.swap(thread * count + i)).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..THREADS).map(|thread| scope.spawn(swapping(thread))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = out;
    all.push(*cell.read());
    all.sort_unstable();
    let expected: Vec<usize> = (0..THREADS * count).chain([usize::MAX]).collect();
    assert_eq!(all, expected);
}

#[test]
fn compare_exchange_asks_for_the_version_not_the_value() {
    let (cell, other) = (Rcu::new(1), Rcu::new(1));
    let before = cell.read();
    assert_eq!(cell.compare_exchange(&other.read(), 2), Err(2), "a guard of another cell");
    assert_eq!((*cell.read(), *other.read()), (1, 1));
    cell.store(1);
    assert_eq!(cell.compare_exchange(&before, 2), Err(2), "an equal value is another");
    let now = cell.read();
    assert_eq!(cell.compare_exchange(&now, 2), Ok(()));
    assert_eq!(cell.compare_exchange(&now, 3), Err(3), "only once");
    assert_eq!((*before, *now, *cell.read()), (1, 1, 2));
}

#[test]
fn update_runs_again_when_another_store_came_first() {
    let cell = Rcu::new(10);
    let mut seen = Vec::new();
    cell.update(|value| {
        seen.push(*value);
        if seen.len() < 3 {
            cell.store(value * 10);
        }
        value + 1
    });
    assert_eq!((seen, *cell.read()), (vec![10, 100, 1000], 1001));
}

/// The closure may read the cell, and keep what it read.
#[test]
fn update_may_keep_guards() {
    let alive = Alive::new();
    let cell = Rcu::with_policy(Canary::new(0, &alive), Policy::Prompt);
    let mut kept = Vec::new();
    cell.update(|value| {
        kept.extend((0..9).map(|_| cell.read()));
        if kept.len() < 30 {
            cell.store(Canary::new(value.number() + 1, &alive));
        }
        Canary::new(value.number() + 100, &alive)
    });
    assert_eq!(cell.read().number(), 103);
    let seen: Vec<u64> = kept.iter().map(|guard| guard.number()).collect();
    assert_eq!(seen, [[0; 9], [1; 9], [2; 9], [3; 9]].concat());
    drop(kept);
    assert_eq!(alive.count(), 1);
}

#[test]
fn an_update_that_panics_stores_nothing() {
    let cell = Rcu::with_policy(1, Policy::Prompt);
    assert!(panics(|| cell.update(|_| panic!("in the middle"))));
    assert_eq!((*cell.read(), Guard::version(&cell.read())), (1, 0));
    cell.update(|value| value + 1);
    assert_eq!((*cell.read(), cell.pending()), (2, 0), "the guard of the first is gone");
}

#[test]
fn synchronize_waits_for_the_readers_of_before() {
    for policy in POLICIES {
        let alive = Alive::new();
        for round in 0..rounds(100).max(2) {
            let cell = Rcu::with_policy(Canary::new(0, &alive), policy);
            let (holding, let_go) = (Barrier::new(4), AtomicUsize::new(0));
            thread::scope(|scope| {
                for way in 0..3 {
                    let (cell, holding, let_go) = (&cell, &holding, &let_go);
                    scope.spawn(move || {
                        let mut reader = cell.reader();
                        let mut guard = None;
                        match way {
                            0 => guard = Some(cell.read()),
                            1 => guard = Some(reader.read()),
                            _ => assert_eq!(reader.cached().number(), 0),
                        }
                        holding.wait();
                        (0..round % 8).for_each(|_| thread::yield_now());
                        assert!(guard.as_ref().is_none_or(|guard| guard.number() == 0));
                        let_go.fetch_add(1, Relaxed);
                        drop(guard);
                        // The one that caches moves on instead.
                        let _ = reader.cached();
                    });
                }
                holding.wait();
                cell.store(Canary::new(1, &alive));
                cell.synchronize().expect("no filter on system calls");
                assert_eq!(let_go.load(Relaxed), 3, "it returned while a value was held");
            });
            assert_eq!(alive.count(), 1);
        }
    }
}

#[test]
fn many_wait_at_once_and_readers_of_later_values_hold_up_nobody() {
    let cell = Rcu::with_policy(0, Policy::Manual);
    let (done, count) = (AtomicBool::new(false), rounds(300).max(2));
    thread::scope(|scope| {
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    for _ in 0..count {
                        cell.store(1);
                        cell.synchronize().expect("no filter on system calls");
                    }
                })
            })
            .collect();
        scope.spawn(|| {
            // Always holds something, but nothing for ever.
            let mut held = cell.read();
            while !done.load(Relaxed) {
                held = cell.read();
                thread::yield_now();
            }
            drop(held);
        });
        waiting.into_iter().for_each(|thread| thread.join().unwrap());
        done.store(true, Relaxed);
    });
    cell.synchronize().expect("no filter on system calls");
    assert_eq!(cell.pending(), 0);
    // A guard of the current value is none of before.
    let _current = cell.read();
    cell.synchronize().expect("no filter on system calls");
}
