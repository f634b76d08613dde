//! Snapshot: the public contract, for two, three and four slots.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use untorn::Snapshot;

mod support;
use support::rounds;

fn reads_are_whole_and_never_go_back<const N: usize>() {
    let last = rounds(50_000) as u64;
    let cell = Snapshot::<[u64; 9], N>::with_slots([0; 9]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Relaxed) {
                    let value = cell.read();
                    assert_eq!(value, [value[0]; 9]);
                    assert!(value[0] >= last);
                    last = value[0];
                }
            });
        }
        (1..=last).for_each(|i| cell.publish([i; 9]));
        done.store(true, Relaxed);
    });
    assert_eq!(cell.read(), [last; 9]);
}

#[test]
fn two_slots() {
    reads_are_whole_and_never_go_back::<2>();
}

#[test]
fn three_slots() {
    reads_are_whole_and_never_go_back::<3>();
}

#[test]
fn four_slots() {
    reads_are_whole_and_never_go_back::<4>();
}

#[test]
fn several_writers_take_turns() {
    let count = rounds(5_000) as u32;
    let cell = Snapshot::new([0_u32; 5]);
    std::thread::scope(|scope| {
        for writer in 1..=4 {
            let cell = &cell;
            scope.spawn(move || (0..count).for_each(|i| cell.publish([writer * 10_000 + i; 5])));
        }
        scope.spawn(|| {
            for _ in 0..count {
                let value = cell.read();
                assert_eq!(value, [value[0]; 5]);
            }
        });
    });
    assert_eq!(cell.into_inner()[0] % 10_000, count - 1, "the last publish of some writer");
}

#[test]
fn the_last_value_comes_out_in_the_end() {
    fn check<const N: usize>() {
        for publishes in 0..2 * N as u32 {
            let cell = Snapshot::<u32, N>::with_slots(0);
            (1..=publishes).for_each(|value| cell.publish(value));
            assert_eq!(cell.into_inner(), publishes);
        }
    }
    check::<2>();
    check::<3>();
}

#[test]
fn every_publish_is_seen_by_a_later_read() {
    let cell = Snapshot::<u8, 3>::from(0);
    for value in 1..=255 {
        cell.publish(value);
        assert_eq!(cell.try_read(), Some(value));
    }
}

#[test]
fn lives_in_a_static_and_prints_without_reading() {
    static CELL: Snapshot<[u64; 4]> = Snapshot::new([1; 4]);
    CELL.publish([2; 4]);
    assert_eq!(format!("{CELL:?}"), "Snapshot { seq: 1, slots: 2, .. }");
    assert_eq!(Snapshot::<u8, 4>::default().read(), 0);
}

#[test]
fn versions_count_publishes() {
    fn check<const N: usize>() {
        let cell = Snapshot::<u64, N>::with_slots(10);
        for publish in 0..10 {
            assert_eq!(
                (cell.version(), cell.read_with_version()),
                (publish, (10 + publish, publish))
            );
            cell.publish(11 + publish);
        }
        assert_eq!(*cell.read_into(&mut std::mem::MaybeUninit::uninit()), 20);
    }
    check::<2>();
    check::<3>();
    check::<4>();
}
