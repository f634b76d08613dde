//! The calls that wait, for threads and for tasks.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::time::Instant;

use super::queue::Queue;
use super::ring::{Look, No};
use crate::error::{Closed, PopTimeoutError, PushTimeoutError};
use crate::sync::{Deadline, spin_hint};
use crate::wait::{EventCount, Listener, poll_looking};

/// How long a thread sleeps at a time while another is in the middle of an operation: that one has
/// perhaps looked for sleepers already. It was pre-empted, so it takes a while.
const NAP: Duration = Duration::from_millis(1);

impl<T> Queue<T> {
    /// Pushes `value`, waiting while the queue is full. Blocking.
    ///
    /// # Errors
    ///
    /// If the queue is closed. It carries `value` back.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(1);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| (0..10).for_each(|value| queue.push(value).unwrap()));
    ///     (0..10).for_each(|value| assert_eq!(queue.pop(), Ok(value)));
    /// });
    /// queue.close();
    /// assert_eq!(queue.push(10).unwrap_err().into_inner(), 10);
    /// ```
    #[doc(alias = "send")]
    #[inline]
    pub fn push(&self, value: T) -> Result<(), Closed<T>> {
        match self.push_until(value, Deadline::NEVER) {
            Ok(()) => Ok(()),
            Err(PushTimeoutError::Closed(value) | PushTimeoutError::Timeout(value)) => {
                Err(Closed(value))
            }
        }
    }

    /// Pushes `value`, waiting at most `timeout` while the queue is full. Blocking.
    ///
    /// A timeout of zero returns at once; one past the end of the clock waits for ever.
    ///
    /// # Errors
    ///
    /// [`Timeout`](PushTimeoutError::Timeout) if there was no room in time,
    /// [`Closed`](PushTimeoutError::Closed) if the queue is closed. Both carry `value` back.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::mpmc::{PushTimeoutError, Queue};
    ///
    /// let (queue, wait) = (Queue::new(1), Duration::from_millis(1));
    /// assert_eq!(queue.push_timeout(1, wait), Ok(()));
    /// assert_eq!(queue.push_timeout(2, wait), Err(PushTimeoutError::Timeout(2)));
    /// ```
    #[doc(alias = "send_timeout")]
    pub fn push_timeout(&self, value: T, timeout: Duration) -> Result<(), PushTimeoutError<T>> {
        self.push_until(value, Deadline::after(timeout))
    }

    /// [`push_timeout`](Self::push_timeout) with the moment at which it gives up.
    ///
    /// # Errors
    ///
    /// As [`push_timeout`](Self::push_timeout).
    ///
    /// ```
    /// use std::time::Instant;
    /// use untorn::mpmc::{PushTimeoutError, Queue};
    ///
    /// let (queue, now) = (Queue::new(1), Instant::now());
    /// assert_eq!(queue.push_deadline(1, now), Ok(()));
    /// assert_eq!(queue.push_deadline(2, now), Err(PushTimeoutError::Timeout(2)));
    /// ```
    #[doc(alias = "send_deadline")]
    pub fn push_deadline(&self, value: T, deadline: Instant) -> Result<(), PushTimeoutError<T>> {
        self.push_until(value, Deadline::at(deadline))
    }

    #[inline]
    fn push_until(&self, value: T, deadline: Deadline) -> Result<(), PushTimeoutError<T>> {
        match self.ring.claim_now() {
            Some(place) => {
                self.put(place, value);
                Ok(())
            }
            None => self.push_waiting(value, deadline),
        }
    }

    #[cold]
    fn push_waiting(&self, value: T, deadline: Deadline) -> Result<(), PushTimeoutError<T>> {
        let mut value = Some(value);
        let no = wait(&self.ring.said.room, deadline, |look| self.push_first(&mut value, look));
        match (no, value) {
            (Err(No::Closed), Some(value)) => Err(PushTimeoutError::Closed(value)),
            (_, Some(value)) => Err(PushTimeoutError::Timeout(value)),
            (_, None) => Ok(()),
        }
    }

