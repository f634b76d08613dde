//! Watch: no news is lost, over any cell, for threads and tasks.
#![cfg(feature = "std")]

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

use untorn::watch::Publish;
use untorn::{Rcu, SeqLock, Snapshot, Watch, latest};

mod support;
use support::rounds;

/// Follows a cell to its last value by sleeping only. Lost news is a test that never ends.
fn follow<C: Publish<Value = u64> + Sync>(cell: C, read: impl Fn(&C) -> u64 + Sync) {
    let (watch, last) = (Watch::new(cell), rounds(20_000).max(20) as u64);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut watcher, mut seen) = (watch.subscribe(), 0);
                seen = seen.max(read(watcher.cell()));
                while seen < last {
                    watcher.changed();
                    let now = read(watcher.cell());
                    assert!(now >= seen, "went back from {seen} to {now}");
                    seen = now;
                }
            });
        }
        (1..=last).for_each(|value| watch.publish(value));
    });
    assert_eq!(read(watch.cell()), last);
}

#[test]
fn every_cell_can_be_watched() {
    follow(SeqLock::new(0), SeqLock::read);
    follow(Snapshot::<u64>::new(0), Snapshot::read);
    follow(Rcu::new(0), |cell| *cell.read());
}

/// Each waits for the other's publication: a wake that got lost stops both.
#[test]
fn two_watches_hand_a_turn_to_and_fro() {
    let rounds = rounds(50_000).max(50) as u64;
    let (ping, pong) = (Watch::new(SeqLock::new(0)), Watch::new(SeqLock::new(0)));
    thread::scope(|scope| {
        let (mut heard, mut answered) = (ping.subscribe(), pong.subscribe());
        let (ping, pong) = (&ping, &pong);
        scope.spawn(move || {
            for round in 1..=rounds {
                heard.changed();
                assert_eq!(ping.cell().read(), round);
                pong.publish(round);
            }
        });
        for round in 1..=rounds {
            ping.publish(round);
            answered.changed();
            assert_eq!(pong.cell().read(), round);
        }
    });
}

#[test]
fn the_writer_of_a_register_publishes_inside() {
    let (mut writer, mut readers) = latest::channel(0, 1);
    let news = Watch::new(());
    let mut watcher = news.subscribe();
    thread::scope(|scope| {
        scope.spawn(|| (1..=100).for_each(|n| news.publish_with(|()| writer.publish(n))));
        while *readers[0].read() < 100 {
            watcher.changed();
        }
    });
}

#[test]
fn what_was_seen_is_no_news_and_several_may_be_one() {
    let watch = Watch::new(SeqLock::new(0));
    let (mut early, mut copy) = (watch.subscribe(), watch.subscribe());
    watch.publish(1);
    watch.publish(2);
    let late = watch.subscribe();
    assert_eq!([early.has_changed(), late.has_changed()], [true, false]);
    early.changed();
    assert!(!early.has_changed());
    copy.clone_from(&early);
    assert!(!copy.has_changed());
    assert!(!early.changed_timeout(Duration::ZERO));
    // Past the watch: not announced.
    watch.cell().write(3);
    assert!(!early.has_changed());
}

#[test]
fn timeouts_are_never_early() {
    let watch = Watch::new(SeqLock::new(0));
    let mut watcher = watch.subscribe();
    for millis in [0, 1, 5] {
        let (start, patience) = (Instant::now(), Duration::from_millis(millis));
        assert!(!watcher.changed_timeout(patience));
        assert!(start.elapsed() >= patience);
        let deadline = Instant::now() + patience;
        assert!(!watcher.changed_deadline(deadline));
        assert!(Instant::now() >= deadline);
    }
    watch.publish(1);
    assert!(watcher.changed_timeout(Duration::ZERO), "news comes before the clock");
}

/// Nobody knows whether a publication that panicked has happened.
#[test]
fn a_panic_is_announced() {
    let watch = Watch::new(SeqLock::new(0));
    let mut watcher = watch.subscribe();
    let publish = || watch.publish_with(|_| panic!("in the middle"));
    catch_unwind(AssertUnwindSafe(publish)).unwrap_err();
    assert!(watcher.changed_timeout(Duration::ZERO));
}

/// Counts how often it is woken.
#[derive(Default)]
struct Wakes(AtomicU32);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[test]
fn a_task_is_woken_once_and_loses_nothing_when_dropped() {
    let watch = Watch::new(Rcu::new(0));
    let mut watcher = watch.subscribe();
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(Arc::clone(&wakes));
    let mut context = Context::from_waker(&waker);
    {
        let mut changed = watcher.changed_async();
        assert_eq!(Pin::new(&mut changed).poll(&mut context), Poll::Pending);
        watch.publish(1);
        watch.publish(2);
        assert_eq!(wakes.0.load(Relaxed), 1);
        // Dropped before it was asked.
    }
    assert!(watcher.has_changed());
    let mut changed = pin!(watcher.changed_async());
    assert_eq!(changed.as_mut().poll(&mut context), Poll::Ready(()));
}
