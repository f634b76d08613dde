//! Each primitive against its sequential model, on random scripts of calls.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::spsc::{
    Consumer, PopTimeoutError, Producer, PushTimeoutError, TryPopError, TryPushError, ring,
};
use untorn::{Counter, SeqLock, Snapshot, SpinLock};

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

    #[test]
    fn the_counter_is_a_number(calls in vec((any::<bool>(), any::<u64>()), 0..100)) {
        let counter = Counter::new();
        let mut number = 0_u64;
        for (take, n) in calls {
            if take {
                prop_assert_eq!(counter.take(), std::mem::take(&mut number));
            } else {
                counter.add(n);
                number = number.wrapping_add(n);
            }
            prop_assert_eq!(counter.get(), number);
        }
    }

    #[test]
    fn the_lock_is_the_value(values in vec(any::<String>(), 0..50)) {
        let lock = SpinLock::new(String::new());
        let mut expected = String::new();
        for value in values {
            let mut held = lock.lock();
            prop_assert!(lock.try_lock().is_none());
            held.push_str(&value);
            drop(held);
            expected.push_str(&value);
            prop_assert_eq!(&*lock.try_lock().expect("free"), &expected);
        }
        prop_assert_eq!(lock.into_inner(), expected);
    }
}
