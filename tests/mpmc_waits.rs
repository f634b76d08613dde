//! The queue for many threads: waiting, timeouts, being woken, tasks that are dropped at any moment.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use untorn::mpmc::{PopTimeoutError, PushTimeoutError, Queue, TryPopError};

mod support;
use support::tasks::{Calls, Wakes, block_on, poll};
use support::threads::{Random, in_time};
use support::{Alive, PATIENCE, rounds};

/// Long enough that the other side is asleep, not spinning, in nearly every run.
const NAP: Duration = Duration::from_millis(30);

#[test]
fn a_sleeper_at_either_end_is_woken() {
    in_time(|| {
        let queue = Queue::new(1);
        thread::scope(|scope| {
            let popping = scope.spawn(|| queue.pop());
            thread::sleep(NAP);
            queue.push(7).unwrap();
            assert_eq!(popping.join().unwrap(), Ok(7));

            queue.push(1).unwrap();
            let pushing = scope.spawn(|| queue.push(2));
            thread::sleep(NAP);
            assert_eq!((queue.pop(), queue.pop()), (Ok(1), Ok(2)));
            pushing.join().unwrap().unwrap();
        });
    });
}

#[test]
fn closing_wakes_all() {
    in_time(|| {
        let (empty, full) = (Queue::<u8>::new(1), Queue::new(1));
        full.push(0_u8).unwrap();
        thread::scope(|scope| {
            let pops: Vec<_> = (0..3).map(|_| scope.spawn(|| empty.pop().is_err())).collect();
            let timed = scope.spawn(|| empty.pop_timeout(PATIENCE));
            let (full, empty) = (&full, &empty);
            let pushes: Vec<_> = (1..4)
                .map(|i| scope.spawn(move || full.push(i).unwrap_err().into_inner()))
                .collect();
            let timed_push = scope.spawn(|| full.push_timeout(9, PATIENCE));
            let task = scope.spawn(|| block_on(empty.pop_async(), None));
            let push_task = scope.spawn(|| block_on(full.push_async(8), None));
            thread::sleep(NAP);
            empty.close();
            full.close();
            assert!(pops.into_iter().all(|pop| pop.join().unwrap()));
            assert_eq!(timed.join().unwrap(), Err(PopTimeoutError::Closed));
            let back: Vec<_> = pushes.into_iter().map(|push| push.join().unwrap()).collect();
            assert_eq!(back, [1, 2, 3]);
            assert_eq!(timed_push.join().unwrap(), Err(PushTimeoutError::Closed(9)));
            assert!(task.join().unwrap().unwrap().is_err());
            assert_eq!(push_task.join().unwrap().unwrap().unwrap_err().into_inner(), 8);
        });
        assert_eq!(full.try_pop(), Ok(0));
        assert_eq!(full.try_pop(), Err(TryPopError::Closed));
    });
}

#[test]
fn timeouts_are_never_early_and_zero_is_at_once() {
    let queue = Queue::new(1);
    let start = Instant::now();
    assert_eq!(queue.pop_timeout(Duration::ZERO), Err(PopTimeoutError::Timeout));
    assert_eq!(queue.push_timeout(1, Duration::ZERO), Ok(()));
    assert_eq!(queue.push_timeout(2, Duration::ZERO), Err(PushTimeoutError::Timeout(2)));
    assert_eq!(queue.push_deadline(2, start), Err(PushTimeoutError::Timeout(2)));
    assert_eq!(queue.pop_deadline(start), Ok(1));
    assert_eq!(queue.pop_deadline(start), Err(PopTimeoutError::Timeout));
    assert!(start.elapsed() < PATIENCE);

    let start = Instant::now();
    assert_eq!(queue.pop_timeout(NAP), Err(PopTimeoutError::Timeout));
    assert!(start.elapsed() >= NAP);
    queue.push(1).unwrap();
    let start = Instant::now();
    assert_eq!(queue.push_timeout(2, NAP), Err(PushTimeoutError::Timeout(2)));
    assert!(start.elapsed() >= NAP);
    let until = Instant::now() + NAP;
    assert_eq!(queue.push_deadline(2, until), Err(PushTimeoutError::Timeout(2)));
    assert!(Instant::now() >= until);
}

#[test]
fn a_huge_timeout_does_not_overflow() {
    let queue = Queue::new(1);
    for huge in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_secs(1 << 40)] {
        thread::scope(|scope| {
            let popping = scope.spawn(|| queue.pop_timeout(huge));
            thread::sleep(NAP / 10);
            queue.push_timeout(5, huge).unwrap();
            assert_eq!(popping.join().unwrap(), Ok(5));
        });
    }
}

