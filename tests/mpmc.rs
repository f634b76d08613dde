//! The queue for many threads at either end: the public contract.
#![cfg(feature = "alloc")]

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use untorn::mpmc::{Queue, TryPopError, TryPushError};

mod support;
use support::{Alive, rounds};

/// Capacities at, below and above powers of two.
const CAPACITIES: [usize; 7] = [1, 2, 3, 4, 5, 8, 100];

fn for_each_queue<T>(check: impl Fn(usize, Queue<T>)) {
    for capacity in CAPACITIES {
        check(capacity, Queue::new(capacity));
    }
}

#[test]
fn the_capacity_is_exact_and_the_order_kept() {
    for_each_queue(|capacity, queue| {
        assert_eq!(queue.capacity(), capacity);
        for round in 0..3 * capacity {
            assert!(queue.is_empty());
            for i in 0..capacity {
                assert_eq!((queue.len(), queue.is_full()), (i, false));
                queue.try_push((round, i)).expect("room below the capacity");
            }
            assert!(queue.is_full() && !queue.is_empty());
            assert_eq!(queue.try_push((0, 0)), Err(TryPushError::Full((0, 0))));
            for i in 0..capacity {
                assert_eq!(queue.len(), capacity - i);
                assert_eq!(queue.try_pop(), Ok((round, i)));
            }
            assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
        }
    });
}

#[test]
fn one_slot_less_than_full_is_enough() {
    for_each_queue(|capacity, queue| {
        (0..capacity).for_each(|i| queue.try_push(i).unwrap());
        for i in capacity..10 * capacity {
            assert_eq!(queue.try_pop(), Ok(i - capacity));
            queue.try_push(i).expect("the slot just emptied");
        }
    });
}

#[test]
fn a_bad_capacity_is_named() {
    let error = Queue::<u64>::try_new(0).unwrap_err();
    assert_eq!(error.to_string(), "capacity 0 is too small: a queue holds at least one element");
    for huge in [usize::MAX, usize::MAX / 2 + 2, 1 << (usize::BITS - 4)] {
        let error = Queue::<u64>::try_new(huge).unwrap_err();
        assert_eq!(error.capacity(), huge);
        assert!(error.to_string().contains(&huge.to_string()), "{error}");
        assert!(error.to_string().contains("no memory block has"), "{error}");
    }
}

// Miri stops at an allocation that it cannot serve, instead of refusing it.
#[cfg(all(target_pointer_width = "64", not(miri)))]
#[test]
fn a_capacity_beyond_the_machine_is_an_error() {
    let error = Queue::<[u8; 1024]>::try_new(1 << 50).unwrap_err();
    assert_eq!(error.capacity(), 1 << 50);
    assert!(error.to_string().contains("the allocator has no room"), "{error}");
}

#[test]
fn the_panic_on_a_bad_capacity_names_it() {
    let panic = catch_unwind(|| Queue::<u8>::new(0)).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    let expected =
        "cannot make a queue: capacity 0 is too small: a queue holds at least one element";
    assert_eq!(message, expected);
}

#[test]
fn zero_sized_and_large_values_are_moved_whole() {
    let queue = Queue::new(1_000);
    (0..5).for_each(|_| queue.try_push(()).unwrap());
    assert_eq!(queue.len(), 5);
    (0..5).for_each(|_| queue.try_pop().unwrap());
    assert_eq!(queue.try_pop(), Err(TryPopError::Empty));

    let queue = Queue::new(3);
    for i in 0..20_u8 {
        queue.try_push([i; 4096]).unwrap();
        assert_eq!(queue.try_pop(), Ok([i; 4096]));
    }
}

#[test]
fn a_closed_queue_gives_the_rest_and_then_says_so() {
    for capacity in CAPACITIES {
        for inside in [0, capacity / 2, capacity] {
            let queue = Queue::new(capacity);
            (0..inside).for_each(|i| queue.try_push(i).unwrap());
            assert!(!queue.is_closed());
            assert!(queue.close(), "the first to close");
            assert!(!queue.close(), "the second");
            assert!(queue.is_closed());
            assert_eq!(queue.try_push(9), Err(TryPushError::Closed(9)));
            for i in 0..inside {
                assert_eq!((queue.len(), queue.try_pop()), (inside - i, Ok(i)));
                assert_eq!(queue.try_push(9), Err(TryPushError::Closed(9)), "though there is room");
            }
            for _ in 0..3 {
                assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
                assert_eq!(queue.try_push(9), Err(TryPushError::Closed(9)));
                assert!(queue.is_empty() && !queue.is_full());
            }
        }
    }
}

