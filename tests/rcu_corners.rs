//! Rcu where things go wrong at the worst moment: destructors that panic, guards that are forgotten.
#![cfg(feature = "alloc")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use untorn::Rcu;
use untorn::rcu::Policy;

/// Counts itself, and panics when it is dropped if it is to.
struct Noisy {
    value: u64,
    panics: bool,
    alive: Arc<AtomicUsize>,
}

impl Noisy {
    fn new(value: u64, panics: bool, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Relaxed);
        Self { value, panics, alive: Arc::clone(alive) }
    }
}

impl Drop for Noisy {
    fn drop(&mut self) {
        self.value = u64::MAX;
        self.alive.fetch_sub(1, Relaxed);
        assert!(!self.panics, "a destructor panics");
    }
}

/// The old value goes, with a panic, when the reader moves on: what it keeps then is held.
#[test]
fn what_a_reader_keeps_is_held_even_if_the_last_value_panicked() {
    let alive = Arc::new(AtomicUsize::new(0));
    let cell = Rcu::with_policy(Noisy::new(0, true, &alive), Policy::Prompt);
    let mut reader = cell.reader();
    assert_eq!(reader.cached().value, 0);
    cell.store(Noisy::new(1, false, &alive));
    let moved_on = catch_unwind(AssertUnwindSafe(|| reader.cached().value));
    assert!(moved_on.is_err(), "version 0 is dropped");
    for value in 2..100 {
        cell.store(Noisy::new(value, false, &alive));
        let seen = reader.cached();
        cell.store(Noisy::new(0, false, &alive));
        assert_eq!(seen.value, value, "not freed, and not another one at its address");
    }
    drop(reader);
    drop(cell);
    assert_eq!(alive.load(Relaxed), 0);
}

#[test]
fn prompt_frees_what_is_retired_after_its_publish() {
    let alive = Arc::new(AtomicUsize::new(0));
    let cell = Rcu::with_policy(0, Policy::Prompt);
    let mut writer = cell.writer();
    writer.publish(1);
    for _ in 0..100 {
        writer.retire(0, Noisy::new(0, false, &alive));
        assert_eq!((alive.load(Relaxed), cell.pending()), (0, 0));
    }
}

/// A value that finds the address of one that is forgotten, in another cell, is freed all the same.
#[test]
fn a_forgotten_guard_says_nothing_about_another_cell() {
    let cell = Rcu::new([0_u64; 8]);
    let mut met = false;
    for _ in 0..100 {
        let other = Rcu::new([9_u64; 8]);
        let guard = other.read();
        let forgotten = (&raw const *guard).addr();
        std::mem::forget(guard);
        drop(other);
        for value in 0..100 {
            cell.store([value; 8]);
            met |= (&raw const *cell.read()).addr() == forgotten;
        }
        cell.try_reclaim();
        assert_eq!(cell.pending(), 0);
    }
    assert!(met || cfg!(miri), "the allocator hands the address out again");
    cell.synchronize().expect("fences work here");
}

/// A destructor that stores, and one that panics, in the middle of an update.
#[test]
fn an_update_whose_reclaiming_panics_has_stored() {
    let alive = Arc::new(AtomicUsize::new(0));
    let cell = Rcu::with_policy(Noisy::new(0, true, &alive), Policy::Prompt);
    let update = || cell.update(|old| Noisy::new(old.value + 1, false, &alive));
    assert!(catch_unwind(AssertUnwindSafe(update)).is_err());
    assert_eq!((cell.read().value, cell.pending()), (1, 0));
    drop(cell);
    assert_eq!(alive.load(Relaxed), 0);
}
