//! Queues that lose, and queues in shared memory.

use std::mem::forget;

use untorn::SharedBuffer;
use untorn::shared::Layout;
use untorn::spsc::lossy;

use super::{Part, Random, leak, together};

/// Plain memory in the slots, which go back and forth: a missing edge is a data race.
pub(crate) fn overwriting(random: &mut Random) {
    let (capacity, steps) = (1 + random.below(5) as usize, random.steps());
    let (mut producer, mut consumer) = lossy(capacity);
    let push: Part = Box::new(move || {
        (0..steps).for_each(|number| drop(producer.push(Box::new([number; 4]))));
        forget(producer);
    });
    let pop: Part = Box::new(move || {
        let mut next = 0;
        while next < steps {
            // The last one stays until it is popped.
            match consumer.try_pop() {
                Ok(value) => {
                    assert!(value[0] >= next && *value == [value[0]; 4], "{value:?} after {next}");
                    next = value[0] + 1;
                }
                Err(_) => std::thread::yield_now(),
            }
        }
        forget(consumer);
    });
    together(vec![push, pop]);
}

/// Waits on both sides, and ends that come and go.
pub(crate) fn shared_ring(random: &mut Random) {
    let mut layout = Layout::builder();
    let ring = layout.ring("ring", 1 + random.below(5) as usize).expect("it is the first");
    let buffer: &SharedBuffer = leak(SharedBuffer::new(layout.build()));
    let steps = random.steps();
    // Both are there before either goes.
    let mut first = (
        buffer.ring_producer(ring).expect("nobody has it"),
        buffer.ring_consumer(ring).expect("nobody has it"),
    );
    let push: Part = Box::new(move || {
        for number in 0..steps {
            first.0.push([number, !number]).expect("the consumer stays");
            if number % 100 == 99 {
                drop(first.0);
                first.0 = buffer.ring_producer(ring).expect("given back");
            }
        }
        forget(first.0);
    });
    let pop: Part = Box::new(move || {
        let mut next = 0;
        while next < steps {
            // Closed for a moment, where a producer follows another.
            if let Ok(pair) = first.1.pop() {
                assert_eq!(pair, [next, !next]);
                next += 1;
            }
        }
        forget(first.1);
    });
    together(vec![push, pop]);
}
