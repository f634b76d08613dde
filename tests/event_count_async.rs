//! EventCount: a task that waits for a condition.
#![cfg(feature = "std")]

use std::cell::Cell;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Instant;

use untorn::wait::{EventCount, Listener};

mod support;
use support::tasks::{Wakes, block_on, poll};
use support::{PATIENCE, rounds};

fn is_notified(listener: &mut Listener<'_>) -> bool {
    poll(Pin::new(listener), Waker::noop()).is_ready()
}

/// A condition that holds from some look on, and counts the looks.
fn holds_at(look: usize, looks: &Cell<usize>) -> impl FnMut() -> Option<usize> {
    move || {
        looks.set(looks.get() + 1);
        (looks.get() >= look).then_some(looks.get())
    }
}

/// Nothing happens before the first poll; one look is enough if the condition holds, and one more, in
/// the queue by then, if it holds a moment later.
#[test]
fn it_looks_again_in_the_queue() {
    for look in [1, 2] {
        let (event, looks) = (EventCount::new(), Cell::new(0));
        let mut future = event.wait_until_async(holds_at(look, &looks));
        assert_eq!(format!("{future:?}"), "WaitUntil { queued: false, .. }");
        assert_eq!((looks.get(), event.notify_all()), (0, 0));
        assert_eq!(poll(Pin::new(&mut future), Waker::noop()), Poll::Ready(look));
        // It has left the queue before it is dropped.
        assert_eq!((looks.get(), event.notify_all()), (look, 0));
    }
}

/// It is told once for each notification, looks again, and queues up again.
#[test]
fn notified_for_nothing_it_waits_on() {
    let (event, holds, looks) = (EventCount::new(), Cell::new(false), Cell::new(0));
    let (wakes, waker) = Wakes::new();
    let mut future = event.wait_until_async(|| {
        looks.set(looks.get() + 1);
        holds.get().then_some("holds")
    });
    for round in 0..3 {
        let before = looks.get();
        assert_eq!(poll(Pin::new(&mut future), &waker), Poll::Pending);
        assert!(looks.get() >= before + 2, "at least once in the queue");
        assert_eq!((wakes.count(), event.notify(9), wakes.count()), (round, 1, round + 1));
    }
    holds.set(true);
    assert_eq!(poll(Pin::new(&mut future), &waker), Poll::Ready("holds"));
    assert_eq!((event.notify_all(), wakes.count()), (0, 3));
}

/// Dropped, it has left the queue; and what it was told of, and did not look at, goes to the next.
#[test]
fn dropped_it_hands_its_notification_on() {
    let (event, looks) = (EventCount::new(), Cell::new(0));
    let mut future = event.wait_until_async(holds_at(9, &looks));
    assert!(poll(Pin::new(&mut future), Waker::noop()).is_pending());
    drop(future);
    assert_eq!(event.notify_all(), 0);

    let mut future = event.wait_until_async(holds_at(9, &looks));
    assert!(poll(Pin::new(&mut future), Waker::noop()).is_pending());
    let mut next = event.listen();
    assert_eq!(event.notify(1), 1);
    drop(future);
    assert!(is_notified(&mut next));
}

/// Polled for another reason it finds that the condition holds, and was notified meanwhile for nothing.
#[test]
fn what_it_does_not_need_goes_to_the_next() {
    let (event, looks) = (EventCount::new(), Cell::new(0));
    let mut next = None;
    let mut future = event.wait_until_async(|| {
        looks.set(looks.get() + 1);
        if looks.get() == 2 {
            // It is first in the queue.
            next = Some(event.listen());
            assert_eq!(event.notify(1), 1);
        }
        (looks.get() == 2).then_some(())
    });
    assert!(poll(Pin::new(&mut future), Waker::noop()).is_ready());
    drop(future);
    assert!(next.as_mut().is_some_and(is_notified));
}

/// Two tasks take turns: a wake that is lost stops them.
#[test]
fn no_wake_is_lost_between_tasks() {
    let last = rounds(40_000);
    let (turn, events) = (AtomicUsize::new(0), [EventCount::new(), EventCount::new()]);
    let player = |us: usize| {
        let (turn, events) = (&turn, &events);
        move || {
            for ours in (us..last).step_by(2) {
                let come = || (turn.load(Relaxed) == ours).then_some(());
                let deadline = Instant::now() + PATIENCE;
                let came = block_on(events[us].wait_until_async(come), Some(deadline));
                assert!(came.is_some(), "the wake for turn {ours} was lost");
                turn.store(ours + 1, Relaxed);
                events[1 - us].notify(1);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(player(0));
        scope.spawn(player(1));
    });
    assert_eq!(turn.load(Relaxed), last);
}
