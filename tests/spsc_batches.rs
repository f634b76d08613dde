//! The SPSC ring: many values at once, in chunks, slices, drains and deferred publications.
#![cfg(feature = "alloc")]

use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind};

use untorn::spsc::{StaticRing, TryPopError, TryPushError, ring};

mod support;
use support::{Alive, rounds};

#[test]
fn slices_go_round_the_end_of_the_memory() {
    for capacity in [1, 2, 3, 5, 8] {
        let (mut producer, mut consumer) = ring(capacity);
        let (mut pushed, mut popped) = (0_u32, 0_u32);
        for step in 0..rounds(2_000) as u32 {
            let wanted = step % 7;
            let values: Vec<_> = (pushed..pushed + wanted).collect();
            let room = capacity - producer.len();
            let count = producer.push_slice(&values);
            assert_eq!(count, room.min(values.len()));
            pushed += count as u32;
            let mut place = vec![u32::MAX; (step % 5) as usize];
            let inside = consumer.len();
            let count = consumer.pop_slice(&mut place);
            assert_eq!(count, inside.min(place.len()));
            for value in &place[..count] {
                assert_eq!(*value, popped);
                popped += 1;
            }
            assert!(place[count..].iter().all(|rest| *rest == u32::MAX), "written past the values");
        }
        assert!(popped > 0);
    }
}

#[test]
fn what_is_not_committed_is_not_pushed() {
    let (mut producer, mut consumer) = ring(4);
    let mut slots = producer.reserve(3);
    slots.as_mut_slices().0[0].write('x');
    assert_eq!(producer.reserve(4).len(), 4);
    assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
    let mut slots = producer.reserve(9);
    assert_eq!((slots.len(), slots.is_empty()), (4, false));
    slots.as_mut_slices().0[0].write('a');
    // SAFETY: the first was written.
    unsafe { slots.commit(1) }.unwrap();
    assert_eq!(consumer.try_pop(), Ok('a'));
    assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
}

#[test]
fn more_than_there_is_cannot_be_committed_or_released() {
    let (mut producer, mut consumer) = ring::<u8>(2);
    let committing = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: it panics before it trusts the number.
        _ = unsafe { producer.reserve(2).commit(3) };
    }));
    let message = *committing.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message, "3 of 2 slots cannot be committed");
    producer.push_slice(&[1]);
    let releasing = catch_unwind(AssertUnwindSafe(|| consumer.read_chunk(2).release(2)));
    let message = *releasing.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message, "2 of 1 values cannot be released");
    assert_eq!(consumer.try_pop(), Ok(1));
}

