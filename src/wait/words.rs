//! Waiting for words: the functions.

use core::fmt;
use core::future::Future;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use super::parker::Parker;
use super::queue::{Key, Node};
use super::table::{bucket, nobody_waits};
use super::task::Task;
use super::thread::Queued;
use super::{Outcome, Waitable};
use crate::backoff::Backoff;
use crate::sync::Deadline;
use crate::sync::atomic::Ordering::Acquire;
use crate::sync::users::AtomicU32;

/// The name by which a word is known to the table.
#[inline(always)]
fn key<A>(word: *const A) -> Key {
    Key::Word(word.addr())
}

/// The name of a lock's word.
#[inline(always)]
fn lock_key(word: &AtomicU32) -> Key {
    Key::Lock(core::ptr::from_ref(word).addr())
}

/// Whether there is something to wait for.
#[inline(always)]
fn holds<A: Waitable>(word: &A, expected: A::Value) -> bool {
    // Acquire (E4): who finds another value may act on it without a second look.
    word.load_waitable(Acquire) == expected
}

/// Sleeps while `word` holds `expected`, until somebody [`notify`]s the word. Blocking.
///
/// A change of the word without a notification does not end the wait.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::Release};
/// use untorn::wait::{self, Outcome};
///
/// let ready = AtomicU32::new(0);
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         ready.store(1, Release);
///         wait::notify_all(&ready);
///     });
///     // Asleep and notified, or too late to sleep.
///     assert_ne!(wait::wait(&ready, 0), Outcome::TimedOut);
/// });
/// assert_eq!(wait::wait(&ready, 0), Outcome::NotEqual);
/// ```
#[doc(alias = "futex")]
pub fn wait<A: Waitable>(word: &A, expected: A::Value) -> Outcome {
    wait_until(key(word), word, expected, Deadline::NEVER)
}

/// [`wait`] for at most `timeout`.
///
/// The value is compared first, so a word that changed is [`Outcome::NotEqual`] even if the timeout is
/// zero.
///
/// ```
/// use std::sync::atomic::AtomicU8;
/// use std::time::Duration;
/// use untorn::wait::{Outcome, wait_timeout};
///
/// let word = AtomicU8::new(7);
/// assert_eq!(wait_timeout(&word, 7, Duration::from_millis(1)), Outcome::TimedOut);
/// assert_eq!(wait_timeout(&word, 8, Duration::ZERO), Outcome::NotEqual);
/// ```
pub fn wait_timeout<A: Waitable>(word: &A, expected: A::Value, timeout: Duration) -> Outcome {
    wait_until(key(word), word, expected, Deadline::after(timeout))
}

/// [`wait`] until `deadline` at the latest.
///
/// ```
/// use std::sync::atomic::AtomicI64;
/// use std::time::{Duration, Instant};
/// use untorn::wait::{Outcome, wait_deadline};
///
/// let deadline = Instant::now() + Duration::from_millis(1);
/// assert_eq!(wait_deadline(&AtomicI64::new(0), 0, deadline), Outcome::TimedOut);
/// assert!(Instant::now() >= deadline);
/// ```
pub fn wait_deadline<A: Waitable>(word: &A, expected: A::Value, deadline: Instant) -> Outcome {
    wait_until(key(word), word, expected, Deadline::at(deadline))
}

/// [`wait`] of a lock of this crate, whose sleepers no user's wait or notification meets.
pub(crate) fn wait_for_lock(word: &AtomicU32, expected: u32, deadline: Option<Instant>) -> Outcome {
    let deadline = deadline.map_or(Deadline::NEVER, Deadline::at);
    wait_until(lock_key(word), word, expected, deadline)
}

fn wait_until<A: Waitable>(key: Key, word: &A, expected: A::Value, deadline: Deadline) -> Outcome {
    if !holds(word, expected) {
        return Outcome::NotEqual;
    }
    // Whoever changes the word is often about to: before anybody is queued up, that takes no lock.
    let mut backoff = Backoff::new();
    while !deadline.has_passed_awake() && backoff.spin() {
        if !holds(word, expected) {
            return Outcome::NotEqual;
        }
    }
    if deadline.has_passed_awake() {
        return Outcome::TimedOut;
    }
    let bucket = bucket(key);
    let parker = Parker::new();
    let node = Node::of_thread(key, &parker);
    let still = || holds(word, expected);
    match Queued::enter_if(bucket, &bucket.waiting, &node, &parker, still) {
        None => Outcome::NotEqual,
        Some(queued) => {
            if queued.park(deadline) {
                Outcome::Woken
            } else {
                Outcome::TimedOut
            }
        }
    }
}

