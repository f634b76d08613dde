//! The SPSC ring: the waits of tasks and for many (edge E3), publications of many at once (E1 and E2), a
//! consumer that goes (E4), and the last end (E5).
#![cfg(loom)]

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom_tests::{Arc, block_on, explore, explore_bounded, spawn, yield_now};
use untorn::spsc::{StaticRing, TryPopError, TryPushError, WaitError, ring};

/// A value whose loss or double drop loom notices.
fn tracked(number: usize) -> Arc<usize> {
    Arc::new(number)
}

const SOON: Duration = Duration::from_millis(1);

/// E3, for a task: its waker is there when the producer sees that it waits.
#[test]
fn e3_a_task_that_pops_is_woken() {
    explore([1], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            producer.try_push(tracked(1)).expect("room");
            producer
        });
        let popping = spawn(move || *block_on(consumer.pop_async()).expect("an item"));
        drop(pushing.join());
        popping.join()
    });
}

/// The same for the other end.
#[test]
fn e3_a_task_that_pushes_is_woken() {
    explore([(1, 2)], || {
        let (mut producer, mut consumer) = ring(1);
        producer.try_push(tracked(1)).expect("room");
        let pushing = spawn(move || {
            block_on(producer.push_async(tracked(2))).expect("the consumer lives");
            producer
        });
        let popping = spawn(move || (*consumer.try_pop().expect("an item"), consumer));
        drop(pushing.join());
        let (first, mut consumer) = popping.join();
        (first, *consumer.try_pop().expect("an item"))
    });
}

/// E3 and E4: a task is woken by an end that goes, though nothing was published.
#[test]
fn e3_e4_a_task_learns_that_the_producer_went() {
    explore([true], || {
        let (producer, mut consumer) = ring::<Arc<usize>>(1);
        let going = spawn(move || drop(producer));
        let popping = spawn(move || block_on(consumer.pop_async()).is_err());
        going.join();
        popping.join()
    });
}

/// A task that was forgotten leaves its announcement, and its end waits as a thread then.
#[test]
fn e3_a_thread_is_woken_after_a_task_was_forgotten() {
    explore([1], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            producer.try_push(tracked(1)).expect("room");
            producer
        });
        let popping = spawn(move || {
            let mut forgotten = ManuallyDrop::new(consumer.pop_async());
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(value) = Pin::new(&mut *forgotten).poll(&mut context) {
                return *value.expect("an item");
            }
            *consumer.pop().expect("an item")
        });
        drop(pushing.join());
        popping.join()
    });
}

/// E3: who waits for two is woken by the second, and by nothing that came before it.
#[test]
fn e3_a_wait_for_two_is_woken_by_the_second() {
    explore_bounded(2, [[1, 2]], || {
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || {
            producer.try_push(tracked(1)).expect("room");
            producer.try_push(tracked(2)).expect("room");
            producer
        });
        let popping = spawn(move || {
            assert_eq!(consumer.wait_for_items(2), Ok(2));
            let mut items = consumer.drain().map(|item| *item);
            [(); 2].map(|()| items.next().expect("two items"))
        });
        drop(pushing.join());
        popping.join()
    });
}

/// E3: a wait for more that was given up does not keep a later wait for less from being woken.
#[test]
fn e3_a_wait_for_less_after_one_for_more() {
    explore([1], || {
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || {
            producer.try_push(tracked(1)).expect("room");
            producer
        });
        let popping = spawn(move || {
            assert_eq!(consumer.wait_for_items_timeout(2, SOON), Err(WaitError::Timeout));
            *consumer.pop().expect("an item")
        });
        let producer = pushing.join();
        let item = popping.join();
        drop(producer);
        item
    });
}

/// E1: what is pushed together is seen together.
#[test]
fn e1_slices_are_seen_whole() {
    explore([vec![], vec![1, 2]], || {
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || {
            assert_eq!(producer.push_slice(&[1, 2]), 2);
            producer
        });
        let popping = spawn(move || {
            let mut place = [0; 2];
            let count = consumer.pop_slice(&mut place);
            (place[..count].to_vec(), consumer)
        });
        let _producer = pushing.join();
        popping.join().0
    });
}

/// E2: the slots of a drain are given back when it is over, and not used before.
#[test]
fn e2_drained_slots_are_used_again() {
    explore([[1, 2]], || {
        let (mut producer, mut consumer) = ring(1);
        let pushing = spawn(move || {
            let mut value = tracked(1);
            for next in [2, 3] {
                while let Err(error) = producer.try_push(value) {
                    value = error.into_inner();
                    yield_now();
                }
                value = tracked(next);
            }
            producer
        });
        let popping = spawn(move || {
            [(); 2].map(|()| {
                loop {
                    if let Some(item) = consumer.drain().next() {
                        break *item;
                    }
                    yield_now();
                }
            })
        });
        drop(pushing.join());
        popping.join()
    });
}

/// E4: a consumer that goes drops what is inside, and nobody gets the room that this makes.
#[test]
fn e4_a_consumer_that_goes_makes_no_room() {
    explore([true, false], || {
        let (mut producer, consumer) = ring(1);
        producer.try_push(tracked(1)).expect("room");
        let pushing = spawn(move || match producer.try_push(tracked(2)) {
            Ok(()) => panic!("nobody popped"),
            Err(TryPushError::Full(_)) => false,
            Err(TryPushError::Closed(value)) => *value == 2,
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
        let (mut producer, mut consumer) = ring(2);
        let pushing = spawn(move || producer.try_push(tracked(1)).is_ok());
        let going = spawn(move || consumer.try_pop().ok().map(|value| *value));
        let pushed = pushing.join();
        let popped = going.join();
        assert!(pushed || popped.is_none(), "popped, and taken back");
        (popped, pushed)
    });
}

/// E5: who splits the ring again finds it empty, with all that was inside dropped.
#[test]
fn e5_a_ring_is_split_again() {
    explore([true], || {
        let ring: &'static StaticRing<Arc<usize>, 1> = Box::leak(Box::new(StaticRing::new()));
        let (mut producer, consumer) = ring.split().expect("nobody has its ends");
        let pushing = spawn(move || _ = producer.try_push(tracked(1)).map_err(drop));
        let going = spawn(move || drop(consumer));
        let splitting = spawn(move || {
            loop {
                if let Some((mut producer, mut consumer)) = ring.split() {
                    let is_empty = matches!(consumer.try_pop(), Err(TryPopError::Empty));
                    producer.try_push(tracked(2)).expect("room");
                    assert_eq!(consumer.try_pop().map(|value| *value), Ok(2));
                    return is_empty;
                }
                yield_now();
            }
        });
        pushing.join();
        going.join();
        splitting.join()
    });
}
