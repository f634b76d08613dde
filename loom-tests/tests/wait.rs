//! Waiting: edges E1 to E4 of the wait table, and event counts.
#![cfg(loom)]

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use loom_tests::{Arc, block_on, explore, explore_bounded, spawn};
use untorn::wait::{EventCount, Outcome::*, notify, notify_all, wait, wait_async, wait_timeout};

/// A word, and data that a notification speaks of.
struct News {
    word: AtomicU32,
    data: UnsafeCell<u32>,
    event: EventCount,
}

// SAFETY: loom checks that nobody touches the data at the wrong time.
unsafe impl Send for News {}
// SAFETY: as above.
unsafe impl Sync for News {}

impl News {
    fn new() -> Arc<Self> {
        let (word, data) = (AtomicU32::new(0), UnsafeCell::new(0));
        Arc::new(Self { word, data, event: EventCount::new() })
    }

    fn write(&self) {
        // SAFETY: loom checks that this is exclusive.
        self.data.with_mut(|data| unsafe { *data = 7 });
    }

    fn read(&self) -> u32 {
        // SAFETY: loom checks that nobody writes.
        self.data.with(|data| unsafe { *data })
    }
}

const SOON: Duration = Duration::from_millis(1);

/// E1 and E2. A word changed before the notification is seen changed by whoever is not woken, though
/// the store is relaxed; who is woken sees what was written before.
#[test]
fn e1_e2_a_thread_is_woken_or_sees_the_change() {
    explore([(NotEqual, 0), (Woken, 1)], || {
        let news = News::new();
        let sleeper = spawn({
            let news = Arc::clone(&news);
            move || {
                let outcome = wait(&news.word, 0);
                if outcome == Woken {
                    assert_eq!(news.read(), 7);
                }
                outcome
            }
        });
        let notifier = spawn(move || {
            news.write();
            news.word.store(1, Relaxed);
            notify(&news.word, 1)
        });
        (sleeper.join(), notifier.join())
    });
}

/// E1 and E3, for a task.
#[test]
fn e1_e3_a_task_is_woken_or_sees_the_change() {
    explore([(NotEqual, 0), (Woken, 1)], || {
        let news = News::new();
        let task = spawn({
            let news = Arc::clone(&news);
            move || {
                let outcome = block_on(wait_async(&news.word, 0));
                if outcome == Woken {
                    assert_eq!(news.read(), 7);
                }
                outcome
            }
        });
        let notifier = spawn(move || {
            news.write();
            news.word.store(1, Relaxed);
            notify(&news.word, 1)
        });
        (task.join(), notifier.join())
    });
}

/// E4. A wait that finds the word changed may use what the change published.
#[test]
fn e4_a_changed_word_is_acquired() {
    explore([NotEqual, TimedOut], || {
        let news = News::new();
        let sleeper = spawn({
            let news = Arc::clone(&news);
            move || {
                let outcome = wait_timeout(&news.word, 0, SOON);
                if outcome == NotEqual {
                    assert_eq!(news.read(), 7);
                }
                outcome
            }
        });
        let writer = spawn(move || {
            news.write();
            news.word.store(1, Release);
        });
        writer.join();
        sleeper.join()
    });
}

/// A wait that runs out of time beside a notification: it counts if and only if it is told.
#[test]
fn a_timeout_beside_a_notification_agrees_with_the_count() {
    explore([(TimedOut, 0), (Woken, 1)], || {
        let news = News::new();
        let sleeper = spawn({
            let news = Arc::clone(&news);
            move || {
                let outcome = wait_timeout(&news.word, 0, SOON);
                if outcome == Woken {
                    assert_eq!(news.read(), 7);
                }
                outcome
            }
        });
        let notifier = spawn(move || {
            news.write();
            notify(&news.word, 1)
        });
        (sleeper.join(), notifier.join())
    });
}

/// Two who wait, and room for one: one is told, and the other goes by the clock.
#[test]
fn one_notification_wakes_one_of_two() {
    let expected = [(TimedOut, TimedOut, 0), (TimedOut, Woken, 1), (Woken, TimedOut, 1)];
    explore_bounded(2, expected, || {
        let news = News::new();
        let sleep = |news: Arc<News>| move || wait_timeout(&news.word, 0, SOON);
        let (a, b) = (spawn(sleep(Arc::clone(&news))), spawn(sleep(Arc::clone(&news))));
        let notifier = spawn(move || notify(&news.word, 1));
        (a.join(), b.join(), notifier.join())
    });
}

