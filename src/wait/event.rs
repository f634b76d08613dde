//! Waiting for a condition: [`EventCount`].

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::time::Instant;

use super::parker::Parker;
use super::queue::{Key, Node};
use super::table::{bucket, nobody_waits};
use super::task::Task;
use super::thread::Queued;
use super::until::WaitUntil;
use crate::backoff::Backoff;
use crate::sync::atomic::{AtomicSeq, AtomicUsize, Ordering::Relaxed};
use crate::sync::{Deadline, const_unless_loom, process_wide};

/// Lets threads and tasks wait until a condition of lock-free data holds. See the
/// [module](crate::wait) for what it promises.
///
/// ```
/// use std::sync::atomic::{AtomicU32, Ordering::{Acquire, Release}};
/// use untorn::wait::EventCount;
///
/// static DONE: AtomicU32 = AtomicU32::new(0);
/// static EVENT: EventCount = EventCount::new();
///
/// std::thread::scope(|scope| {
///     scope.spawn(|| {
///         DONE.store(7, Release); // first make the condition true ...
///         EVENT.notify_all(); // ... then say so
///     });
///     let done = EVENT.wait_until(|| Some(DONE.load(Acquire)).filter(|done| *done != 0));
///     assert_eq!(done, 7);
/// });
/// ```
#[doc(alias = "Event")]
#[doc(alias = "Condvar")]
pub struct EventCount {
    /// How many wait here, or are about to.
    waiting: AtomicUsize,
    /// What they wait for: a number that no other event count has. Zero before anybody waited.
    number: AtomicSeq,
}

process_wide! {
    /// How many numbers were given out.
    static NUMBERS: AtomicSeq = AtomicSeq::new(0);
}

impl EventCount {
    const_unless_loom! {
        /// An event count for which nobody waits.
        ///
        /// ```
        /// static EVENT: untorn::wait::EventCount = untorn::wait::EventCount::new();
        /// assert_eq!(EVENT.notify_all(), 0);
        /// ```
        #[must_use]
        pub const fn new() -> Self {
            Self { waiting: AtomicUsize::new(0), number: AtomicSeq::new(0) }
        }
    }

    /// Waits until `condition` gives a result. Blocking.
    ///
    /// It is called before anything else, again and again for a few microseconds, and at least once more
    /// before each sleep. If it panics, the thread has left the queue when the panic goes on.
    ///
    /// ```
    /// assert_eq!(untorn::wait::EventCount::new().wait_until(|| Some(1)), 1);
    /// ```
    pub fn wait_until<R>(&self, mut condition: impl FnMut() -> Option<R>) -> R {
        loop {
            // Without a deadline it comes back with a result.
            if let Some(result) = self.wait_until_at(Deadline::NEVER, &mut condition) {
                return result;
            }
        }
    }

    /// [`wait_until`](Self::wait_until) for at most `timeout`; the condition has the last word.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event = untorn::wait::EventCount::new();
    /// assert_eq!(event.wait_until_timeout(Duration::from_millis(1), || None::<()>), None);
    /// ```
    pub fn wait_until_timeout<R>(
        &self,
        timeout: Duration,
        condition: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        self.wait_until_at(Deadline::after(timeout), condition)
    }

    /// [`wait_until`](Self::wait_until), but not past `deadline`; the condition has the last word.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let event = untorn::wait::EventCount::new();
    /// assert_eq!(event.wait_until_deadline(Instant::now(), || Some(1)), Some(1));
    /// assert_eq!(event.wait_until_deadline(Instant::now(), || None::<()>), None);
    /// ```
    pub fn wait_until_deadline<R>(
        &self,
        deadline: Instant,
        condition: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        self.wait_until_at(Deadline::at(deadline), condition)
    }

    fn wait_until_at<R>(
        &self,
        deadline: Deadline,
        mut condition: impl FnMut() -> Option<R>,
    ) -> Option<R> {
        self.wait_looking(deadline, |_| condition())
    }

    /// The same for a condition that wants to know whether it is asked from within the queue, just
    /// before a sleep.
    pub(crate) fn wait_looking<R>(
        &self,
        deadline: Deadline,
        mut condition: impl FnMut(bool) -> Option<R>,
    ) -> Option<R> {
        let (mut woken, mut expired) = (false, false);
        let mut backoff = Backoff::new();
        loop {
            let result = self.look(woken, || condition(false));
            if result.is_some() || expired || deadline.has_passed_awake() {
                return result;
            }
            // Whoever makes it true is often about to: before we are queued up, that takes no lock.
            if backoff.spin() {
                woken = false;
                continue;
            }
            let parker = Parker::new();
            let key = self.key();
            let node = Node::of_thread(key, &parker);
            let queued = Queued::enter(bucket(key), &self.waiting, &node, &parker);
            // From here on a notification reaches us, so what we look at now is not too early.
            let result = condition(true);
            if result.is_some() {
                return result;
            }
            woken = queued.park(deadline);
            expired = !woken;
        }
    }

