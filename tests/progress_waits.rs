//! Progress: who waits for the finish, and how long it will take.
#![cfg(feature = "std")]

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use untorn::{Counter, Progress};

mod support;
use support::{PATIENCE, rounds};

struct Unpark(Thread, AtomicUsize);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, Relaxed);
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current(), AtomicUsize::new(0))));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park_timeout(PATIENCE),
        }
    }
}

#[test]
fn every_wait_ends_with_the_finish_and_sees_all_work() {
    for round in 0..rounds(1_000).max(4) {
        let (progress, work, start) = (Progress::open(), Counter::new(), Barrier::new(6));
        progress.add(4).unwrap();
        thread::scope(|scope| {
            for worker in 0..2 {
                let (progress, work, start) = (&progress, &work, &start);
                scope.spawn(move || {
                    start.wait();
                    for _ in 0..2 {
                        let ticket = progress.ticket().unwrap();
                        work.increment();
                        if worker == 0 {
                            drop(ticket);
                        } else {
                            ticket.complete();
                        }
                    }
                });
            }
            scope.spawn(|| {
                start.wait();
                if round % 2 == 0 {
                    thread::yield_now();
                }
                progress.seal();
            });
            for way in 0..3 {
                let (progress, work, start) = (&progress, &work, &start);
                scope.spawn(move || {
                    start.wait();
                    let tally = match way {
                        0 => progress.wait(),
                        1 => progress.wait_timeout(PATIENCE).expect("it comes"),
                        _ => block_on(progress.wait_async()),
                    };
                    assert_eq!((tally.total, tally.completed, tally.failed), (4, 2, 2));
                    assert_eq!(work.get(), 4);
                });
            }
        });
    }
}

#[test]
fn a_wait_gives_up_in_time_and_not_before() {
    let progress = Progress::new(1);
    let (start, time) = (Instant::now(), Duration::from_millis(20));
    assert_eq!(progress.wait_timeout(time), None);
    assert!(start.elapsed() >= time);
    let deadline = Instant::now() + time;
    assert_eq!(progress.wait_deadline(deadline), None);
    assert!(Instant::now() >= deadline);
    assert_eq!(progress.wait_timeout(Duration::ZERO), None);
    progress.complete(1).unwrap();
    assert_eq!(progress.wait_timeout(Duration::ZERO).map(|tally| tally.completed), Some(1));
    assert_eq!(progress.wait_deadline(start).map(|tally| tally.completed), Some(1));
    assert_eq!(progress.wait().completed, 1);
    assert_eq!(block_on(progress.wait_async()).completed, 1);
}

#[test]
fn a_future_is_woken_once_and_may_be_dropped() {
    let progress = Progress::new(1);
    let wakes = Arc::new(Unpark(thread::current(), AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&wakes));
    let mut context = Context::from_waker(&waker);
    let mut stays = pin!(progress.wait_async());
    {
        let mut goes = pin!(progress.wait_async());
        assert!(goes.as_mut().poll(&mut context).is_pending());
        assert!(stays.as_mut().poll(&mut context).is_pending());
        assert!(stays.as_mut().poll(&mut context).is_pending());
    }
    let shown = format!("{stays:?}");
    assert!(shown.starts_with("Finished { progress: Progress { total: 1,"), "{shown}");
    assert!(progress.complete(1).unwrap());
    assert_eq!(wakes.1.load(Relaxed), 1);
    assert_eq!(stays.poll(&mut context).map(|tally| tally.completed), Poll::Ready(1));
}

#[test]
fn the_pace_is_that_of_the_window() {
    let (progress, start) = (Progress::open(), Instant::now());
    let seconds = |n| start + Duration::from_secs(n);
    progress.add(100).unwrap();
    progress.complete(10).unwrap();
    let mut ever = progress.pace_at(start, Duration::MAX);
    let mut lately = progress.pace_at(start, Duration::from_secs(2));

    let report = ever.look_at(start);
    assert_eq!((report.rate, report.remaining, report.elapsed), (0.0, None, Duration::ZERO));

    // What was done before the watch began does not count.
    progress.complete(20).unwrap();
    for pace in [&mut ever, &mut lately] {
        let report = pace.look_at(seconds(2));
        assert_eq!((report.rate, report.remaining), (10.0, Some(Duration::from_secs(7))));
        assert_eq!((report.tally.done(), report.elapsed), (30, Duration::from_secs(2)));
    }
    // Failures are done, too. Tasks that come later take their time.
    progress.fail(4).unwrap();
    progress.add(34).unwrap();
    let report = ever.look_at(seconds(4));
    assert_eq!(
        (report.rate, report.remaining),
        (6.0, Duration::try_from_secs_f64(100.0 / 6.0).ok())
    );
    assert_eq!(lately.look_at(seconds(4)).rate, 6.0, "over two windows");
    assert_eq!(lately.look_at(seconds(5)).rate, 4.0 / 3.0, "the fast start is forgotten");
    assert_eq!(lately.look_at(seconds(6)).rate, 1.0);
    let report = lately.look_at(seconds(8));
    assert_eq!((report.rate, report.remaining), (0.0, None), "it stands still");
    // A clock that goes back is no reason to panic.
    assert_eq!(lately.look_at(start).rate, 0.0);

    progress.complete(100).unwrap();
    assert_eq!(ever.look_at(seconds(10)).remaining, Some(Duration::ZERO));
    assert_eq!(format!("{lately:?}"), "Pace { window: 2s, .. }");
}
