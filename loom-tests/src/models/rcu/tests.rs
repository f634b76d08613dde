//! Which sizes hold, and which mutants fail how.

use super::super::explore::{Failure, explore};
use super::{ASYMMETRIC, Heavy, HeavyIsMade, Rcu, Rules, SYMMETRIC, Size, WantedIsSet};

/// Readers with so many pins each, writers with so many stores each.
const fn size(readers: usize, pins: usize, writers: usize, stores: usize) -> Size {
    Size {
        readers,
        pins,
        writers,
        stores,
        renews: false,
        keeps: false,
        failures: 0,
        latecomer: false,
    }
}

/// Large enough for every mutant that a single writer shows.
const SMALL: Size = size(1, 2, 1, 2);
/// For those that take two writers.
const WRITERS: Size = size(1, 1, 2, 1);

fn holds(rules: Rules, size: Size, floor: usize) {
    explore(&Rcu::new(rules, size)).holds(floor);
}

fn fails(rules: Rules, size: Size, failures: &[Failure]) {
    explore(&Rcu::new(rules, size)).fails(failures);
}

const USED: &[Failure] = &[Failure::UseAfterFree];
const LEFT: &[Failure] = &[Failure::Stranded];
const BOTH: &[Failure] = &[Failure::UseAfterFree, Failure::Stranded];

#[test]
fn one_reader_one_writer() {
    holds(ASYMMETRIC, SMALL, 9_000);
    holds(ASYMMETRIC, size(1, 3, 1, 3), 60_000);
}

#[test]
fn two_readers() {
    holds(ASYMMETRIC, size(2, 1, 1, 2), 100_000);
    holds(ASYMMETRIC, size(2, 2, 1, 1), 500_000);
}

#[test]
fn two_writers() {
    holds(ASYMMETRIC, WRITERS, 40_000);
    holds(ASYMMETRIC, size(1, 2, 2, 1), 200_000);
}

#[test]
fn pins_that_are_renewed() {
    for (rules, floors) in [(ASYMMETRIC, [60_000, 200_000]), (SYMMETRIC, [15_000, 50_000])] {
        holds(rules, Size { renews: true, ..size(1, 3, 1, 3) }, floors[0]);
        holds(rules, Size { renews: true, ..size(1, 2, 2, 1) }, floors[1]);
    }
}

#[test]
fn writers_that_keep_what_they_replaced() {
    for (rules, floors) in [(ASYMMETRIC, [150_000, 200_000]), (SYMMETRIC, [80_000, 90_000])] {
        holds(rules, Size { keeps: true, ..WRITERS }, floors[0]);
        holds(rules, Size { keeps: true, ..size(2, 1, 1, 2) }, floors[1]);
    }
}

#[test]
fn full_fences_on_both_sides() {
    holds(SYMMETRIC, size(1, 3, 1, 3), 15_000);
    holds(SYMMETRIC, size(2, 2, 1, 2), 250_000);
    holds(SYMMETRIC, size(1, 2, 2, 1), 50_000);
}

#[test]
#[ignore = "takes some seconds; `.ci/run models` has them"]
fn the_largest_sizes() {
    holds(ASYMMETRIC, size(2, 2, 1, 2), 2_000_000);
    holds(ASYMMETRIC, Size { renews: true, ..size(2, 2, 1, 1) }, 600_000);
    holds(ASYMMETRIC, size(1, 1, 2, 2), 1_000_000);
    holds(ASYMMETRIC, size(2, 1, 2, 1), 2_000_000);
    holds(SYMMETRIC, size(2, 1, 2, 1), 500_000);
}

/// What failed once is made up for by whoever comes next.
#[test]
fn heavy_fences_that_fail_free_nothing() {
    for failures in 1..=2 {
        let size = Size { failures, ..SMALL };
        holds(ASYMMETRIC, Size { latecomer: true, ..size }, 20_000);
        // Something was left: these fences did fail.
        fails(ASYMMETRIC, size, LEFT);
    }
}

#[test]
fn mutant_a_heavy_fence_that_fails_is_ignored() {
    let size = Size { failures: 1, latecomer: true, ..SMALL };
    fails(Rules { failure_is_heeded: false, ..ASYMMETRIC }, size, USED);
}