#[test]
fn errors_say_what_they_mean_and_give_the_value_back() {
    let queue = Queue::new(1);
    queue.try_push(String::from("first")).unwrap();
    let full = queue.try_push(String::from("kept")).unwrap_err();
    assert_eq!(format!("{full:?}: {full}"), "Full(..): the queue is full");
    assert_eq!(full.into_inner(), "kept");
    queue.close();
    let closed = queue.try_push(String::from("kept")).unwrap_err();
    assert_eq!(format!("{closed:?}: {closed}"), "Closed(..): the queue is closed");
    assert_eq!(closed.into_inner(), "kept");
    assert_eq!(TryPushError::Busy(7).into_inner(), 7);
    assert_eq!(
        TryPushError::Busy(7).to_string(),
        "the queue has room for which another thread is not done yet"
    );
    assert_eq!(TryPopError::Empty.to_string(), "the queue is empty");
    assert_eq!(TryPopError::Busy.to_string(), "another thread is in the middle of its push or pop");
    assert_eq!(TryPopError::Closed.to_string(), "the queue is empty and closed");
}

#[test]
fn batches_take_what_there_is() {
    for_each_queue(|capacity, queue| {
        let mut values: VecDeque<_> = (0..2 * capacity).collect();
        assert_eq!(queue.try_push_many(&mut values), Ok(capacity));
        assert_eq!(values, (capacity..2 * capacity).collect::<Vec<_>>());
        assert_eq!(queue.try_push_many(&mut values), Err(TryPushError::Full(())));
        assert_eq!(values.len(), capacity, "nothing is lost");

        let mut popped = vec![usize::MAX];
        assert_eq!(queue.try_pop_many(&mut popped, 0), Ok(0));
        assert_eq!(queue.try_pop_many(&mut popped, 1), Ok(1));
        assert_eq!(queue.try_push_many(&mut values), Ok(1));
        assert_eq!(queue.try_pop_many(&mut popped, usize::MAX), Ok(capacity));
        assert_eq!(queue.try_pop_many(&mut popped, 5), Err(TryPopError::Empty));
        assert_eq!(popped[0], usize::MAX);
        assert_eq!(popped[1..], (0..=capacity).collect::<Vec<_>>());

        queue.try_push(7).unwrap();
        queue.close();
        assert_eq!(queue.try_push_many(&mut VecDeque::from([1])), Err(TryPushError::Closed(())));
        assert_eq!(queue.try_push_many(&mut VecDeque::new()), Ok(0));
        assert_eq!(queue.try_pop_many(&mut popped, 5), Ok(1));
        assert_eq!(queue.try_pop_many(&mut popped, 5), Err(TryPopError::Closed));
    });
}

/// The vector grows by what there is, not by what there might be.
#[test]
fn a_batch_reserves_for_what_is_inside() {
    let queue = Queue::<[u8; 64]>::new(1 << 12);
    let mut popped = Vec::new();
    assert_eq!(queue.try_pop_many(&mut popped, usize::MAX), Err(TryPopError::Empty));
    assert!(popped.capacity() < 100, "{} for nothing", popped.capacity());
    (0..100).for_each(|_| queue.try_push([0; 64]).unwrap());
    assert_eq!(queue.try_pop_many(&mut popped, usize::MAX), Ok(100));
    assert!(popped.capacity() < 1_000, "{} for a hundred", popped.capacity());
}

#[test]
fn every_value_is_dropped_once() {
    let alive = Alive::new();
    for_each_queue(|capacity, queue| {
        (0..capacity).for_each(|_| queue.try_push(alive.value()).unwrap());
        drop(queue.try_push(alive.value()));
        assert_eq!(alive.count(), capacity, "what is refused is dropped by its owner");
        drop(queue.try_pop());
        assert_eq!(alive.count(), capacity - 1);
        queue.close();
        assert_eq!(alive.count(), capacity - 1, "closing drops nothing");
        drop(queue);
        assert_eq!(alive.count(), 0, "what is inside goes with the queue");
    });
}

