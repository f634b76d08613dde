//! Numbers that several threads change.

use std::cell::UnsafeCell;
use std::thread;

use untorn::{Counter, Progress, ShardedCounter};

use crate::{Random, leak, together};

pub(crate) fn counter(random: &mut Random) {
    let (counter, steps) = (leak(Counter::new()), random.steps());
    let part = || -> Box<dyn FnOnce() + Send> {
        Box::new(move || (0..steps).for_each(|_| counter.increment()))
    };
    together(vec![part(), part(), part()]);
    assert_eq!(counter.get(), 3 * steps);
}

pub(crate) fn sharded_counter(random: &mut Random) {
    let (counter, taken) = (leak(ShardedCounter::<2>::new()), leak(Counter::new()));
    let steps = random.steps();
    let by_slot = || -> Box<dyn FnOnce() + Send> {
        Box::new(move || (0..steps).for_each(|_| counter.increment()))
    };
    let by_handle = Box::new(move || {
        for step in 0..steps {
            // Slots change hands.
            let local = counter.local();
            local.add(step);
        }
    });
    let taker = Box::new(move || {
        let mut last = 0;
        for step in 0..steps {
            if step % 8 == 0 {
                taken.add(counter.take());
                last = 0;
            }
            let sum = counter.sum();
            assert!(sum >= last, "back in time");
            last = sum;
        }
    });
    together(vec![by_slot(), by_slot(), by_slot(), by_handle, taker]);
    assert_eq!(taken.get() + counter.take(), 3 * steps + steps * (steps - 1) / 2);
}

pub(crate) fn progress(random: &mut Random) {
    // Plain memory that the finish hands over: a missing edge is a data race that the sanitizer can see.
    struct Work(UnsafeCell<[u64; 2]>);
    // SAFETY: each worker has a number of its own, and others look after the finish.
    unsafe impl Sync for Work {}
    let (progress, work) = (leak(Progress::open()), leak(Work(UnsafeCell::new([0; 2]))));
    let steps = random.steps();
    let worker = |number: usize| -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            let mine = work.0.get().cast::<u64>().wrapping_add(number);
            for step in 0..steps {
                progress.add(1).expect("it is open");
                let ticket = progress.ticket().expect("its task was added");
                // SAFETY: nobody else has this number before the finish.
                unsafe { *mine += 1 };
                if step % 3 == 0 {
                    drop(ticket);
                } else {
                    ticket.complete();
                }
            }
        })
    };
    let sealer = Box::new(move || {
        while u64::from(progress.snapshot().total) < 2 * steps {
            thread::yield_now();
        }
        progress.seal();
    });
    let waiter = || -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            let tally = progress.wait();
            assert_eq!((tally.left(), u64::from(tally.total)), (0, 2 * steps));
            // SAFETY: all work is done.
            assert_eq!(unsafe { *work.0.get() }, [steps; 2]);
        })
    };
    together(vec![worker(0), worker(1), sealer, waiter(), waiter()]);
}
