//! Waiting for words, with tasks: the public contract.
#![cfg(feature = "std")]

use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use untorn::wait::{
    Outcome, WaitAsync, notify, notify_all, wait, wait_async, wait_timeout, waiting,
};

mod support;
use support::tasks::{Calls, Wakes, block_on, poll};
use support::threads::{Random, until};
use support::{PATIENCE, rounds};

type Wait<'a> = WaitAsync<'a, AtomicU32>;

/// Polls a future for the first time.
fn start(future: &mut Wait<'_>, waker: &Waker) {
    assert_eq!(poll(Pin::new(future), waker), Poll::Pending);
}

fn is_woken(future: &mut Wait<'_>) -> bool {
    poll(Pin::new(future), Waker::noop()) == Poll::Ready(Outcome::Woken)
}

#[test]
fn a_wait_ends_once_and_stays_ended() {
    let word = AtomicU32::new(0);
    let (wakes, waker) = Wakes::new();
    let mut future = wait_async(&word, 0);
    assert_eq!(format!("{future:?}"), "WaitAsync { queued: true, .. }");
    start(&mut future, &waker);
    start(&mut future, &waker);
    assert_eq!((notify_all(&word), notify_all(&word)), (1, 0));
    assert_eq!(wakes.count(), 1);
    assert!(is_woken(&mut future) && is_woken(&mut future));
    drop(future);
    assert_eq!(format!("{:?}", wait_async(&word, 1)), "WaitAsync { queued: false, .. }");
    assert_eq!((waiting(&word), wakes.count()), (0, 1));
}

/// From its first moment a wait is in the queue: what changes later is notified.
#[test]
fn it_waits_from_the_call_on() {
    let word = AtomicU32::new(0);
    let mut future = wait_async(&word, 0);
    word.store(1, Relaxed);
    assert_eq!((waiting(&word), notify(&word, 1)), (1, 1));
    assert!(is_woken(&mut future));
    // And a word that has changed by the time of the call is not waited for, whatever it holds later.
    let mut future = wait_async(&word, 0);
    word.store(0, Relaxed);
    assert_eq!(poll(Pin::new(&mut future), Waker::noop()), Poll::Ready(Outcome::NotEqual));
}

/// Thousands of words, many to a queue of the table: each is its own.
#[test]
fn more_words_than_queues() {
    let count = rounds(5_000);
    let words: Vec<_> = (0..count).map(|_| AtomicU32::new(0)).collect();
    let (wakes, waker) = Wakes::new();
    let mut futures: Vec<_> = words.iter().map(|word| wait_async(word, 0)).collect();
    futures.iter_mut().for_each(|future| start(future, &waker));
    let mut order: Vec<_> = (0..count).collect();
    let mut random = Random(9);
    for i in 1..count {
        order.swap(i, random.below(i as u64 + 1) as usize);
    }
    for (done, index) in order.into_iter().enumerate() {
        if index % 3 == 0 {
            // Leaves; whoever is behind it keeps its place.
            futures[index] = wait_async(&words[index], 1);
            assert_eq!(notify(&words[index], 1), 0);
            continue;
        }
        let before = wakes.count();
        assert_eq!(notify(&words[index], usize::MAX), 1, "{done}");
        assert_eq!(wakes.count(), before + 1);
        assert!(is_woken(&mut futures[index]));
    }
    assert_eq!(words.iter().map(|word| waiting(word)).sum::<usize>(), 0);
}

/// Thousands of tasks for one word.
#[test]
fn a_long_queue() {
    let count = rounds(5_000);
    let word = AtomicU32::new(0);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut futures: Vec<_> = (0..count).map(|_| wait_async(&word, 0)).collect();
    for (id, future) in futures.iter_mut().enumerate() {
        let order = Arc::clone(&order);
        start(future, &Calls::waker(move || order.lock().unwrap().push(id)));
    }
    let mut woken = 0;
    for some in 1.. {
        let now = notify(&word, some);
        assert_eq!(now, some.min(count - woken));
        woken += now;
        if now == 0 {
            break;
        }
    }
    assert_eq!(*order.lock().unwrap(), (0..count).collect::<Vec<_>>(), "in order");
    assert!(futures.iter_mut().all(is_woken));
}

/// A thread and a task are served in the order in which they came.
#[test]
fn threads_and_tasks_share_a_queue() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let (sender, woken) = mpsc::channel();
    let mut futures = Vec::new();
    for id in 0..10 {
        let sender = sender.clone();
        if id % 2 == 0 {
            thread::spawn(move || {
                assert_eq!(wait(&WORD, 0), Outcome::Woken);
                sender.send(id).expect("the test listens");
            });
        } else {
            let mut future = wait_async(&WORD, 0);
            start(&mut future, &Calls::waker(move || sender.send(id).expect("the test listens")));
            futures.push(future);
        }
        until(|| waiting(&WORD) == id + 1);
    }
    for id in 0..10 {
        assert_eq!(notify(&WORD, 1), 1);
        assert_eq!(woken.recv_timeout(PATIENCE), Ok(id));
    }
    assert!(futures.iter_mut().all(is_woken));
}

