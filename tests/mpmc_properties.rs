//! The queue for many threads against a sequential model, on random scripts of calls: every call, with
//! closing, dropping, batches and tasks that go at any time.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::mpmc::{
    Closed, Pop, PopTimeoutError, Push, PushTimeoutError, Queue, TryPopError, TryPushError,
};

mod support;
use support::tasks::poll;
use support::{Alive, Value};

#[derive(Clone, Copy, Debug)]
enum Call {
    TryPush,
    PushTimeout,
    PushDeadline,
    /// The blocking form, where it does not block.
    Push,
    PushMany(usize),
    TryPop,
    PopTimeout,
    PopDeadline,
    Pop,
    PopMany(usize),
    StartPush,
    StartPop,
    PollPush(usize),
    PollPop(usize),
    DropPush(usize),
    DropPop(usize),
    Close,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        8 => Just(Call::TryPush),
        1 => Just(Call::PushTimeout),
        1 => Just(Call::PushDeadline),
        2 => Just(Call::Push),
        2 => (0..5_usize).prop_map(Call::PushMany),
        8 => Just(Call::TryPop),
        1 => Just(Call::PopTimeout),
        1 => Just(Call::PopDeadline),
        2 => Just(Call::Pop),
        2 => (0..5_usize).prop_map(Call::PopMany),
        2 => Just(Call::StartPush),
        2 => Just(Call::StartPop),
        4 => any::<usize>().prop_map(Call::PollPush),
        4 => any::<usize>().prop_map(Call::PollPop),
        1 => any::<usize>().prop_map(Call::DropPush),
        1 => any::<usize>().prop_map(Call::DropPop),
        1 => prop::bool::weighted(0.3).prop_map(|close| if close { Call::Close } else { Call::TryPop }),
    ];
    vec(call, 0..200)
}

/// A value is its number and a token that counts the living.
type Item<'a> = (u32, Value<'a>);

/// The queue, and what it must hold.
struct Checked<'q, 'a> {
    alive: &'a Alive,
    queue: &'q Queue<Item<'a>>,
    inside: VecDeque<u32>,
    closed: bool,
    next: u32,
    pushes: Vec<(u32, Push<'q, Item<'a>>)>,
    pops: Vec<Pop<'q, Item<'a>>>,
}

