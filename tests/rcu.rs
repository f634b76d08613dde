//! Rcu: the public contract of reading. Storing: `rcu_stores.rs`; what becomes of replaced values:
//! `rcu_drops.rs`; of what versions share: `rcu_writer.rs`.
#![cfg(feature = "alloc")]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use untorn::rcu::{Guard, OwnedGuard, Policy, Rcu};

mod support;
use support::rcu::{Canary, POLICIES};
use support::register::panics;
use support::{Alive, rounds};

/// Reads in every way until the last value is there.
fn follow(cell: &Rcu<Canary<'_>>, last: u64) {
    let mut reader = cell.reader();
    let mut seen = 0;
    while seen < last {
        let guard = cell.read();
        assert_eq!(guard.number(), Guard::version(&guard), "the value is that of its version");
        let handle = reader.read();
        assert!(guard.number() >= seen && handle.number() >= guard.number(), "back in time");
        let cached = reader.cached().number();
        assert!(cached >= handle.number(), "back in time");
        // What was picked up first is as it was.
        assert_eq!(guard.number(), Guard::version(&guard));
        seen = cached;
    }
}

#[test]
fn reads_are_whole_and_never_go_back() {
    for policy in POLICIES {
        let (alive, last) = (Alive::new(), rounds(1_500).max(20) as u64);
        let cell = Rcu::with_policy(Canary::new(0, &alive), policy);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| follow(&cell, last));
            }
            for number in 1..=last {
                cell.store(Canary::new(number, &alive));
            }
        });
        assert_eq!(cell.read().number(), last);
        drop(cell);
        assert_eq!(alive.count(), 0, "{policy:?}");
    }
}

#[test]
fn every_store_is_seen_by_a_later_read() {
    for policy in POLICIES {
        let cell = Arc::new(Rcu::with_policy(0, policy));
        let mut reader = cell.reader();
        let mut owned = Rcu::reader_owned(&cell);
        for value in 1..100 {
            cell.store(value);
            assert_eq!(*cell.read(), value);
            assert_eq!((*reader.read(), *reader.cached(), *reader.cached()), (value, value, value));
            assert_eq!((*owned.cached(), *owned.cached()), (value, value));
            assert_eq!(*owned.read(), value);
            assert_eq!(*Rcu::read_owned(&cell), value);
            if value % 10 == 0 {
                reader.release();
                owned.release();
            }
        }
    }
}

/// By `read` and by a handle, far more than fit one line of slots; dropped in an order of their own.
#[test]
fn any_number_of_guards_keep_their_values() {
    let (alive, count) = (Alive::new(), rounds(5_000).max(20) as u64);
    let cell = Rcu::with_policy(Canary::new(0, &alive), Policy::Manual);
    let reader = cell.reader();
    let mut guards = Vec::new();
    for number in 0..count {
        guards.push((number, cell.read(), reader.read()));
        cell.store(Canary::new(number + 1, &alive));
    }
    assert_eq!(cell.try_reclaim(), 0, "all are held");
    let mut left = count as usize;
    for step in [7, 3, 2, 1] {
        for (number, by_thread, by_reader) in &guards {
            assert_eq!((by_thread.number(), by_reader.number()), (*number, *number));
        }
        guards.retain(|(number, ..)| number % step != 0);
        assert_eq!(cell.try_reclaim(), left - guards.len());
        left = guards.len();
        assert_eq!((cell.pending(), alive.count()), (left, left + 1));
    }
    assert_eq!(left, 0);
}

#[test]
fn guards_are_dropped_on_other_threads_and_outlive_their_own() {
    let (alive, count) = (Alive::new(), rounds(2_000).max(20) as u64);
    let cell = Rcu::with_policy(Canary::new(0, &alive), Policy::Manual);
    thread::scope(|scope| {
        for _ in 0..3 {
            // Made by a thread and a reader that end before the guards are used.
            let guards = scope.spawn(|| {
                let reader = cell.reader();
                let guards: Vec<_> = (0..count).map(|_| (cell.read(), reader.read())).collect();
                cell.store(Canary::new(cell.read().number() + 1, &alive));
                guards
            });
            let guards = guards.join().unwrap();
            let held = guards[0].0.number();
            assert_eq!(cell.try_reclaim(), 0);
            let check = move || {
                for (by_thread, by_reader) in guards {
                    assert_eq!((by_thread.number(), by_reader.number()), (held, held));
                }
            };
            scope.spawn(check).join().unwrap();
            assert_eq!(cell.try_reclaim(), 1);
        }
    });
}