    /// Pushes what is there to be pushed. In the middle of a wait, where other code runs before and
    /// after it.
    fn push_first(&self, value: &mut Option<T>, look: Look) -> Result<(), No> {
        let place = self.ring.claim(look)?;
        if let Some(value) = value.take() {
            self.put(place, value);
        }
        Ok(())
    }

    /// Pops the oldest value, waiting while the queue is empty. Blocking.
    ///
    /// # Errors
    ///
    /// If the queue is closed and nothing is inside.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(1);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| queue.push("late").unwrap());
    ///     assert_eq!(queue.pop(), Ok("late"));
    /// });
    /// queue.close();
    /// assert!(queue.pop().is_err());
    /// ```
    #[doc(alias = "recv")]
    #[inline]
    pub fn pop(&self) -> Result<T, Closed> {
        self.pop_until(Deadline::NEVER).map_err(|_| Closed(()))
    }

    /// Pops the oldest value, waiting at most `timeout` while the queue is empty. Blocking.
    ///
    /// A timeout of zero returns at once; one past the end of the clock waits for ever.
    ///
    /// # Errors
    ///
    /// [`Timeout`](PopTimeoutError::Timeout) if nothing came in time,
    /// [`Closed`](PopTimeoutError::Closed) if the queue is closed and nothing is inside.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::mpmc::{PopTimeoutError, Queue};
    ///
    /// let (queue, wait) = (Queue::<u8>::new(1), Duration::from_millis(1));
    /// assert_eq!(queue.pop_timeout(wait), Err(PopTimeoutError::Timeout));
    /// queue.close();
    /// assert_eq!(queue.pop_timeout(wait), Err(PopTimeoutError::Closed));
    /// ```
    #[doc(alias = "recv_timeout")]
    pub fn pop_timeout(&self, timeout: Duration) -> Result<T, PopTimeoutError> {
        self.pop_until(Deadline::after(timeout))
    }

    /// [`pop_timeout`](Self::pop_timeout) with the moment at which it gives up.
    ///
    /// # Errors
    ///
    /// As [`pop_timeout`](Self::pop_timeout).
    ///
    /// ```
    /// use std::time::Instant;
    /// use untorn::mpmc::{PopTimeoutError, Queue};
    ///
    /// let queue = Queue::<u8>::new(1);
    /// assert_eq!(queue.pop_deadline(Instant::now()), Err(PopTimeoutError::Timeout));
    /// ```
    #[doc(alias = "recv_deadline")]
    pub fn pop_deadline(&self, deadline: Instant) -> Result<T, PopTimeoutError> {
        self.pop_until(Deadline::at(deadline))
    }

    #[inline]
    fn pop_until(&self, deadline: Deadline) -> Result<T, PopTimeoutError> {
        match self.ring.take_now() {
            Some(place) => Ok(self.get(place)),
            None => self.pop_waiting(deadline),
        }
    }

    #[cold]
    fn pop_waiting(&self, deadline: Deadline) -> Result<T, PopTimeoutError> {
        wait(&self.ring.said.items, deadline, |look| self.pop_first(look)).map_err(|no| match no {
            No::Closed => PopTimeoutError::Closed,
            No::Yet | No::Busy => PopTimeoutError::Timeout,
        })
    }

    fn pop_first(&self, look: Look) -> Result<T, No> {
        self.ring.take(look).map(|place| self.get(place))
    }

    /// Pushes all `values`, waiting while the queue is full. Blocking.
    ///
    /// Each is pushed by itself: values of other threads may come between them.
    ///
    /// # Errors
    ///
    /// If the queue is closed; what was not pushed is left in `values`.
    ///
    /// ```
    /// use std::collections::VecDeque;
    ///
    /// let queue = untorn::mpmc::Queue::new(2);
    /// let mut values: VecDeque<_> = (0..10).collect();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| (0..10).for_each(|value| assert_eq!(queue.pop(), Ok(value))));
    ///     queue.push_many(&mut values).unwrap();
    /// });
    /// assert!(values.is_empty());
    /// ```
    pub fn push_many(&self, values: &mut VecDeque<T>) -> Result<(), Closed> {
        while !values.is_empty() {
            let push = |look| self.push_some(values, look);
            wait(&self.ring.said.room, Deadline::NEVER, push).map_err(|_| Closed(()))?;
        }
        Ok(())
    }

