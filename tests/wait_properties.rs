//! Waiting for words and for events against a sequential model, on random scripts of calls: one queue
//! for each place, first come first served, and whoever is dropped without having been told hands the
//! notification to the next, unless all were woken.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::wait::{self, EventCount, Listener, Outcome, WaitAsync};

mod support;
use support::tasks::{Calls, poll};

/// Where to wait: two words of 64 bits, one of a byte, and two events.
const PLACES: usize = 5;

#[derive(Clone, Copy, Debug)]
enum Call {
    /// For a word, whether it holds what is expected.
    Wait(usize, bool),
    Notify(usize, usize),
    NotifyAll(usize),
    /// With one of two wakers.
    Poll(usize, u8),
    Drop(usize),
    /// A listener waits without any time.
    WaitNow(usize),
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let place = 0..PLACES;
    let call = prop_oneof![
        12 => (place.clone(), prop::bool::weighted(0.9)).prop_map(|(at, equal)| Call::Wait(at, equal)),
        6 => (place.clone(), 0..4_usize).prop_map(|(at, count)| Call::Notify(at, count)),
        1 => place.prop_map(Call::NotifyAll),
        10 => (any::<usize>(), 0..2_u8).prop_map(|(handle, waker)| Call::Poll(handle, waker)),
        6 => any::<usize>().prop_map(Call::Drop),
        2 => any::<usize>().prop_map(Call::WaitNow),
    ];
    vec(call, 0..150)
}

#[derive(Default)]
struct Places {
    words: [AtomicU64; 2],
    byte: AtomicBool,
    events: [EventCount; 2],
}

enum Waiter<'a> {
    Word(WaitAsync<'a, AtomicU64>),
    Byte(WaitAsync<'a, AtomicBool>),
    Event(Listener<'a>),
}

impl Places {
    fn wait(&self, at: usize, equal: bool) -> Waiter<'_> {
        match at {
            0 | 1 => Waiter::Word(wait::wait_async(&self.words[at], u64::from(!equal))),
            2 => Waiter::Byte(wait::wait_async(&self.byte, !equal)),
            _ => Waiter::Event(self.events[at - 3].listen()),
        }
    }

    fn notify(&self, at: usize, count: usize) -> usize {
        match at {
            0 | 1 => wait::notify(&self.words[at], count),
            2 => wait::notify(&self.byte, count),
            _ => self.events[at - 3].notify(count),
        }
    }

    fn notify_all(&self, at: usize) -> usize {
        match at {
            0 | 1 => wait::notify_all(&self.words[at]),
            2 => wait::notify_all(&self.byte),
            _ => self.events[at - 3].notify_all(),
        }
    }

    /// What an event does not tell is `None`.
    fn waiting(&self, at: usize) -> Option<usize> {
        match at {
            0 | 1 => Some(wait::waiting(&self.words[at])),
            2 => Some(wait::waiting(&self.byte)),
            _ => None,
        }
    }
}

/// A number for each waiter that ever was.
type Id = usize;

/// What a waker has to say: whose it was, and which.
type Wake = (Id, u8);

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// With the last waker that it was polled with.
    Queued(Option<u8>),
    /// With all who waited, or with the first few.
    Notified {
        all: bool,
    },
    Told,
    NotEqual,
}

#[derive(Default)]
struct Model {
    queues: [VecDeque<Id>; PLACES],
    states: Vec<State>,
    wakes: Vec<Wake>,
}

impl Model {
    fn wait(&mut self, at: usize, equal: bool) -> Id {
        let id = self.states.len();
        if equal {
            self.queues[at].push_back(id);
        }
        self.states.push(if equal { State::Queued(None) } else { State::NotEqual });
        id
    }

    fn notify(&mut self, at: usize, most: usize) -> usize {
        let count = most.min(self.queues[at].len());
        for id in self.queues[at].drain(..count) {
            if let State::Queued(Some(waker)) = self.states[id] {
                self.wakes.push((id, waker));
            }
            self.states[id] = State::Notified { all: most == usize::MAX };
        }
        count
    }