/// A handle's slot is taken over by another handle while guards that it made live on.
#[test]
fn slots_of_readers_and_threads_that_are_gone_serve_others() {
    let alive = Alive::new();
    let cell = Rcu::with_policy(Canary::new(0, &alive), Policy::Manual);
    let mut kept = Vec::new();
    for number in 1..=rounds(2_500).max(30) as u64 {
        let guard = if number % 2 == 0 {
            let reader = cell.reader();
            drop(reader.read());
            reader.read()
        } else if number % 64 == 1 {
            thread::scope(|scope| scope.spawn(|| cell.read()).join().unwrap())
        } else {
            cell.read()
        };
        kept.push((number - 1, guard));
        cell.store(Canary::new(number, &alive));
        if kept.len() > 10 {
            let (number, guard) = kept.remove(number as usize % 10);
            assert_eq!(guard.number(), number);
        }
        cell.try_reclaim();
        assert!(kept.iter().all(|(number, guard)| guard.number() == *number));
        assert_eq!(alive.count(), kept.len() + 1);
    }
}

/// The value that `cached` keeps, while the reader goes on to other lines of slots and guards that it
/// made are dropped.
#[test]
fn what_a_reader_keeps_stays_while_it_moves_on() {
    let alive = Alive::new();
    let cell = Rcu::with_policy(Canary::new(0, &alive), Policy::Manual);
    let mut reader = cell.reader();
    for number in 0..rounds(1_000).max(40) as u64 {
        let guards: Vec<_> = (0..number % 20).map(|_| reader.read()).collect();
        assert_eq!(reader.cached().number(), number);
        cell.store(Canary::new(number + 1, &alive));
        cell.try_reclaim();
        assert!(guards.iter().all(|guard| guard.number() == number));
        drop(guards);
        if number % 3 == 0 {
            reader.release();
        }
        cell.try_reclaim();
        assert_eq!(alive.count(), 1 + usize::from(number % 3 != 0));
    }
}

#[test]
fn a_part_is_held_with_the_whole() {
    let cell = Rcu::with_policy((String::from("name"), vec![1, 2, 3]), Policy::Prompt);
    let name: Guard<'_, str> = Guard::map(cell.read(), |pair| pair.0.as_str());
    let tail: Guard<'_, [i32]> =
        Guard::map(Guard::map(cell.read(), |pair| &pair.1), |all| &all[1..]);
    cell.store((String::from("other"), Vec::new()));
    assert_eq!((&*name, &*tail), ("name", &[2, 3][..]));
    assert_eq!((Guard::version(&name), Guard::version(&tail)), (0, 0));
    assert_eq!(format!("{name} {name:?} {tail:?}"), "name \"name\" [2, 3]");
    drop(name);
    assert_eq!(cell.pending(), 1);
    drop(tail);
    assert_eq!(cell.pending(), 0);
    // A closure that panics lets go of the whole.
    assert!(panics(|| drop(Guard::map(cell.read(), |_| -> &str { panic!("no such part") }))));
    cell.store((String::new(), Vec::new()));
    assert_eq!(cell.pending(), 0);
}

#[test]
fn shares_outlive_guard_and_cell() {
    let cell: Rcu<Arc<[u8]>> = Rcu::new(Arc::from([1, 2, 3]));
    let kept = Guard::to_arc(&cell.read());
    cell.store(Arc::from([]));
    cell.try_reclaim();
    drop(cell);
    assert_eq!((&*kept, Arc::strong_count(&kept)), (&[1, 2, 3][..], 1));
}

