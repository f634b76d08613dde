//! The shapes of the SPSC ring, for tests that hold for each.

use untorn::spsc::{Consumer, Heap, Lines, Producer, Storage, TryPushError, line_ring, ring};

/// A shape of the ring.
pub(crate) trait Shape {
    type Storage: Storage;

    fn ring<T>(capacity: usize) -> (Producer<T, Self::Storage>, Consumer<T, Self::Storage>);
}

/// The ring whose slots lie side by side.
pub(crate) struct Row;

/// The ring of lines.
pub(crate) struct Line;

impl Shape for Row {
    type Storage = Heap;

    fn ring<T>(capacity: usize) -> (Producer<T>, Consumer<T>) {
        ring(capacity)
    }
}

impl Shape for Line {
    type Storage = Lines;

    fn ring<T>(capacity: usize) -> (Producer<T, Lines>, Consumer<T, Lines>) {
        line_ring(capacity)
    }
}

/// Pushes what `make` makes until the ring is full, and returns how many that was.
pub(crate) fn fill<T, S: Storage>(
    producer: &mut Producer<T, S>,
    mut make: impl FnMut(usize) -> T,
) -> usize {
    let mut count = 0;
    loop {
        match producer.try_push(make(count)) {
            Ok(()) => count += 1,
            Err(TryPushError::Full(_)) => return count,
            Err(TryPushError::Closed(_)) => panic!("the consumer is gone"),
        }
    }
}

/// Runs each of the tests that are named, generic over the [`Shape`], for both.
#[allow(unused_macros, reason = "each test file uses its own part")]
macro_rules! for_both_shapes {
    ($($(#[$meta:meta])* $test:ident),+ $(,)?) => {
        mod row {
            $($(#[$meta])* #[test] fn $test() { super::$test::<super::support::rings::Row>(); })+
        }
        mod line {
            $($(#[$meta])* #[test] fn $test() { super::$test::<super::support::rings::Line>(); })+
        }
    };
}
#[allow(unused_imports, reason = "each test file uses its own part")]
pub(crate) use for_both_shapes;
