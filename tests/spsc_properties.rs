//! The SPSC ring against its sequential model, on random scripts of batches, guards that are forgotten,
//! and futures that are dropped.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::mem::forget;
use std::pin::pin;
use std::task::{Poll, Waker};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use untorn::spsc::{Consumer, Contiguous, Producer, StaticRing, TryPopError, TryPushError, ring};

mod support;
use support::tasks::poll;
use support::{Alive, Value};

#[derive(Clone, Debug)]
enum Call {
    TryPush,
    PushAsync,
    PushIter(usize),
    /// So many, and whether the guard is forgotten.
    Deferred(usize, bool),
    TryPop,
    PopAsync,
    Peek,
    /// So many of a chunk of so many.
    Release(usize, usize),
    /// So many, and whether the iterator is forgotten.
    Drain(usize, bool),
    DropProducer,
    DropConsumer,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        8 => Just(Call::TryPush),
        4 => Just(Call::PushAsync),
        8 => (0..6_usize).prop_map(Call::PushIter),
        8 => (0..4_usize, any::<bool>()).prop_map(|(count, forgets)| Call::Deferred(count, forgets)),
        8 => Just(Call::TryPop),
        4 => Just(Call::PopAsync),
        4 => Just(Call::Peek),
        8 => (0..6_usize, 0..6_usize).prop_map(|(count, of)| Call::Release(count, of)),
        8 => (0..6_usize, any::<bool>()).prop_map(|(count, forgets)| Call::Drain(count, forgets)),
        1 => Just(Call::DropProducer),
        1 => Just(Call::DropConsumer),
    ];
    vec(call, 0..60)
}

type Item<'a> = (u32, Value<'a>);

struct Checked<'a, S: Contiguous> {
    alive: &'a Alive,
    producer: Option<Producer<Item<'a>, S>>,
    consumer: Option<Consumer<Item<'a>, S>>,
    capacity: usize,
    /// What the consumer can see.
    inside: VecDeque<u32>,
    /// What was pushed after that, by a guard that was forgotten.
    hidden: VecDeque<u32>,
    /// How many slots an iterator that was forgotten has emptied.
    kept: usize,
    next: u32,
}

