//! The SPSC ring: the hunt for a wake that is lost.
//!
//! The long one, ten million handshakes in each mode:
//! `cargo test --release --test spsc_hunt -- --ignored`
#![cfg(feature = "std")]

use std::thread;

use untorn::spsc::ring;

mod support;
use support::threads::Random;
use support::{PATIENCE, rounds};

/// Long enough that the other end goes to sleep, now and then.
fn dawdle(random: &mut Random, most: u64) {
    (0..random.below(most)).for_each(|_| std::hint::spin_loop());
}

/// Streams `count` numbers through a ring, with a pause after each `burst` of them at either end: short
/// bursts make the ends ask for fences, long ones for none, and random ones change the mode all the time.
fn streams(capacity: usize, count: usize, burst: impl Fn(&mut Random) -> usize + Copy + Send) {
    let (mut producer, mut consumer) = ring(capacity);
    thread::scope(|scope| {
        scope.spawn(move || {
            let (mut random, mut number) = (Random(1), 0);
            while number < count {
                for _ in 0..burst(&mut random).min(count - number) {
                    let pushed = producer.push_timeout(number, PATIENCE);
                    pushed.expect("the wake of the producer was lost");
                    number += 1;
                }
                dawdle(&mut random, 2_000);
            }
        });
        scope.spawn(move || {
            let (mut random, mut number) = (Random(2), 0);
            while number < count {
                for _ in 0..burst(&mut random).min(count - number) {
                    let popped = consumer.pop_timeout(PATIENCE);
                    assert_eq!(popped.expect("the wake of the consumer was lost"), number);
                    number += 1;
                }
                dawdle(&mut random, 2_000);
            }
        });
    });
}

fn one_by_one(count: usize) {
    streams(1, count, |_| 1);
}

fn in_long_bursts(count: usize) {
    streams(64, count, |_| 5_000);
}

fn in_bursts_of_all_lengths(count: usize) {
    streams(16, count, |random| 1 << random.below(13));
}

#[test]
fn no_wake_is_lost_with_fences() {
    one_by_one(rounds(40_000));
}

#[test]
fn no_wake_is_lost_without_fences() {
    in_long_bursts(rounds(2_000_000));
}

#[test]
fn no_wake_is_lost_when_the_mode_changes() {
    in_bursts_of_all_lengths(rounds(500_000));
}

#[test]
#[ignore = "takes minutes"]
fn no_wake_is_lost_in_ten_million_handshakes() {
    one_by_one(10_000_000);
    in_long_bursts(500_000_000);
    in_bursts_of_all_lengths(100_000_000);
}
