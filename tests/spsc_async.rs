//! The SPSC ring: its futures.
#![cfg(feature = "std")]

use std::mem::forget;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use untorn::spsc::{Closed, TryPopError, TryPushError, WaitError, ring};

mod support;
use support::tasks::{Wakes, block_on, poll};
use support::threads::Random;
use support::{Alive, PATIENCE, rounds};

/// Waits no longer than a failing test should.
fn soon() -> Option<Instant> {
    Some(Instant::now() + PATIENCE)
}

#[test]
fn a_task_is_woken_once_by_what_it_waits_for() {
    let (mut producer, mut consumer) = ring(1);
    let (wakes, waker) = Wakes::new();
    {
        let mut pop = pin!(consumer.pop_async());
        assert!(poll(pop.as_mut(), &waker).is_pending());
        assert!(poll(pop.as_mut(), &waker).is_pending());
        assert_eq!(wakes.count(), 0);
        producer.try_push(1).unwrap();
        assert_eq!(wakes.count(), 1);
        assert_eq!(poll(pop.as_mut(), &waker), Poll::Ready(Ok(1)));
    }
    producer.try_push(2).unwrap();
    assert_eq!(wakes.count(), 1, "nobody waits");
    {
        let mut push = pin!(producer.push_async(3));
        assert!(poll(push.as_mut(), &waker).is_pending());
        assert_eq!(consumer.try_pop(), Ok(2));
        assert_eq!(wakes.count(), 2);
        assert_eq!(poll(push.as_mut(), &waker), Poll::Ready(Ok(())));
    }
    assert_eq!(consumer.try_pop(), Ok(3));
}

/// The last waker counts, and none is kept.
#[test]
fn a_task_that_moves_is_woken_where_it_is() {
    let (mut producer, mut consumer) = ring(1);
    let ((first, at_first), (second, at_second)) = (Wakes::new(), Wakes::new());
    let mut pop = pin!(consumer.pop_async());
    assert!(poll(pop.as_mut(), &at_first).is_pending());
    assert!(poll(pop.as_mut(), &at_second).is_pending());
    producer.try_push(1).unwrap();
    assert_eq!((first.count(), second.count()), (0, 1));
    assert_eq!(poll(pop.as_mut(), &at_second), Poll::Ready(Ok(1)));
    drop((at_first, at_second));
    assert_eq!(
        (std::sync::Arc::strong_count(&first), std::sync::Arc::strong_count(&second)),
        (1, 1)
    );
}

/// Whenever a future is dropped, it has done nothing or all.
#[test]
fn a_future_that_is_dropped_loses_nothing() {
    let alive = Alive::new();
    let (mut producer, mut consumer) = ring(1);
    for polls in 0..3 {
        let (wakes, waker) = Wakes::new();
        {
            let mut pop = pin!(consumer.pop_async());
            for _ in 0..polls {
                assert!(poll(pop.as_mut(), &waker).is_pending());
            }
        }
        producer.try_push(alive.value()).unwrap();
        assert_eq!(wakes.count(), 0, "it is gone");
        {
            let mut push = pin!(producer.push_async(alive.value()));
            for _ in 0..polls {
                assert!(poll(push.as_mut(), &waker).is_pending());
            }
            assert_eq!(alive.count(), 2);
        }
        assert_eq!(alive.count(), 1, "what was not pushed is dropped");
        assert!(consumer.try_pop().is_ok());
        assert_eq!((consumer.try_pop().err(), wakes.count()), (Some(TryPopError::Empty), 0));
        // Woken, and dropped before it was told: the value is still there.
        {
            let mut pop = pin!(consumer.pop_async());
            assert!(poll(pop.as_mut(), &waker).is_pending());
            producer.try_push(alive.value()).unwrap();
            assert_eq!(wakes.count(), 1);
        }
        assert!(consumer.try_pop().is_ok());
        drop(waker);
        assert_eq!(std::sync::Arc::strong_count(&wakes), 1, "its waker is kept");
    }
    assert_eq!(alive.count(), 0);
}

