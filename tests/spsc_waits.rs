//! The SPSC ring: waiting, timeouts and being woken, in both its shapes.
#![cfg(feature = "std")]

use std::mem::size_of;
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use untorn::spsc::{PopTimeoutError, PushTimeoutError, WaitError, line_ring};

mod support;
use support::rings::{Shape, fill, for_both_shapes};
use support::{PATIENCE, rounds};

/// Long enough that the other side is asleep, not spinning, in nearly every run.
const NAP: Duration = Duration::from_millis(30);

for_both_shapes!(
    a_stream_arrives_whole_through_every_capacity,
    a_sleeping_consumer_is_woken_by_a_push,
    a_sleeping_producer_is_woken_by_a_pop,
    dropping_the_producer_wakes_a_waiting_consumer,
    dropping_the_consumer_wakes_a_waiting_producer,
    a_timeout_of_zero_returns_at_once,
    a_timeout_is_never_early,
    a_huge_timeout_does_not_overflow,
    after_a_timeout_the_ring_works_on,
    no_wake_up_is_lost_in_many_handshakes,
    a_loop_ends_with_the_producer_and_what_it_left,
);

fn a_stream_arrives_whole_through_every_capacity<R: Shape>() {
    for capacity in [1, 2, 3, 64] {
        let (mut producer, mut consumer) = R::ring(capacity);
        let pushing = thread::spawn(move || {
            (0..rounds(20_000))
                .for_each(|i| producer.push(Box::new(i)).expect("the consumer lives"));
        });
        let mut expected = 0;
        while let Ok(value) = consumer.pop() {
            assert_eq!(*value, expected);
            expected += 1;
        }
        assert_eq!(expected, rounds(20_000));
        pushing.join().unwrap();
    }
}

fn a_sleeping_consumer_is_woken_by_a_push<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(1);
    let popping = thread::spawn(move || consumer.pop());
    thread::sleep(NAP);
    producer.push(7).unwrap();
    assert_eq!(popping.join().unwrap(), Ok(7));
}

fn a_sleeping_producer_is_woken_by_a_pop<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(1);
    let full = fill(&mut producer, |i| i);
    let pushing = thread::spawn(move || producer.push(full));
    thread::sleep(NAP);
    (0..=full).for_each(|i| assert_eq!(consumer.pop(), Ok(i)));
    pushing.join().unwrap().unwrap();
}

fn dropping_the_producer_wakes_a_waiting_consumer<R: Shape>() {
    let (producer, mut consumer) = R::ring::<u8>(1);
    let popping = thread::spawn(move || (consumer.pop_timeout(PATIENCE), consumer.pop()));
    thread::sleep(NAP);
    drop(producer);
    let (timed, untimed) = popping.join().unwrap();
    assert_eq!(timed, Err(PopTimeoutError::Closed));
    assert!(untimed.is_err());
}

fn dropping_the_consumer_wakes_a_waiting_producer<R: Shape>() {
    let (mut producer, consumer) = R::ring(1);
    fill(&mut producer, |_| "inside");
    let pushing = thread::spawn(move || producer.push("waiting"));
    thread::sleep(NAP);
    drop(consumer);
    assert_eq!(pushing.join().unwrap().unwrap_err().into_inner(), "waiting");
}

fn a_timeout_of_zero_returns_at_once<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(1);
    let start = Instant::now();
    assert_eq!(consumer.pop_timeout(Duration::ZERO), Err(PopTimeoutError::Timeout));
    assert_eq!(producer.push_timeout(1, Duration::ZERO), Ok(()));
    fill(&mut producer, |_| 2);
    let late = producer.push_timeout(3, Duration::ZERO);
    assert_eq!(late, Err(PushTimeoutError::Timeout(3)));
    assert_eq!(consumer.pop_timeout(Duration::ZERO), Ok(1));
    assert!(start.elapsed() < PATIENCE);
}

fn a_timeout_is_never_early<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(1);
    let start = Instant::now();
    assert_eq!(consumer.pop_timeout(NAP), Err(PopTimeoutError::Timeout));
    assert!(start.elapsed() >= NAP);
    fill(&mut producer, |_| 1);
    let start = Instant::now();
    assert_eq!(producer.push_timeout(2, NAP), Err(PushTimeoutError::Timeout(2)));
    assert!(start.elapsed() >= NAP);
}