#[test]
fn a_chunk_is_looked_at_and_released_in_part() {
    let alive = Alive::new();
    let (mut producer, mut consumer) = ring(4);
    assert_eq!(producer.push_iter((0..4).map(|i| (i, alive.value()))), 4);
    let chunk = consumer.read_chunk(3);
    assert_eq!(chunk.as_slices().0.iter().map(|(i, _)| *i).collect::<Vec<_>>(), [0, 1, 2]);
    // Twice at once, for both only look.
    let (one, other) = (chunk.as_slices().0, chunk.as_slices().0);
    assert!(std::ptr::eq(one, other) && one[0].0 == other[0].0);
    chunk.release(2);
    assert_eq!(alive.count(), 2);
    assert_eq!(consumer.read_chunk(2).len(), 2);
    assert_eq!(consumer.read_chunk(9).into_iter().map(|(i, _)| i).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(alive.count(), 0);
}

#[test]
fn a_destructor_that_panics_in_a_release_leaves_the_rest_inside() {
    let alive = Alive::new();
    let (mut producer, mut consumer) = ring(4);
    for bad in [false, true, false, false] {
        let value = if bad { alive.panicking_value() } else { alive.value() };
        producer.try_push(value).unwrap();
    }
    let releasing = AssertUnwindSafe(|| consumer.read_chunk(4).release(4));
    assert!(catch_unwind(releasing).is_err());
    assert_eq!((alive.count(), consumer.len()), (2, 2));
    assert_eq!(producer.push_iter([alive.value(), alive.value(), alive.value()]), 2);
    drop((producer, consumer));
    assert_eq!(alive.count(), 0);
}

#[test]
fn a_drain_leaves_what_it_did_not_yield() {
    let (mut producer, mut consumer) = ring(4);
    producer.push_slice(&[1, 2, 3]);
    let mut drain = consumer.drain();
    assert_eq!((drain.len(), drain.next(), drain.len()), (3, Some(1), 2));
    // Its slot is not given back yet.
    assert_eq!((producer.push_slice(&[4, 5]), producer.is_full()), (1, true));
    // What came later is not part of it.
    assert_eq!(
        (drain.next(), drain.next(), drain.next(), drain.next()),
        (Some(2), Some(3), None, None)
    );
    drop(drain);
    assert_eq!(producer.push_slice(&[5, 6, 7, 8]), 3);
    assert_eq!(consumer.drain().collect::<Vec<_>>(), [4, 5, 6, 7]);
}

/// What it yielded was popped, whether or not it is dropped: nothing is popped twice, and the producer
/// gets the slots with the next call that needs to give any back.
#[test]
fn a_forgotten_drain_has_popped() {
    let alive = Alive::new();
    let (mut producer, mut consumer) = ring(2);
    producer.push_iter([alive.value(), alive.value()]);
    let mut drain = consumer.drain();
    drop(drain.next());
    forget(drain);
    assert_eq!((alive.count(), consumer.len()), (1, 1));
    drop(consumer.try_pop());
    assert_eq!(alive.count(), 0);
    producer.push_iter([alive.value(), alive.value()]);
    let mut drain = consumer.drain();
    drop((drain.next(), drain.next()));
    forget(drain);
    assert!(matches!(producer.try_push(alive.value()), Err(TryPushError::Full(_))));
    // Nothing is inside, but a look gives the slots back.
    assert!(matches!(consumer.try_pop(), Err(TryPopError::Empty)));
    assert!(producer.try_push(alive.value()).is_ok());
    let mut drain = consumer.drain();
    drop(drain.next());
    forget(drain);
    drop(consumer);
    drop(producer);
    assert_eq!(alive.count(), 0);
}

#[test]
fn deferred_values_are_seen_when_the_guard_goes() {
    let (mut producer, mut consumer) = ring(4);
    let mut later = producer.deferred();
    later.try_push(1).unwrap();
    later.try_push(2).unwrap();
    assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
    later.flush();
    assert_eq!(consumer.try_pop(), Ok(1));
    later.try_push(3).unwrap();
    assert_eq!(consumer.len(), 1);
    drop(later);
    assert_eq!(consumer.drain().collect::<Vec<_>>(), [2, 3]);
}

/// One who waits for values must not wait for a producer that finds the ring full of them.
#[test]
fn deferred_values_are_seen_when_the_ring_is_full() {
    let (mut producer, mut consumer) = ring(2);
    let mut later = producer.deferred();
    later.try_push(1).unwrap();
    later.try_push(2).unwrap();
    assert_eq!(later.try_push(3), Err(TryPushError::Full(3)));
    assert_eq!(consumer.try_pop(), Ok(1));
    later.try_push(3).unwrap();
    // Forgotten, they are seen with the next publication, or when this end goes.
    forget(later);
    assert_eq!(consumer.drain().collect::<Vec<_>>(), [2]);
    producer.try_push(4).unwrap();
    assert_eq!(consumer.drain().collect::<Vec<_>>(), [3, 4]);
    let mut later = producer.deferred();
    later.try_push(5).unwrap();
    forget(later);
    drop(producer);
    assert_eq!((consumer.try_pop(), consumer.try_pop()), (Ok(5), Err(TryPopError::Closed)));
}

#[test]
fn an_iterator_that_panics_has_pushed_what_it_yielded() {
    let alive = Alive::new();
    let (mut producer, mut consumer) = ring(4);
    let values = (0..4).map(|i| if i < 2 { alive.value() } else { panic!("on purpose") });
    assert!(catch_unwind(AssertUnwindSafe(|| producer.push_iter(values))).is_err());
    assert_eq!((alive.count(), consumer.len()), (2, 2));
    assert_eq!(consumer.drain().count(), 2);
    assert_eq!(alive.count(), 0);
    // One that does not fit is not asked for.
    let mut asked = 0;
    let values = std::iter::from_fn(|| {
        asked += 1;
        Some(asked)
    });
    let (mut producer, _consumer) = ring(2);
    assert_eq!(producer.push_iter(values), 2);
    assert_eq!(asked, 2);
}

#[test]
fn nothing_goes_to_a_consumer_that_is_gone() {
    let alive = Alive::new();
    let (mut producer, consumer) = ring(4);
    let mut later = producer.deferred();
    assert!(later.try_push(alive.value()).is_ok());
    drop(consumer);
    drop(later);
    // Dropped with this end, since nobody can have it.
    assert_eq!(alive.count(), 1);
    assert_eq!(producer.reserve(4).len(), 0);
    assert_eq!(producer.push_iter([alive.value()]), 0);
    assert!(matches!(producer.try_push(alive.value()), Err(TryPushError::Closed(_))));
    assert_eq!(alive.count(), 1);
    drop(producer);
    assert_eq!(alive.count(), 0);
}

#[test]
fn values_without_a_size_and_with_a_large_alignment() {
    #[derive(Clone, Copy, PartialEq, Debug)]
    #[repr(align(256))]
    struct Wide(u8);
    let (mut producer, mut consumer) = ring(3);
    assert_eq!(producer.push_slice(&[(), (), (), ()]), 3);
    assert_eq!(consumer.drain().count(), 3);
    let (mut producer, mut consumer) = ring(3);
    assert_eq!(producer.push_slice(&[Wide(1), Wide(2)]), 2);
    let place = consumer.peek().map(std::ptr::from_ref).unwrap();
    assert_eq!(place.addr() % 256, 0);
    assert_eq!(consumer.drain().collect::<Vec<_>>(), [Wide(1), Wide(2)]);
}

static PLACE: StaticRing<String, 2> = StaticRing::new();

#[test]
fn a_static_ring_is_split_again_when_both_ends_are_gone() {
    for round in 0..3 {
        let (mut producer, mut consumer) = PLACE.split().expect("nobody else has its ends");
        assert!(PLACE.split().is_none());
        assert_eq!((producer.capacity(), consumer.try_pop()), (2, Err(TryPopError::Empty)));
        producer.try_push(format!("{round}")).unwrap();
        producer.try_push("left inside".into()).unwrap();
        assert!(producer.try_push("too many".into()).is_err());
        assert_eq!(consumer.try_pop(), Ok(format!("{round}")));
        if round == 1 {
            drop(consumer);
            assert!(PLACE.split().is_none());
            assert!(matches!(producer.try_push(String::new()), Err(TryPushError::Closed(_))));
        }
    }
}

#[test]
fn a_static_ring_drops_what_is_inside_with_the_last_end() {
    let alive = Alive::new();
    let place = StaticRing::<_, 4>::new();
    let (mut producer, consumer) = place.split().unwrap();
    producer.push_iter([alive.value(), alive.panicking_value(), alive.value()]);
    drop(producer);
    assert_eq!(alive.count(), 3);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(consumer))).is_err());
    assert_eq!(alive.count(), 0);
    assert!(place.split().is_some(), "a panic does not keep its ends");
    assert_eq!(format!("{place:?}"), "StaticRing { capacity: 4, .. }");
}