/// Whoever polls last is woken, on whichever thread, and no waker is kept any longer.
#[test]
fn a_future_moves_between_threads() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let (first, first_waker) = Wakes::new();
    let (second, second_waker) = Wakes::new();
    let mut future = wait_async(&WORD, 0);
    start(&mut future, &first_waker);
    drop(first_waker);
    assert_eq!(Arc::strong_count(&first), 2);
    let mut future = thread::spawn(move || {
        start(&mut future, &second_waker);
        future
    })
    .join()
    .unwrap();
    assert_eq!((Arc::strong_count(&first), Arc::strong_count(&second)), (1, 2));
    assert_eq!(thread::spawn(|| notify(&WORD, 1)).join().unwrap(), 1);
    assert_eq!((first.count(), second.count(), Arc::strong_count(&second)), (0, 1, 1));
    assert!(thread::spawn(move || is_woken(&mut future)).join().unwrap());
}

/// Dropped when it was notified and did not know, it hands the notification to the next in the queue.
#[test]
fn a_notification_outlives_a_future_that_is_dropped() {
    let word = AtomicU32::new(0);
    let (wakes, waker) = Wakes::new();
    for polled in [false, true] {
        let mut futures: Vec<_> = (0..5).map(|_| wait_async(&word, 0)).collect();
        if polled {
            futures.iter_mut().for_each(|future| start(future, &waker));
        }
        assert_eq!(notify(&word, 2), 2);
        // Of two that were notified, one: the third has it now, then the fourth.
        drop(futures.remove(0));
        assert_eq!(waiting(&word), 2);
        drop(futures.remove(1));
        assert_eq!(waiting(&word), 1);
        // Who has been told keeps it.
        assert!(is_woken(&mut futures[0]) && is_woken(&mut futures[1]));
        drop(futures.drain(..2));
        assert_eq!(waiting(&word), 1);
        // Who was not notified has nothing to hand on.
        drop(futures);
        assert_eq!((waiting(&word), notify(&word, 1)), (0, 0));
        assert_eq!(wakes.count(), if polled { 4 } else { 0 });
    }
}

/// Also to a thread; and nobody gets it where nobody is.
#[test]
fn a_notification_is_handed_to_a_thread() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let future = wait_async(&WORD, 0);
    let sleeping = thread::spawn(|| wait_timeout(&WORD, 0, PATIENCE));
    until(|| waiting(&WORD) == 2);
    assert_eq!(notify(&WORD, 1), 1);
    drop(future);
    assert_eq!(sleeping.join().unwrap(), Outcome::Woken);
    let future = wait_async(&WORD, 0);
    assert_eq!(notify(&WORD, 1), 1);
    drop(future);
    assert_eq!(waiting(&WORD), 0);
}

/// Tasks and threads that come, give up and hand on, against a notifier that always finds somebody:
/// as many are told as were counted, whatever the schedule.
#[test]
fn counts_are_exact_under_races() {
    static WORD: AtomicU64 = AtomicU64::new(0);
    static RUNNING: AtomicUsize = AtomicUsize::new(3);
    let waiters: Vec<_> = (0..3)
        .map(|id| {
            thread::spawn(move || {
                let (mut random, mut woken) = (Random(id + 1), 0);
                for _ in 0..rounds(10_000) {
                    let timeout = Duration::from_micros(random.below(40));
                    let outcome = match random.below(3) {
                        0 => Some(wait_timeout(&WORD, 0, timeout)),
                        1 => block_on(wait_async(&WORD, 0), Some(Instant::now() + timeout)),
                        // Gone before it can be told.
                        _ => {
                            drop(wait_async(&WORD, 0));
                            None
                        }
                    };
                    woken += usize::from(outcome == Some(Outcome::Woken));
                }
                RUNNING.fetch_sub(1, Relaxed);
                woken
            })
        })
        .collect();
    // Enough that whoever is gone finds one of these behind it.
    let mut crowd = [(); 50].map(|()| wait_async(&WORD, 0));
    let (mut random, mut counted, mut woken) = (Random(4), 0, 0);
    while RUNNING.load(Relaxed) != 0 {
        counted += notify(&WORD, random.below(3) as usize);
        for future in &mut crowd {
            if poll(Pin::new(&mut *future), Waker::noop()).is_ready() {
                woken += 1;
                *future = wait_async(&WORD, 0);
            }
        }
    }
    let others: usize = waiters.into_iter().map(|waiter| waiter.join().unwrap()).sum();
    for future in &mut crowd {
        woken += usize::from(poll(Pin::new(future), Waker::noop()).is_ready());
    }
    assert!(others > 0, "some were in time");
    assert_eq!(woken + others, counted);
    drop(crowd);
    assert_eq!(waiting(&WORD), 0);
}