#[test]
fn mutant_no_heavy_fence() {
    fails(Rules { heavy: Heavy::Missing, ..ASYMMETRIC }, SMALL, BOTH);
}

/// A fence of the reclaimer's own does nothing about readers that have none.
#[test]
fn mutant_heavy_fence_is_an_ordinary_one() {
    fails(Rules { heavy: Heavy::FencesItself, ..ASYMMETRIC }, SMALL, BOTH);
}

/// Nor do the readers' fences about a store to `wanted` in the reclaimer's buffer. (The swap itself
/// does not wait there: it is an RMW.)
#[test]
fn mutant_readers_fence_and_the_reclaimer_does_not() {
    fails(Rules { heavy: Heavy::Missing, ..SYMMETRIC }, SMALL, LEFT);
}

#[test]
fn mutant_no_fence_after_announcing() {
    fails(Rules { fence_after_announcing: false, ..SYMMETRIC }, SMALL, USED);
}

#[test]
fn mutant_no_fence_after_letting_go() {
    fails(Rules { fence_after_letting_go: false, ..SYMMETRIC }, SMALL, LEFT);
}

#[test]
fn mutant_heavy_fence_before_the_swap() {
    let rules = Rules { heavy_is_made: HeavyIsMade::BeforeTheSwap, ..ASYMMETRIC };
    fails(rules, SMALL, BOTH);
}

/// Another writer swaps between the fence and the look at the head.
#[test]
fn mutant_heavy_fence_before_the_head_is_read() {
    let rules = Rules { heavy_is_made: HeavyIsMade::BeforeTheHead, ..ASYMMETRIC };
    fails(rules, WRITERS, USED);
}

#[test]
fn mutant_wanted_is_set_after_the_heavy_fence() {
    fails(Rules { wanted_is_set: WantedIsSet::AfterHeavy, ..ASYMMETRIC }, SMALL, LEFT);
}

#[test]
fn mutant_wanted_is_set_after_the_scan() {
    fails(Rules { wanted_is_set: WantedIsSet::AfterTheScan, ..ASYMMETRIC }, SMALL, LEFT);
}

/// Full fences on the reader's side do what the Release does, and so does the store that lets go.
#[test]
fn mutant_settling_is_relaxed() {
    let relaxed = |rules| Rules { settle_releases: false, ..rules };
    let renewing = Size { renews: true, ..SMALL };
    fails(relaxed(ASYMMETRIC), renewing, USED);
    holds(relaxed(SYMMETRIC), renewing, 3_000);
    holds(relaxed(ASYMMETRIC), SMALL, 9_000);
}

#[test]
fn mutant_letting_go_is_relaxed() {
    fails(Rules { letting_go_releases: false, ..ASYMMETRIC }, SMALL, USED);
    fails(Rules { letting_go_releases: false, ..SYMMETRIC }, SMALL, USED);
}

#[test]
fn mutant_a_drop_does_not_ask() {
    fails(Rules { drop_asks: false, ..ASYMMETRIC }, SMALL, LEFT);
}

/// Whoever has the turn looks again, and does not see yet what was let go.
#[test]
fn mutant_coming_is_relaxed() {
    fails(Rules { coming_releases: false, ..ASYMMETRIC }, SMALL, LEFT);
}

#[test]
fn mutant_no_second_round() {
    fails(Rules { second_round: false, ..ASYMMETRIC }, SMALL, LEFT);
}

#[test]
fn mutant_pending_ignored() {
    fails(Rules { scan_heeds_pending: false, ..ASYMMETRIC }, SMALL, USED);
    fails(Rules { scan_heeds_pending: false, ..SYMMETRIC }, SMALL, USED);
}

#[test]
fn mutant_a_writer_does_not_pin() {
    fails(Rules { writer_pins: false, ..ASYMMETRIC }, WRITERS, USED);
}

/// A scan reads the new slot before the copy, and the old one after it was cleared. No fence helps.
#[test]
fn mutant_a_guard_is_copied() {
    fails(Rules { guard_is_copied: true, ..ASYMMETRIC }, SMALL, USED);
    fails(Rules { guard_is_copied: true, ..SYMMETRIC }, SMALL, USED);
}
