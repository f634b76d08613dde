//! Which sizes hold, and which mutants fail how.

use super::super::explore::{Failure, explore};
use super::rules::{
    ASYMMETRIC, Heavy, ReadsOnce, Rules, SLEEP, SYMMETRIC, SeenWith, Settling, Size, SleepRules,
    WantedIsSet,
};
use super::{IDLE, Rcu};

/// Readers with so many pins each, writers with so many stores each.
const fn size(readers: usize, pins: usize, writers: usize, stores: usize) -> Size {
    Size {
        readers,
        pins,
        writers,
        stores,
        overlap: false,
        keeps: false,
        failures: 0,
        latecomer: false,
        asleep: false,
        share: false,
        once: false,
        rival: 0,
        lags: false,
        forgotten: IDLE,
    }
}

/// Large enough for most mutants that a single writer shows.
const SMALL: Size = size(1, 2, 1, 2);
/// A reader that holds two versions at a time.
const OVERLAP: Size = Size { overlap: true, ..SMALL };
/// For those that take two writers.
const WRITERS: Size = size(1, 1, 2, 1);
/// One block that is claimed, given back, and claimed again by who reads once.
const ONCE: Size = Size { share: true, once: true, ..size(1, 2, 1, 1) };
/// Another cell is reclaimed at the same time.
const RIVAL: Size = Size { rival: 1, ..size(1, 1, 1, 1) };

fn holds(rules: Rules, size: Size, floor: usize) {
    explore(&Rcu::new(rules, size)).holds(floor);
}

fn fails(rules: Rules, size: Size, failures: &[Failure]) {
    explore(&Rcu::new(rules, size)).fails(failures);
}

const fn sleeping(sleep: SleepRules) -> Rules {
    Rules { sleep, ..ASYMMETRIC }
}

const USED: &[Failure] = &[Failure::UseAfterFree];
const LEFT: &[Failure] = &[Failure::Stranded];
const BOTH: &[Failure] = &[Failure::UseAfterFree, Failure::Stranded];

#[test]
fn one_reader_one_writer() {
    for asleep in [false, true] {
        holds(ASYMMETRIC, Size { asleep, ..SMALL }, 25_000);
        holds(ASYMMETRIC, Size { asleep, ..size(1, 3, 1, 2) }, 80_000);
    }
    holds(ASYMMETRIC, size(1, 2, 1, 3), 60_000);
}

#[test]
fn a_reader_with_two_guards() {
    holds(ASYMMETRIC, OVERLAP, 30_000);
    holds(ASYMMETRIC, Size { asleep: true, ..OVERLAP }, 30_000);
    holds(SYMMETRIC, OVERLAP, 3_000);
}

#[test]
fn two_readers() {
    holds(ASYMMETRIC, size(2, 1, 1, 1), 80_000);
}

#[test]
fn two_writers() {
    holds(ASYMMETRIC, WRITERS, 150_000);
}

#[test]
fn writers_that_keep_what_they_replaced() {
    for (rules, floors) in [(ASYMMETRIC, [37_000, 110_000]), (SYMMETRIC, [6_500, 12_500])] {
        holds(rules, Size { keeps: true, ..SMALL }, floors[0]);
        holds(rules, Size { keeps: true, ..size(2, 1, 1, 1) }, floors[1]);
    }
}

#[test]
fn swaps_that_are_seen_late() {
    for (rules, floor) in [(ASYMMETRIC, 25_000), (SYMMETRIC, 3_500)] {
        for (asleep, keeps) in [(false, false), (false, true), (true, false)] {
            holds(rules, Size { lags: true, asleep, keeps, ..SMALL }, floor);
        }
    }
}

#[test]
fn blocks_that_are_handed_on() {
    holds(ASYMMETRIC, Size { share: true, ..size(1, 2, 1, 2) }, 30_000);
    holds(ASYMMETRIC, Size { share: true, ..size(2, 1, 1, 1) }, 60_000);
    holds(SYMMETRIC, ONCE, 20_000);
}

