//! The queue that overwrites its oldest value: the contract, random scripts beside a model, and two threads
//! at full speed.
#![cfg(all(feature = "alloc", target_has_atomic = "64"))]

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use proptest::prelude::*;
use untorn::spsc::lossy::Consumer;
use untorn::spsc::{TryPopError, lossy, try_lossy};

mod support;
use support::{Alive, rounds};

const CAPACITIES: [usize; 6] = [1, 2, 3, 4, 7, 100];

fn pop_all<T>(consumer: &mut Consumer<T>) -> Vec<T> {
    std::iter::from_fn(|| consumer.try_pop().ok()).collect()
}

#[test]
fn the_newest_values_are_kept_in_order() {
    for capacity in CAPACITIES {
        for pushed in 0..4 * capacity + 2 {
            let (mut producer, mut consumer) = lossy(capacity);
            let back: Vec<_> = (0..pushed).filter_map(|number| producer.push(number)).collect();
            let lost = pushed.saturating_sub(capacity);
            assert_eq!(back, (0..lost).collect::<Vec<_>>(), "the oldest come back");
            assert_eq!(pop_all(&mut consumer), (lost..pushed).collect::<Vec<_>>());
            assert_eq!((producer.overruns(), consumer.missed()), (lost as u64, lost as u64));
            assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
        }
    }
}

#[test]
fn a_bad_capacity_is_named() {
    let error = try_lossy::<u64>(0).unwrap_err();
    assert_eq!(error.to_string(), "capacity 0 is too small: a queue holds at least one element");
    let error = try_lossy::<u64>(usize::MAX).unwrap_err();
    assert_eq!(error.capacity(), usize::MAX);
    assert!(error.to_string().contains("no room for that many 8-byte elements"), "{error}");
    let panic = catch_unwind(|| lossy::<u8>(0)).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("cannot make a queue: capacity 0 is too small"), "{message}");
}

#[test]
fn values_without_size_and_large_ones() {
    let (mut producer, mut consumer) = lossy(2);
    assert_eq!([producer.push(()), producer.push(()), producer.push(())], [None, None, Some(())]);
    assert_eq!(pop_all(&mut consumer).len(), 2);
    let (mut producer, mut consumer) = lossy(3);
    for number in 0..20_u8 {
        producer.push([number; 4096]);
    }
    assert_eq!(pop_all(&mut consumer), [17, 18, 19].map(|number| [number; 4096]));
}

#[test]
fn a_closed_queue_gives_the_rest_and_then_says_so() {
    let (mut producer, mut consumer) = lossy(2);
    (0..3).for_each(|number| _ = producer.push(number));
    assert!(!consumer.is_closed() && !producer.is_closed());
    drop(producer);
    assert!(consumer.is_closed());
    assert_eq!([consumer.try_pop(), consumer.try_pop()], [Ok(1), Ok(2)]);
    assert_eq!(consumer.try_pop(), Err(TryPopError::Closed));
}

#[test]
fn a_producer_goes_on_without_a_consumer() {
    let (mut producer, consumer) = lossy(1);
    drop(consumer);
    assert!(producer.is_closed());
    assert_eq!([producer.push(1), producer.push(2)], [None, Some(1)]);
}

#[test]
fn every_value_is_dropped_once() {
    let alive = Alive::new();
    for capacity in CAPACITIES {
        for popped in 0..capacity {
            let (mut producer, mut consumer) = lossy(capacity);
            let back = (0..2 * capacity).filter_map(|_| producer.push(alive.value())).count();
            assert_eq!((back, alive.count()), (capacity, capacity), "what came back is gone");
            (0..popped).for_each(|_| drop(consumer.try_pop().unwrap()));
            drop(consumer);
            assert_eq!(alive.count(), capacity - popped, "the rest is there for the last end");
            drop(producer);
            assert_eq!(alive.count(), 0);
        }
    }
}

