//! EventCount: the public contract.
#![cfg(feature = "std")]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, mpsc};
use std::task::{Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use untorn::wait::{EventCount, Listener};

mod support;
use support::tasks::{Wakes, block_on, poll};
use support::threads::{in_time, until};
use support::{PATIENCE, rounds};

const NAP: Duration = Duration::from_millis(30);

/// How many are in the queue, as the event count itself says.
fn waiting(event: &EventCount) -> usize {
    let text = format!("{event:?}");
    let number = text.trim_start_matches("EventCount { waiting: ").trim_end_matches(", .. }");
    number.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// How often the condition of a thread was asked, where all that came before the thread was in the queue
/// counts as once.
#[derive(Default)]
struct Asked(usize);

impl Asked {
    /// Now; asked before anybody else joins the queue.
    fn again(&mut self, event: &EventCount) -> usize {
        if self.0 != 1 || waiting(event) != 0 {
            self.0 += 1;
        }
        self.0
    }
}

fn is_notified(listener: &mut Listener<'_>) -> bool {
    poll(Pin::new(listener), Waker::noop()).is_ready()
}

#[test]
fn lives_in_a_static_and_prints_how_many_wait() {
    static EVENT: EventCount = EventCount::new();
    assert_eq!((EVENT.notify(1), EVENT.notify_all()), (0, 0));
    let listener = EVENT.listen();
    assert_eq!(format!("{EVENT:?} {listener:?}"), "EventCount { waiting: 1, .. } Listener { .. }");
    drop(listener);
    assert_eq!(format!("{:?}", EventCount::default()), "EventCount { waiting: 0, .. }");
}

/// One that holds needs no queue, and is asked once.
#[test]
fn a_condition_that_holds_is_asked_once() {
    let (event, asked) = (EventCount::new(), Cell::new(0));
    let condition = || {
        asked.set(asked.get() + 1);
        assert_eq!(waiting(&event), 0);
        Some("it holds")
    };
    assert_eq!(event.wait_until(condition), "it holds");
    assert_eq!(event.wait_until_timeout(Duration::ZERO, condition), Some("it holds"));
    assert_eq!(event.wait_until_deadline(Instant::now(), condition), Some("it holds"));
    assert_eq!(asked.get(), 3);
}

/// Before the thread sleeps it asks again, in the queue by then: what comes true in between is seen.
#[test]
fn a_condition_is_asked_again_in_the_queue() {
    let (event, mut asked) = (EventCount::new(), Asked::default());
    let result = event.wait_until(|| {
        let time = asked.again(&event);
        assert_eq!(waiting(&event), time - 1);
        (time == 2).then_some(7)
    });
    assert_eq!((result, asked.0, waiting(&event)), (7, 2, 0));
}

/// A notification is no promise: who finds the condition false waits on.
#[test]
fn whoever_is_notified_for_nothing_waits_on() {
    static EVENT: EventCount = EventCount::new();
    static HOLDS: AtomicBool = AtomicBool::new(false);
    let sleeping = thread::spawn(|| {
        let mut asked = 0;
        EVENT.wait_until(|| {
            asked += 1;
            HOLDS.load(Relaxed).then_some(asked)
        })
    });
    for _ in 0..10 {
        until(|| EVENT.notify(1) == 1);
    }
    until(|| waiting(&EVENT) == 1);
    HOLDS.store(true, Relaxed);
    assert_eq!(EVENT.notify_all(), 1);
    // Twice before each sleep, and at the end.
    assert!(sleeping.join().unwrap() > 2 * 10);
}

#[test]
fn listeners_are_notified_in_their_order() {
    let event = EventCount::new();
    let mut listeners: Vec<_> = (0..9).map(|_| event.listen()).collect();
    let mut next = 0;
    for count in [1, 3, 0, 2, 9] {
        let expected = count.min(listeners.len() - next);
        assert_eq!(event.notify(count), expected);
        next += expected;
        let notified: Vec<_> = listeners.iter_mut().map(is_notified).collect();
        assert_eq!(notified, (0..9).map(|id| id < next).collect::<Vec<_>>());
        assert_eq!(waiting(&event), 9 - next);
    }
    assert_eq!(event.notify_all(), 0);
}

/// Neighbours in memory, and more of them than the table has queues.
#[test]
fn each_event_is_its_own() {
    let count = rounds(2_000);
    let events: Vec<_> = (0..count).map(|_| EventCount::new()).collect();
    let mut listeners: Vec<_> = events.iter().map(EventCount::listen).collect();
    for (index, event) in events.iter().enumerate().filter(|(index, _)| index % 7 != 3) {
        assert_eq!((event.notify_all(), event.notify_all()), (1, 0));
        assert!(is_notified(&mut listeners[index]));
    }
    for (index, listener) in listeners.iter_mut().enumerate() {
        assert_eq!(is_notified(listener), index % 7 != 3);
    }
}

/// All ways to wait stand in one queue.
#[test]
fn threads_tasks_and_listeners_share_a_queue() {
    static EVENT: EventCount = EventCount::new();
    static NOTIFIED: AtomicUsize = AtomicUsize::new(0);
    let (sender, notified) = mpsc::channel();
    for id in 0..9 {
        let sender = sender.clone();
        let listener = (id % 3 != 0).then(|| EVENT.listen());
        thread::spawn(move || {
            match listener {
                None => EVENT.wait_until(|| (NOTIFIED.load(Relaxed) > id).then_some(())),
                Some(listener) if id % 3 == 1 => listener.wait(),
                Some(listener) => _ = block_on(listener, None),
            }
            sender.send(id).expect("the test listens");
        });
        until(|| waiting(&EVENT) == id + 1);
    }
    for id in 0..9 {
        NOTIFIED.store(id + 1, Relaxed);
        assert_eq!(EVENT.notify(1), 1);
        assert_eq!(notified.recv_timeout(PATIENCE), Ok(id));
    }
}

#[test]
fn a_timeout_is_never_early_and_leaves_the_queue() {
    let event = EventCount::new();
    let never = || None::<()>;
    for timeout in [Duration::ZERO, Duration::from_micros(900), NAP] {
        let deadline = || Instant::now() + timeout;
        let ways: [&dyn Fn() -> bool; 5] = [
            &|| event.wait_until_timeout(timeout, never).is_none(),
            &|| event.wait_until_deadline(deadline(), never).is_none(),
            &|| !event.listen().wait_timeout(timeout),
            &|| !event.listen().wait_deadline(deadline()),
            &|| block_on(event.listen(), Some(deadline())).is_none(),
        ];
        for (way, times_out) in ways.iter().enumerate() {
            let start = Instant::now();
            assert!(times_out(), "way {way}");
            assert!(start.elapsed() >= timeout, "way {way}");
            assert_eq!((waiting(&event), event.notify_all()), (0, 0), "way {way}");
        }
    }
}

#[test]
fn a_huge_timeout_does_not_overflow() {
    static EVENT: EventCount = EventCount::new();
    for huge in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_secs(1 << 40)] {
        let holds = Arc::<AtomicBool>::default();
        let condition = Arc::clone(&holds);
        let asking = thread::spawn(move || {
            EVENT.wait_until_timeout(huge, || condition.load(Relaxed).then_some(5))
        });
        let listening = thread::spawn(move || EVENT.listen().wait_timeout(huge));
        until(|| waiting(&EVENT) == 2);
        thread::sleep(NAP / 10);
        holds.store(true, Relaxed);
        assert_eq!(EVENT.notify_all(), 2);
        assert_eq!(asking.join().unwrap(), Some(5));
        assert!(listening.join().unwrap());
    }
}

/// What came true without a notification is still found when the time is over.
#[test]
fn the_condition_has_the_last_word() {
    static EVENT: EventCount = EventCount::new();
    static HOLDS: AtomicBool = AtomicBool::new(false);
    let sleeping = thread::spawn(|| {
        let start = Instant::now();
        let condition = || HOLDS.load(Relaxed).then_some(start.elapsed());
        EVENT.wait_until_timeout(2 * NAP, condition)
    });
    // If the thread is so late that it never sleeps, it finds the condition at once.
    thread::sleep(NAP);
    HOLDS.store(true, Relaxed);
    assert!(sleeping.join().unwrap().is_some());
    assert_eq!(waiting(&EVENT), 0);
    // A listener that was notified in time says so, however late it is asked.
    let listener = EVENT.listen();
    assert_eq!(EVENT.notify(1), 1);
    assert!(listener.wait_deadline(Instant::now()));
}

/// A listener that was polled as a future can still be waited for by a thread.
#[test]
fn a_future_can_become_a_blocking_wait() {
    static EVENT: EventCount = EventCount::new();
    let (wakes, waker) = Wakes::new();
    let polled = || {
        let mut listener = EVENT.listen();
        assert!(poll(Pin::new(&mut listener), &waker).is_pending());
        listener
    };
    assert!(!polled().wait_timeout(Duration::from_millis(1)));
    let listener = polled();
    let sleeping = thread::spawn(move || listener.wait());
    thread::sleep(NAP);
    assert_eq!(EVENT.notify(1), 1);
    sleeping.join().unwrap();
    // Neither kept its waker; the second would have woken it if it had been slow.
    assert_eq!(Arc::strong_count(&wakes), 2);
    assert!(wakes.count() <= 1);
    // Notified before, it does not wait; nor when it was told.
    for told in [false, true] {
        let mut listener = polled();
        assert_eq!(EVENT.notify(1), 1);
        assert!(!told || is_notified(&mut listener));
        assert!(listener.wait_timeout(Duration::ZERO));
    }
}

/// Whoever does not need the notification after all hands it to the next.
#[test]
fn a_listener_hands_its_notification_on() {
    let event = EventCount::new();
    let (first, mut second, mut third) = (event.listen(), event.listen(), event.listen());
    assert_eq!(event.notify(1), 1);
    drop(first);
    assert_eq!(waiting(&event), 1);
    assert!(is_notified(&mut second) && !is_notified(&mut third));
    // Told, it is used up.
    drop(second);
    assert!(!is_notified(&mut third));
    // Who was not notified has nothing to hand on.
    let fourth = event.listen();
    drop(third);
    assert!(!fourth.wait_timeout(Duration::ZERO));
}

/// So does a thread that is notified in the queue, and then sees that it need not sleep.
#[test]
fn a_thread_hands_its_notification_on() {
    let event = EventCount::new();
    let (mut asked, mut behind) = (Asked::default(), None);
    event.wait_until(|| {
        let time = asked.again(&event);
        if time == 2 {
            behind = Some(event.listen());
            assert_eq!(event.notify(1), 1);
        }
        (time == 2).then_some(())
    });
    assert!(behind.as_mut().is_some_and(is_notified));
}

/// If the condition panics, the thread has left the queue, and its notification is not lost.
#[test]
fn a_condition_that_panics_leaves_the_queue() {
    let event = EventCount::new();
    for last in [1, 2, 3] {
        let (mut asked, mut behind) = (Asked::default(), None);
        let wait = AssertUnwindSafe(|| {
            event.wait_until_timeout(PATIENCE, || -> Option<()> {
                let time = asked.again(&event);
                if time == 2 {
                    behind = Some(event.listen());
                    // It is first in the queue.
                    assert_eq!(event.notify(1), 1);
                }
                assert!(time < last, "on purpose");
                None
            })
        });
        assert!(catch_unwind(wait).is_err());
        assert_eq!(asked.0, last);
        let notified = behind.as_mut().is_some_and(is_notified);
        // The third time it had been woken before it panicked.
        assert_eq!(notified, last > 1);
        drop(behind);
        assert_eq!((waiting(&event), event.notify_all()), (0, 0));
    }
}

/// A condition may do what it likes: no lock is held.
#[test]
fn a_condition_can_use_the_event() {
    static EVENTS: [EventCount; 2] = [const { EventCount::new() }; 2];
    in_time(|| {
        let mut asked = Asked::default();
        let result = EVENTS[0].wait_until(|| {
            let (time, before) = (asked.again(&EVENTS[0]), waiting(&EVENTS[0]));
            assert_eq!(before, usize::from(time % 2 == 0));
            let inner = EVENTS[0].wait_until_timeout(Duration::from_micros(1), || None::<()>);
            assert_eq!(inner, None);
            assert!(!EVENTS[1].listen().wait_timeout(Duration::ZERO));
            // Itself, while it is in the queue.
            assert_eq!(EVENTS[0].notify_all(), before);
            (time == 5).then_some("done")
        });
        assert_eq!(result, "done");
    });
}

/// A thread takes the place of a waker whose destructor panics, while others notify: it has left the
/// queue when the panic goes on, and so has what it slept on.
#[test]
fn a_waker_that_panics_when_it_is_replaced() {
    static EVENT: EventCount = EventCount::new();
    static DONE: AtomicBool = AtomicBool::new(false);
    struct Touchy;
    impl Wake for Touchy {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for Touchy {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let notifying = thread::spawn(|| {
        while !DONE.load(Relaxed) {
            // Who is in time to wake the waker, drops it, too.
            _ = catch_unwind(|| EVENT.notify(1));
            thread::yield_now();
        }
    });
    let mut panics = 0;
    for round in 0..rounds(1_000) {
        let mut listener = EVENT.listen();
        let waiting = AssertUnwindSafe(|| {
            let waker = Waker::from(Arc::new(Touchy));
            if poll(Pin::new(&mut listener), &waker).is_pending() {
                drop(waker);
                _ = listener.wait_timeout(Duration::from_micros(round as u64 % 50));
            }
        });
        panics += usize::from(catch_unwind(waiting).is_err());
    }
    assert!(panics > 0, "some were in time");
    DONE.store(true, Relaxed);
    notifying.join().unwrap();
    assert_eq!((waiting(&EVENT), EVENT.notify_all()), (0, 0));
}
