//! The SPSC ring: waiting, timeouts and being woken.
#![cfg(feature = "std")]

use std::thread;
use std::time::{Duration, Instant};

use untorn::spsc::{PopTimeoutError, PushTimeoutError, ring};

mod support;
use support::{PATIENCE, rounds};

/// Long enough that the other side is asleep, not spinning, in nearly every run.
const NAP: Duration = Duration::from_millis(30);

#[test]
fn a_stream_arrives_whole_through_every_capacity() {
    for capacity in [1, 2, 3, 64] {
        let (mut producer, mut consumer) = ring(capacity);
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

#[test]
fn a_sleeping_consumer_is_woken_by_a_push() {
    let (mut producer, mut consumer) = ring(1);
    let popping = thread::spawn(move || consumer.pop());
    thread::sleep(NAP);
    producer.push(7).unwrap();
    assert_eq!(popping.join().unwrap(), Ok(7));
}

#[test]
fn a_sleeping_producer_is_woken_by_a_pop() {
    let (mut producer, mut consumer) = ring(1);
    producer.push(1).unwrap();
    let pushing = thread::spawn(move || producer.push(2));
    thread::sleep(NAP);
    assert_eq!(consumer.pop(), Ok(1));
    assert_eq!(consumer.pop(), Ok(2));
    pushing.join().unwrap().unwrap();
}

#[test]
fn dropping_the_producer_wakes_a_waiting_consumer() {
    let (producer, mut consumer) = ring::<u8>(1);
    let popping = thread::spawn(move || (consumer.pop_timeout(PATIENCE), consumer.pop()));
    thread::sleep(NAP);
    drop(producer);
    let (timed, untimed) = popping.join().unwrap();
    assert_eq!(timed, Err(PopTimeoutError::Closed));
    assert!(untimed.is_err());
}

#[test]
fn dropping_the_consumer_wakes_a_waiting_producer() {
    let (mut producer, consumer) = ring(1);
    producer.push("inside").unwrap();
    let pushing = thread::spawn(move || producer.push("waiting"));
    thread::sleep(NAP);
    drop(consumer);
    assert_eq!(pushing.join().unwrap().unwrap_err().into_inner(), "waiting");
}

#[test]
fn a_timeout_of_zero_returns_at_once() {
    let (mut producer, mut consumer) = ring(1);
    let start = Instant::now();
    assert_eq!(consumer.pop_timeout(Duration::ZERO), Err(PopTimeoutError::Timeout));
    assert_eq!(producer.push_timeout(1, Duration::ZERO), Ok(()));
    let late = producer.push_timeout(2, Duration::ZERO);
    assert_eq!(late, Err(PushTimeoutError::Timeout(2)));
    assert_eq!(consumer.pop_timeout(Duration::ZERO), Ok(1));
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn a_timeout_is_never_early() {
    let (mut producer, mut consumer) = ring(1);
    let start = Instant::now();
    assert_eq!(consumer.pop_timeout(NAP), Err(PopTimeoutError::Timeout));
    assert!(start.elapsed() >= NAP);
    producer.push(1).unwrap();
    let start = Instant::now();
    assert_eq!(producer.push_timeout(2, NAP), Err(PushTimeoutError::Timeout(2)));
    assert!(start.elapsed() >= NAP);
}

#[test]
fn a_huge_timeout_does_not_overflow() {
    for huge in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_secs(1 << 40)] {
        let (mut producer, mut consumer) = ring(1);
        let popping = thread::spawn(move || consumer.pop_timeout(huge));
        thread::sleep(NAP / 10);
        producer.push_timeout(5, huge).unwrap();
        assert_eq!(popping.join().unwrap(), Ok(5));
    }
}

#[test]
fn after_a_timeout_the_ring_works_on() {
    let (mut producer, mut consumer) = ring(1);
    for i in 0..20 {
        assert!(consumer.pop_timeout(Duration::from_micros(200)).is_err());
        producer.push(i).unwrap();
        assert!(producer.push_timeout(99, Duration::from_micros(200)).is_err());
        assert_eq!(consumer.pop(), Ok(i));
    }
}

/// Hand-overs between two sleeping threads: a lost wake-up would stop this test for ever.
#[test]
fn no_wake_up_is_lost_in_many_handshakes() {
    let (mut ping, mut pinged) = ring(1);
    let (mut pong, mut ponged) = ring(1);
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
