//! The SPSC ring: the public contract of both its shapes.
#![cfg(feature = "alloc")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use untorn::spsc::{
    Consumer, Producer, TryPopError, TryPushError, line_ring, ring, try_line_ring, try_ring,
};

mod support;
use support::Alive;
use support::rings::{Shape, for_both_shapes};

/// Capacities at, below and above powers of two.
const CAPACITIES: [usize; 7] = [1, 2, 3, 4, 5, 8, 100];

fn for_each_ring<R: Shape, T>(
    check: impl Fn(usize, Producer<T, R::Storage>, Consumer<T, R::Storage>),
) {
    for capacity in CAPACITIES {
        let (producer, consumer) = R::ring(capacity);
        check(capacity, producer, consumer);
    }
}

for_both_shapes!(
    so_many_fit_and_the_order_is_kept,
    one_slot_less_than_full_is_enough,
    zero_sized_values_are_counted,
    a_closed_ring_gives_the_rest_and_then_says_so,
    a_push_without_a_consumer_gives_the_value_back,
    every_value_is_dropped_once,
    what_is_inside_goes_with_the_last_end,
    a_panicking_destructor_leaks_nothing_and_drops_nothing_twice,
    destructors_that_panic_one_after_the_other_leak_nothing,
    // Miri would report what leaks there on purpose.
    #[cfg(not(miri))]
    a_forgotten_end_leaks_and_closes_nothing,
    debug_prints_the_state_without_the_values,
);

fn so_many_fit_and_the_order_is_kept<R: Shape>() {
    for_each_ring::<R, _>(|capacity, mut producer, mut consumer| {
        for round in 0..3 * capacity {
            assert!(consumer.is_empty());
            for i in 0..capacity {
                assert_eq!(consumer.len(), i);
                producer.try_push((round, i)).expect("room below the capacity");
            }
            for i in 0..capacity {
                assert_eq!(consumer.try_pop(), Ok((round, i)));
            }
            assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
        }
        assert_eq!((producer.capacity(), consumer.capacity()), (capacity, capacity));
    });
}

#[test]
fn the_capacity_of_a_row_is_exact() {
    for capacity in CAPACITIES {
        let (mut producer, mut consumer) = ring(capacity);
        for _ in 0..3 * capacity {
            assert!(producer.is_empty() && !producer.is_full());
            for i in 0..capacity {
                assert_eq!(producer.len(), i);
                producer.try_push(i).expect("room below the capacity");
            }
            assert!(producer.is_full());
            assert_eq!(producer.try_push(99), Err(TryPushError::Full(99)));
            (0..capacity).for_each(|i| assert_eq!(consumer.try_pop(), Ok(i)));
        }
    }
}

fn one_slot_less_than_full_is_enough<R: Shape>() {
    for_each_ring::<R, _>(|capacity, mut producer, mut consumer| {
        (0..capacity).for_each(|i| producer.try_push(i).unwrap());
        for i in capacity..10 * capacity {
            assert_eq!(consumer.try_pop(), Ok(i - capacity));
            producer.try_push(i).expect("the slot just emptied");
        }
    });
}

#[test]
fn a_row_of_values_without_size_takes_no_memory() {
    let (mut producer, mut consumer) = ring(1_000_000_000);
    producer.try_push(()).unwrap();
    assert_eq!(consumer.try_pop(), Ok(()));
}

#[test]
fn a_bad_capacity_is_named() {
    let error = try_ring::<u64>(0).unwrap_err();
    assert_eq!(error.to_string(), "capacity 0 is too small: a queue holds at least one element");

    let huge = usize::MAX / 2 + 2;
    let error = try_ring::<u8>(huge).unwrap_err();
    assert!(error.to_string().contains(&huge.to_string()), "{error}");
    let bytes = 1 << (usize::BITS - 4);
    let error = try_ring::<u64>(bytes).unwrap_err();
    assert!(error.to_string().contains("8-byte elements"), "{error}");

    assert_eq!(try_line_ring::<u64>(0).unwrap_err(), try_ring::<u64>(0).unwrap_err());
    let error = try_line_ring::<u64>(huge).unwrap_err();
    assert_eq!(error.capacity(), huge);
    assert!(error.to_string().contains("8-byte elements"), "{error}");
}

// Miri stops at an allocation that it cannot serve, instead of refusing it.
#[cfg(all(target_pointer_width = "64", not(miri)))]
#[test]
fn a_capacity_beyond_the_machine_is_an_error() {
    // Sixteen exabytes short of nothing: a size that is representable and that no machine has.
    let error = try_ring::<[u8; 1024]>(1 << 50).unwrap_err();
    assert_eq!(error.capacity(), 1 << 50);
    assert!(error.to_string().contains("the allocator has no room"), "{error}");
}

