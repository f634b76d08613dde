//! Snapshot: edges E1 (publish to read), E2 (read to reuse) and E3 (writer to writer).
#![cfg(loom)]

use loom_tests::{Arc, explore, spawn};
use untorn::Snapshot;

/// Two words that are always equal, so that a torn read shows.
type Pair = [usize; 2];

/// One look at the cell: `None` if the reader was lapped.
fn look<const N: usize>(cell: &Snapshot<Pair, N>) -> Option<usize> {
    cell.try_read().map(|[a, b]| {
        assert_eq!(a, b, "torn");
        a
    })
}

/// What one look sees while `publishes` values are published one after the other.
fn look_while_publishing<const N: usize>(publishes: usize) -> Option<usize> {
    let cell = Arc::new(Snapshot::<Pair, N>::with_slots([0, 0]));
    let writer = spawn({
        let cell = Arc::clone(&cell);
        move || (1..=publishes).for_each(|value| cell.publish([value; 2]))
    });
    let reader = spawn({
        let cell = Arc::clone(&cell);
        move || look(&cell)
    });
    writer.join();
    reader.join()
}

/// E1 and E2 with two slots: the second publish reuses the slot that a slow reader copies.
#[test]
fn e1_e2_two_slots() {
    explore([None, Some(0), Some(1), Some(2)], || look_while_publishing::<2>(2));
}

/// E1 and E2 with three slots: one completed publish during the copy is harmless, and the third
/// publish reuses the slot.
#[test]
fn e1_e2_three_slots() {
    explore([None, Some(0), Some(1), Some(2), Some(3)], || look_while_publishing::<3>(3));
}

/// A reader that is not lapped never fails: with three slots, one publish is not enough.
#[test]
fn one_publish_does_not_disturb_a_reader_of_three_slots() {
    explore([Some(0), Some(1)], || look_while_publishing::<3>(1));
}

#[test]
fn e1_a_reader_never_goes_back() {
    explore([(0, 0), (0, 1), (1, 1)], || {
        let cell = Arc::new(Snapshot::new([0, 0]));
        let writer = spawn({
            let cell = Arc::clone(&cell);
            move || cell.publish([1, 1])
        });
        let reader = spawn({
            let cell = Arc::clone(&cell);
            move || (cell.read()[0], cell.read()[1])
        });
        writer.join();
        reader.join()
    });
}

/// E3. The second writer finds the number that the first one left.
#[test]
fn e3_writers_take_turns() {
    explore([1, 2], || {
        let cell = Arc::new(Snapshot::new([0, 0]));
        let publish = |cell: Arc<Snapshot<Pair>>, value| move || cell.publish([value; 2]);
        let a = spawn(publish(Arc::clone(&cell), 1));
        let b = spawn(publish(Arc::clone(&cell), 2));
        a.join();
        b.join();
        look(&cell).expect("nobody publishes")
    });
}

/// E2 across two writers: the reader is lapped by publishes of different threads.
#[test]
fn e2_e3_lapped_by_two_writers() {
    explore([None, Some(0), Some(1), Some(2)], || {
        let cell = Arc::new(Snapshot::new([0, 0]));
        let publish = |cell: Arc<Snapshot<Pair>>, value| move || cell.publish([value; 2]);
        let a = spawn(publish(Arc::clone(&cell), 1));
        let b = spawn(publish(Arc::clone(&cell), 2));
        let reader = spawn({
            let cell = Arc::clone(&cell);
            move || look(&cell)
        });
        a.join();
        b.join();
        reader.join()
    });
}
