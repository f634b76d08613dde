//! SeqLock: the public contract.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use untorn::SeqLock;
use untorn::bytemuck::NoUninit;

mod support;
use support::rounds;

/// Odd size, odd alignment, invalid bit patterns.
#[derive(Clone, Copy, PartialEq, Debug, NoUninit)]
#[repr(C, packed)]
struct Awkward {
    letter: char,
    yes: bool,
    number: u16,
}

#[test]
fn reads_are_never_torn_and_never_go_back() {
    let last = rounds(100_000) as u64;
    let cell = SeqLock::new([0_u64; 9]);
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
        let mut writer = cell.writer();
        (1..=last).for_each(|i| writer.write([i; 9]));
        done.store(true, Relaxed);
    });
    assert_eq!(cell.read(), [last; 9]);
}

#[test]
fn no_update_of_several_writers_is_lost() {
    let cell = SeqLock::new([0_u32; 3]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                (0..rounds(2_500))
                    .for_each(|_| cell.update(|value| value.iter_mut().for_each(|v| *v += 1)));
            });
        }
    });
    assert_eq!(cell.into_inner(), [4 * rounds(2_500) as u32; 3]);
}

#[test]
fn a_panic_in_update_publishes_nothing_and_keeps_the_cell_usable() {
    let cell = SeqLock::new([1_u8, 2]);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        cell.update(|value| {
            value[0] = 9;
            // Readers go on while the closure runs: it works on a copy.
            assert_eq!(cell.try_read(), Some([1, 2]));
            panic!("half way");
        });
    }));
    assert!(panicked.is_err());
    assert_eq!(cell.read(), [1, 2]);
    cell.write([3, 4]);
    assert_eq!(cell.read(), [3, 4]);
}

#[test]
fn a_writer_has_the_cell_to_itself() {
    let cell = SeqLock::new(1_u16);
    let mut writer = cell.try_writer().expect("nobody writes");
    assert!(cell.try_writer().is_none());
    writer.write(2);
    assert_eq!((writer.read(), cell.read()), (2, 2));
    std::mem::forget(writer);
    assert!(cell.try_writer().is_none(), "a forgotten claim stays");
    assert_eq!(cell.try_read(), Some(2), "and disturbs no reader");
}

#[test]
fn awkward_and_empty_values_round_trip() {
    let a = Awkward { letter: 'ß', yes: true, number: 7 };
    let b = Awkward { letter: '\u{10FFFF}', yes: false, number: u16::MAX };
    let cell = SeqLock::new(a);
    assert_eq!(cell.read(), a);
    cell.write(b);
    assert_eq!(cell.read(), b);

    let nothing = SeqLock::new(());
    nothing.write(());
    assert_eq!(nothing.try_read(), Some(()));
}

#[test]
fn lives_in_a_static_and_prints_without_reading() {
    static CELL: SeqLock<[u64; 4]> = SeqLock::new([1; 4]);
    CELL.write([2; 4]);
    assert_eq!(format!("{CELL:?}"), "SeqLock { seq: 2, .. }");
    assert_eq!(SeqLock::<u8>::default().read(), 0);
}

#[test]
fn versions_count_writes() {
    let cell = SeqLock::new(10_u64);
    assert_eq!((cell.version(), cell.read_with_version()), (0, (10, 0)));
    for write in 1..=5 {
        cell.write(10 + write);
        assert_eq!((cell.version(), cell.read_with_version()), (write, (10 + write, write)));
    }
    cell.writer().update(|value| *value = 0);
    assert_eq!(cell.read_with_version(), (0, 6));
}

#[test]
fn large_values_are_never_torn() {
    use std::mem::MaybeUninit;

    type Large = [u64; 129];
    let cell = SeqLock::new([0; 129]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = cell.writer();
            (1..=rounds(20_000)).for_each(|i| writer.write([i as u64; 129]));
            done.store(true, Relaxed);
        });
        let mut copy = MaybeUninit::<Large>::uninit();
        let mut last = 0;
        while !done.load(Relaxed) {
            let value = *cell.read_into(&mut copy);
            assert!(value.iter().all(|&word| word == value[0]), "torn");
            assert!(value[0] >= last, "went back");
            last = value[0];
        }
    });
    assert_eq!(cell.read()[0], rounds(20_000) as u64);
}

#[test]
fn writers_that_sleep_lose_no_update() {
    let cell = SeqLock::new(0_u64);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..rounds(2_000) {
                    cell.update(|value| *value += 1);
                    // Gives the others a reason to sleep, with more threads than cores.
                    thread::yield_now();
                }
            });
        }
    });
    assert_eq!(cell.read(), 8 * rounds(2_000) as u64);
}
