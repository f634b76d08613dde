//! Each primitive against its sequential model, on random scripts of calls.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::latest::{Reader, Writer};
use untorn::spsc::{
    Consumer, PopTimeoutError, Producer, PushTimeoutError, TryPopError, TryPushError, ring,
};
use untorn::{Latest, SeqLock, Snapshot};

mod support;
use support::{Alive, Value};

#[derive(Clone, Debug)]
enum RingCall {
    TryPush,
    PushTimeout,
    TryPop,
    PopTimeout,
    DropProducer,
    DropConsumer,
}

fn ring_calls() -> impl Strategy<Value = Vec<RingCall>> {
    let call = prop_oneof![
        8 => Just(RingCall::TryPush),
        2 => Just(RingCall::PushTimeout),
        8 => Just(RingCall::TryPop),
        2 => Just(RingCall::PopTimeout),
        1 => Just(RingCall::DropProducer),
        1 => Just(RingCall::DropConsumer),
    ];
    vec(call, 0..200)
}

/// The ring and what it must hold. A value is its number and a token that counts the living.
struct Checked<'a> {
    alive: &'a Alive,
    producer: Option<Producer<(u32, Value<'a>)>>,
    consumer: Option<Consumer<(u32, Value<'a>)>>,
    capacity: usize,
    inside: VecDeque<u32>,
    next: u32,
}

impl Checked<'_> {
    fn push(&mut self, timed: bool) -> Result<(), TestCaseError> {
        let Some(producer) = &mut self.producer else { return Ok(()) };
        let number = self.next;
        self.next += 1;
        let value = (number, self.alive.value());
        let result = if timed {
            producer.push_timeout(value, Duration::ZERO).map_err(|error| match error {
                PushTimeoutError::Timeout(value) => TryPushError::Full(value),
                PushTimeoutError::Closed(value) => TryPushError::Closed(value),
            })
        } else {
            producer.try_push(value)
        };
        match result {
            Ok(()) => {
                prop_assert!(self.consumer.is_some() && self.inside.len() < self.capacity);
                self.inside.push_back(number);
            }
            Err(TryPushError::Full((back, _))) => {
                prop_assert!(self.consumer.is_some() && self.inside.len() == self.capacity);
                prop_assert_eq!(back, number);
            }
            Err(TryPushError::Closed((back, _))) => {
                prop_assert!(self.consumer.is_none());
                prop_assert_eq!(back, number);
            }
        }
        Ok(())
    }

    fn pop(&mut self, timed: bool) -> Result<(), TestCaseError> {
        let Some(consumer) = &mut self.consumer else { return Ok(()) };
        let result = if timed {
            consumer.pop_timeout(Duration::ZERO).map_err(|error| match error {
                PopTimeoutError::Timeout => TryPopError::Empty,
                PopTimeoutError::Closed => TryPopError::Closed,
            })
        } else {
            consumer.try_pop()
        };
        let expected = self.inside.pop_front();
        match result {
            Ok((number, _)) => prop_assert_eq!(Some(number), expected),
            Err(TryPopError::Empty) => {
                prop_assert!(expected.is_none() && self.producer.is_some());
            }
            Err(TryPopError::Closed) => {
                prop_assert!(expected.is_none() && self.producer.is_none());
            }
        }
        Ok(())
    }

    fn observe(&self) -> Result<(), TestCaseError> {
        if let Some(producer) = &self.producer {
            // Without a consumer the ring counts as emptied: what was inside went with it.
            prop_assert_eq!(producer.len(), self.inside.len());
            prop_assert_eq!(producer.is_closed(), self.consumer.is_none());
        }
        if let Some(consumer) = &self.consumer {
            prop_assert_eq!(consumer.len(), self.inside.len());
            prop_assert_eq!(consumer.is_closed(), self.producer.is_none());
        }
        if self.producer.is_some() || self.consumer.is_some() {
            prop_assert_eq!(self.alive.count(), self.inside.len());
        } else {
            prop_assert_eq!(self.alive.count(), 0);
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
enum RegisterCall {
    Publish,
    PublishWith,
    Fill,
    Read(usize),
    DropReader(usize),
    ForgetReader(usize),
    DropWriter,
}

const READERS: usize = 3;

fn register_calls() -> impl Strategy<Value = Vec<RegisterCall>> {
    let call = prop_oneof![
        16 => Just(RegisterCall::Publish),
        16 => Just(RegisterCall::PublishWith),
        2 => Just(RegisterCall::Fill),
        32 => (0..READERS).prop_map(RegisterCall::Read),
        1 => (0..READERS).prop_map(RegisterCall::DropReader),
        1 => (0..READERS).prop_map(RegisterCall::ForgetReader),
        1 => Just(RegisterCall::DropWriter),
    ];
    vec(call, 0..200)
}

/// A number, and a token that counts the living.
struct Numbered<'a> {
    number: u32,
    alive: &'a Alive,
    _token: Value<'a>,
}

impl<'a> Numbered<'a> {
    fn new(number: u32, alive: &'a Alive) -> Self {
        Self { number, alive, _token: alive.value() }
    }
}

impl Clone for Numbered<'_> {
    fn clone(&self) -> Self {
        Self::new(self.number, self.alive)
    }
}

/// The handles of a register, and what each of them must see.
struct Watched<'r, 'a> {
    alive: &'a Alive,
    writer: Option<Writer<'r, Numbered<'a>>>,
    readers: [Option<Reader<'r, Numbered<'a>>>; READERS],
    /// What the reader of that number holds, whether it is there or was forgotten.
    held: [Option<u32>; READERS],
    published: u32,
    /// How many values there were when the writer had gone.
    left_over: usize,
}

impl Watched<'_, '_> {
    fn apply(&mut self, call: &RegisterCall) -> Result<(), TestCaseError> {
        match *call {
            RegisterCall::Publish => {
                let Some(writer) = &mut self.writer else { return Ok(()) };
                self.published += 1;
                writer.publish(Numbered::new(self.published, self.alive));
            }
            RegisterCall::PublishWith => {
                let Some(writer) = &mut self.writer else { return Ok(()) };
                let mut older = 0;
                writer.publish_with(|value| {
                    older = std::mem::replace(&mut value.number, self.published + 1);
                });
                prop_assert!(older <= self.published);
                self.published += 1;
            }
            RegisterCall::Fill => {
                let Some(writer) = &mut self.writer else { return Ok(()) };
                writer.fill();
                prop_assert_eq!(self.alive.count(), READERS + 2);
            }
            RegisterCall::Read(which) => {
                let Some(reader) = &mut self.readers[which] else { return Ok(()) };
                prop_assert_eq!(reader.has_news(), self.held[which] != Some(self.published));
                prop_assert_eq!(reader.read().number, self.published);
                self.held[which] = Some(self.published);
            }
            RegisterCall::DropReader(which) => {
                if self.readers[which].take().is_some() {
                    self.held[which] = None;
                }
            }
            RegisterCall::ForgetReader(which) => std::mem::forget(self.readers[which].take()),
            RegisterCall::DropWriter => {
                if self.writer.take().is_some() {
                    let mut visible: Vec<u32> = self.held.iter().flatten().copied().collect();
                    visible.push(self.published);
                    visible.sort_unstable();
                    visible.dedup();
                    self.left_over = visible.len();
                }
            }
        }
        Ok(())
    }

    fn observe(&self) -> Result<(), TestCaseError> {
        match &self.writer {
            Some(writer) => {
                prop_assert_eq!(writer.latest().number, self.published);
                prop_assert!(self.alive.count() <= READERS + 2);
            }
            None => prop_assert_eq!(self.alive.count(), self.left_over),
        }
        for (reader, held) in self.readers.iter().zip(self.held) {
            let Some(reader) = reader else { continue };
            prop_assert_eq!(Some(reader.held().number), held);
            prop_assert_eq!(reader.is_closed(), self.writer.is_none());
        }
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
    fn the_ring_is_a_bounded_deque(capacity in 1_usize..9, calls in ring_calls()) {
        let alive = Alive::new();
        let (producer, consumer) = ring(capacity);
        let mut ring = Checked {
            alive: &alive,
            producer: Some(producer),
            consumer: Some(consumer),
            capacity,
            inside: VecDeque::new(),
            next: 0,
        };
        for call in calls {
            match call {
                RingCall::TryPush => ring.push(false)?,
                RingCall::PushTimeout => ring.push(true)?,
                RingCall::TryPop => ring.pop(false)?,
                RingCall::PopTimeout => ring.pop(true)?,
                RingCall::DropProducer => ring.producer = None,
                RingCall::DropConsumer => {
                    if ring.consumer.take().is_some() {
                        ring.inside.clear();
                    }
                }
            }
            ring.observe()?;
        }
        drop((ring.producer, ring.consumer));
        prop_assert_eq!(alive.count(), 0);
    }

    #[test]
    fn the_register_holds_the_last_value(scripts in vec(register_calls(), 1..3)) {
        let alive = Alive::new();
        let mut register = Latest::<_, READERS>::new(Numbered::new(0, &alive));
        let mut published = 0;
        // Each script begins where the one before ended, with new handles.
        for calls in scripts {
            let (writer, readers) = register.split();
            let mut handles = Watched {
                alive: &alive,
                writer: Some(writer),
                readers: readers.map(Some),
                held: [Some(published); READERS],
                published,
                left_over: 0,
            };
            for call in calls {
                handles.apply(&call)?;
                handles.observe()?;
            }
            published = handles.published;
        }
        prop_assert_eq!(register.into_inner().number, published);
        prop_assert_eq!(alive.count(), 0);
    }

    #[test]
    fn the_cells_hold_the_last_value(values in vec(any::<[u16; 5]>(), 1..50)) {
        let lock = SeqLock::new([0; 5]);
        let two = Snapshot::new([0; 5]);
        let three = Snapshot::<_, 3>::with_slots([0; 5]);
        let four = Snapshot::<_, 4>::with_slots([0; 5]);
        for value in values {
            lock.write(value);
            two.publish(value);
            three.publish(value);
            four.publish(value);
            prop_assert_eq!(lock.read(), value);
            prop_assert_eq!(lock.try_read(), Some(value));
            for seen in [two.read(), three.read(), four.read()] {
                prop_assert_eq!(seen, value);
            }
            let bumped = value.map(|part| part.wrapping_add(1));
            lock.update(|value| *value = value.map(|part| part.wrapping_add(1)));
            prop_assert_eq!(lock.writer().read(), bumped);
        }
    }
}