#[test]
fn a_thread_that_reads_once() {
    holds(ASYMMETRIC, ONCE, 150_000);
}

#[test]
fn two_cells_that_put_the_same_reader_to_sleep() {
    holds(ASYMMETRIC, RIVAL, 17_000);
    holds(ASYMMETRIC, Size { rival: 1, ..SMALL }, 300_000);
}

#[test]
fn full_fences_on_both_sides() {
    holds(SYMMETRIC, size(1, 3, 1, 3), 17_000);
    holds(SYMMETRIC, size(2, 2, 1, 2), 250_000);
    holds(SYMMETRIC, size(1, 2, 2, 1), 60_000);
}

#[test]
#[ignore = "takes some seconds; `.ci/run models` has them"]
fn the_largest_sizes() {
    holds(ASYMMETRIC, size(1, 3, 1, 3), 190_000);
    holds(ASYMMETRIC, size(2, 1, 1, 2), 400_000);
    holds(ASYMMETRIC, size(1, 2, 2, 1), 900_000);
    holds(ASYMMETRIC, Size { keeps: true, ..WRITERS }, 600_000);
    holds(ASYMMETRIC, Size { share: true, once: true, ..size(2, 1, 1, 1) }, 1_400_000);
    holds(ASYMMETRIC, Size { rival: 2, ..SMALL }, 600_000);
    holds(ASYMMETRIC, Size { rival: 1, ..size(1, 3, 1, 2) }, 900_000);
    holds(SYMMETRIC, size(2, 1, 2, 1), 500_000);
}

/// What failed once is made up for by whoever comes next.
#[test]
fn heavy_fences_that_fail_free_nothing() {
    for failures in 1..=2 {
        let size = Size { failures, ..SMALL };
        holds(ASYMMETRIC, Size { latecomer: true, ..size }, 60_000);
        // Something was left: these fences did fail.
        fails(ASYMMETRIC, size, LEFT);
    }
}

#[test]
fn mutant_a_heavy_fence_that_fails_is_ignored() {
    let size = Size { failures: 1, latecomer: true, ..SMALL };
    fails(Rules { failure_is_heeded: false, ..ASYMMETRIC }, size, USED);
}