#[test]
fn owned_handles_keep_the_cell() {
    static ALIVE: Alive = Alive::new();
    let cell = Arc::new(Rcu::new(Canary::new(1, &ALIVE)));
    let guard = Rcu::read_owned(&cell);
    let mut reader = Rcu::reader_owned(&cell);
    assert_eq!(reader.cached().number(), 1);
    cell.store(Canary::new(2, &ALIVE));
    drop(cell);
    thread::spawn(move || {
        assert_eq!((guard.number(), OwnedGuard::version(&guard)), (1, 0));
        drop(guard);
        assert_eq!((reader.cached().number(), reader.read().number()), (2, 2));
        let late = Rcu::read_owned(reader.cell());
        drop(reader);
        assert_eq!(late.number(), 2);
    })
    .join()
    .unwrap();
    assert_eq!(ALIVE.count(), 0);
}

#[test]
fn values_may_borrow() {
    let words: Vec<String> = ["a", "b", "c"].map(String::from).into();
    let cell = Rcu::new(Vec::new());
    thread::scope(|scope| {
        scope.spawn(|| {
            words.iter().for_each(|word| cell.update(|seen| [&seen[..], &[word]].concat()))
        });
        scope.spawn(|| {
            let mut reader = cell.reader();
            while reader.cached().len() < 3 {
                let guard = cell.read();
                assert!(guard.iter().zip(&words).all(|(seen, word)| std::ptr::eq(*seen, word)));
                thread::yield_now();
            }
        });
    });
    assert_eq!(cell.read().len(), 3);
}

/// Gives way once, so that the future is polled again, elsewhere.
struct GiveWay(bool);

impl Future for GiveWay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[test]
fn guards_are_held_across_await_from_thread_to_thread() {
    let alive = Alive::new();
    let cell = Rcu::with_policy(Canary::new(0, &alive), Policy::Prompt);
    let steps = rounds(500).max(12) as u64;
    let task = async {
        let mut kept = Vec::new();
        for number in 0..steps {
            let guard = cell.read();
            cell.store(Canary::new(number + 1, &alive));
            GiveWay(false).await;
            assert_eq!(guard.number(), number);
            kept.push(guard);
            if kept.len() > 9 {
                drop(kept.remove(0));
            }
        }
        kept.iter().map(|guard| guard.number()).collect::<Vec<_>>()
    };
    let mut task = pin!(task);
    let seen = loop {
        // Each poll on a thread of its own, which ends with guards of the task in its slots.
        let poll = || task.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        match thread::scope(|scope| scope.spawn(poll).join().unwrap()) {
            Poll::Ready(seen) => break seen,
            Poll::Pending => {}
        }
    };
    assert_eq!(seen, (steps - 9..steps).collect::<Vec<_>>());
    assert_eq!(alive.count(), 1);
}

/// Zero-sized, unaligned to a word, and aligned to more than one.
#[test]
fn values_of_any_layout() {
    #[derive(Clone, PartialEq, Debug)]
    #[repr(align(256))]
    struct Wide(u8);

    fn check<T: Clone + PartialEq + std::fmt::Debug + Send + Sync>(values: &[T]) {
        let cell = Rcu::from(values[0].clone());
        let mut reader = cell.reader();
        for value in values.iter().cycle().take(12) {
            cell.store(value.clone());
            assert!(std::ptr::from_ref(&*cell.read()).is_aligned());
            assert_eq!((&*cell.read(), reader.cached()), (value, value));
            cell.try_reclaim();
        }
    }
    check(&[(), ()]);
    check(&[[1_u8; 127], [2; 127], [3; 127]]);
    check(&[Wide(1), Wide(2), Wide(3)]);
    check(&["a", "b"]);
}

#[test]
fn prints_without_reading() {
    let cell = Rcu::<u8>::default();
    assert_eq!(format!("{cell:?}"), "Rcu { policy: Batch(128), .. }");
    assert_eq!(format!("{:?}", cell.reader()), "Reader { keeps_a_value: false, .. }");
    assert_eq!(format!("{:?}", cell.writer()), "Writer { version: 0, .. }");
    let cell = Arc::new(Rcu::with_policy(7, Policy::Prompt));
    assert_eq!(format!("{:?}", Rcu::read_owned(&cell)), "7");
    let mut reader = Rcu::reader_owned(&cell);
    assert_eq!(format!("{reader:?}"), "OwnedReader { cell: Rcu { policy: Prompt, .. } }");
    assert_eq!(*reader.cached(), 7);
}