    /// Pops the oldest values, at most `max`, and at most as many as the queue holds, to the end of
    /// `into`, waiting while there is none; how many there were. Blocking.
    ///
    /// Each is popped by itself: other threads may pop some that come between them. `into` grows by as
    /// many as are inside, at least by one.
    ///
    /// # Errors
    ///
    /// If the queue is closed and nothing is inside.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(4);
    /// (0..3).for_each(|value| queue.push(value).unwrap());
    /// let mut values = Vec::new();
    /// assert_eq!(queue.pop_many(&mut values, 100), Ok(3));
    /// assert_eq!(values, [0, 1, 2]);
    /// ```
    pub fn pop_many(&self, into: &mut Vec<T>, max: usize) -> Result<usize, Closed> {
        let pop = |look| self.pop_some(into, max, look);
        wait(&self.ring.said.items, Deadline::NEVER, pop).map_err(|_| Closed(()))
    }

    /// Pushes `value` when there is room, for a task.
    ///
    /// The future pushes when it is polled, and is done then: one that is dropped before has pushed
    /// nothing, and drops the value. One allocation if it has to wait.
    ///
    /// ```
    /// use std::future::Future;
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let queue = untorn::mpmc::Queue::new(1);
    /// queue.try_push('a').unwrap();
    /// let mut push = pin!(queue.push_async('b'));
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(push.as_mut().poll(&mut context).is_pending());
    /// assert_eq!(queue.try_pop(), Ok('a'));
    /// assert_eq!(push.poll(&mut context), Poll::Ready(Ok(())));
    /// ```
    #[doc(alias = "send_async")]
    pub fn push_async(&self, value: T) -> Push<'_, T> {
        Push { queue: self, value: Some(value), waits: Waits::new(&self.ring.said.room) }
    }

    /// Pops the oldest value when there is one, for a task.
    ///
    /// The future pops when it is polled, and is done then: one that is dropped before has popped
    /// nothing. One allocation if it has to wait.
    ///
    /// ```
    /// use std::future::Future;
    /// use std::pin::pin;
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let queue = untorn::mpmc::Queue::new(1);
    /// let mut pop = pin!(queue.pop_async());
    /// let mut context = Context::from_waker(Waker::noop());
    /// assert!(pop.as_mut().poll(&mut context).is_pending());
    /// queue.try_push('a').unwrap();
    /// assert_eq!(pop.poll(&mut context), Poll::Ready(Ok('a')));
    /// ```
    #[doc(alias = "recv_async")]
    pub fn pop_async(&self) -> Pop<'_, T> {
        Pop { queue: self, waits: Waits::new(&self.ring.said.items) }
    }

    /// All values to come, each waited for, until the queue is closed and empty.
    ///
    /// ```
    /// let queue = untorn::mpmc::Queue::new(4);
    /// (1..=3).for_each(|value| queue.push(value).unwrap());
    /// queue.close();
    /// assert_eq!(queue.iter().sum::<i32>(), 6);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { queue: self }
    }
}