#[test]
fn iteration_ends_when_the_queue_is_closed_and_empty() {
    let queue = Queue::new(2);
    let sums: usize = thread::scope(|scope| {
        let workers: Vec<_> =
            (0..3).map(|_| scope.spawn(|| (&queue).into_iter().sum::<usize>())).collect();
        (0..1_000).for_each(|i| queue.push(i).unwrap());
        queue.close();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(sums, 999 * 1_000 / 2);
    assert_eq!(queue.iter().next(), None);
    assert_eq!(format!("{:?}", queue.iter()), format!("Iter {{ queue: {queue:?} }}"));
}

/// Every call that waits, each thread with its own mix, through small queues: what is pushed is popped
/// once, and nobody sleeps for ever.
#[test]
fn no_wake_is_lost_in_a_crowd() {
    for (capacity, pushers, poppers) in [(1, 1, 1), (1, 3, 1), (1, 1, 3), (2, 2, 2), (7, 3, 3)] {
        let (all, each) = in_time(move || crowd(capacity, pushers, poppers));
        let expected: Vec<_> = (0..pushers * each).collect();
        assert_eq!(all, expected, "capacity {capacity}, {pushers} push, {poppers} pop");
    }
}

fn crowd(capacity: usize, pushers: usize, poppers: usize) -> (Vec<usize>, usize) {
    let each = rounds(20_000) / pushers;
    let queue = Queue::new(capacity);
    let mut all: Vec<usize> = thread::scope(|scope| {
        let pushing: Vec<_> = (0..pushers)
            .map(|us| {
                let queue = &queue;
                scope.spawn(move || push_all(queue, us * each..(us + 1) * each))
            })
            .collect();
        let popping: Vec<_> = (0..poppers)
            .map(|us| {
                let queue = &queue;
                scope.spawn(move || pop_all(queue, 1 + us as u64))
            })
            .collect();
        pushing.into_iter().for_each(|pushing| pushing.join().unwrap());
        queue.close();
        popping.into_iter().flat_map(|popping| popping.join().unwrap()).collect()
    });
    all.sort_unstable();
    (all, each)
}

fn push_all(queue: &Queue<usize>, mut values: std::ops::Range<usize>) {
    let mut random = Random(1 + values.start as u64);
    while let Some(value) = values.next() {
        let little = Duration::from_micros(random.below(50));
        match random.below(5) {
            0 => {
                let mut many: VecDeque<_> = (value..(value + 3).min(values.end)).collect();
                values = many.back().unwrap() + 1..values.end;
                queue.push_many(&mut many).unwrap();
            }
            1 => {
                let mut back = queue.push_timeout(value, little);
                while let Err(PushTimeoutError::Timeout(value)) = back {
                    back = queue.push_timeout(value, little);
                }
                back.unwrap();
            }
            2 => block_on(queue.push_async(value), None).unwrap().unwrap(),
            3 => {
                // Polled once, then dropped if it has to wait.
                let pushed = poll(Pin::new(&mut queue.push_async(value)), Waker::noop());
                if pushed.is_pending() {
                    queue.push(value).unwrap();
                }
            }
            _ => queue.push(value).unwrap(),
        }
    }
}

fn pop_all(queue: &Queue<usize>, seed: u64) -> Vec<usize> {
    let (mut random, mut got) = (Random(seed), Vec::new());
    loop {
        let little = Duration::from_micros(random.below(50));
        let popped = match random.below(5) {
            0 => queue.pop_many(&mut got, 3).map(|_| None),
            1 => match queue.pop_timeout(little) {
                Err(PopTimeoutError::Closed) => return got,
                popped => Ok(popped.ok()),
            },
            2 => {
                let deadline = Instant::now() + little;
                block_on(queue.pop_async(), Some(deadline)).transpose()
            }
            3 => match poll(Pin::new(&mut queue.pop_async()), Waker::noop()) {
                Poll::Ready(popped) => popped.map(Some),
                Poll::Pending => Ok(None),
            },
            _ => queue.pop().map(Some),
        };
        match popped {
            Ok(value) => got.extend(value),
            Err(_) => return got,
        }
    }
}

/// A task may go at each point of its way; what it was told goes to the next, and its value with it.
#[test]
fn a_task_that_goes_takes_nothing_with_it() {
    let alive = Alive::new();
    let queue = Queue::new(1);
    // Told of a value, and dropped before it is polled again: the next is told.
    for polls in 0..2 {
        let (wakes, waker) = Wakes::new();
        let mut first = queue.pop_async();
        (0..=polls).for_each(|_| assert!(poll(Pin::new(&mut first), &waker).is_pending()));
        let (next_wakes, next_waker) = Wakes::new();
        let mut next = queue.pop_async();
        assert!(poll(Pin::new(&mut next), &next_waker).is_pending());
        queue.try_push(alive.value()).unwrap();
        assert_eq!((wakes.count(), next_wakes.count()), (1, 0));
        drop(first);
        assert_eq!(next_wakes.count(), 1);
        assert!(matches!(poll(Pin::new(&mut next), &next_waker), Poll::Ready(Ok(_))));
        assert_eq!(alive.count(), 0);
    }
    // The same for room.
    queue.try_push(alive.value()).unwrap();
    let (wakes, waker) = Wakes::new();
    let mut first = queue.push_async(alive.value());
    assert!(poll(Pin::new(&mut first), &waker).is_pending());
    let mut next = queue.push_async(alive.value());
    assert!(poll(Pin::new(&mut next), &waker).is_pending());
    drop(queue.try_pop().unwrap());
    assert_eq!((wakes.count(), alive.count()), (1, 2));
    drop(first);
    assert_eq!((wakes.count(), alive.count()), (2, 1), "the value went with its future");
    assert!(matches!(poll(Pin::new(&mut next), &waker), Poll::Ready(Ok(()))));
    assert_eq!((alive.count(), queue.len()), (1, 1));
    // Never polled, it has done nothing.
    drop((queue.push_async(alive.value()), queue.pop_async()));
    assert_eq!((alive.count(), queue.len()), (1, 1));
}

/// A task's waker runs when all is done: what it does to the thread that calls it, it does not to the
/// queue.
#[test]
fn a_waker_that_panics_leaves_the_queue_whole() {
    let (alive, queue) = (Alive::new(), Queue::new(1));
    let waker = Calls::waker(|| panic!("a bad waker"));
    let catch = |call: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(call)).is_err());

    let mut pop = queue.pop_async();
    assert!(poll(Pin::new(&mut pop), &waker).is_pending());
    catch(&|| queue.try_push(alive.value()).unwrap());
    assert_eq!((alive.count(), queue.len()), (1, 1), "what was pushed is inside");
    drop(pop);

    let mut push = queue.push_async(alive.value());
    assert!(poll(Pin::new(&mut push), &waker).is_pending());
    catch(&|| drop(queue.try_pop()));
    assert_eq!((alive.count(), queue.len()), (1, 0), "what was popped is dropped, once");
    assert!(matches!(poll(Pin::new(&mut push), &waker), Poll::Ready(Ok(()))));
    assert!(queue.try_pop().is_ok());
    assert_eq!(alive.count(), 0);
}

