//! SharedBuffer: the public contract, on the heap. Layouts have tests of their own (`shared_layout`), and
//! so has memory between processes (`shared_mapped`, `shared_processes`).
#![cfg(feature = "std")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::SharedBuffer;
use untorn::shared::{Field, Layout, MutexWord, SpinWord};
use untorn::wait::Outcome;

mod support;
use support::rounds;

#[derive(Clone, Copy, Debug)]
enum Call {
    Load,
    Store,
    Add,
    Sub,
    And,
    Or,
    Xor,
    Exchange,
    /// With the value that it holds, or with another.
    CompareExchange(bool),
}

fn calls() -> impl Strategy<Value = Vec<(Call, u64)>> {
    let call = prop_oneof![
        Just(Call::Load),
        Just(Call::Store),
        Just(Call::Add),
        Just(Call::Sub),
        Just(Call::And),
        Just(Call::Or),
        Just(Call::Xor),
        Just(Call::Exchange),
        any::<bool>().prop_map(Call::CompareExchange),
    ];
    // Numbers at both ends of every type, so that it wraps around.
    let number = prop_oneof![any::<u64>(), 0..4_u64, (0..4_u64).prop_map(|less| u64::MAX - less)];
    vec((call, number), 1..64)
}

/// Runs the script on the middle one of three neighbours, and beside it on a plain integer.
macro_rules! follow {
    ($type:ident, $script:expr) => {{
        let mut layout = Layout::builder();
        let array = layout.array::<$type>("neighbours", 3).unwrap();
        let buffer = SharedBuffer::new(layout.build());
        let [low, cell, high] = [0, 1, 2].map(|index| buffer.array(array).at(index));
        low.store(!0);
        high.store(!0);
        let mut model: $type = 0;
        for &(call, number) in $script {
            let (value, old) = (number as $type, model);
            let answer = match call {
                Call::Load => cell.load(),
                Call::Store => {
                    model = value;
                    prop_assert_eq!(cell.store(value), value, "what was stored comes back");
                    old
                }
                Call::Add => {
                    model = old.wrapping_add(value);
                    cell.add(value)
                }
                Call::Sub => {
                    model = old.wrapping_sub(value);
                    cell.sub(value)
                }
                Call::And => {
                    model = old & value;
                    cell.and(value)
                }
                Call::Or => {
                    model = old | value;
                    cell.or(value)
                }
                Call::Xor => {
                    model = old ^ value;
                    cell.xor(value)
                }
                Call::Exchange => {
                    model = value;
                    cell.exchange(value)
                }
                Call::CompareExchange(true) => {
                    model = value;
                    let found = cell.compare_exchange(old, value);
                    prop_assert_eq!(found, Ok(old));
                    old
                }
                Call::CompareExchange(false) => {
                    let found = cell.compare_exchange(!old, value);
                    prop_assert_eq!(found, Err(old));
                    old
                }
            };
            prop_assert_eq!(answer, old, "{:?} of {} returns what was there", call, value);
            prop_assert_eq!(cell.load(), model, "after {:?} of {}", call, value);
        }
        prop_assert_eq!((low.load(), high.load()), (!0, !0), "the neighbours are as they were");
    }};
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_operation_in_every_width(script in calls()) {
        follow!(i8, &script);
        follow!(u8, &script);
        follow!(i16, &script);
        follow!(u16, &script);
        follow!(i32, &script);
        follow!(u32, &script);
        follow!(i64, &script);
        follow!(u64, &script);
    }
}

#[test]
fn fields_are_where_the_table_says() {
    let mut layout = Layout::builder();
    let bytes = layout.array::<u8>("bytes", 4).unwrap();
    let word = layout.field::<u32>("word").unwrap();
    let wide = layout.field::<u64>("wide").unwrap();
    let buffer = SharedBuffer::new(layout.build());
    let start = buffer.array(bytes).atomics().as_ptr().addr();
    assert_eq!(start % 128, 0);
    assert_eq!(std::ptr::from_ref(buffer.view(word).atomic()).addr(), start + 4);
    assert_eq!(std::ptr::from_ref(buffer.view(wide).atomic()).addr(), start + 8);
    assert_eq!(buffer.array(bytes).at(3).offset(), 3);
    assert_eq!((buffer.len(), buffer.is_empty()), (16, false));
    assert!(buffer.array(bytes).iter().rev().all(|byte| byte.load() == 0), "all zero");
}

