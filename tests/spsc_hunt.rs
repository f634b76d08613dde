//! The SPSC ring: the hunt for a wake that is lost.
//!
//! The long one, ten million handshakes in each mode:
//! `cargo test --release --features pause-points --test spsc_hunt -- --ignored`
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

/// Streams `count` numbers through a ring, with a pause after each `burst` of them at either end.
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

fn in_bursts_of_all_lengths(count: usize) {
    streams(16, count, |random| 1 << random.below(13));
}

/// All in one test, because the choice is that of the whole process.
fn no_wake_is_lost_in_any_mode(count: usize) {
    for choice in [Some(true), Some(false), None] {
        #[cfg(feature = "pause-points")]
        untorn::pause_points::choose_waits(choice);
        #[cfg(not(feature = "pause-points"))]
        if choice.is_some() {
            continue;
        }
        one_by_one(count);
        in_bursts_of_all_lengths(10 * count);
    }
}

#[test]
fn no_wake_is_lost() {
    no_wake_is_lost_in_any_mode(rounds(20_000));
}

#[test]
#[ignore = "takes minutes"]
fn no_wake_is_lost_in_ten_million_handshakes() {
    no_wake_is_lost_in_any_mode(10_000_000);
}
