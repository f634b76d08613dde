//! The queue for many threads: its waits (edges E3, no lost wake, and E5, closed).
#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use loom_tests::{Arc, block_on, explore, explore_bounded, spawn, yield_now};
use untorn::mpmc::{PopTimeoutError, Queue};

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

/// Two futures at once.
struct Both<F: Future>([(F, Option<F::Output>); 2]);

impl<F: Future + Unpin> Future for Both<F>
where
    F::Output: Unpin + Copy,
{
    type Output = [F::Output; 2];

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let futures = &mut self.get_mut().0;
        for (future, output) in futures.iter_mut().filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = Pin::new(future).poll(context) {
                *output = Some(ready);
            }
        }
        match [futures[0].1, futures[1].1] {
            [Some(first), Some(second)] => Poll::Ready([first, second]),
            _ => Poll::Pending,
        }
    }
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

/// E3: two who sleep and two who push, each of whom tells one. The sleepers are tasks of one thread,
/// which would find nothing by itself.
#[test]
fn e3_two_sleepers_are_woken_by_two_producers() {
    explore_bounded(1, [[1, 2], [2, 1]], || {
        let queue = Arc::new(Queue::new(2));
        let push = |number: usize| {
            let queue = Arc::clone(&queue);
            spawn(move || queue.try_push(number).expect("room for both"))
        };
        let (a, b) = (push(1), push(2));
        let popping = spawn({
            let queue = Arc::clone(&queue);
            move || {
                let pops = [(); 2].map(|()| (queue.pop_async(), None));
                block_on(Both(pops)).map(|popped| popped.expect("an item"))
            }
        });
        a.join();
        b.join();
        popping.join()
    });
}

/// E3: the same for two who wait for room.
#[test]
fn e3_two_sleepers_are_woken_by_two_consumers() {
    explore_bounded(1, [[1, 2], [2, 1]], || {
        let queue = Arc::new(Queue::new(2));
        [1, 2].into_iter().for_each(|number| queue.try_push(number).expect("room"));
        let pop = || {
            let queue = Arc::clone(&queue);
            spawn(move || queue.try_pop().expect("one for each"))
        };
        let (a, b) = (pop(), pop());
        let pushing = spawn({
            let queue = Arc::clone(&queue);
            move || {
                let pushes = [3, 4].map(|number| (queue.push_async(number), None));
                assert_eq!(block_on(Both(pushes)), [Ok(()); 2]);
            }
        });
        let popped = [a.join(), b.join()];
        pushing.join();
        assert!(queue.is_full());
        popped
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