#[test]
fn handles_are_the_same_memory() {
    let mut layout = Layout::builder();
    let counter = layout.field::<u16>("counter").unwrap();
    let first = SharedBuffer::new(layout.build());
    let second = first.clone();
    first.view(counter).store(7);
    drop(first);
    assert_eq!(second.view(counter).load(), 7, "it lives as long as its last handle");
    assert_eq!(format!("{second:?}"), "SharedBuffer { len: 2, fields: 1, .. }");
    assert_eq!(format!("{:?}", second.view(counter)), "7");
}

#[test]
fn the_empty_buffer_has_no_fields() {
    let buffer = SharedBuffer::new(Layout::builder().build());
    assert!(buffer.is_empty());
    assert_eq!(format!("{:?}", buffer.clone()), "SharedBuffer { len: 0, fields: 0, .. }");
}

#[test]
#[should_panic(expected = "element 4 of an array of 4")]
fn an_array_has_an_end() {
    let mut layout = Layout::builder();
    let cells = layout.array::<u32>("cells", 4).unwrap();
    let buffer = SharedBuffer::new(layout.build());
    assert_eq!(format!("{:?}", buffer.array(cells)), "[0, 0, 0, 0]");
    let _ = buffer.array(cells).at(4);
}

#[test]
fn no_count_is_lost() {
    let mut layout = Layout::builder();
    let counter = layout.field::<i32>("counter").unwrap();
    let buffer = SharedBuffer::new(layout.build());
    let workers = [(); 4].map(|()| {
        let buffer = buffer.clone();
        thread::spawn(move || {
            for _ in 0..rounds(10_000) {
                buffer.view(counter).add(1);
            }
        })
    });
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert_eq!(buffer.view(counter).load(), 4 * rounds(10_000) as i32);
}

macro_rules! waits {
    ($type:ident) => {{
        let mut layout = Layout::builder();
        let key = layout.array::<$type>("words", 2).unwrap();
        let buffer = SharedBuffer::new(layout.build());
        let [word, neighbour] = [0, 1].map(|index| buffer.array(key).at(index));
        assert_eq!(word.wait(1), Outcome::NotEqual);
        assert_eq!(word.notify(1), 0);
        let (timeout, start) = (Duration::from_millis(5), Instant::now());
        assert_eq!(word.wait_timeout(0, timeout), Outcome::TimedOut);
        assert!(start.elapsed() >= timeout, "not early");
        assert_eq!(word.wait_deadline(0, start), Outcome::TimedOut);
        thread::scope(|scope| {
            let sleepers = [(); 2].map(|()| scope.spawn(move || word.wait(0)));
            while word.waiting() < 2 {
                thread::yield_now();
            }
            word.store(1);
            assert_eq!(neighbour.notify_all(), 0, "another word");
            assert_eq!(word.notify(0), 0);
            assert_eq!(word.notify(1), 1);
            assert_eq!(word.notify_all(), 1);
            assert_eq!(word.notify_all(), 0);
            for sleeper in sleepers {
                assert_eq!(sleeper.join().unwrap(), Outcome::Woken);
            }
        });
        let waits = word.wait_async(1);
        assert_eq!(word.notify_all(), 1);
        drop(waits);
    }};
}

#[test]
fn every_width_can_be_waited_for() {
    waits!(i8);
    waits!(u8);
    waits!(i16);
    waits!(u16);
    waits!(i32);
    waits!(u32);
    waits!(i64);
    waits!(u64);
}

/// Two locks, and two words that only a holder moves, in two steps.
struct Guarded {
    buffer: SharedBuffer,
    spin: Field<SpinWord>,
    mutex: Field<MutexWord>,
    pair: Field<[u64]>,
}

impl Guarded {
    fn new() -> Self {
        let mut layout = Layout::builder();
        let spin = layout.field("spin").unwrap();
        let mutex = layout.field("mutex").unwrap();
        let pair = layout.array("pair", 2).unwrap();
        Self { buffer: SharedBuffer::new(layout.build()), spin, mutex, pair }
    }

    /// What no two holders may do at once: a second one would see the words differ, or undo a step.
    fn step(&self) {
        let pair = self.buffer.array(self.pair).atomics();
        let [left, right] = [0, 1].map(|index| pair[index].load(Relaxed));
        assert_eq!(left, right, "two holders");
        pair[0].store(left + 1, Relaxed);
        pair[1].store(right + 1, Relaxed);
    }

    fn steps(&self) -> u64 {
        self.buffer.array(self.pair).at(1).load()
    }
}

