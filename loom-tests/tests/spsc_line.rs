//! The SPSC ring of lines: edges E1 (item ready), E2 (line free), E3 (no lost wake-up), E4 (a consumer that
//! goes) and E5 (the last end).
//!
//! A line of the model has room for five words: for two values that are tracked, or for one that is
//! [`Large`]. So capacities of one and two have lines be used again.
#![cfg(loom)]

use loom_tests::{Arc, block_on, explore, explore_bounded, spawn, yield_now};
use untorn::spsc::{Consumer, Lines, Producer, TryPopError, TryPushError, line_ring};

/// A value whose loss or double drop loom notices. Two fit into a line.
fn tracked(number: usize) -> Arc<usize> {
    Arc::new(number)
}

/// The same, of which one fits.
struct Large(Arc<usize>, [usize; 2]);

fn large(number: usize) -> Large {
    Large(tracked(number), [number; 2])
}

impl Large {
    fn number(&self) -> usize {
        assert_eq!(self.1, [*self.0; 2]);
        *self.0
    }
}

fn push_polling<T>(producer: &mut Producer<T, Lines>, mut value: T) {
    while let Err(error) = producer.try_push(value) {
        value = error.into_inner();
        yield_now();
    }
}

fn pop_polling<T>(consumer: &mut Consumer<T, Lines>) -> T {
    loop {
        match consumer.try_pop() {
            Ok(value) => return value,
            Err(TryPopError::Empty) => yield_now(),
            Err(TryPopError::Closed) => panic!("closed with items to come"),
        }
    }
}

/// As many slots as the models below rely on.
#[test]
fn lines_of_the_model_hold_two_and_one() {
    explore([(2, 1, 4)], || {
        fn slots<T>(capacity: usize, value: impl Fn() -> T) -> usize {
            let (mut producer, _consumer) = line_ring(capacity);
            (0..).take_while(|_| producer.try_push(value()).is_ok()).count()
        }
        let count = || {
            let (two, one) = (slots(1, || tracked(0)), slots(1, || large(0)));
            (two, one, slots(2, || tracked(0)))
        };
        spawn(count).join()
    });
}

/// E1 and E2, a line of one value, the same one time and again.
#[test]
fn e1_e2_items_arrive_in_order() {
    explore([[1, 2]], || {
        let (mut producer, mut consumer) = line_ring(1);
        let pushing = spawn(move || {
            push_polling(&mut producer, large(1));
            push_polling(&mut producer, large(2));
            producer
        });
        let popping = spawn(move || [(); 2].map(|()| pop_polling(&mut consumer).number()));
        drop(pushing.join());
        popping.join()
    });
}

/// The same in one line of two values, which is given back when both are popped.
#[test]
fn e1_e2_items_arrive_in_order_line_by_line() {
    explore_bounded(2, [[1, 2, 3]], || {
        let (mut producer, mut consumer) = line_ring(1);
        let pushing = spawn(move || {
            (1..=3).for_each(|number| push_polling(&mut producer, tracked(number)));
            producer
        });
        let popping = spawn(move || [(); 3].map(|()| *pop_polling(&mut consumer)));
        drop(pushing.join());
        popping.join()
    });
}

/// The same through two lines of one value.
#[test]
fn e1_e2_items_arrive_in_order_across_lines() {
    explore_bounded(2, [[1, 2, 3]], || {
        let (mut producer, mut consumer) = line_ring(2);
        let pushing = spawn(move || {
            (1..=3).for_each(|number| push_polling(&mut producer, large(number)));
            producer
        });
        let popping = spawn(move || [(); 3].map(|()| pop_polling(&mut consumer).number()));
        drop(pushing.join());
        popping.join()
    });
}

/// Full and empty are seen, and are true when they are seen.
#[test]
fn e1_e2_full_and_empty() {
    explore([(true, None), (true, Some(1)), (false, Some(1))], || {
        let (mut producer, mut consumer) = line_ring(1);
        let pushing = spawn(move || {
            producer.try_push(large(1)).expect("room for one");
            let second = producer.try_push(large(2)).map_err(TryPushError::into_inner);
            (second.is_err_and(|value| value.number() == 2), producer)
        });
        let popping = spawn(move || (consumer.try_pop().ok().map(|item| item.number()), consumer));
        let (full, _producer) = pushing.join();
        let (popped, _consumer) = popping.join();
        (full, popped)
    });
}

/// E1: what is counted, across lines, can be popped.
#[test]
fn e1_what_is_counted_is_there() {
    explore([0, 1, 2, 3], || {
        let (mut producer, mut consumer) = line_ring(3);
        let pushing = spawn(move || {
            (1..=3).for_each(|number| {
                producer.try_push(tracked(number)).expect("room");
            });
            producer
        });
        let counting = spawn(move || {
            let count = consumer.len();
            for number in 1..=count {
                assert_eq!(consumer.try_pop().ok().as_deref(), Some(&number));
            }
            (count, consumer)
        });
        let _producer = pushing.join();
        counting.join().0
    });
}

