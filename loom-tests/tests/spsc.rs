//! The SPSC ring: edges E1 (item ready), E2 (slot free), E3 (no lost wake-up) and E4 (last items).
//!
//! Capacity one and two items, so that a slot is reused; the slots are tracked by loom, and a payload
//! is a loom `Arc`, so that one that is lost or dropped twice fails the model.
#![cfg(loom)]

use core::time::Duration;

use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom_tests::{Arc, explore, explore_bounded, spawn, yield_now};
use untorn::spsc::{
    Consumer, PopTimeoutError, Producer, PushTimeoutError, TryPopError, TryPushError, ring,
};

/// A value whose loss or double drop loom notices.
fn tracked(number: usize) -> Arc<usize> {
    Arc::new(number)
}

fn push_polling(producer: &mut Producer<Arc<usize>>, number: usize) {
    let mut value = tracked(number);
    while let Err(error) = producer.try_push(value) {
        value = error.into_inner();
        yield_now();
    }
}

fn pop_polling(consumer: &mut Consumer<Arc<usize>>) -> usize {
    loop {
        match consumer.try_pop() {
            Ok(value) => return *value,
            Err(TryPopError::Empty) => yield_now(),
            Err(TryPopError::Closed) => panic!("closed with items to come"),
        }
    }
}

/// E1 and E2, without waiting: each item arrives once, in order, whole.
#[test]
fn e1_e2_items_arrive_in_order() {
    explore([[1, 2]], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            push_polling(&mut producer, 1);
            push_polling(&mut producer, 2);
            producer
        });
        let popping = spawn(move || [pop_polling(&mut consumer), pop_polling(&mut consumer)]);
        drop(pushing.join());
        popping.join()
    });
}

/// The results of the polling calls: full and empty are seen and are true when they are seen.
#[test]
fn e1_e2_full_and_empty() {
    explore([(true, None), (true, Some(1)), (false, Some(1))], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            producer.try_push(1).expect("room for one");
            let second = producer.try_push(2);
            (matches!(second, Err(TryPushError::Full(2))), producer)
        });
        let popping = spawn(move || (consumer.try_pop().ok(), consumer));
        let (full, _producer) = pushing.join();
        let (popped, _consumer) = popping.join();
        (full, popped)
    });
}

/// E3, from producer to consumer. Two items, so that the second sleep may be one that relies on the
/// producer (I5). A lost wake-up is a deadlock, which loom reports.
#[test]
fn e3_a_sleeping_consumer_is_woken() {
    explore([[1, 2]], || {
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || {
            producer.try_push(tracked(1)).expect("room");
            producer.try_push(tracked(2)).expect("room");
            producer
        });
        let popping = spawn(move || [(); 2].map(|()| *consumer.pop().expect("an item")));
        drop(pushing.join());
        popping.join()
    });
}

/// E3, from consumer to producer.
#[test]
fn e3_a_sleeping_producer_is_woken() {
    explore([(1, 2)], || {
        let (mut producer, mut consumer) = ring(1);
        producer.try_push(tracked(1)).expect("room");
        let pushing = spawn(move || {
            producer.push(tracked(2)).expect("the consumer lives");
            producer
        });
        let popping = spawn(move || (*consumer.try_pop().expect("an item"), consumer));
        drop(pushing.join());
        let (first, mut consumer) = popping.join();
        (first, *consumer.try_pop().expect("an item"))
    });
}

/// E3, both directions at once: with capacity one each end waits for the other, time and again.
#[test]
fn e3_no_wake_up_is_lost_both_ways() {
    explore_bounded(2, [[1, 2]], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            producer.push(tracked(1)).expect("the consumer lives");
            producer.push(tracked(2)).expect("the consumer lives");
            producer
        });
        let popping = spawn(move || [(); 2].map(|()| *consumer.pop().expect("an item")));
        drop(pushing.join());
        popping.join()
    });
}

/// E4: a consumer that sees the producer gone has seen all that it pushed.
#[test]
fn e4_nothing_is_missed_when_the_producer_goes() {
    explore([vec![1, 2]], || {
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || {
            producer.try_push(tracked(1)).expect("room");
            producer.try_push(tracked(2)).expect("room");
        });
        let popping = spawn(move || {
            let mut got = Vec::new();
            loop {
                match consumer.try_pop() {
                    Ok(value) => got.push(*value),
                    Err(TryPopError::Empty) => yield_now(),
                    Err(TryPopError::Closed) => return got,
                }
            }
        });
        pushing.join();
        popping.join()
    });
}