#[test]
fn a_panicking_destructor_leaks_nothing_and_drops_nothing_twice() {
    let alive = Alive::new();
    for bad in 0..3 {
        let (mut producer, consumer) = lossy(3);
        for number in 0..3 {
            let value = if number == bad { alive.panicking_value() } else { alive.value() };
            assert!(producer.push(value).is_none());
        }
        drop(producer);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(consumer))).is_err());
        assert_eq!(alive.count(), 0);
    }
}

#[test]
fn debug_prints_the_state_without_the_values() {
    struct NotDebug;
    let (mut producer, mut consumer) = lossy(1);
    (0..3).for_each(|_| _ = producer.push(NotDebug));
    assert_eq!(format!("{producer:?}"), "Producer { capacity: 1, overruns: 2, closed: false }");
    drop(producer);
    assert!(consumer.try_pop().is_ok());
    assert_eq!(format!("{consumer:?}"), "Consumer { capacity: 1, missed: 2, closed: true }");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// On one thread it is a deque that drops its front when it is full.
    #[test]
    fn it_is_a_deque_that_drops_its_front(
        capacity in 1_usize..9,
        script in prop::collection::vec(any::<bool>(), 0..200),
    ) {
        let (mut producer, mut consumer) = lossy(capacity);
        let (mut model, mut next, mut overruns, mut missed) = (VecDeque::new(), 0, 0, 0);
        for push in script {
            if push {
                let front = if model.len() == capacity { model.pop_front() } else { None };
                model.push_back(next);
                overruns += u64::from(front.is_some());
                // Boxed, so that a lost or doubled value is a leak or a crash.
                prop_assert_eq!(producer.push(Box::new(next)), front.map(Box::new));
                next += 1;
            } else {
                let front = model.pop_front();
                if front.is_some() {
                    missed = overruns;
                }
                prop_assert_eq!(consumer.try_pop().ok(), front.map(Box::new));
            }
            prop_assert_eq!((producer.overruns(), consumer.missed()), (overruns, missed));
        }
    }
}

/// Each value is popped, came back, or is inside at the end; popped ones grow, and say how many were missed.
#[test]
fn two_threads_at_full_speed() {
    let alive = Alive::new();
    for capacity in CAPACITIES {
        let pushes = rounds(100_000);
        let (mut producer, mut consumer) = lossy(capacity);
        let (back, (popped, missed)) = thread::scope(|scope| {
            let pushing = scope.spawn(|| {
                let mut back = 0;
                let mut last = None;
                for number in 0..pushes {
                    let over = producer.push((number, alive.value()));
                    if let Some((over, _)) = over {
                        assert!(last < Some(over) && over < number, "{last:?}, then {over}");
                        last = Some(over);
                        back += 1;
                    }
                    if number % 1000 == 0 {
                        thread::yield_now();
                    }
                }
                assert_eq!(producer.overruns(), back);
                drop(producer);
                back
            });
            let popping = scope.spawn(|| {
                let (mut popped, mut next) = (0, 0);
                loop {
                    match consumer.try_pop() {
                        Ok((number, _)) => {
                            assert!(number >= next, "{number} after {next}");
                            popped += 1;
                            next = number + 1;
                            assert_eq!(popped + consumer.missed(), next as u64);
                        }
                        Err(TryPopError::Empty) => std::hint::spin_loop(),
                        Err(TryPopError::Closed) => break,
                    }
                }
                (popped, consumer.missed())
            });
            (pushing.join().unwrap(), popping.join().unwrap())
        });
        assert_eq!(popped + missed, pushes as u64, "all of the last ones were popped");
        // Skipped values that nobody overwrote were inside at the end.
        let left = pushes as u64 - popped - back;
        assert!(left < capacity as u64, "{left} of {capacity}");
        assert_eq!(alive.count() as u64, left);
        drop(consumer);
        assert_eq!(alive.count(), 0, "each dropped once");
    }
}