/// The next scan takes them for asleep.
#[test]
fn mutant_a_heavy_fence_that_fails_puts_readers_to_sleep() {
    let size = Size { failures: 1, latecomer: true, ..SMALL };
    fails(sleeping(SleepRules { failure_wakes: false, ..SLEEP }), size, USED);
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

/// Nor do the readers' fences about stores in the reclaimer's buffer: to `wanted`, and the swap.
#[test]
fn mutant_readers_fence_and_the_reclaimer_does_not() {
    let rules = Rules { heavy: Heavy::Missing, ..SYMMETRIC };
    fails(rules, SMALL, LEFT);
    fails(rules, Size { lags: true, ..SMALL }, BOTH);
}

/// Who wakes up after the look at it finds what was current before the swap is seen.
#[test]
fn mutant_no_fence_between_the_head_and_the_looks() {
    let rules = sleeping(SleepRules { scan_fences: false, ..SLEEP });
    fails(rules, Size { lags: true, asleep: true, ..SMALL }, USED);
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
fn mutant_no_fence_on_waking() {
    fails(sleeping(SleepRules { waking_fences: false, ..SLEEP }), SMALL, USED);
}

/// It was put to sleep between the look and the announcement.
#[test]
fn mutant_a_reader_looks_whether_it_is_awake_before_it_announces() {
    fails(sleeping(SleepRules { announces_first: false, ..SLEEP }), SMALL, USED);
}

#[test]
fn mutant_settled_before_the_swap() {
    fails(Rules { settling: Settling::BeforeTheSwap, ..ASYMMETRIC }, SMALL, USED);
}

/// Another writer swaps in between, and a reader is awake because it was seen with the older head.
#[test]
#[ignore = "takes some seconds; `.ci/run models` has it"]
fn mutant_settled_before_the_head_is_read() {
    let rules = Rules { settling: Settling::BeforeTheHead, ..ASYMMETRIC };
    fails(rules, size(1, 2, 2, 1), USED);
}

#[test]
fn mutant_to_be_seen_with_an_older_version_is_enough() {
    fails(sleeping(SleepRules { seen_with: SeenWith::TheOneBefore, ..SLEEP }), SMALL, USED);
}

/// The address of the head is in a slot whose owner never loaded it: of a version of another cell,
/// which was dropped while a guard of it was forgotten.
#[test]
fn mutant_an_address_stays_in_a_slot_when_its_version_is_freed() {
    let forgotten = Size { forgotten: 1, ..size(1, 1, 1, 1) };
    fails(ASYMMETRIC, forgotten, USED);
    holds(sleeping(SleepRules { seen_with: SeenWith::Nothing, ..SLEEP }), forgotten, 1_000);
}

/// It settles on the head in a block that is another's by then, and that one has announced what no
/// scan can see.
#[test]
fn mutant_a_thread_that_reads_once_gives_the_block_back_first() {
    let rules = SleepRules { reads_once: ReadsOnce::FencesItself, ..SLEEP };
    fails(sleeping(rules), ONCE, USED);
    // Without that look, its own fence is good enough.
    holds(sleeping(SleepRules { seen_with: SeenWith::Nothing, ..rules }), ONCE, 200_000);
}

/// It wakes the block for another, who does not fence then.
#[test]
fn mutant_a_thread_that_reads_once_asks_whether_another_is_awake() {
    let reads_once = ReadsOnce::AsksWhetherAwake;
    let rules = SleepRules { reads_once, seen_with: SeenWith::Nothing, ..SLEEP };
    fails(sleeping(rules), ONCE, USED);
}

#[test]
fn mutant_who_claims_a_block_is_awake() {
    let size = Size { share: true, ..SMALL };
    fails(sleeping(SleepRules { claimed_asleep: false, ..SLEEP }), size, USED);
}

#[test]
fn mutant_giving_a_block_back_is_relaxed() {
    let size = Size { share: true, ..SMALL };
    fails(sleeping(SleepRules { giving_back_releases: false, ..SLEEP }), size, USED);
}

/// A scan takes for asleep whom the rival has marked and did not fence for yet.
#[test]
fn mutant_a_mark_is_taken_for_sleep() {
    fails(sleeping(SleepRules { mark_is_trusted: true, ..SLEEP }), RIVAL, USED);
}

#[test]
fn mutant_readers_are_put_to_sleep_before_the_heavy_fence() {
    fails(sleeping(SleepRules { marks_first: false, ..SLEEP }), RIVAL, USED);
}

/// One scan confirms, with its fence, what the other marked after that fence.
#[test]
fn mutant_both_scans_have_the_same_mark() {
    let size = Size { rival: 1, ..SMALL };
    fails(sleeping(SleepRules { marks_differ: false, ..SLEEP }), size, USED);
}

#[test]
fn mutant_wanted_is_set_after_the_heavy_fence() {
    fails(Rules { wanted_is_set: WantedIsSet::AfterHeavy, ..ASYMMETRIC }, SMALL, LEFT);
}

/// That all readers are settled says nothing about what they have let go of.
#[test]
fn mutant_wanted_is_set_without_a_heavy_fence() {
    fails(Rules { wanted_is_set: WantedIsSet::WithoutHeavy, ..ASYMMETRIC }, SMALL, LEFT);
}

#[test]
fn mutant_wanted_is_set_after_the_scan() {
    fails(Rules { wanted_is_set: WantedIsSet::AfterTheScan, ..ASYMMETRIC }, SMALL, LEFT);
}

/// The reader is seen with the head in one slot, and what it has announced in another does not show.
#[test]
fn mutant_settling_is_relaxed() {
    let relaxed = Rules { settle_releases: false, ..ASYMMETRIC };
    fails(relaxed, OVERLAP, USED);
    holds(relaxed, SMALL, 25_000);
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