/// It leaves its waker behind, and its end waits in another way all the same.
#[test]
fn a_forgotten_future_keeps_nobody_from_being_woken() {
    let (mut producer, mut consumer) = ring(1);
    let (wakes, waker) = Wakes::new();
    let mut pop = consumer.pop_async();
    assert!(poll(Pin::new(&mut pop), &waker).is_pending());
    forget(pop);
    let popping = thread::spawn(move || (consumer.pop_timeout(PATIENCE), consumer));
    thread::sleep(Duration::from_millis(30));
    producer.try_push(1).unwrap();
    let (popped, mut consumer) = popping.join().unwrap();
    assert_eq!(popped, Ok(1));
    assert!(wakes.count() <= 1);
    assert!(poll(pin!(consumer.pop_async()), &waker).is_pending());
}

/// A thread that waits at the same end for more than the task does: were the task not woken by then, it
/// would sleep beside what it waits for.
#[test]
fn a_task_asks_again_when_a_thread_waits_for_more() {
    let (mut producer, mut consumer) = ring(8);
    let (wakes, waker) = Wakes::new();
    let mut context = Context::from_waker(&waker);
    assert!(consumer.poll_items(1, &mut context).is_pending());
    let soon = Duration::from_millis(5);
    assert_eq!(consumer.wait_for_items_timeout(3, soon), Err(WaitError::Timeout));
    producer.try_push(1).unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(consumer.poll_items(1, &mut context), Poll::Ready(Ok(1)));

    (2..=8).for_each(|value| producer.try_push(value).unwrap());
    assert!(producer.poll_room(1, &mut context).is_pending());
    assert_eq!(producer.wait_for_room_timeout(3, soon), Err(WaitError::Timeout));
    assert_eq!(consumer.try_pop(), Ok(1));
    assert_eq!(wakes.count(), 2);
}

/// It has no waker to take back; the one that is there is that of a poll by hand.
#[test]
fn a_future_that_was_never_polled_takes_no_waker() {
    let (mut producer, mut consumer) = ring(1);
    let (wakes, waker) = Wakes::new();
    let mut context = Context::from_waker(&waker);
    assert!(consumer.poll_pop(&mut context).is_pending());
    drop(consumer.pop_async());
    drop(consumer.items_async(1));
    producer.try_push(1).unwrap();
    assert_eq!(wakes.count(), 1);

    assert!(producer.poll_room(1, &mut context).is_pending());
    drop(producer.push_async(2));
    drop(producer.room_async(1));
    assert_eq!(consumer.try_pop(), Ok(1));
    assert_eq!(wakes.count(), 2);
}

/// A task that drops its own end, and would be kept alive by its waker there.
#[test]
fn an_end_that_goes_takes_its_waker_with_it() {
    let (mut producer, mut consumer) = ring(1);
    let (wakes, waker) = Wakes::new();
    assert!(consumer.poll_pop(&mut Context::from_waker(&waker)).is_pending());
    drop(consumer);
    drop(waker);
    assert_eq!(std::sync::Arc::strong_count(&wakes), 1, "its waker is kept");
    assert_eq!(producer.try_push(1), Err(TryPushError::Closed(1)));

    let (mut producer, consumer) = ring(1);
    let (wakes, waker) = Wakes::new();
    producer.try_push(1).unwrap();
    assert!(producer.poll_room(1, &mut Context::from_waker(&waker)).is_pending());
    drop(producer);
    drop(waker);
    assert_eq!(std::sync::Arc::strong_count(&wakes), 1, "its waker is kept");
    drop(consumer);
}