/// Two notifiers share out who waits: nobody is counted twice, or by none.
#[test]
fn two_notifiers_count_each_wait_once() {
    explore_bounded(2, [(NotEqual, 0), (Woken, 1)], || {
        let news = News::new();
        let sleeper = spawn({
            let news = Arc::clone(&news);
            move || wait(&news.word, 0)
        });
        let change = |news: Arc<News>| {
            move || {
                news.word.store(1, Relaxed);
                notify_all(&news.word)
            }
        };
        let (a, b) = (spawn(change(Arc::clone(&news))), spawn(change(news)));
        let woken = a.join() + b.join();
        (sleeper.join(), woken)
    });
}

/// A task that goes away beside a notification, and another behind it in the queue: were the first one's
/// notification lost, the second would never be told.
#[test]
fn a_dropped_task_hands_its_notification_to_the_next() {
    explore([1], || {
        let news = News::new();
        let (first, mut second) = (wait_async(&news.word, 0), wait_async(&news.word, 0));
        let notifier = spawn({
            let news = Arc::clone(&news);
            move || {
                news.write();
                notify(&news.word, 1)
            }
        });
        drop(first);
        let woken = notifier.join();
        let polled = Pin::new(&mut second).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(polled, Poll::Ready(Woken));
        assert_eq!(news.read(), 7);
        woken
    });
}

/// The same with a thread that comes to wait meanwhile, before or behind the task.
#[test]
fn a_dropped_task_hands_its_notification_on() {
    explore_bounded(2, [(NotEqual, 0), (NotEqual, 1), (Woken, 1)], || {
        let news = News::new();
        let task = spawn({
            let news = Arc::clone(&news);
            move || drop(wait_async(&news.word, 0))
        });
        let sleeper = spawn({
            let news = Arc::clone(&news);
            move || wait(&news.word, 0)
        });
        let notifier = spawn(move || {
            news.word.store(1, Relaxed);
            notify(&news.word, 1)
        });
        task.join();
        (sleeper.join(), notifier.join())
    });
}

/// A condition that is made true before the notification: nobody sleeps on.
#[test]
fn an_event_wakes_who_found_the_condition_false() {
    explore([0, 1], || {
        let news = News::new();
        let sleeper = spawn({
            let news = Arc::clone(&news);
            move || {
                let seen = || (news.word.load(Acquire) == 1).then(|| news.read());
                assert_eq!(news.event.wait_until(seen), 7);
            }
        });
        let notifier = spawn(move || {
            news.write();
            news.word.store(1, Release);
            news.event.notify(1)
        });
        sleeper.join();
        notifier.join()
    });
}

/// E2, for an event: what was written before the notification is seen, though nothing else says so.
#[test]
fn a_listener_sees_what_came_before_the_notification() {
    for task in [false, true] {
        explore([None, Some(7)], move || {
            let news = News::new();
            let sleeper = spawn({
                let news = Arc::clone(&news);
                move || {
                    let listener = news.event.listen();
                    if task {
                        // Nobody may come, so it is asked once.
                        let mut listener = listener;
                        let mut context = Context::from_waker(Waker::noop());
                        let polled = Pin::new(&mut listener).poll(&mut context);
                        return polled.is_ready().then(|| news.read());
                    }
                    listener.wait_timeout(SOON).then(|| news.read())
                }
            });
            let notifier = spawn(move || {
                news.write();
                news.event.notify(1);
            });
            notifier.join();
            sleeper.join()
        });
    }
}

/// A thread that has what it wants without having slept hands on the notification that it got all the
/// same. Were it lost, the other thread would sleep beside a condition that holds.
#[test]
fn a_notification_that_is_not_needed_goes_to_the_next() {
    explore_bounded(2, [0, 1], || {
        let news = News::new();
        let passer = spawn({
            let news = Arc::clone(&news);
            move || {
                let mut looks = 0;
                news.event.wait_until(|| {
                    looks += 1;
                    (looks == 2).then_some(())
                });
            }
        });
        let sleeper = spawn({
            let news = Arc::clone(&news);
            move || news.event.wait_until(|| (news.word.load(Relaxed) == 1).then_some(()))
        });
        let notifier = spawn(move || {
            news.word.store(1, Relaxed);
            news.event.notify(1)
        });
        passer.join();
        sleeper.join();
        notifier.join()
    });
}

/// Two consumers, and two items with a notification each: nobody sleeps beside an item.
#[test]
fn each_item_finds_a_consumer() {
    explore_bounded(2, [()], || {
        let news = News::new();
        let take = |news: Arc<News>| {
            move || {
                news.event.wait_until(|| {
                    let less = |items: u32| items.checked_sub(1);
                    news.word.fetch_update(Relaxed, Relaxed, less).ok()
                });
            }
        };
        let (a, b) = (spawn(take(Arc::clone(&news))), spawn(take(Arc::clone(&news))));
        let producer = spawn(move || {
            for _ in 0..2 {
                news.word.fetch_add(1, Relaxed);
                news.event.notify(1);
            }
        });
        a.join();
        b.join();
        producer.join();
    });
}
