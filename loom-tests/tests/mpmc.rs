//! The queue for many threads: edges E1 (item ready), E2 (slot free), E3 (no lost wake), E4 (all before)
//! and E5 (closed).
//!
//! Capacity one and two, so that slots are reused; payloads are loom `Arc`s, so that one that is lost or
//! dropped twice fails the model. Tasks: `mpmc_tasks.rs`.
#![cfg(loom)]

use std::time::Duration;

use loom::cell::UnsafeCell;
use loom_tests::{Arc, explore, explore_bounded, spawn, yield_now};
use untorn::mpmc::{PopTimeoutError, Queue, TryPopError, TryPushError};

type Shared = Arc<Queue<Arc<usize>>>;

/// A queue that holds `values`.
fn queue(capacity: usize, values: impl IntoIterator<Item = usize>) -> Shared {
    let queue = Queue::new(capacity);
    values.into_iter().for_each(|value| queue.try_push(Arc::new(value)).expect("room"));
    Arc::new(queue)
}

fn push_polling(queue: &Shared, number: usize) {
    let mut value = Arc::new(number);
    while let Err(error) = queue.try_push(value) {
        value = error.into_inner();
        yield_now();
    }
}

fn pop_polling(queue: &Shared) -> usize {
    loop {
        match queue.try_pop() {
            Ok(value) => return *value,
            Err(TryPopError::Closed) => panic!("closed with items to come"),
            Err(_) => yield_now(),
        }
    }
}

/// E1 and E2, without waiting: each item arrives once, in order, whole.
#[test]
fn e1_e2_items_arrive_in_order() {
    explore([[1, 2]], || {
        let queue = queue(1, []);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || [1, 2].map(|number| push_polling(&queue, number))
        });
        let popping = spawn(move || [pop_polling(&queue), pop_polling(&queue)]);
        pushing.join();
        popping.join()
    });
}

/// Two who push and one who pops: each item arrives once.
#[test]
fn two_producers_share_one_slot() {
    explore_bounded(1, [[1, 2], [2, 1]], || {
        let queue = queue(1, []);
        let push = |number| {
            let queue = Arc::clone(&queue);
            spawn(move || push_polling(&queue, number))
        };
        let (a, b) = (push(1), push(2));
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || [pop_polling(&queue), pop_polling(&queue)]
        });
        a.join();
        b.join();
        popping.join()
    });
}

/// The same with room for both: neither is refused.
#[test]
fn two_producers_share_two_slots() {
    explore_bounded(2, [[1, 2], [2, 1]], || {
        let queue = queue(2, []);
        let push = |number| {
            let queue = Arc::clone(&queue);
            spawn(move || queue.try_push(Arc::new(number)).expect("room for both"))
        };
        let (a, b) = (push(1), push(2));
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || [pop_polling(&queue), pop_polling(&queue)]
        });
        a.join();
        b.join();
        popping.join()
    });
}

/// Two who pop share two items: each goes to one.
#[test]
fn two_consumers_share_two_items() {
    explore_bounded(2, [[1, 2], [2, 1]], || {
        let queue = queue(2, [1, 2]);
        let pop = || {
            let queue = Arc::clone(&queue);
            spawn(move || *queue.try_pop().expect("one for each"))
        };
        let (a, b) = (pop(), pop());
        [a.join(), b.join()]
    });
}

/// What a pop may say beside a push, and what it gets.
#[test]
fn e1_empty_or_the_item() {
    explore([None, Some(1)], || {
        let queue = queue(1, []);
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || queue.try_pop().ok().map(|value| *value)
        });
        let pushing = spawn(move || queue.try_push(Arc::new(1)).expect("room"));
        pushing.join();
        popping.join()
    });
}

/// What a push may say beside a pop.
#[test]
fn e2_full_or_room() {
    explore(["busy", "full", "pushed"], || {
        let queue = queue(1, [1]);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || match queue.try_push(Arc::new(2)) {
                Ok(()) => "pushed",
                Err(TryPushError::Busy(_)) => "busy",
                Err(TryPushError::Full(_)) => "full",
                Err(TryPushError::Closed(_)) => panic!("nobody closes"),
            }
        });
        let popping = spawn(move || *queue.try_pop().expect("an item"));
        assert_eq!(popping.join(), 1);
        pushing.join()
    });
}

/// E4: one thread puts a second item in before it takes the first out, so there always is one, and
/// another must not be told that there is none.
#[test]
fn e4_empty_is_not_said_while_there_is_something() {
    explore([(1, Some(2)), (2, Some(1))], || {
        let queue = queue(2, [1]);
        let mover = spawn({
            let queue = Arc::clone(&queue);
            move || {
                queue.try_push(Arc::new(2)).expect("room");
                pop_polling(&queue)
            }
        });
        let looking = spawn({
            let queue = Arc::clone(&queue);
            move || match queue.try_pop() {
                Ok(value) => Some(*value),
                Err(error) => panic!("{error}"),
            }
        });
        (mover.join(), looking.join())
    });
}

/// E4, the other way round: one thread takes an item out before it puts another in, so there always
/// is room.
#[test]
fn e4_full_is_not_said_while_there_is_room() {
    explore([Some(3)], || {
        let queue = queue(2, [1]);
        let mover = spawn({
            let queue = Arc::clone(&queue);
            move || {
                queue.try_pop().expect("an item");
                while queue.try_push(Arc::new(2)).is_err() {
                    yield_now();
                }
            }
        });
        let looking = spawn({
            let queue = Arc::clone(&queue);
            move || queue.try_push(Arc::new(3)).expect("room")
        });
        mover.join();
        looking.join();
        [queue.try_pop(), queue.try_pop()].map(|value| *value.expect("both")).into_iter().max()
    });
}