#[test]
fn the_panic_on_a_bad_capacity_names_it_and_the_caller() {
    let panic = catch_unwind(|| ring::<u8>(0)).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert_eq!(
        message,
        "cannot make a ring: capacity 0 is too small: a queue holds at least one element"
    );
    let panic = catch_unwind(|| line_ring::<u8>(0)).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with("cannot make a ring of lines: capacity 0 "), "{message}");
}

fn zero_sized_values_are_counted<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(1_000);
    (0..5).for_each(|_| producer.try_push(()).unwrap());
    assert_eq!(consumer.len(), 5);
    (0..5).for_each(|_| consumer.try_pop().unwrap());
    assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
}

#[test]
fn large_values_are_moved_whole() {
    let (mut producer, mut consumer) = ring(3);
    for i in 0..20_u8 {
        producer.try_push([i; 4096]).unwrap();
        assert_eq!(consumer.try_pop(), Ok([i; 4096]));
    }
}

fn a_closed_ring_gives_the_rest_and_then_says_so<R: Shape>() {
    for_each_ring::<R, _>(|capacity, mut producer, mut consumer| {
        (0..capacity).for_each(|i| producer.try_push(i).unwrap());
        assert!(!consumer.is_closed());
        drop(producer);
        assert!(consumer.is_closed());
        (0..capacity).for_each(|i| assert_eq!(consumer.try_pop(), Ok(i)));
        assert_eq!(consumer.try_pop(), Err(TryPopError::Closed));
    });
}

fn a_push_without_a_consumer_gives_the_value_back<R: Shape>() {
    let (mut producer, consumer) = R::ring(1);
    drop(consumer);
    assert!(producer.is_closed());
    let back = producer.try_push(String::from("kept")).unwrap_err();
    assert!(matches!(&back, TryPushError::Closed(value) if value == "kept"));
    assert_eq!(format!("{back:?}: {back}"), "Closed(..): the other end is gone");
    assert_eq!(back.into_inner(), "kept");
}

fn every_value_is_dropped_once<R: Shape>() {
    let alive = Alive::new();
    for_each_ring::<R, _>(|capacity, mut producer, mut consumer| {
        for _ in 0..capacity {
            producer.try_push(alive.value()).unwrap();
        }
        drop(consumer.try_pop());
        assert_eq!(alive.count(), capacity - 1);
        drop(consumer);
        assert_eq!(alive.count(), 0, "the consumer takes with it what is inside");
        drop(producer.try_push(alive.value()));
        drop(producer);
        assert_eq!(alive.count(), 0);
    });
}

fn what_is_inside_goes_with_the_last_end<R: Shape>() {
    let alive = Alive::new();
    let (mut producer, consumer) = R::ring(4);
    (0..3).for_each(|_| producer.try_push(alive.value()).unwrap());
    drop(producer);
    assert_eq!(alive.count(), 3);
    drop(consumer);
    assert_eq!(alive.count(), 0);
}

fn a_panicking_destructor_leaks_nothing_and_drops_nothing_twice<R: Shape>() {
    let alive = Alive::new();
    for bad in 0..3 {
        let (mut producer, consumer) = R::ring(3);
        for i in 0..3 {
            let value = if i == bad { alive.panicking_value() } else { alive.value() };
            producer.try_push(value).unwrap();
        }
        let panicked = catch_unwind(AssertUnwindSafe(|| drop(consumer)));
        assert!(panicked.is_err());
        drop(producer);
        assert_eq!(alive.count(), 0);
    }
}

/// One panics in the consumer's drop, the next when the last end goes; the rest is dropped all the same.
fn destructors_that_panic_one_after_the_other_leak_nothing<R: Shape>() {
    let alive = Alive::new();
    let (mut producer, consumer) = R::ring(4);
    for i in 0..4 {
        let value = if i < 2 { alive.panicking_value() } else { alive.value() };
        producer.try_push(value).unwrap();
    }
    assert!(catch_unwind(AssertUnwindSafe(|| drop(consumer))).is_err());
    assert_eq!(alive.count(), 3);
    assert!(catch_unwind(AssertUnwindSafe(|| drop(producer))).is_err());
    assert_eq!(alive.count(), 0);
}

#[cfg(not(miri))]
fn a_forgotten_end_leaks_and_closes_nothing<R: Shape>() {
    let (mut producer, mut consumer) = R::ring(1);
    producer.try_push(Box::new(1)).unwrap();
    std::mem::forget(producer);
    assert_eq!(consumer.try_pop(), Ok(Box::new(1)));
    assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
}

fn debug_prints_the_state_without_the_values<R: Shape>() {
    struct NotDebug;
    let (mut producer, consumer) = R::ring(2);
    producer.try_push(NotDebug).map_err(|_| ()).unwrap();
    assert_eq!(format!("{producer:?}"), "Producer { len: 1, capacity: 2, closed: false }");
    drop(producer);
    assert_eq!(format!("{consumer:?}"), "Consumer { len: 1, capacity: 2, closed: true }");
}
