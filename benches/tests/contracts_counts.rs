//! Counters that lose no add, and are found out by what their readers see.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use untorn_bench::shapes::counter::{Count, contract};

/// Counts in pairs.
struct InPairs(AtomicU64);

impl Count for InPairs {
    const NAME: &'static str = "in-pairs";
    const PACKAGE: &'static str = "none";

    fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed) & !1
    }
}

/// Shows a thread that never added anything nought, each third time.
struct Blinks(AtomicU64, AtomicU64);

thread_local! {
    static ADDED: Cell<bool> = const { Cell::new(false) };
}

impl Count for Blinks {
    const NAME: &'static str = "blinks";
    const PACKAGE: &'static str = "none";

    fn new() -> Self {
        Self(AtomicU64::new(0), AtomicU64::new(0))
    }

    fn add(&self) {
        ADDED.set(true);
        self.0.fetch_add(1, Relaxed);
    }

    fn get(&self) -> u64 {
        let blinks = !ADDED.get() && self.1.fetch_add(1, Relaxed) % 3 == 2;
        if blinks { 0 } else { self.0.load(Relaxed) }
    }
}

#[test]
fn a_count_that_does_not_follow_is_found_out() {
    let why = contract::<InPairs>(2_000).expect_err("the contract was kept");
    assert_eq!(why, "after add 1 the count is 0");
}

#[test]
fn a_count_that_goes_back_is_found_out() {
    // On a busy machine the reader may not come to three looks while adds go on.
    let why = (0..20).find_map(|_| contract::<Blinks>(2_000).err());
    let why = why.expect("the contract was kept");
    assert!(why.contains("and then 0, of 2000"), "found something else: {why}");
}