/// Waits until `attempt` has a result, or is told that there will be none.
///
/// Its last look before a sleep leaves a word in the slot that it waits for (E3). Where it cannot,
/// because another thread is about to store to that slot, it sleeps for a [`NAP`] at a time: that
/// thread wakes it, or it looks for itself.
#[inline(never)]
fn wait<R>(
    event: &EventCount,
    deadline: Deadline,
    mut attempt: impl FnMut(Look) -> Result<R, No>,
) -> Result<R, No> {
    let (mut naps, mut last) = (false, No::Yet);
    loop {
        let until = if naps { deadline.at_most(NAP) } else { deadline };
        let result = event.wait_looking(until, |queued| {
            match attempt(if queued { Look::Asleep } else { Look::Awake }) {
                Err(no @ (No::Yet | No::Busy)) => {
                    last = no;
                    (no == No::Busy && queued && !naps).then_some(Err(no))
                }
                result => Some(result),
            }
        });
        match result {
            Some(Err(No::Busy)) => naps = true,
            Some(result) => return result,
            None if deadline.has_passed() => {
                if last == No::Busy {
                    // We may have been woken for a value behind the one that is not there yet.
                    event.notify(1);
                }
                return Err(last);
            }
            None => {
                naps = false;
                // The model, in which naps take no time, goes on with another thread.
                spin_hint();
            }
        }
    }
}

/// What a future keeps between polls.
struct Waits<'a> {
    event: &'a EventCount,
    listener: Option<Listener<'a>>,
    /// Whether it has seen another thread in the middle of an operation, and asked to be polled again.
    busy: bool,
}

impl<'a> Waits<'a> {
    const fn new(event: &'a EventCount) -> Self {
        Self { event, listener: None, busy: false }
    }

    fn poll<R>(
        &mut self,
        context: &mut Context<'_>,
        mut attempt: impl FnMut(Look) -> Result<R, No>,
    ) -> Poll<Result<R, Closed>> {
        let Self { event, listener, busy } = self;
        *busy = false;
        let look = |queued| match attempt(if queued { Look::Asleep } else { Look::Awake }) {
            Err(No::Yet) => None,
            result => Some(result),
        };
        match ready!(poll_looking(event, listener, context, look)) {
            Ok(result) => Poll::Ready(Ok(result)),
            Err(No::Closed) => Poll::Ready(Err(Closed(()))),
            Err(No::Yet | No::Busy) => {
                // It may store at any moment, and not look for us. No timer is at hand.
                *busy = true;
                context.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if self.busy {
            // As for a thread that gives up.
            self.event.notify(1);
        }
    }
}

/// The future of [`Queue::push_async`].
#[must_use = "futures do nothing unless polled"]
pub struct Push<'a, T> {
    queue: &'a Queue<T>,
    /// Until it is pushed.
    value: Option<T>,
    waits: Waits<'a>,
}

/// The value is moved, and never pinned.
impl<T> Unpin for Push<'_, T> {}

impl<T> Future for Push<'_, T> {
    type Output = Result<(), Closed<T>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { queue, value, waits } = self.get_mut();
        assert!(value.is_some(), "polled again after it was done");
        ready!(waits.poll(context, |look| queue.push_first(value, look)))
            .map_or_else(|_| value.take(), |()| None)
            .map_or(Poll::Ready(Ok(())), |value| Poll::Ready(Err(Closed(value))))
    }
}

impl<T> fmt::Debug for Push<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queued = self.waits.listener.is_some();
        f.debug_struct("Push").field("queued", &queued).finish_non_exhaustive()
    }
}

/// The future of [`Queue::pop_async`].
#[must_use = "futures do nothing unless polled"]
pub struct Pop<'a, T> {
    queue: &'a Queue<T>,
    waits: Waits<'a>,
}

impl<T> Future for Pop<'_, T> {
    type Output = Result<T, Closed>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { queue, waits } = self.get_mut();
        waits.poll(context, |look| queue.pop_first(look))
    }
}

impl<T> fmt::Debug for Pop<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let queued = self.waits.listener.is_some();
        f.debug_struct("Pop").field("queued", &queued).finish_non_exhaustive()
    }
}

/// The values of a queue to come. Made by [`Queue::iter`].
#[must_use = "iterators are lazy"]
pub struct Iter<'a, T> {
    queue: &'a Queue<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.queue.pop().ok()
    }
}

impl<'a, T> IntoIterator for &'a Queue<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("queue", &self.queue).finish()
    }
}
