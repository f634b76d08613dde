//! The ring in a `SharedBuffer`: the contract, between threads. Spoilt memory and two
//! mappings of one object are in `shared_ring_spoilt`, real processes in `shared_ring_processes`.
#![cfg(feature = "std")]

use std::thread;
use std::time::{Duration, Instant};

use untorn::SharedBuffer;
use untorn::shared::{
    Field, Layout, LayoutError, RingConsumer, RingError, RingFields, RingItem, RingOpenError,
    RingPeer, RingProducer,
};

mod support;
use support::threads::{in_time, until};
use support::{PATIENCE, rounds};

const CAPACITIES: [usize; 6] = [1, 2, 3, 4, 7, 100];

fn buffer<T: RingItem>(capacity: usize) -> (SharedBuffer, RingFields<T>) {
    let mut layout = Layout::builder();
    let ring = layout.ring("ring", capacity).unwrap();
    (SharedBuffer::new(layout.build()), ring)
}

fn ring<T: RingItem>(capacity: usize) -> (RingProducer<T>, RingConsumer<T>) {
    let (buffer, ring) = buffer(capacity);
    (buffer.ring_producer(ring).unwrap(), buffer.ring_consumer(ring).unwrap())
}

/// The key to one of the words of a ring.
fn word(buffer: &SharedBuffer, part: &str) -> Field<u32> {
    buffer.layout().find(&format!("ring.{part}")).unwrap()
}

#[test]
fn the_capacity_is_exact_and_the_order_kept() {
    for capacity in CAPACITIES {
        let (mut producer, mut consumer) = ring(capacity);
        // Each start in the storage, and more than one time around all indices.
        for round in 0..3 * capacity {
            for i in 0..capacity {
                assert_eq!((producer.len(), consumer.len()), (Ok(i), Ok(i)));
                producer.try_push([round, i]).expect("room below the capacity");
            }
            assert_eq!(producer.try_push([0, 0]), Err(RingError::Full));
            for i in 0..capacity {
                assert_eq!(consumer.try_pop(), Ok([round, i]));
            }
            assert_eq!(consumer.try_pop(), Err(RingError::Empty));
            producer.try_push([9, 9]).unwrap();
            assert_eq!(consumer.try_pop(), Ok([9, 9]));
        }
        assert_eq!((producer.capacity(), consumer.capacity()), (capacity, capacity));
    }
}

fn round_trip<T: RingItem + PartialEq + std::fmt::Debug>(items: [T; 3]) {
    let (mut producer, mut consumer) = ring(2);
    for _ in 0..3 {
        for item in items {
            producer.try_push(item).unwrap();
            assert_eq!(consumer.try_pop(), Ok(item));
        }
    }
    producer.try_push(items[0]).unwrap();
    producer.try_push(items[1]).unwrap();
    assert_eq!([consumer.pop(), consumer.pop()], [Ok(items[0]), Ok(items[1])], "side by side");
}

#[test]
fn items_of_each_width_are_copied_whole() {
    round_trip([1_u8, 2, 255]);
    round_trip([-1_i16, 2, i16::MIN]);
    round_trip([0.5_f32, -1.0, f32::MAX]);
    round_trip([u64::MAX, 0, 1 << 40]);
    round_trip([u128::MAX, 7 << 70, 1]);
    round_trip([[1_u8, 2, 3], [4, 5, 6], [255; 3]]);
    round_trip([[1_u16, 2, 3], [4, 5, 6], [u16::MAX; 3]]);
    round_trip([[1.0_f32; 3], [2.0, 3.0, 4.0], [0.0; 3]]);
    round_trip([[7_u8; 13], [8; 13], [9; 13]]);
    round_trip([[7_u64; 100], [8; 100], [9; 100]]);
}