/// E3, from producer to consumer, which goes on to the next line between two sleeps.
#[test]
fn e3_a_sleeping_consumer_is_woken() {
    explore([[1, 2]], || {
        let (mut producer, mut consumer) = line_ring(2);
        let pushing = spawn(move || {
            producer.try_push(large(1)).expect("room");
            producer.try_push(large(2)).expect("room");
            producer
        });
        let popping = spawn(move || [(); 2].map(|()| consumer.pop().expect("an item").number()));
        drop(pushing.join());
        popping.join()
    });
}

/// E3, from consumer to producer, by the pop that empties the line.
#[test]
fn e3_a_sleeping_producer_is_woken() {
    explore([[1, 2, 3]], || {
        let (mut producer, mut consumer) = line_ring(1);
        producer.try_push(tracked(1)).expect("room");
        producer.try_push(tracked(2)).expect("room");
        let pushing = spawn(move || {
            producer.push(tracked(3)).expect("the consumer lives");
            producer
        });
        let popping = spawn(move || {
            let first = *consumer.try_pop().expect("an item");
            (first, *consumer.try_pop().expect("an item"), consumer)
        });
        drop(pushing.join());
        let (first, second, mut consumer) = popping.join();
        [first, second, *consumer.try_pop().expect("an item")]
    });
}

/// E1 and E3: who waits for as many as lie in two lines finds them all.
#[test]
fn e1_e3_a_wait_across_lines_is_woken_by_the_last() {
    explore_bounded(2, [[1, 2]], || {
        let (mut producer, mut consumer) = line_ring(2);
        let pushing = spawn(move || {
            producer.try_push(large(1)).expect("room");
            producer.try_push(large(2)).expect("room");
            producer
        });
        let popping = spawn(move || {
            assert_eq!(consumer.wait_for_items(2), Ok(2));
            [(); 2].map(|()| consumer.try_pop().expect("two items").number())
        });
        drop(pushing.join());
        popping.join()
    });
}

/// E3, for a task at either end.
#[test]
fn e3_a_task_that_pops_is_woken() {
    explore([1], || {
        let (mut producer, mut consumer) = line_ring(1);
        let pushing = spawn(move || {
            producer.try_push(large(1)).expect("room");
            producer
        });
        let popping = spawn(move || block_on(consumer.pop_async()).expect("an item").number());
        drop(pushing.join());
        popping.join()
    });
}

#[test]
fn e3_a_task_that_pushes_is_woken() {
    explore([(1, 2)], || {
        let (mut producer, mut consumer) = line_ring(1);
        producer.try_push(large(1)).expect("room");
        let pushing = spawn(move || {
            block_on(producer.push_async(large(2))).expect("the consumer lives");
            producer
        });
        let popping = spawn(move || (consumer.try_pop().expect("an item").number(), consumer));
        drop(pushing.join());
        let (first, mut consumer) = popping.join();
        (first, consumer.try_pop().expect("an item").number())
    });
}

/// E4: a consumer that sees the producer gone has seen all that it pushed.
#[test]
fn e4_nothing_is_missed_when_the_producer_goes() {
    explore([vec![1, 2, 3]], || {
        let (mut producer, mut consumer) = line_ring(3);
        let pushing = spawn(move || {
            (1..=3).for_each(|number| {
                producer.try_push(tracked(number)).expect("room");
            });
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

/// E1 and E4: a consumer that goes drops what is inside, in whatever line, and makes no room by that.
#[test]
fn e1_e4_a_consumer_that_goes_drops_what_is_inside() {
    explore([(true, false), (true, true), (false, false)], || {
        let (mut producer, consumer) = line_ring(2);
        let pushing = spawn(move || {
            let pushed = [1, 2].map(|number| producer.try_push(large(number)).is_ok());
            let third = producer.try_push(large(3)).map_err(TryPushError::into_inner);
            assert!(third.is_err(), "nobody popped");
            pushed
        });
        let going = spawn(move || drop(consumer));
        going.join();
        pushing.join().into()
    });
}

/// E4: a producer that finds a line free because the consumer went gets its value back.
#[test]
fn e4_a_consumer_that_goes_makes_no_room() {
    explore([true, false], || {
        let (mut producer, consumer) = line_ring(1);
        producer.try_push(large(1)).expect("room");
        let pushing = spawn(move || match producer.try_push(large(2)) {
            Ok(()) => panic!("nobody popped"),
            Err(TryPushError::Full(_)) => false,
            Err(TryPushError::Closed(value)) => value.number() == 2,
        });
        let going = spawn(move || drop(consumer));
        going.join();
        pushing.join()
    });
}

/// E4: a value that the consumer has popped before it went is not taken back.
#[test]
fn e4_a_value_is_popped_or_taken_back() {
    explore([(Some(1), true), (None, true), (None, false)], || {
        let (mut producer, mut consumer) = line_ring(1);
        let pushing = spawn(move || producer.try_push(tracked(1)).is_ok());
        let going = spawn(move || consumer.try_pop().ok().map(|value| *value));
        let pushed = pushing.join();
        let popped = going.join();
        assert!(pushed || popped.is_none(), "popped, and taken back");
        (popped, pushed)
    });
}
