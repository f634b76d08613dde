//! Waiting for words: what a waker may do, which is foreign code, and when it is dropped.
#![cfg(feature = "std")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};
use std::thread;

use untorn::wait::{Outcome, WaitAsync, notify, notify_all, wait_async, wait_timeout, waiting};

mod support;
use support::PATIENCE;
use support::tasks::{Calls, Wakes, poll};
use support::threads::{in_time, until};

type Wait<'a> = WaitAsync<'a, AtomicU32>;

/// Polls a future for the first time.
fn start(future: &mut Wait<'_>, waker: &Waker) {
    assert_eq!(poll(Pin::new(future), waker), Poll::Pending);
}

fn is_woken(future: &mut Wait<'_>) -> bool {
    poll(Pin::new(future), Waker::noop()) == Poll::Ready(Outcome::Woken)
}

/// A waker may do whatever it likes with the table: it runs without a lock.
#[test]
fn a_waker_can_notify_and_wait() {
    static WORDS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    in_time(|| {
        let counts = Arc::new(Mutex::new(Vec::new()));
        let waker = Calls::waker({
            let counts = Arc::clone(&counts);
            move || {
                // The one that woke us has left the queue; the next is still in it.
                let next = notify(&WORDS[0], 1);
                let other = notify_all(&WORDS[1]);
                drop(wait_async(&WORDS[0], 0));
                let late = wait_timeout(&WORDS[0], 1, PATIENCE);
                counts.lock().unwrap().push((next, other, waiting(&WORDS[0]), late));
            }
        });
        let mut futures = [(); 3].map(|()| wait_async(&WORDS[0], 0));
        let mut other = wait_async(&WORDS[1], 0);
        futures.iter_mut().for_each(|future| start(future, &waker));
        start(&mut other, Waker::noop());
        assert_eq!(notify(&WORDS[0], 1), 1);
        // From the innermost to the outermost.
        let late = Outcome::NotEqual;
        assert_eq!(*counts.lock().unwrap(), [(0, 1, 0, late), (1, 0, 0, late), (1, 0, 0, late)]);
        assert!(futures.iter_mut().all(is_woken) && is_woken(&mut other));
    });
}

/// A waker may drop any future: one that is notified with it, one that waits behind it, and its own.
#[test]
fn a_waker_can_drop_futures() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    in_time(|| {
        let all = Arc::new(Mutex::new((0..6).map(|_| wait_async(&WORD, 0)).map(Some).collect()));
        let dropping: Arc<Mutex<Vec<Option<Wait<'static>>>>> = Arc::clone(&all);
        let (wakes, counting) = Wakes::new();
        let waker = Calls::waker(move || {
            let futures: Vec<_> = {
                let mut all = dropping.lock().unwrap();
                [0, 1, 3].into_iter().filter_map(|index| all[index].take()).collect()
            };
            drop(futures);
        });
        for (index, future) in all.lock().unwrap().iter_mut().enumerate() {
            start(future.as_mut().unwrap(), if index == 0 { &waker } else { &counting });
        }
        // Three are notified. The first drops itself and the second, which hand theirs to the fourth
        // and the fifth; but the fourth is dropped, too, and hands it to the sixth.
        assert_eq!(notify(&WORD, 3), 3);
        let mut left = std::mem::take(&mut *all.lock().unwrap());
        let woken: Vec<_> = left.iter_mut().map(|future| future.as_mut().map(is_woken)).collect();
        assert_eq!(woken, [None, None, Some(true), None, Some(true), Some(true)]);
        assert_eq!(waiting(&WORD), 0);
        assert!(wakes.count() >= 3);
    });
}

