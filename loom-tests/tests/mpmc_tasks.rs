//! The queue for many threads: edge E3 (no lost wake) for tasks, of which one thread has two.
#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use loom_tests::{Arc, block_on, explore_bounded, spawn};
use untorn::mpmc::Queue;

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