/// One destructor after the other may panic as long as they do not do so at once.
#[test]
fn a_panicking_destructor_leaks_nothing_and_drops_nothing_twice() {
    let alive = Alive::new();
    for bad in 0..3 {
        let queue = Queue::new(3);
        for i in 0..3 {
            let value = if i == bad { alive.panicking_value() } else { alive.value() };
            queue.try_push(value).unwrap();
        }
        assert!(catch_unwind(AssertUnwindSafe(|| drop(queue))).is_err());
        assert_eq!(alive.count(), 0);
    }
    let queue = Queue::new(3);
    queue.try_push(alive.panicking_value()).unwrap();
    queue.try_push(alive.value()).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| drop(queue.try_pop()))).is_err());
    assert_eq!((alive.count(), queue.len()), (1, 1), "the queue goes on");
    drop(queue);
    assert_eq!(alive.count(), 0);
}

#[test]
fn debug_prints_the_state_without_the_values() {
    struct NotDebug;
    let queue = Queue::new(2);
    queue.try_push(NotDebug).map_err(|_| ()).unwrap();
    assert_eq!(format!("{queue:?}"), "Queue { len: 1, capacity: 2, closed: false }");
    queue.close();
    assert_eq!(format!("{queue:?}"), "Queue { len: 1, capacity: 2, closed: true }");
}

/// Values are numbers of a producer, in order: each consumer must see those of each producer in order,
/// and all of them together each once.
#[test]
fn many_threads_lose_nothing_double_nothing_and_keep_each_order() {
    const PRODUCERS: usize = 3;
    for capacity in [1, 2, 3, 64] {
        let each = rounds(20_000);
        let (queue, popped) = (Queue::new(capacity), AtomicUsize::new(0));
        let seen: Vec<Vec<(usize, usize)>> = thread::scope(|scope| {
            for producer in 0..PRODUCERS {
                let queue = &queue;
                scope.spawn(move || {
                    for number in 0..each {
                        let mut value = (producer, number);
                        while let Err(error) = queue.try_push(value) {
                            value = error.into_inner();
                            thread::yield_now();
                        }
                    }
                });
            }
            let consume = || {
                let mut seen = Vec::new();
                while popped.load(Relaxed) < PRODUCERS * each {
                    match queue.try_pop() {
                        Ok(value) => {
                            popped.fetch_add(1, Relaxed);
                            seen.push(value);
                        }
                        Err(_) => thread::yield_now(),
                    }
                }
                seen
            };
            let consumers: Vec<_> = (0..3).map(|_| scope.spawn(consume)).collect();
            consumers.into_iter().map(|consumer| consumer.join().unwrap()).collect()
        });
        for seen in &seen {
            let mut next = [0; PRODUCERS];
            for &(producer, number) in seen {
                assert!(number >= next[producer], "out of order");
                next[producer] = number + 1;
            }
        }
        let mut all: Vec<_> = seen.into_iter().flatten().collect();
        all.sort_unstable();
        let expected: Vec<_> =
            (0..PRODUCERS).flat_map(|p| (0..each).map(move |n| (p, n))).collect();
        assert_eq!(all, expected);
    }
}

/// A queue that always holds something never says that it is empty, and one that always has room never
/// that it is full, though all the while others push and pop.
#[test]
fn empty_and_full_are_never_said_without_reason() {
    let (queue, stop) = (Queue::new(4), AtomicUsize::new(0));
    queue.try_push(0).unwrap();
    thread::scope(|scope| {
        // Two who put one in before they take one out: between one and three are inside.
        for _ in 0..2 {
            scope.spawn(|| {
                for value in 0..rounds(50_000) {
                    match queue.try_push(value) {
                        Ok(()) => {}
                        Err(TryPushError::Busy(_)) => continue,
                        Err(error) => panic!("{error}"),
                    }
                    while let Err(error) = queue.try_pop() {
                        assert_eq!(error, TryPopError::Busy);
                    }
                }
                stop.fetch_add(1, Relaxed);
            });
        }
        scope.spawn(|| {
            while stop.load(Relaxed) < 2 {
                assert!(!queue.is_empty() && !queue.is_full());
            }
        });
    });
    assert_eq!(queue.len(), 1);
}