impl<'a> Checked<'_, 'a> {
    fn item(&mut self) -> Item<'a> {
        self.next += 1;
        (self.next, self.alive.value())
    }

    fn is_full(&self) -> bool {
        self.inside.len() == self.queue.capacity()
    }

    /// What a push of `number` must come to.
    fn pushed(
        &mut self,
        number: u32,
        result: Result<(), TryPushError<Item<'a>>>,
    ) -> Result<(), TestCaseError> {
        match result {
            Ok(()) => {
                prop_assert!(!self.closed && !self.is_full());
                self.inside.push_back(number);
            }
            Err(TryPushError::Full((back, _))) => {
                prop_assert!(!self.closed && self.is_full());
                prop_assert_eq!(back, number);
            }
            Err(TryPushError::Closed((back, _))) => {
                prop_assert!(self.closed);
                prop_assert_eq!(back, number);
            }
            Err(TryPushError::Busy(_)) => prop_assert!(false, "nobody else is at work"),
        }
        Ok(())
    }

    fn popped(&mut self, result: Result<Item<'a>, TryPopError>) -> Result<(), TestCaseError> {
        let expected = self.inside.pop_front();
        match result {
            Ok((number, _)) => prop_assert_eq!(Some(number), expected),
            Err(TryPopError::Empty) => prop_assert!(expected.is_none() && !self.closed),
            Err(TryPopError::Closed) => prop_assert!(expected.is_none() && self.closed),
            Err(TryPopError::Busy) => prop_assert!(false, "nobody else is at work"),
        }
        Ok(())
    }

    fn step(&mut self, call: Call) -> Result<(), TestCaseError> {
        let queue = self.queue;
        let timed = |error| match error {
            PushTimeoutError::Timeout(item) => TryPushError::Full(item),
            PushTimeoutError::Closed(item) => TryPushError::Closed(item),
        };
        let timed_pop = |error| match error {
            PopTimeoutError::Timeout => TryPopError::Empty,
            PopTimeoutError::Closed => TryPopError::Closed,
        };
        match call {
            Call::TryPush => {
                let item = self.item();
                self.pushed(item.0, queue.try_push(item))
            }
            Call::PushTimeout => {
                let item = self.item();
                self.pushed(item.0, queue.push_timeout(item, Duration::ZERO).map_err(timed))
            }
            Call::PushDeadline => {
                let item = self.item();
                self.pushed(item.0, queue.push_deadline(item, Instant::now()).map_err(timed))
            }
            Call::Push if self.is_full() && !self.closed => Ok(()),
            Call::Push => {
                let item = self.item();
                let closed = |Closed(item)| TryPushError::Closed(item);
                self.pushed(item.0, queue.push(item).map_err(closed))
            }
            Call::PushMany(count) => {
                let mut items: VecDeque<_> = (0..count).map(|_| self.item()).collect();
                let numbers: Vec<_> = items.iter().map(|(number, _)| *number).collect();
                let room = queue.capacity() - self.inside.len();
                let expected = match count {
                    0 => Ok(0),
                    _ if self.closed => Err(TryPushError::Closed(())),
                    _ if room == 0 => Err(TryPushError::Full(())),
                    _ => Ok(count.min(room)),
                };
                // Without a wait, if there is none.
                if count <= room && !self.closed && count % 2 == 1 {
                    prop_assert_eq!(queue.push_many(&mut items), Ok(()));
                } else {
                    prop_assert_eq!(queue.try_push_many(&mut items), expected);
                }
                let pushed = expected.unwrap_or(0);
                let left: Vec<_> = items.iter().map(|(number, _)| *number).collect();
                prop_assert_eq!(&left[..], &numbers[pushed..]);
                self.inside.extend(&numbers[..pushed]);
                Ok(())
            }
            Call::TryPop => self.popped(queue.try_pop()),
            Call::PopTimeout => self.popped(queue.pop_timeout(Duration::ZERO).map_err(timed_pop)),
            Call::PopDeadline => self.popped(queue.pop_deadline(Instant::now()).map_err(timed_pop)),
            Call::Pop if self.inside.is_empty() && !self.closed => Ok(()),
            Call::Pop => self.popped(queue.pop().map_err(|Closed(())| TryPopError::Closed)),
            Call::PopMany(max) => {
                let mut into = Vec::new();
                let expected = match max {
                    0 => Ok(0),
                    _ if !self.inside.is_empty() => Ok(max.min(self.inside.len())),
                    _ if self.closed => Err(TryPopError::Closed),
                    _ => Err(TryPopError::Empty),
                };
                if expected != Err(TryPopError::Empty) && max % 2 == 1 {
                    let closed = |_| Closed(());
                    prop_assert_eq!(queue.pop_many(&mut into, max), expected.map_err(closed));
                } else {
                    prop_assert_eq!(queue.try_pop_many(&mut into, max), expected);
                }
                let expected: Vec<_> = self.inside.drain(..expected.unwrap_or(0)).collect();
                prop_assert!(into.iter().map(|(number, _)| *number).eq(expected));
                Ok(())
            }
            Call::StartPush => {
                let item = self.item();
                self.pushes.push((item.0, queue.push_async(item)));
                Ok(())
            }
            Call::StartPop => {
                self.pops.push(queue.pop_async());
                Ok(())
            }
            Call::PollPush(which) if !self.pushes.is_empty() => {
                let at = which % self.pushes.len();
                let (number, push) = &mut self.pushes[at];
                let number = *number;
                match poll(Pin::new(push), Waker::noop()) {
                    Poll::Pending => prop_assert!(self.is_full() && !self.closed),
                    Poll::Ready(result) => {
                        drop(self.pushes.remove(at));
                        self.pushed(
                            number,
                            result.map_err(|Closed(item)| TryPushError::Closed(item)),
                        )?;
                    }
                }
                Ok(())
            }
            Call::PollPop(which) if !self.pops.is_empty() => {
                let at = which % self.pops.len();
                match poll(Pin::new(&mut self.pops[at]), Waker::noop()) {
                    Poll::Pending => prop_assert!(self.inside.is_empty() && !self.closed),
                    Poll::Ready(result) => {
                        drop(self.pops.remove(at));
                        self.popped(result.map_err(|Closed(())| TryPopError::Closed))?;
                    }
                }
                Ok(())
            }
            Call::DropPush(which) if !self.pushes.is_empty() => {
                drop(self.pushes.remove(which % self.pushes.len()));
                Ok(())
            }
            Call::DropPop(which) if !self.pops.is_empty() => {
                drop(self.pops.remove(which % self.pops.len()));
                Ok(())
            }
            Call::PollPush(_) | Call::PollPop(_) | Call::DropPush(_) | Call::DropPop(_) => Ok(()),
            Call::Close => {
                prop_assert_eq!(queue.close(), !self.closed);
                self.closed = true;
                Ok(())
            }
        }
    }

    fn observe(&self) -> Result<(), TestCaseError> {
        let inside = self.inside.len();
        prop_assert_eq!(self.queue.len(), inside);
        prop_assert_eq!(self.queue.is_empty(), inside == 0);
        prop_assert_eq!(self.queue.is_full(), self.is_full());
        prop_assert_eq!(self.queue.is_closed(), self.closed);
        prop_assert_eq!(self.alive.count(), inside + self.pushes.len());
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 8 } else { 200 }))]

    #[test]
    fn the_queue_is_a_bounded_deque(capacity in 1..9_usize, calls in calls()) {
        let alive = Alive::new();
        {
            let queue = Queue::new(capacity);
            let (inside, pushes, pops) = (VecDeque::new(), Vec::new(), Vec::new());
            let mut checked = Checked {
                alive: &alive, queue: &queue, inside, closed: false, next: 0, pushes, pops,
            };
            for call in calls {
                checked.step(call)?;
                checked.observe()?;
            }
        }
        prop_assert_eq!(alive.count(), 0, "dropped with the queue");
    }
}
