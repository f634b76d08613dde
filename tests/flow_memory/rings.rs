//! Rings and queues allocate when they are made, and never after.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use untorn::mpmc::Queue;
use untorn::spsc::{self, Consumer, Producer, Storage};

use super::allocator::{blocks, growth};
use super::support::rounds;

const CAPACITY: usize = 100;

/// How many blocks `work` and `other` allocate, on two threads that have been started before, and end
/// after.
fn blocks_between(work: impl FnOnce(), other: impl FnOnce() + Send) -> usize {
    // A barrier allocates nothing.
    let barrier = Barrier::new(2);
    let mut more = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            other();
            barrier.wait();
        });
        let before = blocks();
        barrier.wait();
        work();
        barrier.wait();
        more = blocks() - before;
    });
    more
}

/// Long enough that the other end is asleep.
fn nap() {
    thread::sleep(Duration::from_millis(20));
}

pub(super) fn nothing_is_allocated_after_the_start() {
    ends("ring", spsc::ring(CAPACITY));
    ends("ring of lines", spsc::line_ring(CAPACITY));
    overwriting();
    queue();
    println!("flow_memory: rings and queues allocate when they are made alone");
}

fn ends<S: Storage + 'static>(
    what: &str,
    (mut producer, mut consumer): (Producer<u64, S>, Consumer<u64, S>),
) where
    Producer<u64, S>: Send,
    Consumer<u64, S>: Send,
{
    let count = rounds(10_000) as u64;
    let more = blocks_between(
        || {
            (0..count).for_each(|value| producer.push(value).expect("the consumer lives"));
            nap();
            producer.push(count).expect("the consumer lives");
            producer.wait_for_room(CAPACITY).expect("the consumer lives");
        },
        || {
            nap();
            (0..=count).for_each(|value| assert_eq!(consumer.pop(), Ok(value)));
            let timeout = Duration::from_micros(100);
            assert!(consumer.pop_timeout(timeout).is_err());
        },
    );
    assert_eq!(more, 0, "blocks of a {what}");
}

fn overwriting() {
    let (mut producer, mut consumer) = spsc::lossy(CAPACITY);
    let count = rounds(10_000) as u64;
    let (mut overwritten, mut popped) = (0, 0);
    let more = blocks_between(
        || (0..count).for_each(|value| overwritten += u64::from(producer.push(value).is_some())),
        || (0..count).for_each(|_| popped += u64::from(consumer.try_pop().is_ok())),
    );
    assert_eq!(more, 0, "blocks of a lossy queue");
    assert!(overwritten + popped <= count, "{overwritten} and {popped} of {count}");
}

fn queue() {
    let made = growth(|| drop(Queue::<u64>::new(CAPACITY)));
    // A word beside each value, in the next power of two.
    let least = CAPACITY.next_power_of_two() * 16;
    assert!((least..least + 1024).contains(&made), "{made} bytes for {CAPACITY}");

    let queue = Queue::new(CAPACITY);
    let count = rounds(10_000) as u64;
    let more = blocks_between(
        || {
            (0..count).for_each(|value| queue.push(value).expect("nobody closes it"));
            nap();
            queue.push(count).expect("nobody closes it");
        },
        || {
            nap();
            (0..=count).for_each(|value| assert_eq!(queue.pop(), Ok(value)));
            assert!(queue.pop_timeout(Duration::from_micros(100)).is_err());
        },
    );
    assert_eq!(more, 0, "blocks of a queue");
}