#[test]
fn a_push_that_is_done_is_not_polled_again() {
    let queue = Queue::new(1);
    let mut push = queue.push_async(1);
    assert_eq!(format!("{push:?}"), "Push { queued: false, .. }");
    assert!(poll(Pin::new(&mut push), Waker::noop()).is_ready());
    let again =
        catch_unwind(AssertUnwindSafe(|| poll(Pin::new(&mut push), Waker::noop()).is_ready()));
    assert!(again.is_err());
    assert_eq!(queue.len(), 1);
    let mut pop = queue.pop_async();
    assert!(poll(Pin::new(&mut pop), Waker::noop()).is_ready());
    assert!(poll(Pin::new(&mut pop), Waker::noop()).is_pending(), "the next value");
    assert_eq!(format!("{pop:?}"), "Pop { queued: true, .. }");
}

/// One thread puts to sleep, the other wakes, back and forth: a wake that is lost stops both.
#[test]
fn no_wake_is_lost_in_many_handshakes() {
    let turns = rounds(20_000);
    let (ping, pong) = (Arc::new(Queue::new(1)), Arc::new(Queue::new(1)));
    in_time(move || {
        let echo = {
            let (ping, pong) = (Arc::clone(&ping), Arc::clone(&pong));
            thread::spawn(move || ping.iter().for_each(|turn| pong.push(turn).unwrap()))
        };
        let mut random = Random(1);
        for turn in 0..turns {
            (0..random.below(3_000)).for_each(|_| std::hint::spin_loop());
            ping.push(turn).unwrap();
            assert_eq!(pong.pop_timeout(PATIENCE), Ok(turn), "a wake was lost");
        }
        ping.close();
        echo.join().unwrap();
    });
}
