//! Counter: no edges to check, but no add may be lost and no take may count twice. ShardedCounter: edges
//! E1 (owner to owner), E2 (add to exact count) and E3 (take to take and to sum).
//!
//! A model has no thread-local variables: there `ShardedCounter::add` finds no slot, and handles do.
#![cfg(loom)]

use loom_tests::{Arc, Thread, explore, explore_bounded, spawn};
use untorn::{Counter, ShardedCounter};

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

/// Of two who find one place left, one gets it.
#[test]
fn a_limit_holds() {
    explore([(Some(2), None, 2), (None, Some(2), 2)], || {
        let counter = Arc::new(Counter::from(1));
        let try_add = |counter: Arc<Counter>| move || counter.try_add(1, 2);
        let a = spawn(try_add(Arc::clone(&counter)));
        let b = spawn(try_add(Arc::clone(&counter)));
        (a.join(), b.join(), counter.get())
    });
}

type Sharded = Arc<ShardedCounter<1>>;

/// A thread that does this with the counter.
fn with<T: 'static>(
    counter: &Sharded,
    body: impl FnOnce(&ShardedCounter<1>) -> T + 'static,
) -> Thread<T> {
    let counter = Arc::clone(counter);
    spawn(move || body(&counter))
}

/// E1. One slot, which goes from one thread to the other or is missed by one of them.
#[test]
fn e1_an_owner_goes_on_from_its_predecessor() {
    // (whether each had the slot, the count)
    explore([(true, true, 2), (true, false, 2), (false, true, 2)], || {
        let counter = Sharded::default();
        let add = |counter: &ShardedCounter<1>| {
            let local = counter.local();
            local.increment();
            local.has_slot()
        };
        let (a, b) = (with(&counter, add), with(&counter, add));
        (a.join(), b.join(), counter.sum())
    });
}

/// E2. One thread adds in two places, one after the other.
fn exact_while_adding(body: impl Fn(&ShardedCounter<1>) + Clone + Send + Sync + 'static) {
    explore([None, Some(0), Some(1), Some(11)], move || {
        let counter = Sharded::default();
        let adder = with(&counter, body.clone());
        let reader = with(&counter, |counter| counter.try_exact(1));
        adder.join();
        reader.join()
    });
}

#[test]
fn e2_exact_has_what_came_before_a_slot() {
    exact_while_adding(|counter| {
        counter.add(1);
        counter.local().add(10);
    });
}

#[test]
fn e2_exact_has_what_came_before_the_overflow() {
    exact_while_adding(|counter| {
        counter.local().add(1);
        counter.add(10);
    });
}

/// E2. Two readers never disagree about which of two adds came first.
#[test]
fn e2_exact_counts_have_one_order() {
    const SEEN: [Option<u64>; 5] = [None, Some(0), Some(1), Some(10), Some(11)];
    let contradictory = [(Some(1), Some(10)), (Some(10), Some(1))];
    let pairs = SEEN.into_iter().flat_map(|a| SEEN.map(|b| (a, b)));
    explore_bounded(2, pairs.filter(|pair| !contradictory.contains(pair)), || {
        let counter = Sharded::default();
        let slot = with(&counter, |counter| counter.local().add(1));
        let overflow = with(&counter, |counter| counter.add(10));
        let a = with(&counter, |counter| counter.try_exact(1));
        let b = with(&counter, |counter| counter.try_exact(1));
        slot.join();
        overflow.join();
        (a.join(), b.join())
    });
}

/// E3. What one taker leaves is exactly what was added since.
#[test]
fn e3_each_add_is_in_one_take() {
    let all = [(3, 0, 0), (0, 3, 0), (1, 2, 0), (2, 1, 0), (1, 0, 2), (0, 1, 2), (0, 0, 3)];
    // (taken, taken, left): no take has the second add and leaves the first.
    explore(all, || {
        let counter = Sharded::default();
        let adder = with(&counter, |counter| {
            let local = counter.local();
            local.add(1);
            local.add(2);
        });
        let take = |counter: &ShardedCounter<1>| counter.take();
        let (a, b) = (with(&counter, take), with(&counter, take));
        adder.join();
        let taken = (a.join(), b.join());
        (taken.0, taken.1, counter.sum())
    });
}

/// E3. A sum that meets a take never falls below zero.
#[test]
fn e3_a_sum_finds_no_less_than_was_taken() {
    explore([(0, 0), (0, 1), (1, 0), (1, 1)], || {
        let counter = Sharded::default();
        let adder = with(&counter, |counter| counter.local().add(1));
        let taker = with(&counter, |counter| counter.take());
        let reader = with(&counter, |counter| counter.sum());
        adder.join();
        (reader.join(), taker.join())
    });
}

#[test]
fn sums_never_go_back() {
    explore([(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)], || {
        let counter = Sharded::default();
        let slot = with(&counter, |counter| counter.local().add(1));
        let overflow = with(&counter, |counter| counter.add(1));
        let reader = with(&counter, |counter| (counter.sum(), counter.sum()));
        slot.join();
        overflow.join();
        reader.join()
    });
}