/// The panic of a waker goes to whoever notified; the rest is woken all the same.
#[test]
fn a_waker_that_panics_keeps_nobody_asleep() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let (wakes, waker) = Wakes::new();
    let panicking = Calls::waker(|| panic!("on purpose"));
    let mut futures: Vec<_> = (0..4).map(|_| wait_async(&WORD, 0)).collect();
    for (index, future) in futures.iter_mut().enumerate() {
        start(future, if index == 1 { &panicking } else { &waker });
    }
    let sleeping = thread::spawn(|| wait_timeout(&WORD, 0, PATIENCE));
    until(|| waiting(&WORD) == 5);
    assert!(catch_unwind(|| notify_all(&WORD)).is_err());
    assert_eq!(wakes.count(), 3);
    assert!(futures.iter_mut().all(is_woken));
    assert_eq!(sleeping.join().unwrap(), Outcome::Woken);
    assert_eq!((waiting(&WORD), notify_all(&WORD)), (0, 0));
    // The table is in order, also for the addresses that share the queue.
    let mut future = wait_async(&WORD, 0);
    assert_eq!(notify(&WORD, 1), 1);
    assert!(is_woken(&mut future));
}

/// A waker that can do nothing but say what becomes of it, on the side of the word.
struct Touchy {
    dropped: Arc<AtomicUsize>,
    panics: bool,
}

static TOUCHED: AtomicU32 = AtomicU32::new(0);

impl Wake for Touchy {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Touchy {
    fn drop(&mut self) {
        // Hangs if the lock of the queue is held.
        _ = waiting(&TOUCHED);
        self.dropped.fetch_add(1, Relaxed);
        assert!(!self.panics || thread::panicking(), "on purpose");
    }
}

/// No waker is dropped while the lock is held: not when it is replaced, nor when its future is dropped
/// in the queue, nor when it has been notified.
#[test]
fn a_waker_is_dropped_without_the_lock() {
    in_time(|| {
        let dropped = Arc::<AtomicUsize>::default();
        let touchy =
            || Waker::from(Arc::new(Touchy { dropped: Arc::clone(&dropped), panics: false }));
        let mut future = wait_async(&TOUCHED, 0);
        start(&mut future, &touchy());
        start(&mut future, &touchy());
        assert_eq!(dropped.load(Relaxed), 1);
        drop(future);
        assert_eq!(dropped.load(Relaxed), 2);
        let mut future = wait_async(&TOUCHED, 0);
        start(&mut future, &touchy());
        assert_eq!(notify(&TOUCHED, 1), 1);
        assert_eq!(dropped.load(Relaxed), 3);
        // Notified meanwhile, it keeps no waker that it is polled with.
        assert_eq!(poll(Pin::new(&mut future), &touchy()), Poll::Ready(Outcome::Woken));
        assert_eq!(dropped.load(Relaxed), 4);
    });
}

/// The destructor of a waker that panics takes nothing else with it.
#[test]
fn a_waker_that_panics_when_dropped() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    let dropped = Arc::<AtomicUsize>::default();
    let touchy = || Waker::from(Arc::new(Touchy { dropped: Arc::clone(&dropped), panics: true }));
    let panics = |part: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(part)).is_err();
    let (wakes, waker) = Wakes::new();
    let mut future = wait_async(&WORD, 0);
    start(&mut future, &touchy());
    assert!(panics(&mut || start(&mut future, &waker)), "the first waker is dropped");
    assert_eq!((waiting(&WORD), notify(&WORD, 1), wakes.count()), (1, 1, 1));
    assert!(is_woken(&mut future));

    let mut future = Some(wait_async(&WORD, 0));
    start(future.as_mut().unwrap(), &touchy());
    assert!(panics(&mut || future = None));
    assert_eq!(waiting(&WORD), 0);

    let mut futures = [wait_async(&WORD, 0), wait_async(&WORD, 0)];
    start(&mut futures[0], &touchy());
    start(&mut futures[1], &waker);
    assert!(panics(&mut || _ = notify_all(&WORD)));
    assert_eq!((wakes.count(), dropped.load(Relaxed)), (2, 3));
    assert!(futures.iter_mut().all(is_woken));
}