impl<'a, S: Contiguous> Checked<'a, S> {
    fn item(&mut self) -> Item<'a> {
        self.next += 1;
        (self.next, self.alive.value())
    }

    fn room(&self) -> usize {
        self.capacity - self.inside.len() - self.hidden.len() - self.kept
    }

    /// What the producer does with the next call that looks.
    fn publish(&mut self) {
        self.inside.append(&mut self.hidden);
    }

    fn pushed(
        &mut self,
        number: u32,
        result: Result<(), TryPushError<Item<'_>>>,
    ) -> TestCaseResult {
        match result {
            Ok(()) => {
                prop_assert!(self.consumer.is_some() && self.room() > 0);
                self.publish();
                self.inside.push_back(number);
            }
            Err(TryPushError::Full((back, _))) => {
                prop_assert!(self.consumer.is_some() && self.room() == 0);
                prop_assert_eq!(back, number);
                self.publish();
            }
            Err(TryPushError::Closed((back, _))) => {
                prop_assert!(self.consumer.is_none());
                prop_assert_eq!(back, number);
            }
        }
        Ok(())
    }

    fn push(&mut self, call: &Call) -> TestCaseResult {
        let (room, first) = (self.room(), self.next + 1);
        let open = self.consumer.is_some();
        let Some(mut producer) = self.producer.take() else { return Ok(()) };
        match *call {
            Call::TryPush => {
                let item = self.item();
                let (number, result) = (item.0, producer.try_push(item));
                self.pushed(number, result)?;
            }
            Call::PushAsync => {
                let item = self.item();
                let number = item.0;
                match poll(pin!(producer.push_async(item)), Waker::noop()) {
                    Poll::Ready(Ok(())) => self.pushed(number, Ok(()))?,
                    Poll::Ready(Err(closed)) => {
                        self.pushed(number, Err(TryPushError::Closed(closed.into_inner())))?;
                    }
                    // The value goes with the future.
                    Poll::Pending => {
                        prop_assert!(open && room == 0);
                        self.publish();
                    }
                }
            }
            Call::PushIter(wanted) => {
                let items: Vec<_> = (0..wanted).map(|_| self.item()).collect();
                let count = producer.push_iter(items);
                prop_assert_eq!(count, if open { wanted.min(room) } else { 0 });
                self.publish();
                self.inside.extend((first..).take(count));
            }
            Call::Deferred(wanted, forgets) => {
                let mut later = producer.deferred();
                if room == 0 {
                    self.publish();
                }
                let mut refused = false;
                for number in first..first + wanted as u32 {
                    let item = self.item();
                    match later.try_push(item) {
                        Ok(()) => self.hidden.push_back(number),
                        Err(_) => refused = true,
                    }
                }
                prop_assert_eq!(refused, !open && wanted > 0 || wanted > room);
                if refused || !forgets {
                    self.publish();
                }
                if forgets {
                    forget(later);
                }
            }
            _ => unreachable!("a call of the consumer"),
        }
        self.producer = Some(producer);
        Ok(())
    }

    fn popped(&mut self, result: Result<Item<'_>, TryPopError>) -> TestCaseResult {
        self.kept = 0;
        match result {
            Ok((number, _)) => prop_assert_eq!(Some(number), self.inside.pop_front()),
            Err(TryPopError::Empty) => {
                prop_assert!(self.inside.is_empty() && self.producer.is_some());
            }
            Err(TryPopError::Closed) => {
                prop_assert!(self.inside.is_empty() && self.producer.is_none());
            }
        }
        Ok(())
    }

    fn pop(&mut self, call: &Call) -> TestCaseResult {
        let Some(mut consumer) = self.consumer.take() else { return Ok(()) };
        match *call {
            Call::TryPop => self.popped(consumer.try_pop())?,
            Call::PopAsync => {
                let result = match poll(pin!(consumer.pop_async()), Waker::noop()) {
                    Poll::Ready(result) => result.map_err(|_| TryPopError::Closed),
                    Poll::Pending => Err(TryPopError::Empty),
                };
                self.popped(result)?;
            }
            Call::Peek => {
                let oldest = consumer.peek().map(|(number, _)| *number);
                prop_assert_eq!(oldest, self.inside.front().copied());
                if oldest.is_none() {
                    self.kept = 0;
                }
            }
            Call::Release(count, of) => {
                let chunk = consumer.read_chunk(of);
                prop_assert_eq!(chunk.len(), of.min(self.inside.len()));
                let (first, second) = chunk.as_slices();
                let numbers = first.iter().chain(second).map(|(number, _)| number);
                prop_assert!(numbers.eq(self.inside.iter().take(of)));
                let count = count.min(chunk.len());
                chunk.release(count);
                self.inside.drain(..count);
                self.kept = 0;
            }
            Call::Drain(count, forgets) => {
                let mut drain = consumer.drain();
                prop_assert_eq!(drain.len(), self.inside.len());
                for _ in 0..count {
                    let number = drain.next().map(|(number, _)| number);
                    prop_assert_eq!(number, self.inside.front().copied());
                    self.kept += usize::from(self.inside.pop_front().is_some());
                }
                if forgets {
                    forget(drain);
                } else {
                    self.kept = 0;
                }
            }
            _ => unreachable!("a call of the producer"),
        }
        self.consumer = Some(consumer);
        Ok(())
    }

    fn call(&mut self, call: &Call) -> TestCaseResult {
        match call {
            Call::TryPush | Call::PushAsync | Call::PushIter(_) | Call::Deferred(..) => {
                self.push(call)
            }
            Call::DropProducer => {
                if self.producer.take().is_some() {
                    self.publish();
                }
                if self.consumer.is_none() {
                    self.inside.clear();
                }
                Ok(())
            }
            Call::DropConsumer => {
                if self.consumer.take().is_some() {
                    self.inside.clear();
                    self.kept = 0;
                }
                if self.producer.is_none() {
                    self.inside.clear();
                }
                Ok(())
            }
            _ => self.pop(call),
        }
    }

    fn observe(&self) -> TestCaseResult {
        let all = self.inside.len() + self.hidden.len();
        prop_assert_eq!(self.alive.count(), all);
        if let Some(producer) = &self.producer {
            prop_assert_eq!(producer.len(), all + self.kept);
        }
        if let Some(consumer) = &self.consumer {
            prop_assert_eq!(consumer.len(), self.inside.len());
        }
        Ok(())
    }
}

fn run<'a, S: Contiguous>(
    alive: &'a Alive,
    ends: (Producer<Item<'a>, S>, Consumer<Item<'a>, S>),
    script: &[Call],
) -> TestCaseResult {
    let capacity = ends.0.capacity();
    let (producer, consumer) = (Some(ends.0), Some(ends.1));
    let (inside, hidden) = (VecDeque::new(), VecDeque::new());
    let mut checked =
        Checked { alive, producer, consumer, capacity, inside, hidden, kept: 0, next: 0 };
    for call in script {
        checked.call(call)?;
        checked.observe()?;
    }
    drop(checked);
    prop_assert_eq!(alive.count(), 0);
    Ok(())
}

proptest! {
    #[test]
    fn a_ring_does_what_its_model_does(capacity in 1..6_usize, script in calls()) {
        let alive = Alive::new();
        run(&alive, ring(capacity), &script)?;
    }

    #[test]
    fn a_static_ring_does_what_its_model_does(scripts in vec(calls(), 1..3)) {
        let alive = Alive::new();
        let place = StaticRing::<_, 4>::new();
        for script in &scripts {
            run(&alive, place.split().expect("both ends are gone"), script)?;
        }
    }
}