#[test]
fn one_holder_at_a_time() {
    let guarded = Guarded::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..rounds(5_000) {
                    guarded.buffer.spin_lock(guarded.spin).with(|| guarded.step());
                }
            });
        }
    });
    assert_eq!(guarded.steps(), 4 * rounds(5_000) as u64);
    let lock = guarded.buffer.mutex(guarded.mutex);
    thread::scope(|scope| {
        for worker in 0..4 {
            let guarded = &guarded;
            scope.spawn(move || {
                for round in 0..rounds(5_000) {
                    let _held = match (worker + round) % 3 {
                        0 => lock.lock(),
                        1 => std::iter::repeat_with(|| lock.try_lock()).flatten().next().unwrap(),
                        _ => lock.lock_timeout(support::PATIENCE).expect("a turn within a minute"),
                    };
                    guarded.step();
                }
            });
        }
    });
    assert_eq!(guarded.steps(), 8 * rounds(5_000) as u64);
    assert!(!lock.is_locked());
}

/// More threads than cores, each of them asleep most of the time, some giving up: nobody is forgotten.
#[test]
fn no_wake_is_lost_to_who_gives_up() {
    let guarded = Guarded::new();
    let lock = guarded.buffer.mutex(guarded.mutex);
    let taken: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u64)
            .map(|worker| {
                let guarded = &guarded;
                scope.spawn(move || {
                    let mut taken = 0;
                    for round in 0..rounds(2_000) as u64 {
                        let held = if worker % 2 == 0 {
                            Some(lock.lock())
                        } else {
                            lock.lock_timeout(Duration::from_micros((worker + round) % 50))
                        };
                        if let Some(_held) = held {
                            guarded.step();
                            taken += 1;
                            if round % 64 == 0 {
                                thread::yield_now();
                            }
                        }
                    }
                    taken
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(guarded.steps(), taken);
    assert!(taken >= 4 * rounds(2_000) as u64, "who waits without an end gets its turn");
}

#[test]
fn a_held_lock_is_seen_and_a_timeout_is_not_early() {
    let guarded = Guarded::new();
    let (spin, mutex) =
        (guarded.buffer.spin_lock(guarded.spin), guarded.buffer.mutex(guarded.mutex));
    let (spun, held) = (spin.lock(), mutex.lock());
    assert!(spin.try_lock().is_none() && mutex.try_lock().is_none());
    assert_eq!(
        format!("{spin:?} {mutex:?}"),
        "SpinView { held: true, .. } MutexView { held: true, .. }"
    );
    assert_eq!(
        format!("{spun:?} {held:?}"),
        "SpinHeld { held: true, .. } MutexHeld { held: true, .. }"
    );
    let (timeout, start) = (Duration::from_millis(5), Instant::now());
    assert!(mutex.lock_timeout(timeout).is_none());
    assert!(start.elapsed() >= timeout);
    assert!(mutex.lock_deadline(start).is_none());
    drop((spun, held));
    assert!(!spin.is_locked() && !mutex.is_locked());
    assert!(mutex.lock_deadline(start).is_some(), "a free lock needs no time");
    assert!(mutex.lock_timeout(Duration::MAX).is_some());
}

#[test]
fn a_panic_releases_the_locks() {
    let guarded = Guarded::new();
    let (spin, mutex) =
        (guarded.buffer.spin_lock(guarded.spin), guarded.buffer.mutex(guarded.mutex));
    assert!(catch_unwind(AssertUnwindSafe(|| spin.with(|| panic!("while it is held")))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| mutex.with(|| panic!("while it is held")))).is_err());
    assert!(spin.try_lock().is_some() && mutex.try_lock().is_some());
}

#[test]
fn what_holds_a_lock_may_be_dropped_on_another_thread() {
    let guarded = Guarded::new();
    let spun = guarded.buffer.spin_lock(guarded.spin).lock();
    let held = guarded.buffer.mutex(guarded.mutex).lock();
    thread::scope(|scope| {
        scope.spawn(move || drop((spun, held)));
    });
    assert!(!guarded.buffer.spin_lock(guarded.spin).is_locked());
    assert!(!guarded.buffer.mutex(guarded.mutex).is_locked());
}

/// A holder that is gone is replaced by force, and who slept for it is woken.
#[test]
fn a_lock_whose_holder_is_gone_is_released_by_force() {
    let guarded = Guarded::new();
    let lock = guarded.buffer.mutex(guarded.mutex);
    std::mem::forget(lock.lock());
    std::mem::forget(guarded.buffer.spin_lock(guarded.spin).lock());
    let taken = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _held = lock.lock();
            taken.store(true, Relaxed);
        });
        thread::sleep(Duration::from_millis(10));
        assert!(!taken.load(Relaxed), "nobody released it");
        lock.force_unlock();
    });
    assert!(taken.load(Relaxed));
    guarded.buffer.spin_lock(guarded.spin).force_unlock();
    guarded.buffer.spin_lock(guarded.spin).with(|| guarded.step());
}