fn a_huge_timeout_does_not_overflow<R: Shape>() {
    for huge in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_secs(1 << 40)] {
        let (mut producer, mut consumer) = R::ring(1);
        let popping = thread::spawn(move || consumer.pop_timeout(huge));
        thread::sleep(NAP / 10);
        producer.push_timeout(5, huge).unwrap();
        assert_eq!(popping.join().unwrap(), Ok(5));
    }
}

fn after_a_timeout_the_ring_works_on<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(1);
    for i in 0..20 {
        assert!(consumer.pop_timeout(Duration::from_micros(200)).is_err());
        let full = fill(&mut producer, |n| i + n);
        assert!(producer.push_timeout(99, Duration::from_micros(200)).is_err());
        (0..full).for_each(|n| assert_eq!(consumer.pop(), Ok(i + n)));
    }
}

/// Hand-overs between two sleeping threads: a lost wake-up would stop this test for ever.
fn no_wake_up_is_lost_in_many_handshakes<R: Shape>() {
    let (mut ping, mut pinged) = R::ring(1);
    let (mut pong, mut ponged) = R::ring(1);
    let echo = thread::spawn(move || {
        while let Ok(value) = pinged.pop() {
            pong.push(value).expect("the other side waits for it");
        }
    });
    for i in 0..rounds(20_000) {
        ping.push(i).unwrap();
        assert_eq!(ponged.pop_timeout(PATIENCE), Ok(i), "a wake-up was lost");
    }
    drop(ping);
    echo.join().unwrap();
}

fn a_loop_ends_with_the_producer_and_what_it_left<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(4);
    let pushing = thread::spawn(move || {
        (0..100).for_each(|value| {
            producer.push(value).expect("the consumer lives");
            if value == 50 {
                thread::sleep(NAP);
            }
        });
    });
    let mut first = Vec::new();
    for value in &mut consumer {
        first.push(value);
        if value == 9 {
            break;
        }
    }
    assert_eq!(first, Vec::from_iter(0..10), "the consumer was lent");
    let mut rest = consumer.into_iter();
    assert!(rest.by_ref().eq(10..100));
    assert_eq!((rest.next(), rest.size_hint()), (None, (0, None)), "the end is the end");
    pushing.join().unwrap();
}

/// The consumer is closing: it says so, drops what is inside, and takes its time. Until it is gone, what is
/// left of a line may still be filled, and no line that it has not given back.
#[test]
fn a_producer_beside_a_closing_consumer_touches_no_slot_of_it() {
    // Two lines of fifteen.
    const SLOTS: usize = 2 * (128 / size_of::<usize>() - 1);
    static DROPS: [AtomicUsize; SLOTS + 4] = [const { AtomicUsize::new(0) }; SLOTS + 4];
    static DROPPING: Barrier = Barrier::new(2);
    static GO_ON: Barrier = Barrier::new(2);

    struct Slow(usize);
    impl Drop for Slow {
        fn drop(&mut self) {
            let before = DROPS[self.0].fetch_add(1, Relaxed);
            if (self.0, before) == (0, 0) {
                DROPPING.wait();
                GO_ON.wait();
            }
        }
    }

    let (mut producer, consumer) = line_ring(2);
    for id in 0..SLOTS - 1 {
        assert!(producer.try_push(Slow(id)).is_ok(), "room for {id}");
    }
    let closing = thread::spawn(move || drop(consumer));
    DROPPING.wait();
    assert!(producer.is_closed());
    assert_eq!(producer.wait_for_room(2), Err(WaitError::Closed));
    let accepted = (SLOTS - 1..SLOTS + 4).filter(|&id| producer.try_push(Slow(id)).is_ok()).count();
    GO_ON.wait();
    closing.join().unwrap();
    drop(producer);
    assert!(accepted <= 1, "{accepted} in one slot");
    for (id, drops) in DROPS.iter().enumerate() {
        assert_eq!(drops.load(Relaxed), 1, "drops of {id}");
    }
}
