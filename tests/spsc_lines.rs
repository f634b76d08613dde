//! The SPSC ring of lines: how many values fit, what the ends say of that, and all calls that it has
//! against its sequential model.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::mem::size_of;
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use untorn::spsc::{
    Consumer, Lines, PopTimeoutError, Producer, PushTimeoutError, TryPopError, TryPushError,
    WaitError, line_ring,
};

mod support;
use support::rings::fill;
use support::tasks::poll;
use support::{Alive, Value};

/// How many values of this size a line holds, beside its index.
const fn to_a_line(size: usize) -> usize {
    (128 - size_of::<usize>()) / size
}

/// How many slots a ring has: lines for all but one value, and another.
const fn slots(capacity: usize, to_a_line: usize) -> usize {
    ((capacity - 1).div_ceil(to_a_line) + 1) * to_a_line
}

/// Fills and empties rings of values that `make` makes, and counts.
fn fits<T: PartialEq + std::fmt::Debug>(to_a_line: usize, make: impl Fn(usize) -> T) {
    for capacity in (1..40).chain([119, 120, 121, 122]) {
        let (mut producer, mut consumer) = line_ring(capacity);
        let slots = slots(capacity, to_a_line);
        assert!((capacity..=capacity + 2 * to_a_line - 2).contains(&slots));
        for _ in 0..3 {
            assert_eq!(fill(&mut producer, &make), slots);
            assert!(producer.is_full());
            assert_eq!((producer.len(), consumer.len()), (slots, slots));
            for i in 0..slots {
                assert_eq!(consumer.try_pop(), Ok(make(i)));
                assert_eq!(consumer.len(), slots - 1 - i);
                // Room comes a line at a time.
                assert_eq!(producer.is_full(), i + 1 < to_a_line);
            }
            assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
        }
    }
}

#[test]
fn at_least_the_capacity_fits_whatever_the_size() {
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(16))]
    struct Aligned([u8; 16]);
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(64))]
    struct OnALineOfItsOwn(u8);

    fits(to_a_line(1), |i| i as u8);
    fits(to_a_line(3), |i| [i as u8; 3]);
    fits(to_a_line(4), |i| i as u32);
    fits(to_a_line(8), |i| i as u64);
    fits(to_a_line(24), |i| [i as u64; 3]);
    fits(to_a_line(61), |i| [i as u8; 61]);
    fits(to_a_line(120), |i| [i as u8; 120]);
    fits(7, |i| Aligned([i as u8; 16]));
    fits(1, |i| OnALineOfItsOwn(i as u8));
}

#[test]
fn waits_for_many_go_across_lines() {
    let (mut producer, mut consumer) = line_ring::<u64>(40);
    let soon = Duration::from_millis(1);
    let never = WaitError::TooMany { count: 41, capacity: 40 };
    assert_eq!(producer.wait_for_room_timeout(41, soon), Err(never));
    assert_eq!(consumer.wait_for_items_timeout(41, soon), Err(never));
    for round in 0..5 {
        let full = fill(&mut producer, |i| i as u64);
        assert_eq!(consumer.wait_for_items_timeout(40, soon), Ok(full));
        assert_eq!(producer.wait_for_room_timeout(1, soon), Err(WaitError::Timeout));
        (0..full).for_each(|i| assert_eq!(consumer.try_pop(), Ok(i as u64)));
        assert_eq!(producer.wait_for_room_timeout(40, soon), Ok(()));
        // From here on each round begins elsewhere in a line.
        for number in 0..7 + round {
            assert_eq!(consumer.wait_for_items_timeout(1, soon), Err(WaitError::Timeout));
            producer.try_push(number).unwrap();
            assert_eq!(consumer.try_pop(), Ok(number));
        }
    }
    let waiting = std::thread::spawn(move || (consumer.wait_for_items(33), consumer));
    (0..33).for_each(|number| producer.push(number).unwrap());
    let (items, mut consumer) = waiting.join().unwrap();
    assert_eq!(items, Ok(33));
    let pushing = std::thread::spawn(move || {
        fill(&mut producer, |_| 0);
        producer.wait_for_room(40)
    });
    while consumer.pop().is_ok() {}
    assert_eq!(pushing.join().unwrap(), Ok(()));
}