    fn leave(&mut self, at: usize, id: Id) {
        self.queues[at].retain(|queued| *queued != id);
    }
}

struct Checked<'a> {
    places: &'a Places,
    wakes: Arc<Mutex<Vec<Wake>>>,
    waiters: Vec<(Id, usize, Waiter<'a>)>,
    model: Model,
}

impl Checked<'_> {
    fn poll(&mut self, index: usize, waker: u8) -> Result<(), TestCaseError> {
        let (id, _, waiter) = &mut self.waiters[index];
        let (id, wakes) = (*id, Arc::clone(&self.wakes));
        let calls = Calls::waker(move || wakes.lock().unwrap().push((id, waker)));
        let result = match waiter {
            Waiter::Word(wait) => poll(Pin::new(wait), &calls),
            Waiter::Byte(wait) => poll(Pin::new(wait), &calls),
            Waiter::Event(listener) => poll(Pin::new(listener), &calls).map(|()| Outcome::Woken),
        };
        let (expected, state) = match self.model.states[id] {
            State::Queued(_) => (Poll::Pending, State::Queued(Some(waker))),
            State::Notified { .. } | State::Told => (Poll::Ready(Outcome::Woken), State::Told),
            State::NotEqual => (Poll::Ready(Outcome::NotEqual), State::NotEqual),
        };
        self.model.states[id] = state;
        prop_assert_eq!(result, expected);
        Ok(())
    }

    fn drop(&mut self, index: usize) {
        let (id, at, waiter) = self.waiters.swap_remove(index);
        drop(waiter);
        match self.model.states[id] {
            State::Queued(_) => self.model.leave(at, id),
            State::Notified { all: false } => _ = self.model.notify(at, 1),
            State::Notified { all: true } | State::Told | State::NotEqual => {}
        }
    }

    fn wait_now(&mut self, index: usize) -> Result<(), TestCaseError> {
        if !matches!(self.waiters[index].2, Waiter::Event(_)) {
            return Ok(());
        }
        let (id, at, Waiter::Event(listener)) = self.waiters.swap_remove(index) else {
            unreachable!("looked at above");
        };
        let in_time = matches!(self.model.states[id], State::Notified { .. } | State::Told);
        prop_assert_eq!(listener.wait_timeout(Duration::ZERO), in_time);
        self.model.leave(at, id);
        Ok(())
    }

    fn call(&mut self, call: Call) -> Result<(), TestCaseError> {
        let which = |index: usize| index.checked_rem(self.waiters.len());
        match call {
            Call::Wait(at, equal) => {
                // An event has no value.
                let id = self.model.wait(at, equal || at >= 3);
                self.waiters.push((id, at, self.places.wait(at, equal)));
            }
            Call::Notify(at, count) => {
                prop_assert_eq!(self.places.notify(at, count), self.model.notify(at, count));
            }
            Call::NotifyAll(at) => {
                prop_assert_eq!(self.places.notify_all(at), self.model.notify(at, usize::MAX));
            }
            Call::Poll(index, waker) => {
                if let Some(index) = which(index) {
                    self.poll(index, waker)?;
                }
            }
            Call::Drop(index) => {
                if let Some(index) = which(index) {
                    self.drop(index);
                }
            }
            Call::WaitNow(index) => {
                if let Some(index) = which(index) {
                    self.wait_now(index)?;
                }
            }
        }
        for (at, queue) in self.model.queues.iter().enumerate() {
            let waiting = self.places.waiting(at);
            prop_assert!(waiting.is_none_or(|count| count == queue.len()));
        }
        // Who was woken, by which waker, in which order.
        prop_assert_eq!(&*self.wakes.lock().unwrap(), &self.model.wakes);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn waits_follow_their_model(calls in calls()) {
        let places = Places::default();
        let mut checked = Checked {
            places: &places,
            wakes: Arc::default(),
            waiters: Vec::new(),
            model: Model::default(),
        };
        for call in calls {
            checked.call(call)?;
        }
        while !checked.waiters.is_empty() {
            checked.drop(0);
        }
        for at in 0..PLACES {
            prop_assert_eq!(places.notify_all(at), 0);
        }
    }
}
