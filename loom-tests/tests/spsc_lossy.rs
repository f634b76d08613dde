//! The lossy queue: edges E1 (value ready), E2 (slot free) and E3 (gone).
//!
//! Capacity one and two, so that slots go round; the slots are loom's cells, and a payload is a loom
//! `Arc`, so that one that is lost or dropped twice fails the model.
#![cfg(loom)]

use loom_tests::{Arc, explore, explore_bounded, spawn, yield_now};
use untorn::spsc::TryPopError;
use untorn::spsc::lossy;
use untorn::spsc::lossy::{Consumer, Producer};

/// What a push gave back.
fn push(producer: &mut Producer<Arc<usize>>, number: usize) -> Option<usize> {
    producer.push(Arc::new(number)).map(|back| *back)
}

fn pop(consumer: &mut Consumer<Arc<usize>>) -> Option<usize> {
    consumer.try_pop().ok().map(|value| *value)
}

fn pop_polling(consumer: &mut Consumer<Arc<usize>>) -> usize {
    loop {
        match pop(consumer) {
            Some(number) => return number,
            None => yield_now(),
        }
    }
}

/// E1: a value is whole when it is popped; and it is popped, or comes back, never both.
#[test]
fn e1_a_value_is_popped_or_comes_back() {
    explore([(None, Some(1)), (Some(1), Some(2)), (Some(1), None)], || {
        let (mut producer, mut consumer) = lossy(1);
        let pushing = spawn(move || {
            assert_eq!(push(&mut producer, 1), None);
            (push(&mut producer, 2), producer)
        });
        let popping = spawn(move || (pop(&mut consumer), consumer));
        let (back, _producer) = pushing.join();
        let (popped, mut consumer) = popping.join();
        let rest = pop(&mut consumer);
        // Each of the two is in one place.
        let mut all = [back, popped, rest].map(|number| number.unwrap_or(0));
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
        (back, popped)
    });
}

/// E1: who finds a later lap finds the values of the cells that follow: it never says empty.
#[test]
fn e1_who_was_overtaken_finds_the_next() {
    explore([(0, None), (0, Some(1)), (1, Some(2))], || {
        let (mut producer, mut consumer) = lossy(2);
        let pushing = spawn(move || {
            (1..4).for_each(|number| _ = push(&mut producer, number));
            producer
        });
        let popping = spawn(move || (pop(&mut consumer), consumer));
        let _producer = pushing.join();
        let (popped, consumer) = popping.join();
        (consumer.missed(), popped)
    });
}

/// E1, of the number of values pushed: who goes by it finds them.
#[test]
fn e1_who_was_overtaken_by_far_finds_the_oldest() {
    explore([1, 2, 3, 4, 5], || {
        let (mut producer, mut consumer) = lossy(2);
        push(&mut producer, 1);
        push(&mut producer, 2);
        let pushing = spawn(move || {
            (3..6).for_each(|number| _ = push(&mut producer, number));
            producer
        });
        let popping = spawn(move || {
            let popped = pop(&mut consumer).expect("there are always two");
            assert_eq!(consumer.missed() + 1, popped as u64);
            (popped, consumer)
        });
        let _producer = pushing.join();
        popping.join().0
    });
}

/// E1, where the exchange shows the later lap.
#[test]
fn e1_who_is_overtaken_now_finds_the_next() {
    explore([(0, Some(1)), (1, Some(2))], || {
        let (mut producer, mut consumer) = lossy(2);
        push(&mut producer, 1);
        let pushing = spawn(move || {
            push(&mut producer, 2);
            push(&mut producer, 3);
            producer
        });
        let popping = spawn(move || (pop(&mut consumer), consumer));
        let _producer = pushing.join();
        let (popped, consumer) = popping.join();
        (consumer.missed(), popped)
    });
}

/// E2: a slot that comes back from the consumer is empty, and nobody reads there any more.
#[test]
fn e2_a_slot_goes_round() {
    explore([true], || {
        let (mut producer, mut consumer) = lossy(1);
        push(&mut producer, 1);
        let pushing = spawn(move || {
            (2..5).for_each(|number| _ = push(&mut producer, number));
            producer
        });
        let popping = spawn(move || {
            let first = pop_polling(&mut consumer);
            (first, pop(&mut consumer), consumer)
        });
        let producer = pushing.join();
        let (first, second, mut consumer) = popping.join();
        let rest = pop(&mut consumer);
        let popped = 1 + u64::from(second.is_some()) + u64::from(rest.is_some());
        assert_eq!(producer.overruns() + popped, 4, "each popped or back");
        first < second.unwrap_or(9)
    });
}

/// E1 and E2 of the exchange that always succeeds: overtaken in each attempt, the consumer has what is there.
#[test]
fn e1_e2_an_exchange_that_always_succeeds() {
    explore([true], || {
        let (mut producer, mut consumer) = lossy(1);
        push(&mut producer, 1);
        let pushing = spawn(move || {
            for number in 2..7 {
                push(&mut producer, number);
                yield_now();
            }
            producer
        });
        let popping = spawn(move || {
            let first = pop_polling(&mut consumer);
            (first, pop(&mut consumer), consumer)
        });
        let producer = pushing.join();
        let (first, second, mut consumer) = popping.join();
        let rest = pop(&mut consumer);
        let popped = 1 + u64::from(second.is_some()) + u64::from(rest.is_some());
        assert_eq!(consumer.missed() + popped, 6, "the last one is always there");
        assert_eq!(producer.overruns() + popped, 6, "each popped or back");
        first < second.unwrap_or(9)
    });
}

/// E3: a consumer that sees that the producer is gone has seen all that it pushed.
#[test]
fn e3_nothing_is_missed_when_the_producer_goes() {
    explore([vec![1, 2]], || {
        let (mut producer, mut consumer) = lossy(2);
        let pushing = spawn(move || {
            push(&mut producer, 1);
            push(&mut producer, 2);
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

/// What is inside when both go is dropped once, by whoever goes last.
#[test]
fn what_is_left_is_dropped_once() {
    explore_bounded(3, [false, true], || {
        let (mut producer, mut consumer) = lossy(1);
        let pushing = spawn(move || {
            push(&mut producer, 1);
            push(&mut producer, 2);
        });
        let popping = spawn(move || pop(&mut consumer).is_some());
        pushing.join();
        popping.join()
    });
}