/// E4: who finds the ring closed sees what came before that, even if the consumer is still closing it.
#[test]
fn e4_what_came_before_the_closing_is_seen() {
    explore([false, true], || {
        let (producer, consumer) = ring::<usize>(1);
        let before = Arc::new(AtomicUsize::new(0));
        let closing = spawn({
            let before = Arc::clone(&before);
            move || {
                before.store(1, Relaxed);
                drop(consumer);
            }
        });
        let looking = spawn(move || {
            let closed = producer.is_closed();
            assert!(!closed || before.load(Relaxed) == 1);
            closed
        });
        closing.join();
        looking.join()
    });
}

/// E3 and E4: a consumer that waits is woken when the producer goes.
#[test]
fn e3_e4_a_waiting_consumer_learns_that_the_producer_went() {
    explore([vec![1]], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || producer.push(tracked(1)).expect("the consumer lives"));
        let popping = spawn(move || {
            let mut got = Vec::new();
            while let Ok(value) = consumer.pop() {
                got.push(*value);
            }
            got
        });
        pushing.join();
        popping.join()
    });
}

/// E3: a producer that waits is woken when the consumer goes, and gets its value back; whatever was
/// pushed is dropped once.
#[test]
fn e3_a_waiting_producer_learns_that_the_consumer_went() {
    // How many pushes went through: the consumer may go before each of them.
    explore([0, 1], || {
        let (mut producer, consumer) = ring(1);
        let pushing = spawn(move || {
            for pushed in 0..2 {
                if let Err(back) = producer.push(tracked(pushed)) {
                    assert_eq!(*back.0, pushed);
                    return pushed;
                }
            }
            panic!("two pushes into one slot that nobody empties");
        });
        let going = spawn(move || drop(consumer));
        going.join();
        pushing.join()
    });
}

/// A value that is pushed while the consumer goes is dropped by one of the two, once.
#[test]
fn items_left_behind_are_dropped_once() {
    explore([0, 1], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing =
            spawn(move || producer.try_push(tracked(1)).map_err(|error| *error.into_inner()));
        let going = spawn(move || usize::from(consumer.try_pop().is_ok()));
        let _ = pushing.join();
        going.join()
    });
}

/// A timed call gives up when its time is over (the model lets it expire at the first sleep), or gets
/// what it waited for; after giving up the ring works as before.
#[test]
fn timed_calls_expire_or_succeed() {
    explore([(true, true), (true, false), (false, false)], || {
        let wait = Duration::from_millis(1);
        let (mut producer, mut consumer) = ring(1);
        producer.try_push(tracked(1)).expect("room");
        let pushing = spawn(move || match producer.push_timeout(tracked(2), wait) {
            Ok(()) => (true, producer),
            Err(PushTimeoutError::Timeout(back)) => {
                assert_eq!(*back, 2);
                (false, producer)
            }
            Err(PushTimeoutError::Closed(_)) => panic!("the consumer lives"),
        });
        let popping = spawn(move || {
            assert_eq!(*consumer.pop().expect("an item"), 1);
            match consumer.pop_timeout(wait) {
                Ok(value) => {
                    assert_eq!(*value, 2);
                    (true, consumer)
                }
                Err(PopTimeoutError::Timeout) => (false, consumer),
                Err(PopTimeoutError::Closed) => panic!("the producer lives"),
            }
        });
        let (pushed, _producer) = pushing.join();
        let (popped, _consumer) = popping.join();
        assert!(pushed || !popped, "popped what was never pushed");
        (pushed, popped)
    });
}

/// I4: a wake that is under way while its sleeper goes does not wipe out the news that it went.
#[test]
fn gone_survives_a_late_wake() {
    explore([true], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            // Fails if the consumer is gone already.
            let _ = producer.try_push(tracked(1)).map_err(drop);
            producer
        });
        let going = spawn(move || {
            let _ = consumer.pop_timeout(Duration::from_millis(1)).map(drop);
        });
        going.join();
        pushing.join().is_closed()
    });
}