#[derive(Clone, Debug)]
enum Call {
    TryPush,
    /// As many as that.
    Pushes(usize),
    PushTimeout,
    PushAsync,
    Room(usize),
    TryPop,
    /// As many as that.
    Pops(usize),
    PopTimeout,
    PopAsync,
    Items(usize),
    DropProducer,
    DropConsumer,
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        8 => Just(Call::TryPush),
        16 => (0..20_usize).prop_map(Call::Pushes),
        4 => Just(Call::PushTimeout),
        4 => Just(Call::PushAsync),
        4 => (0..12_usize).prop_map(Call::Room),
        8 => Just(Call::TryPop),
        16 => (0..20_usize).prop_map(Call::Pops),
        4 => Just(Call::PopTimeout),
        4 => Just(Call::PopAsync),
        4 => (0..12_usize).prop_map(Call::Items),
        1 => Just(Call::DropProducer),
        1 => Just(Call::DropConsumer),
    ];
    vec(call, 0..80)
}

/// A number, a token that counts the living, and what brings it to the size to be tried.
type Item<'a, const PADDING: usize> = (u32, Value<'a>, [u8; PADDING]);

struct Checked<'a, const PADDING: usize> {
    alive: &'a Alive,
    producer: Option<Producer<Item<'a, PADDING>, Lines>>,
    consumer: Option<Consumer<Item<'a, PADDING>, Lines>>,
    capacity: usize,
    inside: VecDeque<u32>,
    /// How many were pushed, and how many of these came out.
    pushed: usize,
    popped: usize,
}

impl<'a, const PADDING: usize> Checked<'a, PADDING> {
    const TO_A_LINE: usize = to_a_line(size_of::<Item<'_, PADDING>>());

    /// How many slots are free for the producer: those of the line that the consumer is in are not.
    fn room(&self) -> usize {
        let given_back = self.popped / Self::TO_A_LINE * Self::TO_A_LINE;
        slots(self.capacity, Self::TO_A_LINE) - (self.pushed - given_back)
    }

    fn item(&self) -> Item<'a, PADDING> {
        (self.pushed as u32, self.alive.value(), [7; PADDING])
    }

    fn pushed(&mut self, result: Result<(), TryPushError<Item<'_, PADDING>>>) -> TestCaseResult {
        let number = self.pushed as u32;
        match result {
            Ok(()) => {
                prop_assert!(self.consumer.is_some() && self.room() > 0);
                self.inside.push_back(number);
                self.pushed += 1;
            }
            Err(TryPushError::Full((back, ..))) => {
                prop_assert!(self.consumer.is_some() && self.room() == 0);
                prop_assert!(self.inside.len() >= self.capacity, "full before it was");
                prop_assert_eq!(back, number);
            }
            Err(TryPushError::Closed((back, ..))) => {
                prop_assert!(self.consumer.is_none());
                prop_assert_eq!(back, number);
            }
        }
        Ok(())
    }

    fn push(&mut self, call: &Call) -> TestCaseResult {
        let Some(mut producer) = self.producer.take() else { return Ok(()) };
        match *call {
            Call::Pushes(count) => {
                for _ in 0..count {
                    let result = producer.try_push(self.item());
                    self.pushed(result)?;
                }
            }
            Call::PushTimeout => {
                let result = producer.push_timeout(self.item(), Duration::ZERO);
                self.pushed(result.map_err(|error| match error {
                    PushTimeoutError::Timeout(value) => TryPushError::Full(value),
                    PushTimeoutError::Closed(value) => TryPushError::Closed(value),
                }))?;
            }
            Call::PushAsync => match poll(pin!(producer.push_async(self.item())), Waker::noop()) {
                Poll::Ready(result) => {
                    self.pushed(result.map_err(|error| TryPushError::Closed(error.0)))?;
                }
                Poll::Pending => prop_assert!(self.consumer.is_some() && self.room() == 0),
            },
            Call::Room(count) => {
                let expected = match () {
                    () if count > self.capacity => {
                        Err(WaitError::TooMany { count, capacity: self.capacity })
                    }
                    () if self.consumer.is_none() => Err(WaitError::Closed),
                    () if self.room() < count => Err(WaitError::Timeout),
                    () => Ok(()),
                };
                prop_assert_eq!(producer.wait_for_room_timeout(count, Duration::ZERO), expected);
            }
            _ => {
                let result = producer.try_push(self.item());
                self.pushed(result)?;
            }
        }
        self.producer = Some(producer);
        Ok(())
    }