/// E3: a sleeping consumer is woken. A lost wake is a deadlock, which loom reports. Two items and one
/// slot, so that the second sleep is for a slot that was used.
#[test]
fn e3_a_sleeping_consumer_is_woken() {
    explore_bounded(2, [[1, 2]], || {
        let queue = queue(1, []);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || [1, 2].map(|number| push_polling(&queue, number))
        });
        let popping = spawn(move || [(); 2].map(|()| *queue.pop().expect("an item")));
        pushing.join();
        popping.join()
    });
}

/// E3: a sleeping producer is woken.
#[test]
fn e3_a_sleeping_producer_is_woken() {
    explore([(1, 2)], || {
        let queue = queue(1, [1]);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || queue.push(Arc::new(2)).expect("open")
        });
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || *queue.try_pop().expect("an item")
        });
        pushing.join();
        (popping.join(), *queue.try_pop().expect("the second"))
    });
}

/// E3, both directions at once.
#[test]
fn e3_no_wake_is_lost_both_ways() {
    explore_bounded(1, [[1, 2]], || {
        let queue = queue(1, []);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || [1, 2].map(|number| queue.push(Arc::new(number)).expect("open"))
        });
        let popping = spawn(move || [(); 2].map(|()| *queue.pop().expect("an item")));
        pushing.join();
        popping.join()
    });
}

/// E5: who waits is woken by the close, and gets what was pushed before it.
#[test]
fn e5_a_waiting_consumer_learns_that_the_queue_is_closed() {
    explore_bounded(2, [vec![1]], || {
        let queue = queue(1, []);
        let closing = spawn({
            let queue = Arc::clone(&queue);
            move || {
                queue.try_push(Arc::new(1)).expect("room");
                assert!(queue.close());
            }
        });
        let popping = spawn(move || {
            let mut got = Vec::new();
            while let Ok(value) = queue.pop() {
                got.push(*value);
            }
            got
        });
        closing.join();
        popping.join()
    });
}

/// E5: a producer that waits gets its value back.
#[test]
fn e5_a_waiting_producer_learns_that_the_queue_is_closed() {
    explore([2], || {
        let queue = queue(1, [1]);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || *queue.push(Arc::new(2)).expect_err("closed").into_inner()
        });
        let closing = spawn(move || assert!(queue.close()));
        closing.join();
        pushing.join()
    });
}

/// I5: after a pop was told that the queue is closed, no push succeeds, though it began before.
#[test]
fn i5_closed_is_final() {
    use {TryPopError::*, TryPushError as Push};
    let seen = |pushed, first, last| (pushed, first, last);
    let expected = [
        seen("pushed", "value", "Closed"),
        seen("pushed", "Empty", "value"),
        seen("pushed", "Busy", "value"),
        seen("closed", "Empty", "Closed"),
        seen("closed", "Closed", "Closed"),
    ];
    explore(expected, || {
        let queue = queue(1, []);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || match queue.try_push(Arc::new(1)) {
                Ok(()) => "pushed",
                Err(Push::Closed(_)) => "closed",
                Err(error) => panic!("{error}"),
            }
        });
        let closing = spawn({
            let queue = Arc::clone(&queue);
            move || assert!(queue.close())
        });
        let pop = |queue: &Shared| match queue.try_pop() {
            Ok(_) => "value",
            Err(Empty) => "Empty",
            Err(Busy) => "Busy",
            Err(Closed) => "Closed",
        };
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || pop(&queue)
        });
        let pushed = pushing.join();
        closing.join();
        (pushed, popping.join(), pop(&queue))
    });
}

/// What somebody has done before he closes the queue.
struct Closing {
    queue: Queue<usize>,
    data: UnsafeCell<u32>,
}

// SAFETY: loom checks that nobody touches the data at the wrong time.
unsafe impl Send for Closing {}
// SAFETY: as above.
unsafe impl Sync for Closing {}

/// E5: who is told that the queue is closed may rely on what was done before; also if another has shut
/// the slot by then, and has told him.
#[test]
fn e5_what_came_before_the_close_is_seen() {
    explore_bounded(2, [(true, true), (true, false), (false, true), (false, false)], || {
        let closing = Arc::new(Closing { queue: Queue::new(1), data: UnsafeCell::new(0) });
        let look = || {
            let closing = Arc::clone(&closing);
            spawn(move || {
                let closed = closing.queue.try_pop() == Err(TryPopError::Closed);
                if closed {
                    // SAFETY: loom checks that nobody writes.
                    assert_eq!(closing.data.with(|data| unsafe { *data }), 7);
                }
                closed
            })
        };
        let (a, b) = (look(), look());
        let closer = spawn(move || {
            // SAFETY: loom checks that this is exclusive.
            closing.data.with_mut(|data| unsafe { *data = 7 });
            closing.queue.close();
        });
        closer.join();
        (a.join(), b.join())
    });
}

/// A timed pop gives up when its time is over (the model lets it expire at the first sleep), or gets
/// what it waited for.
#[test]
fn timed_calls_expire_or_succeed() {
    explore([(Some(1), None), (None, Some(1))], || {
        let queue = queue(1, []);
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || queue.try_push(Arc::new(1)).expect("room")
        });
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || match queue.pop_timeout(Duration::from_millis(1)) {
                Ok(value) => Some(*value),
                Err(PopTimeoutError::Timeout) => None,
                Err(PopTimeoutError::Closed) => panic!("nobody closes"),
            }
        });
        pushing.join();
        (popping.join(), queue.try_pop().ok().map(|value| *value))
    });
}
