//! A queue that several threads push to and pop from, in every way.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use untorn::mpmc::{Queue, TryPopError};

use crate::{Part, Random, leak, together};

pub(crate) fn queue(random: &mut Random) {
    let (capacity, steps) = (1 + random.below(4) as usize, random.steps());
    let queue = leak(Queue::new(capacity));
    let (open, sum) = (leak(AtomicU64::new(2)), leak(AtomicU64::new(0)));
    let push = move |step: u64| {
        let mut value = Box::new(step);
        match step % 3 {
            0 => queue.push(value).expect("open"),
            1 => queue.push_timeout(value, Duration::from_secs(60)).expect("open, and popped from"),
            _ => {
                while let Err(error) = queue.try_push(value) {
                    value = error.into_inner();
                    std::thread::yield_now();
                }
            }
        }
    };
    let pushing = || -> Part {
        Box::new(move || {
            (1..=steps).for_each(push);
            // Who ends last closes.
            if open.fetch_sub(1, Relaxed) == 1 {
                assert!(queue.close());
            }
        })
    };
    let popping = |polls: bool| -> Part {
        Box::new(move || {
            loop {
                let value = match queue.try_pop() {
                    Err(TryPopError::Empty | TryPopError::Busy) if polls => {
                        std::thread::yield_now();
                        continue;
                    }
                    Err(TryPopError::Empty | TryPopError::Busy) => queue.pop().ok(),
                    result => result.ok(),
                };
                let Some(value) = value else { break };
                sum.fetch_add(*value, Relaxed);
            }
        })
    };
    together(vec![pushing(), pushing(), popping(true), popping(false)]);
    assert_eq!(sum.load(Relaxed), steps * (steps + 1), "each value once");
}