#[test]
fn an_end_that_goes_wakes_the_task_of_the_other() {
    let (mut producer, mut consumer) = ring(1);
    producer.try_push(1).unwrap();
    let (wakes, waker) = Wakes::new();
    {
        let mut push = pin!(producer.push_async(2));
        assert!(poll(push.as_mut(), &waker).is_pending());
        drop(consumer);
        assert_eq!(wakes.count(), 1);
        assert_eq!(poll(push.as_mut(), &waker), Poll::Ready(Err(Closed(2))));
    }
    (producer, consumer) = ring(1);
    let mut pop = pin!(consumer.pop_async());
    assert!(poll(pop.as_mut(), &waker).is_pending());
    drop(producer);
    assert_eq!(wakes.count(), 2);
    assert_eq!(poll(pop.as_mut(), &waker), Poll::Ready(Err(Closed(()))));
}

#[test]
fn waits_for_many_are_woken_when_there_are_enough() {
    let (mut producer, mut consumer) = ring(4);
    let (wakes, waker) = Wakes::new();
    {
        let mut items = pin!(consumer.items_async(3));
        for number in 0..3 {
            assert!(poll(items.as_mut(), &waker).is_pending());
            assert_eq!(wakes.count(), 0);
            producer.try_push(number).unwrap();
        }
        assert_eq!(wakes.count(), 1);
        assert_eq!(poll(items.as_mut(), &waker), Poll::Ready(Ok(3)));
    }
    {
        let mut room = pin!(producer.room_async(3));
        assert!(poll(room.as_mut(), &waker).is_pending());
        assert_eq!(consumer.try_pop(), Ok(0));
        assert_eq!(wakes.count(), 1);
        assert!(poll(room.as_mut(), &waker).is_pending());
        assert_eq!(consumer.drain().count(), 2);
        assert_eq!(wakes.count(), 2);
        assert_eq!(poll(room.as_mut(), &waker), Poll::Ready(Ok(())));
    }
    let never = WaitError::TooMany { count: 5, capacity: 4 };
    assert_eq!(poll(pin!(producer.room_async(5)), &waker), Poll::Ready(Err(never)));
    assert_eq!(poll(pin!(consumer.items_async(5)), &waker), Poll::Ready(Err(never)));
    producer.try_push(9).unwrap();
    drop(producer);
    assert_eq!(poll(pin!(consumer.items_async(3)), &waker), Poll::Ready(Ok(1)));
    assert_eq!(consumer.try_pop(), Ok(9));
    assert_eq!(poll(pin!(consumer.items_async(3)), &waker), Poll::Ready(Err(WaitError::Closed)));
    assert_eq!(poll(pin!(consumer.items_async(0)), &waker), Poll::Ready(Err(WaitError::Closed)));
}

/// Each end waits now as a thread, now as a task, now not at all.
#[test]
fn ends_change_how_they_wait() {
    for capacity in [1, 3] {
        let (mut producer, mut consumer) = ring(capacity);
        let count = rounds(30_000);
        let pushing = thread::spawn(move || {
            let mut random = Random(1);
            for number in 0..count {
                match random.below(3) {
                    0 => producer.push(number).expect("the consumer lives"),
                    1 => block_on(producer.push_async(number), soon()).expect("woken").unwrap(),
                    _ => {
                        // Perhaps given up before it could be done.
                        producer.wait_for_room_timeout(1, Duration::from_micros(1)).ok();
                        producer.push_timeout(number, PATIENCE).expect("woken");
                    }
                }
            }
        });
        let mut random = Random(2);
        for number in 0..count {
            let popped = match random.below(3) {
                0 => consumer.pop_timeout(PATIENCE).ok(),
                1 => block_on(consumer.pop_async(), soon()).expect("woken").ok(),
                _ => {
                    // A task that gives up, polled but not done.
                    let early = poll(pin!(consumer.pop_async()), Waker::noop());
                    if let Poll::Ready(value) = early { value.ok() } else { consumer.pop().ok() }
                }
            };
            assert_eq!(popped, Some(number));
        }
        pushing.join().unwrap();
    }
}