    /// Looks at the condition of somebody who may have been woken. If that panics, the notification
    /// goes to the next.
    pub(super) fn look<R>(&self, woken: bool, condition: impl FnOnce() -> Option<R>) -> Option<R> {
        struct Woken<'a>(&'a EventCount);
        impl Drop for Woken<'_> {
            fn drop(&mut self) {
                self.0.notify(1);
            }
        }
        let hand_on = woken.then(|| Woken(self));
        let result = condition();
        core::mem::forget(hand_on);
        result
    }

    /// [`wait_until`](Self::wait_until) for a task. May be dropped at any time.
    ///
    /// ```
    /// use std::future::Future;
    /// use std::pin::pin;
    /// use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let (event, count) = (untorn::wait::EventCount::new(), AtomicU32::new(0));
    /// let enough = || (count.load(Relaxed) >= 2).then_some("enough");
    /// let mut waits = pin!(event.wait_until_async(enough));
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert_eq!(waits.as_mut().poll(&mut context), Poll::Pending);
    /// count.store(2, Relaxed);
    /// assert_eq!(event.notify_all(), 1);
    /// assert_eq!(waits.as_mut().poll(&mut context), Poll::Ready("enough"));
    /// ```
    pub const fn wait_until_async<R, F: FnMut() -> Option<R>>(
        &self,
        condition: F,
    ) -> WaitUntil<'_, F> {
        WaitUntil { event: self, condition, listener: None }
    }

    /// Queues up: whatever is notified from now on reaches the listener. Then look at the condition
    /// once more, and wait only if it does not hold.
    ///
    /// One allocation. Where the condition is at hand, [`wait_until`](Self::wait_until) does it all.
    ///
    /// ```
    /// let event = untorn::wait::EventCount::new();
    /// let listener = event.listen();
    /// assert_eq!(event.notify(1), 1);
    /// listener.wait(); // notified already
    /// ```
    pub fn listen(&self) -> Listener<'_> {
        let key = self.key();
        Listener { task: Task::enter(bucket(key), &self.waiting, key) }
    }

    /// Wakes the first `n` of those who wait; how many there were. One fence and one load where nobody
    /// waits.
    ///
    /// What made the condition true comes before it in the program. Who was woken, and finds the
    /// condition taken by somebody else, waits on; who did not need the notification hands it to the
    /// next.
    ///
    /// ```
    /// let event = untorn::wait::EventCount::new();
    /// let listeners = [event.listen(), event.listen(), event.listen()];
    /// assert_eq!(event.notify(2), 2);
    /// assert_eq!(event.notify(2), 1);
    /// listeners.into_iter().for_each(|listener| listener.wait());
    /// ```
    #[inline]
    #[allow(clippy::must_use_candidate, reason = "few ask how many they woke")]
    pub fn notify(&self, n: usize) -> usize {
        if n == 0 || nobody_waits(&self.waiting) {
            return 0;
        }
        let key = self.key();
        bucket(key).notify(&self.waiting, key, n)
    }

    /// Wakes all who wait; how many there were. As [`notify`](Self::notify).
    ///
    /// ```
    /// assert_eq!(untorn::wait::EventCount::new().notify_all(), 0);
    /// ```
    #[inline]
    #[allow(clippy::must_use_candidate, reason = "few ask how many they woke")]
    pub fn notify_all(&self) -> usize {
        self.notify(usize::MAX)
    }

    /// [`notify`](Self::notify) without its fence. For a caller whose condition is a word, which he has
    /// changed by a read-modify-write (Acquire), and which each sleeper has written to from within the
    /// queue: whoever is not counted yet will find the word changed.
    #[inline(always)]
    pub(crate) fn notify_ordered(&self, n: usize) {
        // Relaxed: ordered by the caller's word.
        if self.waiting.load(Relaxed) != 0 {
            let key = self.key();
            bucket(key).notify(&self.waiting, key, n);
        }
    }

    /// The number, drawn by whoever needs it first.
    #[cold]
    fn key(&self) -> Key {
        // Relaxed: a number says nothing of other memory.
        let mut number = self.number.load(Relaxed);
        if number == 0 {
            // Relaxed: as above.
            let drawn = NUMBERS.fetch_add(1, Relaxed) + 1;
            // Relaxed: as above. An exchange that fails has seen the number that was drawn first.
            number = match self.number.compare_exchange(0, drawn, Relaxed, Relaxed) {
                Ok(_) => drawn,
                Err(first) => first,
            };
        }
        Key::Event(number)
    }
}

impl Default for EventCount {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for EventCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: old news at once.
        let waiting = self.waiting.load(Relaxed);
        f.debug_struct("EventCount").field("waiting", &waiting).finish_non_exhaustive()
    }
}

/// Somebody who is in the queue of an [`EventCount`]. A future that completes when it is notified.
///
/// Dropped after it was notified and before it was told, it hands the notification to the next.
#[must_use = "who does not wait need not listen"]
pub struct Listener<'a> {
    task: Task<'a>,
}

impl Listener<'_> {
    /// Sleeps until notified. Blocking.
    ///
    /// ```
    /// let event = untorn::wait::EventCount::new();
    /// std::thread::scope(|scope| {
    ///     let listener = event.listen();
    ///     scope.spawn(|| event.notify_all());
    ///     listener.wait();
    /// });
    /// ```
    pub fn wait(self) {
        self.task.park(Deadline::NEVER);
    }

    /// Sleeps until notified, at most for `timeout`; whether it was notified.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event = untorn::wait::EventCount::new();
    /// assert!(!event.listen().wait_timeout(Duration::from_millis(1)));
    /// ```
    #[must_use = "it may have given up"]
    pub fn wait_timeout(self, timeout: Duration) -> bool {
        self.task.park(Deadline::after(timeout))
    }

    /// Sleeps until notified, not past `deadline`; whether it was notified.
    ///
    /// ```
    /// use std::time::Instant;
    ///
    /// let event = untorn::wait::EventCount::new();
    /// assert!(!event.listen().wait_deadline(Instant::now()));
    /// ```
    #[must_use = "it may have given up"]
    pub fn wait_deadline(self, deadline: Instant) -> bool {
        self.task.park(Deadline::at(deadline))
    }
}

impl Future for Listener<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.get_mut().task.poll(context)
    }
}

impl fmt::Debug for Listener<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").finish_non_exhaustive()
    }
}
