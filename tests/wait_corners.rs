//! Corners of waiting: foreign code at the worst moment, futures that are forgotten, names used again.
#![cfg(feature = "std")]

use std::future::Future;
use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::ptr::null;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Wake, Waker};
use std::thread;
use std::time::Duration;

use untorn::wait::{self, EventCount, Outcome};

const SOON: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_secs(60);

fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// A waker that says that it runs, and then waits to be let go.
struct Slow {
    runs: Mutex<Sender<()>>,
    go: Mutex<Receiver<()>>,
}

impl Slow {
    fn waker() -> (Waker, Receiver<()>, Sender<()>) {
        let ((runs, has_run), (let_go, go)) = (channel(), channel());
        let slow = Self { runs: Mutex::new(runs), go: Mutex::new(go) };
        (Waker::from(Arc::new(slow)), has_run, let_go)
    }
}

impl Wake for Slow {
    fn wake(self: Arc<Self>) {
        self.runs.lock().unwrap().send(()).unwrap();
        self.go.lock().unwrap().recv().unwrap();
    }
}

/// What a waker's destructor does, once.
type Work = Mutex<Option<Box<dyn FnOnce() + Send>>>;
struct Bomb(Work);

impl Wake for Bomb {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Bomb {
    fn drop(&mut self) {
        let work = self.0.lock().unwrap().take();
        work.expect("dropped once")();
        panic!("a destructor of a waker");
    }
}

static EVENT: EventCount = EventCount::new();

/// A blocking wait replaces a waker whose destructor panics, while a notifier has the node and is held
/// up. It must not find the thread gone from the stack.
#[test]
fn a_wait_that_panics_leaves_no_name_on_the_stack() {
    let (slow, runs, let_go) = Slow::waker();
    let (done, finished) = channel();
    let mut first = EVENT.listen();
    assert!(poll(&mut first, &slow).is_pending());
    let mut second = EVENT.listen();
    let notify = move || {
        thread::spawn(move || done.send(EVENT.notify_all()).unwrap());
        runs.recv().unwrap();
    };
    let bomb = Waker::from(Arc::new(Bomb(Mutex::new(Some(Box::new(notify))))));
    assert!(poll(&mut second, &bomb).is_pending());
    drop(bomb);
    catch_unwind(AssertUnwindSafe(|| second.wait_timeout(SOON))).unwrap_err();

    // Whatever writes to the frame that is gone writes into this.
    let mut stack = [0_u32; 4096];
    black_box(&mut stack);
    let_go.send(()).unwrap();
    assert_eq!(finished.recv().unwrap(), 1, "the second had left before its waker was dropped");
    assert_eq!(black_box(stack), [0; 4096]);
    assert!(poll(&mut first, Waker::noop()).is_ready());
}

/// The address of an event is no name for it: a late notification for a word that was there is nothing
/// to the event, nor to the words that share its queue.
#[test]
fn an_event_is_not_taken_for_a_word() {
    let event = EventCount::new();
    let mut listener = event.listen();
    let words: Vec<AtomicU32> = (0..1_000).map(|_| AtomicU32::new(0)).collect();
    let mut waits: Vec<_> = words.iter().map(|word| wait::wait_async(word, 0)).collect();
    assert_eq!(wait::notify_all((&raw const event).cast::<AtomicU32>()), 0);
    assert!(poll(&mut listener, Waker::noop()).is_pending());
    for (word, waits) in words.iter().zip(&mut waits) {
        assert_eq!(wait::notify_all(word), 1);
        assert!(poll(waits, Waker::noop()).is_ready());
    }
    assert_eq!(event.notify_all(), 1);
}

/// An event that comes after another, in the same place, has nothing of its forgotten listeners.
#[test]
fn a_forgotten_listener_is_forgotten() {
    let mut event = EventCount::new();
    for _ in 0..3 {
        std::mem::forget(event.listen());
        event = EventCount::new();
        let listener = event.listen();
        assert_eq!(event.notify(1), 1);
        assert!(listener.wait_timeout(LATE));
        assert_eq!(event.notify_all(), 0);
    }
}

/// Woken, and panics over what it finds: the next is told.
#[test]
fn a_condition_that_panics_once_woken_hands_on() {
    for task in [false, true] {
        let (event, looks) = (EventCount::new(), AtomicU32::new(0));
        let third = || {
            assert!(looks.fetch_add(1, SeqCst) < 2, "the third look");
            None::<()>
        };
        let panics = |body: &mut dyn FnMut()| catch_unwind(AssertUnwindSafe(body)).unwrap_err();
        thread::scope(|scope| {
            if task {
                let mut future = event.wait_until_async(third);
                assert!(poll(&mut future, Waker::noop()).is_pending());
                let next = event.listen();
                assert_eq!(event.notify(1), 1);
                panics(&mut || assert!(poll(&mut future, Waker::noop()).is_ready()));
                drop(future);
                assert!(next.wait_timeout(LATE));
            } else {
                let sleeper = scope.spawn(|| drop(panics(&mut || event.wait_until(third))));
                while looks.load(SeqCst) < 2 {
                    thread::yield_now();
                }
                let next = event.listen();
                assert_eq!(event.notify(1), 1);
                sleeper.join().unwrap();
                assert!(next.wait_timeout(LATE));
            }
        });
    }
}

/// All who waited were woken. Who comes later is nobody's heir.
#[test]
fn nothing_is_handed_on_when_all_were_woken() {
    let (word, event) = (AtomicU32::new(0), EventCount::new());
    let (early, listener) = (wait::wait_async(&word, 0), event.listen());
    assert_eq!((wait::notify_all(&word), event.notify_all()), (1, 1));
    let (mut late, later) = (wait::wait_async(&word, 0), event.listen());
    drop((early, listener));
    assert!(poll(&mut late, Waker::noop()).is_pending());
    assert!(!later.wait_timeout(SOON));
}

/// A notifier that is busy with foreign wakers has released the threads before.
#[test]
fn a_slow_waker_holds_up_no_thread() {
    let (word, start) = (AtomicU32::new(0), Barrier::new(2));
    let (slow, runs, let_go) = Slow::waker();
    let mut task = wait::wait_async(&word, 0);
    assert!(poll(&mut task, &slow).is_pending());
    thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            start.wait();
            wait::wait(&word, 0)
        });
        start.wait();
        while wait::waiting(&word) < 2 {
            thread::yield_now();
        }
        let notifier = scope.spawn(|| wait::notify_all(&word));
        runs.recv().unwrap();
        // The waker runs, and does not come back before this.
        assert_eq!(sleeper.join().unwrap(), Outcome::Woken);
        let_go.send(()).unwrap();
        assert_eq!(notifier.join().unwrap(), 2);
    });
}

/// A waker whose clones panic when they are dropped.
fn brittle() -> Waker {
    const CLONE: RawWakerVTable = RawWakerVTable::new(
        |data| RawWaker::new(data, &CLONE),
        |_| {},
        |_| {},
        |_| panic!("dropped"),
    );
    const WHOLE: RawWakerVTable =
        RawWakerVTable::new(|data| RawWaker::new(data, &CLONE), |_| {}, |_| {}, |_| {});
    // SAFETY: there is no data, and each function may be called by any thread at any time.
    unsafe { Waker::from_raw(RawWaker::new(null(), &WHOLE)) }
}

/// A waker that is refused, because the wait is over, and panics when it is dropped: nobody was told of
/// the notification, so the next gets it.
#[test]
fn a_refused_waker_that_panics_hands_on() {
    let event = EventCount::new();
    let (mut first, next) = (event.listen(), event.listen());
    assert_eq!(event.notify(1), 1);
    catch_unwind(AssertUnwindSafe(|| poll(&mut first, &brittle()))).unwrap_err();
    drop(first);
    assert!(next.wait_timeout(LATE));
}
