//! Rcu under an allocator that hands freed memory out again at once, and under one that poisons it and
//! keeps it back; and how much memory readers cost that come and go. A program with a plain `main`:
//! nothing else may allocate while it counts.

#[path = "../support/mod.rs"]
mod support;

mod allocator;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use allocator::{Allocator, Freed, live_bytes, reused_and_released, was_written_after_free};
use support::rcu::{Canary, POLICIES};
use support::{Alive, rounds};
use untorn::rcu::{Guard, Policy, Rcu, Writer};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

static ALIVE: Alive = Alive::new();

fn main() {
    for mode in [Freed::Reused, Freed::Quarantined] {
        allocator::set(mode);
        for policy in POLICIES {
            values_stay_what_they_are(policy);
            assert_eq!(ALIVE.count(), 0, "{mode:?}, {policy:?}");
            assert!(!was_written_after_free(), "{mode:?}, {policy:?}");
        }
    }
    let (reused, released) = reused_and_released();
    assert!(reused > rounds(10_000) && released > 0, "reused {reused}, released {released}");

    allocator::set(Freed::Returned);
    threads_and_readers_that_come_and_go_cost_nothing();
    guards_cost_slots_that_serve_again();
    println!("rcu_allocators: every value was what it was; {reused} blocks reused");
}

/// A part that it has to itself, and one that versions share.
struct Value {
    own: Canary<'static>,
    shared: *const Canary<'static>,
}

// SAFETY: what is shared is retired when the last version that reaches it is replaced.
unsafe impl Send for Value {}
// SAFETY: as above, and it does not change.
unsafe impl Sync for Value {}

impl Value {
    /// Its number and that of what it shares, both checked.
    fn numbers(&self) -> (u64, u64) {
        // SAFETY: as far as the cell keeps its word: this version is held.
        let shared = unsafe { &*self.shared };
        (self.own.number(), shared.number())
    }
}

/// How many versions share a part.
const SHARING: u64 = 5;

fn values_stay_what_they_are(policy: Policy) {
    let part = |number| Box::into_raw(Box::new(Canary::new(number, &ALIVE))).cast_const();
    let value = |number, shared| Value { own: Canary::new(number, &ALIVE), shared };
    let mut shared = part(0);
    let cell = Rcu::with_policy(value(0, shared), policy);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| read(&done, || cell.read()));
        let reader = cell.reader();
        scope.spawn(|| read(&done, move || reader.read()));
        let mut writer: Writer<'_, Value> = cell.writer();
        for number in 1..=rounds(20_000).max(20) as u64 {
            if number % SHARING == 0 {
                let old = std::mem::replace(&mut shared, part(number));
                writer.publish(value(number, shared));
                // SAFETY: boxed above; no later version reaches it.
                let old = unsafe { Box::from_raw(old.cast_mut()) };
                writer.retire(number - SHARING, old);
            } else {
                writer.publish(value(number, shared));
            }
            if policy == Policy::Manual && number % 64 == 0 {
                cell.try_reclaim();
            }
            // Where there is one core the readers want their turn, too.
            if number % 1_000 == 0 {
                thread::yield_now();
            }
        }
        done.store(true, Relaxed);
    });
    drop(cell);
    // SAFETY: the last one, which was not retired.
    drop(unsafe { Box::from_raw(shared.cast_mut()) });
}

/// Keeps a few guards, and looks at each twice: when it is new, and when it is the oldest.
fn read<'a>(done: &AtomicBool, read: impl Fn() -> Guard<'a, Value>) {
    let (mut kept, mut last) = (Vec::with_capacity(12), 0);
    let check = |guard: &Guard<'_, Value>| {
        let number = Guard::version(guard);
        assert_eq!(guard.numbers(), (number, number - number % SHARING));
        number
    };
    while !done.load(Relaxed) {
        let guard = read();
        let number = check(&guard);
        assert!(number >= last, "back in time");
        last = number;
        if number % 7 == 0 {
            kept.push((number, guard));
        }
        if kept.len() > 10 {
            let (number, guard) = kept.remove(0);
            assert_eq!(check(&guard), number, "another value at its address");
        }
    }
    assert!(kept.iter().all(|(number, guard)| check(guard) == *number));
}

/// How many more bytes are in use after `run` than before.
fn growth(run: impl FnOnce()) -> isize {
    let before = live_bytes();
    run();
    live_bytes() - before
}

fn threads_and_readers_that_come_and_go_cost_nothing() {
    let cell = Rcu::with_policy(0, Policy::Prompt);
    let threads = |count: usize| {
        for _ in 0..count {
            thread::scope(|scope| {
                let guard = scope.spawn(|| {
                    let guards: Vec<_> = (0..20).map(|_| cell.read()).collect();
                    guards.into_iter().next_back()
                });
                assert!(guard.join().is_ok_and(|guard| guard.is_some_and(|guard| *guard == 0)));
            });
        }
    };
    // Whatever is allocated once.
    threads(20);
    let more = growth(|| threads(rounds(1_000)));
    assert!(more < 1 << 10, "{more} bytes for threads that are gone");

    let readers = |count: usize| {
        for _ in 0..count {
            let reader = cell.reader();
            let guards: Vec<_> = (0..20).map(|_| reader.read()).collect();
            drop(reader);
            assert!(guards.iter().all(|guard| **guard == 0));
        }
    };
    readers(20);
    let more = growth(|| readers(rounds(10_000)));
    assert_eq!(more, 0, "bytes for readers that are gone");
}

fn guards_cost_slots_that_serve_again() {
    let cell = Rcu::with_policy(0, Policy::Prompt);
    let reader = cell.reader();
    let hold = |count: usize| {
        let guards: Vec<_> = (0..count).map(|_| (cell.read(), reader.read())).collect();
        let bytes = live_bytes();
        assert!(guards.iter().all(|(one, other)| **one == **other));
        bytes
    };
    let count = rounds(10_000).max(80);
    let before = live_bytes();
    let most = hold(count) - before - (count * size_of::<[Guard<'_, i32>; 2]>()) as isize;
    // 128 bytes for eight slots, for the thread and for the reader.
    assert!(most <= (2 * (count / 8 + 2) * 128) as isize, "{most} bytes for {count} guards");
    for _ in 0..rounds(1_000).max(3) {
        assert_eq!(growth(|| _ = hold(count.min(500))), 0, "slots are used again");
    }
}