/// [`wait`] for a task: compares and queues up at once, and completes when it is notified.
///
/// It needs no runtime, and has no timeout of its own: whoever wants one drops the future. If it had
/// been notified by then and not been told, the next who waits for the word is woken in its stead.
///
/// ```
/// use std::future::Future;
/// use std::pin::pin;
/// use std::sync::atomic::AtomicU32;
/// use std::task::{Context, Poll, Waker};
/// use untorn::wait::{self, Outcome};
///
/// let word = AtomicU32::new(0);
/// let mut context = Context::from_waker(Waker::noop());
/// let mut waits = pin!(wait::wait_async(&word, 0));
/// assert_eq!(waits.as_mut().poll(&mut context), Poll::Pending);
/// assert_eq!(wait::notify(&word, 1), 1);
/// assert_eq!(waits.as_mut().poll(&mut context), Poll::Ready(Outcome::Woken));
/// ```
#[doc(alias = "waitAsync")]
pub fn wait_async<A: Waitable>(word: &A, expected: A::Value) -> WaitAsync<'_, A> {
    let key = key(word);
    let bucket = bucket(key);
    let task = Task::enter_if(bucket, &bucket.waiting, key, || holds(word, expected));
    WaitAsync { task, word: PhantomData }
}

/// A task's wait for a word. Made by [`wait_async`].
#[must_use = "a wait that is dropped has never been"]
pub struct WaitAsync<'a, A> {
    /// None if the value was another.
    task: Option<Task<'a>>,
    /// Borrowed, so that the address remains this word's.
    word: PhantomData<&'a A>,
}

impl<A> Future for WaitAsync<'_, A> {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Outcome> {
        match &mut self.get_mut().task {
            None => Poll::Ready(Outcome::NotEqual),
            Some(task) => task.poll(context).map(|()| Outcome::Woken),
        }
    }
}

impl<A> fmt::Debug for WaitAsync<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitAsync").field("queued", &self.task.is_some()).finish_non_exhaustive()
    }
}

/// Ends the waits of the first `n` who wait for `word`; how many there were. Lock-free when nobody
/// waits, which costs one fence and one load; otherwise blocking for as long as a queue is looked
/// through.
///
/// The word may be gone: its address is only a name here. To wake everybody, `n` is `usize::MAX`, or
/// call [`notify_all`].
///
/// ```
/// use std::sync::atomic::AtomicU32;
///
/// assert_eq!(untorn::wait::notify(&AtomicU32::new(0), 1), 0);
/// ```
#[inline]
pub fn notify<A: Waitable>(word: *const A, n: usize) -> usize {
    notify_key(key(word), n)
}

/// [`notify`] of a lock of this crate, for one sleeper.
pub(crate) fn notify_lock(word: &AtomicU32) {
    notify_key(lock_key(word), 1);
}

#[inline]
fn notify_key(key: Key, n: usize) -> usize {
    let bucket = bucket(key);
    if n == 0 || nobody_waits(&bucket.waiting) {
        return 0;
    }
    bucket.notify(&bucket.waiting, key, n)
}

/// Ends the waits of all who wait for `word`; how many there were. As [`notify`].
///
/// ```
/// use std::sync::atomic::AtomicU16;
///
/// static WORD: AtomicU16 = AtomicU16::new(0);
/// let waits = [untorn::wait::wait_async(&WORD, 0), untorn::wait::wait_async(&WORD, 0)];
/// assert_eq!(untorn::wait::notify_all(&WORD), 2);
/// drop(waits);
/// ```
#[inline]
pub fn notify_all<A: Waitable>(word: *const A) -> usize {
    notify(word, usize::MAX)
}

/// How many wait for `word` at this moment: for tests and statistics, since it is old news at once.
///
/// ```
/// use std::sync::atomic::AtomicU32;
/// use untorn::wait::{wait_async, waiting};
///
/// let word = AtomicU32::new(0);
/// let waits = wait_async(&word, 0);
/// assert_eq!(waiting(&word), 1);
/// drop(waits);
/// assert_eq!(waiting(&word), 0);
/// ```
#[must_use]
pub fn waiting<A: Waitable>(word: *const A) -> usize {
    let key = key(word);
    bucket(key).count(key)
}
