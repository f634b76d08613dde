//! Rcu: what leaks with a guard or a reader that is forgotten. A program of its own, with one test: the
//! slots that are lost here keep values at the same addresses from being freed in every later cell.
#![cfg(feature = "alloc")]

use std::mem;

use untorn::rcu::{Policy, Rcu};

mod support;
use support::{Alive, rounds};

const FORGOTTEN: usize = 20;

#[test]
fn what_is_forgotten_stays_until_the_cell_goes_and_costs_a_slot() {
    let alive = Alive::new();
    let mut cells = Vec::new();
    for policy in [Policy::Prompt, Policy::Batch(0), Policy::Manual] {
        let before = alive.count();
        let cell = Rcu::with_policy(alive.value(), policy);
        for _ in 0..FORGOTTEN {
            mem::forget(cell.read());
            mem::forget(cell.reader().read());
            cell.store(alive.value());
        }
        let mut reader = cell.reader();
        let _ = reader.cached();
        mem::forget(reader);
        for _ in 0..50 {
            cell.store(alive.value());
            let guard = cell.read();
            cell.store(alive.value());
            drop(guard);
        }
        cell.try_reclaim();
        assert_eq!(cell.pending(), FORGOTTEN + 1, "those that were forgotten, and no other");
        assert_eq!(alive.count(), before + FORGOTTEN + 2);
        cells.push(cell);
    }
    drop(cells);
    assert_eq!(alive.count(), 0, "with the cells everything goes");

    // A later value at the address of a forgotten one stays, too; there are no more of them than that.
    let cell = Rcu::with_policy(alive.value(), Policy::Prompt);
    for _ in 0..rounds(10_000) {
        cell.store(alive.value());
    }
    assert!(cell.pending() <= 3 * FORGOTTEN, "{}", cell.pending());
    assert_eq!(alive.count(), cell.pending() + 1);
    drop(cell);
    assert_eq!(alive.count(), 0);
}
