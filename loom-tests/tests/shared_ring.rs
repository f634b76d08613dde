//! The ring in a `SharedBuffer`: edges E1 (item ready), E2 (slot free), E3 (end to end), E4 (no lost
//! wake-up) and E5 (last items), on a buffer on the heap. Between processes the code is the same, but for
//! the sleep and the claim.
//!
//! Capacity one and two, so that slots are used again; the slots are tracked by loom.
#![cfg(loom)]

use core::time::Duration;

use loom_tests::{explore, explore_bounded, spawn, yield_now};
use untorn::SharedBuffer;
use untorn::shared::{
    Layout, RingConsumer, RingError, RingFields, RingOpenError, RingPeer, RingProducer,
};

fn buffer(capacity: usize) -> (SharedBuffer, RingFields<u64>) {
    let mut layout = Layout::builder();
    let ring = layout.ring("ring", capacity).expect("it is the first");
    (SharedBuffer::new(layout.build()), ring)
}

fn ring(capacity: usize) -> (RingProducer<u64>, RingConsumer<u64>) {
    let (buffer, ring) = buffer(capacity);
    let producer = buffer.ring_producer(ring).expect("nobody has it");
    (producer, buffer.ring_consumer(ring).expect("nobody has it"))
}

fn push_polling(producer: &mut RingProducer<u64>, item: u64) {
    while producer.try_push(item) == Err(RingError::Full) {
        yield_now();
    }
}

fn pop_polling(consumer: &mut RingConsumer<u64>) -> u64 {
    loop {
        match consumer.try_pop() {
            Err(RingError::Empty) => yield_now(),
            other => return other.expect("an item"),
        }
    }
}

/// E1 and E2, without waiting: each item arrives once, in order, whole, and its slot is free before it is
/// written again.
#[test]
fn e1_e2_items_arrive_in_order() {
    explore([[1, 2, 3]], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            (1..4).for_each(|item| push_polling(&mut producer, item));
            producer
        });
        let popping = spawn(move || [(); 3].map(|()| pop_polling(&mut consumer)));
        drop(pushing.join());
        popping.join()
    });
}

/// Full and empty are seen, and true when they are seen.
#[test]
fn e1_e2_full_and_empty() {
    explore([(true, None), (true, Some(1)), (false, Some(1))], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            producer.try_push(1).expect("room for one");
            (producer.try_push(2) == Err(RingError::Full), producer)
        });
        let popping = spawn(move || (consumer.try_pop().ok(), consumer));
        let (full, _producer) = pushing.join();
        let (popped, _consumer) = popping.join();
        (full, popped)
    });
}

/// E3: who takes the place of a producer goes on behind what that has pushed; or finds it taken.
#[test]
fn e3_a_producer_follows_another() {
    explore([(true, [Some(1), Some(2)]), (false, [Some(1), None])], || {
        let (buffer, ring) = buffer(2);
        let mut first = buffer.ring_producer(ring).expect("nobody has it");
        let mut consumer = buffer.ring_consumer(ring).expect("nobody has it");
        let leaving = spawn(move || first.try_push(1).expect("room"));
        let coming = spawn(move || match buffer.ring_producer(ring) {
            Ok(mut second) => {
                second.try_push(2).expect("room");
                true
            }
            Err(refused) => {
                assert!(matches!(refused, RingOpenError::Taken));
                false
            }
        });
        leaving.join();
        let followed = coming.join();
        (followed, [consumer.try_pop().ok(), consumer.try_pop().ok()])
    });
}

/// E3, of a consumer: nothing is popped twice.
#[test]
fn e3_a_consumer_follows_another() {
    explore([(1, Some(2)), (1, None)], || {
        let (buffer, ring) = buffer(2);
        let mut producer = buffer.ring_producer(ring).expect("nobody has it");
        producer.try_push(1).expect("room");
        producer.try_push(2).expect("room");
        let mut first = buffer.ring_consumer(ring).expect("nobody has it");
        let leaving = spawn(move || first.try_pop().expect("an item"));
        let coming = spawn(move || {
            let mut second = buffer.ring_consumer(ring).ok()?;
            Some(second.try_pop().expect("an item"))
        });
        let popped = leaving.join();
        (popped, coming.join())
    });
}

/// What an end finds to be its index when it opens is what it has checked, whoever changes it meanwhile.
#[test]
fn i1_an_index_is_checked_as_it_is_kept() {
    explore([None, Some(0)], || {
        let (buffer, ring) = buffer(2);
        let write = buffer.layout().find("ring.write index").expect("a field of the ring");
        let spoiling = spawn({
            let buffer = buffer.clone();
            move || _ = buffer.view(write).store(u32::MAX)
        });
        let opening = spawn(move || match buffer.ring_producer(ring) {
            Ok(producer) => Some(producer.len().expect("the index was checked")),
            Err(refused) => {
                assert!(matches!(refused, RingOpenError::Corrupt(_)));
                None
            }
        });
        spoiling.join();
        opening.join()
    });
}

