//! SharedBuffer: the public contract, on the heap. Layouts and locks have tests of their own
//! (`shared_layout`, `shared_locks`), and so has memory between processes (`shared_mapped`,
//! `shared_processes`).
#![cfg(feature = "std")]

use std::thread;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::SharedBuffer;
use untorn::shared::Layout;
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
    vec((call, number), 1..if cfg!(miri) { 8 } else { 64 })
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
        cases: if cfg!(miri) { 1 } else { 256 },
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
    waits!(u64);
    if cfg!(miri) {
        return; // the same code again, at a hundredth of the speed
    }
    waits!(u8);
    waits!(i16);
    waits!(u16);
    waits!(i32);
    waits!(u32);
    waits!(i64);
}