#[test]
fn items_lie_where_the_table_says() {
    let (buffer, ring) = buffer::<[u16; 3]>(4);
    let items = buffer.layout().find_array::<u16>("ring.items").unwrap();
    let mut producer = buffer.ring_producer(ring).unwrap();
    producer.try_push([1, 2, 3]).unwrap();
    producer.try_push([4, 5, 6]).unwrap();
    let words: Vec<_> = buffer.array(items).iter().map(|word| word.load()).collect();
    assert_eq!(words, [1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
    assert_eq!(buffer.view(word(&buffer, "item size")).load(), 6);
    assert_eq!(buffer.view(word(&buffer, "capacity")).load(), 4);
    assert_eq!(buffer.view(word(&buffer, "write index")).load(), 2);
    assert_eq!(buffer.view(word(&buffer, "read index")).load(), 0);
}

#[test]
fn the_layout_is_the_table() {
    let (buffer, _) = buffer::<u64>(4);
    assert_eq!(
        buffer.layout().to_string(),
        "\
| Offset | Size | Type     | Name                | Meaning                                                        |
|-------:|-----:|----------|---------------------|----------------------------------------------------------------|
|      0 |    4 | u32      | ring.item size      | bytes an item has                                              |
|      4 |    4 | u32      | ring.capacity       | how many items fit                                             |
|      8 |    4 | u32      | ring.producer       | odd while it is there, one more with each that comes or goes   |
|     12 |    4 | u32      | ring.consumer       | odd while it is there, one more with each that comes or goes   |
|     16 |    4 | u32      | ring.producer waits | 1 = it sleeps, until this is 0                                 |
|     20 |    4 | u32      | ring.consumer waits | 1 = it sleeps, until this is 0                                 |
|     24 |  104 | padding  |                     |                                                                |
|    128 |    4 | u32      | ring.write index    | 0 to 7, modulo 4: the next item's place; set by the producer   |
|    132 |  124 | padding  |                     |                                                                |
|    256 |    4 | u32      | ring.read index     | 0 to 7, modulo 4: the oldest item's place; set by the consumer |
|    260 |  124 | padding  |                     |                                                                |
|    384 |   32 | [u64; 4] | ring.items          |                                                                |
"
    );
}

#[test]
fn what_is_refused_leaves_the_layout_as_it_was() {
    let mut layout = Layout::with_len(512);
    layout.field::<u32>("prices.read index").unwrap();
    let taken = layout.ring::<u64>("prices", 4).unwrap_err();
    assert!(
        matches!(taken, LayoutError::DuplicateName { field, .. } if field == "prices.read index")
    );
    let empty = layout.ring::<u64>("none", 0).unwrap_err();
    assert!(matches!(empty, LayoutError::Empty { field, .. } if field == "none.items"));
    let nothing = layout.ring::<[u64; 0]>("nothing", 4).unwrap_err();
    assert!(matches!(nothing, LayoutError::Empty { field, .. } if field == "nothing.items"));
    let large = layout.ring::<u64>("large", 100).unwrap_err();
    assert!(matches!(large, LayoutError::OutOfRange { size: 800, len: 512, .. }), "{large}");
    let beyond = layout.ring::<u8>("beyond", 1 << 31).unwrap_err();
    assert!(beyond.to_string().contains("ends beyond 2147483647 bytes"), "{beyond}");
    let no_number = layout.ring::<u64>("no number", usize::MAX).unwrap_err();
    assert!(matches!(no_number, LayoutError::OutOfRange { .. }), "{no_number}");
    let ring = layout.ring::<u64>("ring", 8).expect("none of them has left anything behind");
    assert_eq!(ring.capacity(), 8);
    assert_eq!(format!("{ring:?}"), "RingFields<u64> of 8 at 4");
}

#[test]
fn two_rings_in_one_buffer_do_not_meet() {
    let mut layout = Layout::builder();
    let there = layout.ring::<u32>("there", 1).unwrap();
    let back = layout.ring::<u64>("back", 1).unwrap();
    let buffer = SharedBuffer::new(layout.build());
    let mut ends = (buffer.ring_producer(there).unwrap(), buffer.ring_consumer(there).unwrap());
    let mut others = (buffer.ring_producer(back).unwrap(), buffer.ring_consumer(back).unwrap());
    ends.0.try_push(1).unwrap();
    assert_eq!(others.1.try_pop(), Err(RingError::Empty));
    others.0.try_push(2).unwrap();
    assert_eq!((ends.1.try_pop(), others.1.try_pop()), (Ok(1), Ok(2)));
}

#[test]
#[should_panic(expected = "is not of the layout of this buffer")]
fn a_key_of_another_layout_is_refused() {
    let (_, ring) = buffer::<u64>(4);
    let _ = SharedBuffer::new(Layout::with_len(4096).build()).ring_producer(ring);
}

#[test]
fn there_is_one_end_of_each_kind_at_a_time() {
    let (buffer, ring) = buffer::<u64>(4);
    for _ in 0..3 {
        let producer = buffer.ring_producer(ring).unwrap();
        let consumer = buffer.ring_consumer(ring).unwrap();
        let refused = buffer.ring_producer(ring).unwrap_err();
        assert!(matches!(refused, RingOpenError::Taken));
        assert_eq!(refused.to_string(), "somebody has that end of the ring");
        assert!(matches!(buffer.ring_consumer(ring), Err(RingOpenError::Taken)));
        assert_eq!((producer.peer(), consumer.peer()), (RingPeer::Here, RingPeer::Here));
        drop(producer);
        assert!(matches!(buffer.ring_consumer(ring), Err(RingOpenError::Taken)));
        assert_eq!(consumer.peer(), RingPeer::Left);
    }
}

#[test]
fn who_takes_the_place_goes_on_where_the_last_one_ended() {
    let (buffer, ring) = buffer(3);
    buffer.ring_producer(ring).unwrap().try_push(1).unwrap();
    assert_eq!(buffer.ring_consumer(ring).unwrap().peer(), RingPeer::Left);
    let mut producer = buffer.ring_producer(ring).unwrap();
    producer.try_push(2).unwrap();
    producer.try_push(3).unwrap();
    assert_eq!(producer.try_push(4), Err(RingError::Closed), "the consumer above has left");
    assert_eq!(buffer.ring_consumer(ring).unwrap().try_pop(), Ok(1));
    producer.try_push(4).unwrap();
    let mut consumer = buffer.ring_consumer(ring).unwrap();
    assert_eq!([(); 3].map(|()| consumer.try_pop()), [Ok(2), Ok(3), Ok(4)]);
    assert_eq!(consumer.try_pop(), Err(RingError::Empty));
}

#[test]
fn an_end_keeps_the_memory() {
    let (mut producer, mut consumer) = {
        let (buffer, ring) = buffer::<u64>(2);
        (buffer.ring_producer(ring).unwrap(), buffer.ring_consumer(ring).unwrap())
    };
    producer.try_push(1).unwrap();
    drop(producer);
    assert_eq!(consumer.try_pop(), Ok(1));
    assert_eq!(consumer.try_pop(), Err(RingError::Closed));
}

#[test]
fn a_closed_ring_says_so_when_there_is_nothing_else_to_say() {
    let (buffer, ring) = buffer(2);
    let mut consumer = buffer.ring_consumer(ring).unwrap();
    assert_eq!(consumer.peer(), RingPeer::Awaited);
    assert_eq!(consumer.try_pop(), Err(RingError::Empty), "there has been no producer yet");
    let mut producer = buffer.ring_producer(ring).unwrap();
    producer.push(1).unwrap();
    drop(consumer);
    producer.push(2).unwrap();
    assert_eq!(producer.try_push(3), Err(RingError::Closed));
    assert_eq!(producer.push(3), Err(RingError::Closed));
    assert_eq!(producer.push_timeout(3, PATIENCE), Err(RingError::Closed));
    drop(producer);
    let mut consumer = buffer.ring_consumer(ring).unwrap();
    assert_eq!([consumer.pop(), consumer.pop()], [Ok(1), Ok(2)]);
    assert_eq!(consumer.pop(), Err(RingError::Closed));
    assert_eq!(consumer.pop_deadline(Instant::now()), Err(RingError::Closed));
}

#[test]
fn timeouts_are_kept() {
    let (buffer, ring) = buffer(1);
    let mut producer = buffer.ring_producer(ring).unwrap();
    let mut consumer = buffer.ring_consumer(ring).unwrap();
    let wait = Duration::from_millis(20);
    let start = Instant::now();
    assert_eq!(consumer.pop_timeout(wait), Err(RingError::Timeout));
    assert_eq!(consumer.pop_deadline(Instant::now() + wait), Err(RingError::Timeout));
    producer.push_timeout(1, Duration::MAX).unwrap();
    assert_eq!(producer.push_timeout(2, wait), Err(RingError::Timeout));
    assert_eq!(producer.push_deadline(2, Instant::now() + wait), Err(RingError::Timeout));
    assert!(start.elapsed() >= 4 * wait);
    assert_eq!(producer.push_timeout(2, Duration::ZERO), Err(RingError::Timeout));
    for waits in ["producer waits", "consumer waits"] {
        assert_eq!(buffer.view(word(&buffer, waits)).load(), 0, "nobody sleeps");
    }
    assert_eq!(consumer.pop_timeout(wait), Ok(1));
    producer.push_timeout(2, wait).expect("giving up has spoilt nothing");
    assert_eq!(consumer.pop(), Ok(2));
}

/// One sleeps, as the word says, before the other acts.
#[test]
fn sleepers_are_woken() {
    in_time(|| {
        let (buffer, ring) = buffer(1);
        let mut producer = buffer.ring_producer(ring).unwrap();
        let mut consumer = buffer.ring_consumer(ring).unwrap();
        let sleeps = |part| buffer.view(word(&buffer, part)).load() == 1;
        let pop = thread::spawn(move || (consumer.pop(), consumer));
        until(|| sleeps("consumer waits"));
        producer.push(1).unwrap();
        let (popped, mut consumer) = pop.join().unwrap();
        assert_eq!(popped, Ok(1));

        producer.push(2).unwrap();
        let push = thread::spawn(move || (producer.push(3), producer));
        until(|| sleeps("producer waits"));
        assert_eq!(consumer.try_pop(), Ok(2));
        let (pushed, producer) = push.join().unwrap();
        assert_eq!((pushed, consumer.pop()), (Ok(()), Ok(3)));

        let pop = thread::spawn(move || consumer.pop());
        until(|| sleeps("consumer waits"));
        drop(producer);
        assert_eq!(pop.join().unwrap(), Err(RingError::Closed));
    });
}

/// An end may be waited for before it is there.
#[test]
fn the_first_push_wakes_who_was_there_before() {
    in_time(|| {
        let (buffer, ring) = buffer(1);
        let mut consumer = buffer.ring_consumer(ring).unwrap();
        let pop = thread::spawn(move || consumer.pop());
        until(|| buffer.view(word(&buffer, "consumer waits")).load() == 1);
        buffer.ring_producer(ring).unwrap().push(5).unwrap();
        assert_eq!(pop.join().unwrap(), Ok(5));
    });
}

#[test]
fn a_stream_arrives_in_order() {
    for capacity in CAPACITIES {
        let items = rounds(20_000) as u64;
        let sum = in_time(move || {
            let (mut producer, mut consumer) = ring::<[u64; 3]>(capacity);
            let popping = thread::spawn(move || {
                let mut next = 0;
                while let Ok([item, twice, high]) = consumer.pop() {
                    assert_eq!((item, twice, high), (next, 2 * next, !next));
                    next += 1;
                }
                next
            });
            (0..items).for_each(|item| producer.push([item, 2 * item, !item]).unwrap());
            drop(producer);
            popping.join().unwrap()
        });
        assert_eq!(sum, items);
    }
}