    fn popped(&mut self, result: Result<Item<'_, PADDING>, TryPopError>) -> TestCaseResult {
        let expected = self.inside.pop_front();
        match result {
            Ok((number, _, padding)) => {
                prop_assert_eq!(Some(number), expected);
                prop_assert_eq!(padding, [7; PADDING]);
                self.popped += 1;
            }
            Err(TryPopError::Empty) => {
                prop_assert!(expected.is_none() && self.producer.is_some());
            }
            Err(TryPopError::Closed) => {
                prop_assert!(expected.is_none() && self.producer.is_none());
            }
        }
        Ok(())
    }

    fn pop(&mut self, call: &Call) -> TestCaseResult {
        let Some(mut consumer) = self.consumer.take() else { return Ok(()) };
        match *call {
            Call::Pops(count) => {
                for _ in 0..count {
                    self.popped(consumer.try_pop())?;
                }
            }
            Call::PopTimeout => {
                let result = consumer.pop_timeout(Duration::ZERO);
                self.popped(result.map_err(|error| match error {
                    PopTimeoutError::Timeout => TryPopError::Empty,
                    PopTimeoutError::Closed => TryPopError::Closed,
                }))?;
            }
            Call::PopAsync => {
                let result = match poll(pin!(consumer.pop_async()), Waker::noop()) {
                    Poll::Ready(result) => result.map_err(|_| TryPopError::Closed),
                    Poll::Pending => Err(TryPopError::Empty),
                };
                self.popped(result)?;
            }
            Call::Items(count) => {
                let inside = self.inside.len();
                let expected = match () {
                    () if count > self.capacity => {
                        Err(WaitError::TooMany { count, capacity: self.capacity })
                    }
                    () if inside == 0 && self.producer.is_none() => Err(WaitError::Closed),
                    () if inside >= count || self.producer.is_none() => Ok(()),
                    () => Err(WaitError::Timeout),
                };
                let found = consumer.wait_for_items_timeout(count, Duration::ZERO);
                prop_assert_eq!(found.map(drop), expected);
                prop_assert!(found.is_err() || (count.min(inside)..=inside).contains(&found?));
            }
            _ => self.popped(consumer.try_pop())?,
        }
        self.consumer = Some(consumer);
        Ok(())
    }

    fn call(&mut self, call: &Call) -> TestCaseResult {
        match call {
            Call::TryPush
            | Call::Pushes(_)
            | Call::PushTimeout
            | Call::PushAsync
            | Call::Room(_) => self.push(call)?,
            Call::DropProducer => self.producer = None,
            Call::DropConsumer => {
                self.consumer = None;
                self.inside.clear();
            }
            _ => self.pop(call)?,
        }
        if self.producer.is_none() && self.consumer.is_none() {
            self.inside.clear();
        }
        Ok(())
    }

    fn observe(&self) -> TestCaseResult {
        prop_assert_eq!(self.alive.count(), self.inside.len());
        if let Some(producer) = &self.producer {
            prop_assert_eq!(producer.is_closed(), self.consumer.is_none());
            if self.consumer.is_some() {
                prop_assert_eq!(producer.is_full(), self.room() == 0);
                prop_assert!(producer.len() >= self.inside.len());
                prop_assert!(producer.len() - self.inside.len() < Self::TO_A_LINE);
            }
        }
        if let Some(consumer) = &self.consumer {
            prop_assert_eq!(consumer.len(), self.inside.len());
            prop_assert_eq!(consumer.is_empty(), self.inside.is_empty());
            prop_assert_eq!(consumer.is_closed(), self.producer.is_none());
        }
        Ok(())
    }
}

fn run<const PADDING: usize>(capacity: usize, script: &[Call]) -> TestCaseResult {
    let alive = Alive::new();
    let (producer, consumer) = line_ring(capacity);
    let mut checked = Checked::<PADDING> {
        alive: &alive,
        producer: Some(producer),
        consumer: Some(consumer),
        capacity,
        inside: VecDeque::new(),
        pushed: 0,
        popped: 0,
    };
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
    fn one_to_a_line(capacity in 1..12_usize, script in calls()) {
        run::<90>(capacity, &script)?;
    }

    #[test]
    fn three_to_a_line(capacity in 1..12_usize, script in calls()) {
        run::<10>(capacity, &script)?;
    }

    #[test]
    fn five_to_a_line(capacity in 1..12_usize, script in calls()) {
        run::<0>(capacity, &script)?;
    }
}
