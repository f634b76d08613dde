//! The folder `waitAsync`: what `wait` has no like of.

use std::pin::pin;
use std::task::Poll;
use std::thread;
use std::time::Instant;

use untorn::wait::{self, Outcome};

use crate::agents::{SHORT, Word};
use crate::support::tasks::{Wakes, block_on, poll};

macro_rules! tests {
    ($($test:ident),+ $(,)?) => {
        tests!(@word int32, AtomicI32: $($test),+);
        tests!(@word bigint, AtomicI64: $($test),+);
    };
    (@word $name:ident, $word:ident: $($test:ident),+) => {
        mod $name {
            $(
                #[test]
                fn $test() {
                    super::$test::<std::sync::atomic::$word>();
                }
            )+
        }
    };
}

tests! {
    returns_result_object_value_is_string_not_equal,
    returns_result_object_value_is_string_timed_out,
    returns_result_object_value_is_promise_resolves_to_ok,
    returns_result_object_value_is_promise_resolves_to_timed_out,
    implicit_infinity_for_timeout,
}

/// Another value is answered at once: nobody queues up, and nobody is woken later.
fn returns_result_object_value_is_string_not_equal<A: Word>() {
    let (word, (wakes, waker)) = (A::default(), Wakes::new());
    let mut promise = pin!(wait::wait_async(&word, A::of(42)));
    assert_eq!(wait::waiting(&word), 0);
    // The answer is that of the call: what happens before it is asked for does not change it.
    word.store(42);
    assert_eq!(wait::notify_all(&word), 0);
    assert_eq!(poll(promise.as_mut(), &waker), Poll::Ready(Outcome::NotEqual));
    assert_eq!(wakes.count(), 0);
}

/// Without any time the answer is there at once, and nobody is left behind in the queue.
fn returns_result_object_value_is_string_timed_out<A: Word>() {
    let word = A::default();
    let now = Some(Instant::now());
    assert_eq!(block_on(wait::wait_async(&word, A::of(0)), now), None);
    assert_eq!(wait::notify_all(&word), 0);
    // The value is compared first.
    assert_eq!(block_on(wait::wait_async(&word, A::of(1)), now), Some(Outcome::NotEqual));
}

/// A promise is kept when it is notified, and whoever awaits it is told once. It waits from the call
/// on, not only from the first look at it.
fn returns_result_object_value_is_promise_resolves_to_ok<A: Word>() {
    let (word, (wakes, waker)) = (A::default(), Wakes::new());
    let mut promise = pin!(wait::wait_async(&word, A::of(0)));
    assert_eq!(poll(promise.as_mut(), &waker), Poll::Pending);
    assert_eq!(wait::notify(&word, 1), 1);
    assert_eq!(wakes.count(), 1);
    assert_eq!(wait::notify(&word, 1), 0);
    assert_eq!(poll(promise, &waker), Poll::Ready(Outcome::Woken));
    assert_eq!(wakes.count(), 1);

    let early = pin!(wait::wait_async(&word, A::of(0)));
    assert_eq!(wait::notify(&word, 1), 1);
    assert_eq!(poll(early, &waker), Poll::Ready(Outcome::Woken));
    assert_eq!(wakes.count(), 1);
}

/// A promise that nobody keeps is given up at its timeout, not earlier, and has left the queue.
fn returns_result_object_value_is_promise_resolves_to_timed_out<A: Word>() {
    let word = A::default();
    let start = Instant::now();
    assert_eq!(block_on(wait::wait_async(&word, A::of(0)), start.checked_add(SHORT)), None);
    assert!(start.elapsed() >= SHORT);
    assert_eq!(wait::notify_all(&word), 0);
}

/// Without a timeout a promise waits for as long as it takes.
fn implicit_infinity_for_timeout<A: Word>() {
    let (word, (wakes, waker)) = (A::default(), Wakes::new());
    let mut promise = pin!(wait::wait_async(&word, A::of(0)));
    assert_eq!(poll(promise.as_mut(), &waker), Poll::Pending);
    word.store(1);
    thread::sleep(SHORT);
    assert_eq!(wakes.count(), 0);
    assert_eq!(poll(promise.as_mut(), &waker), Poll::Pending);
    assert_eq!(wait::notify_all(&word), 1);
    assert_eq!(poll(promise, &waker), Poll::Ready(Outcome::Woken));
}
