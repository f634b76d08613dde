//! The queue for many threads: edge E6 (refusals in one order), and what is final once it is closed (I5).
#![cfg(loom)]

use loom_tests::{Arc, explore, explore_bounded, spawn};
use untorn::mpmc::{Queue, TryPopError, TryPushError};

type Two = Arc<[Queue<usize>; 2]>;

fn pop(queue: &Queue<usize>) -> &'static str {
    match queue.try_pop() {
        Ok(_) => "value",
        Err(TryPopError::Empty) => "empty",
        Err(TryPopError::Busy) => "busy",
        Err(TryPopError::Closed) => "closed",
    }
}

fn push(queue: &Queue<usize>) -> &'static str {
    match queue.try_push(9) {
        Ok(()) => "pushed",
        Err(TryPushError::Full(_)) => "full",
        Err(TryPushError::Busy(_)) => "busy",
        Err(TryPushError::Closed(_)) => "closed",
    }
}

/// How many values a queue of one holds, what its thread does with it, and whether that thread then
/// sees in the other queue what the other thread did.
type Side = (usize, fn(&Queue<usize>), fn(&Queue<usize>) -> bool);

/// Two threads and two queues: each does something with its own, and then looks at the other's. At
/// least one must see what the other did.
fn one_sees(sides: [Side; 2]) {
    explore([(true, true), (true, false), (false, true)], move || {
        let queues: Two = Arc::new([(); 2].map(|()| Queue::new(1)));
        let go = |mine: usize| {
            let (inside, act, sees) = sides[mine];
            (0..inside).for_each(|_| put(&queues[mine]));
            let queues = Arc::clone(&queues);
            move || {
                act(&queues[mine]);
                sees(&queues[1 - mine])
            }
        };
        let (a, b) = (go(0), go(1));
        let (a, b) = (spawn(a), spawn(b));
        (a.join(), b.join())
    });
}

fn put(queue: &Queue<usize>) {
    queue.try_push(1).expect("room");
}

fn take(queue: &Queue<usize>) {
    queue.try_pop().expect("a value");
}

fn close(queue: &Queue<usize>) {
    assert!(queue.close());
}

/// E6: each pushes, and one finds the other's value.
#[test]
fn e6_two_queues_are_not_both_empty() {
    one_sees([(0, put, |queue| pop(queue) != "empty"); 2]);
}

/// E6: each pops, and one finds the other's room.
#[test]
fn e6_two_queues_are_not_both_full() {
    one_sees([(1, take, |queue| push(queue) != "full"); 2]);
}

/// E6: one closes a queue that is empty, or full, the other pushes: one is told.
#[test]
fn e6_who_is_refused_is_told_of_a_close() {
    let closes: Side = (0, close, |other| pop(other) != "empty");
    one_sees([closes, (0, put, |closed| pop(closed) == "closed")]);
    let (_, close, sees) = closes;
    one_sees([(1, close, sees), (0, put, |closed| push(closed) == "closed")]);
}

/// E6: what the observers say of a queue that was empty.
#[test]
fn e6_observers_see_a_push() {
    one_sees([(0, put, |queue| !queue.is_empty()); 2]);
    one_sees([(0, put, Queue::is_full); 2]);
    one_sees([(0, put, |queue| queue.len() == 1); 2]);
}

/// E6: what they say of one that was full.
#[test]
fn e6_observers_see_a_pop() {
    one_sees([(1, take, Queue::is_empty); 2]);
    one_sees([(1, take, |queue| !queue.is_full()); 2]);
    one_sees([(1, take, |queue| matches!(queue.len(), 0)); 2]);
}

/// E6: one takes all there is, the other fills what is left: nobody is told "empty" while the other is
/// told "full".
#[test]
fn e6_empty_and_full_are_not_said_at_once() {
    let expected = [
        ("value", "pushed"),
        ("value", "full"),
        ("value", "busy"),
        ("empty", "pushed"),
        ("busy", "pushed"),
        ("busy", "full"),
        ("busy", "busy"),
    ];
    explore_bounded(2, expected, || {
        let queue = Queue::new(2);
        put(&queue);
        let queue = Arc::new(queue);
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || {
                take(&queue);
                pop(&queue)
            }
        });
        let pushing = spawn(move || {
            put(&queue);
            push(&queue)
        });
        (popping.join(), pushing.join())
    });
}

/// I5: once a closed queue was seen to be empty, no push succeeds, though it began before.
#[test]
fn i5_a_closed_queue_that_is_empty_stays_so() {
    let expected = [("pushed", false, "value"), ("closed", true, "closed")];
    explore(expected.into_iter().chain([("pushed", false, "busy")]), || {
        let queue = Arc::new(Queue::new(1));
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || push(&queue)
        });
        let closing = spawn(move || {
            close(&queue);
            (queue.is_empty(), pop(&queue))
        });
        let pushed = pushing.join();
        let (empty, popped) = closing.join();
        (pushed, empty, popped)
    });
}