/// E4, from producer to consumer. A lost wake-up is a deadlock, which loom reports.
#[test]
fn e4_a_sleeping_consumer_is_woken() {
    explore([[1, 2]], || {
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || {
            producer.try_push(1).expect("room");
            producer.try_push(2).expect("room");
            producer
        });
        let popping = spawn(move || [(); 2].map(|()| consumer.pop().expect("an item")));
        drop(pushing.join());
        popping.join()
    });
}

/// E4, from consumer to producer.
#[test]
fn e4_a_sleeping_producer_is_woken() {
    explore([(1, 2)], || {
        let (mut producer, mut consumer) = ring(1);
        producer.try_push(1).expect("room");
        let pushing = spawn(move || {
            producer.push(2).expect("the consumer is there");
            producer
        });
        let popping = spawn(move || (consumer.try_pop().expect("an item"), consumer));
        drop(pushing.join());
        let (first, mut consumer) = popping.join();
        (first, consumer.try_pop().expect("an item"))
    });
}

/// E4, both directions: with capacity one each end waits for the other, time and again.
#[test]
fn e4_no_wake_up_is_lost_both_ways() {
    explore_bounded(2, [[1, 2]], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            producer.push(1).expect("the consumer is there");
            producer.push(2).expect("the consumer is there");
            producer
        });
        let popping = spawn(move || [(); 2].map(|()| consumer.pop().expect("an item")));
        drop(pushing.join());
        popping.join()
    });
}

/// E5: a consumer that sees that the producer has left has seen all that it pushed.
#[test]
fn e5_nothing_is_missed_when_the_producer_leaves() {
    explore([vec![1, 2]], || {
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || {
            producer.try_push(1).expect("room");
            producer.try_push(2).expect("room");
        });
        let popping = spawn(move || {
            let mut got = Vec::new();
            loop {
                match consumer.try_pop() {
                    Ok(item) => got.push(item),
                    Err(RingError::Empty) => yield_now(),
                    Err(other) => {
                        assert_eq!(other, RingError::Closed);
                        return got;
                    }
                }
            }
        });
        pushing.join();
        popping.join()
    });
}

/// E5, by asking: who is told that the producer has left finds all that it pushed.
#[test]
fn e5_nothing_is_missed_by_who_asks() {
    explore([(RingPeer::Here, 0), (RingPeer::Here, 1), (RingPeer::Left, 1)].map(printed), || {
        let (mut producer, consumer) = ring(1);
        let pushing = spawn(move || producer.try_push(1).expect("room"));
        let asking = spawn(move || {
            let peer = consumer.peer();
            printed((peer, consumer.len().expect("indices of a ring")))
        });
        pushing.join();
        asking.join()
    });
}

/// Peers have no order.
fn printed(outcome: impl std::fmt::Debug) -> String {
    format!("{outcome:?}")
}

/// E4 and E5: an end that waits is woken when the other leaves.
#[test]
fn e4_e5_who_waits_learns_that_the_other_left() {
    explore([vec![1]], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || producer.push(1).expect("room"));
        let popping = spawn(move || {
            let mut got = Vec::new();
            while let Ok(item) = consumer.pop() {
                got.push(item);
            }
            got
        });
        pushing.join();
        popping.join()
    });
    explore([RingError::Closed].map(|error| error.to_string()), || {
        let (mut producer, consumer) = ring(1);
        producer.try_push(1).expect("room");
        let pushing = spawn(move || producer.push(2).expect_err("nobody pops").to_string());
        let leaving = spawn(move || drop(consumer));
        leaving.join();
        pushing.join()
    });
}

/// A timed call gives up (in the model at its first sleep), or gets what it waited for; after giving up
/// the ring works as before.
#[test]
fn timed_calls_expire_or_succeed() {
    explore([(true, true), (true, false), (false, false)], || {
        let wait = Duration::from_millis(1);
        let (mut producer, mut consumer) = ring(1);
        producer.try_push(1).expect("room");
        let pushing = spawn(move || {
            let pushed = producer.push_timeout(2, wait);
            assert!(matches!(pushed, Ok(()) | Err(RingError::Timeout)), "{pushed:?}");
            (pushed.is_ok(), producer)
        });
        let popping = spawn(move || {
            assert_eq!(consumer.pop(), Ok(1));
            let popped = consumer.pop_timeout(wait);
            assert!(matches!(popped, Ok(2) | Err(RingError::Timeout)), "{popped:?}");
            (popped.is_ok(), consumer)
        });
        let (pushed, _producer) = pushing.join();
        let (popped, mut consumer) = popping.join();
        assert_eq!(consumer.try_pop().is_ok(), pushed && !popped, "what was pushed is there");
        (pushed, popped)
    });
}
