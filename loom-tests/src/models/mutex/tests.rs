//! What holds, and what must not.

use super::super::explore::{Explored, Failure, explore};
use super::{ASYMMETRIC, Heavy, Lock, REFUSED, SYMMETRIC, TIMED, Wrong::*};

fn sized(threads: usize, rounds: u8, lock: Lock) -> Explored {
    explore(&Lock { threads, rounds, ..lock })
}

/// Every size from the smallest to the largest that is explored in a moment.
fn holds(lock: Lock, floors: [usize; 3]) {
    sized(2, 2, lock).holds(floors[0]);
    sized(3, 1, lock).holds(floors[1]);
    sized(3, 2, lock).holds(floors[2]);
}

/// The smallest size in which it goes wrong.
fn fails(threads: usize, rounds: u8, lock: Lock, failures: &[Failure]) {
    sized(threads, rounds, lock).fails(failures);
}

const LOST: &[Failure] = &[Failure::LostWake];

#[test]
fn nobody_sleeps_for_ever() {
    holds(ASYMMETRIC, [2_300, 17_000, 200_000]);
}

#[test]
fn nobody_sleeps_for_ever_with_fences_on_both_sides() {
    holds(SYMMETRIC, [1_900, 10_000, 120_000]);
}

#[test]
fn who_gives_up_takes_no_wake_along() {
    holds(TIMED, [2_500, 18_000, 220_000]);
    holds(Lock { timed: 2, ..TIMED }, [2_700, 20_000, 240_000]);
    holds(Lock { timed: 1, ..SYMMETRIC }, [2_100, 11_000, 140_000]);
}

#[test]
fn a_heavy_fence_that_fails_costs_slices_only() {
    holds(REFUSED, [3_500, 30_000, 390_000]);
    holds(Lock { timed: 1, ..REFUSED }, [4_000, 33_000, 430_000]);
}

#[test]
fn a_sleep_that_ends_for_no_reason_does_no_harm() {
    holds(Lock { spurious: true, ..ASYMMETRIC }, [6_100, 45_000, 1_100_000]);
    holds(Lock { spurious: true, ..TIMED }, [4_100, 36_000, 690_000]);
}

#[test]
fn mutant_no_heavy_fence() {
    fails(2, 1, Lock { heavy: Heavy::FencesItself, ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_no_fence_in_unlock() {
    fails(2, 1, Lock { fence_in_unlock: false, ..SYMMETRIC }, LOST);
}

#[test]
fn mutant_heavy_fence_before_the_count() {
    fails(2, 1, Lock { wrong: Some(FencesFirst), ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_unlocking_trusts_what_it_loaded() {
    fails(2, 2, Lock { wrong: Some(TrustsLook), ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_says_fenced_after_a_fence_that_failed() {
    fails(2, 1, Lock { wrong: Some(FencedAnyway), ..REFUSED }, LOST);
}

#[test]
fn mutant_says_fenced_for_ever() {
    fails(2, 2, Lock { wrong: Some(FencedForEver), ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_looks_for_sleepers_before_it_unlocks() {
    fails(2, 1, Lock { wrong: Some(LooksFirst), ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_takes_with_a_load_and_a_store() {
    fails(2, 1, Lock { wrong: Some(TakesByStore), ..ASYMMETRIC }, &[Failure::TwoHolders]);
}

#[test]
fn mutant_a_heavy_fence_that_fails_is_ignored() {
    fails(2, 1, Lock { wrong: Some(SleepsUnfenced), ..REFUSED }, LOST);
}

#[test]
fn mutant_sleeps_on_the_lock() {
    fails(2, 2, Lock { wrong: Some(SleepsOnLock), ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_sleeps_while_the_bit_is_set() {
    fails(2, 2, Lock { wrong: Some(SleepsOnBit), ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_who_has_the_lock_leaves_the_bit_set() {
    fails(3, 1, Lock { wrong: Some(KeepsBit), ..ASYMMETRIC }, LOST);
}

#[test]
fn mutant_who_gives_up_wakes_nobody() {
    fails(3, 2, Lock { wrong: Some(LeavesQuietly), ..TIMED }, LOST);
}

#[test]
fn mutant_who_gives_up_clears_the_bit() {
    fails(3, 1, Lock { wrong: Some(LeavesWithBit), ..TIMED }, LOST);
}
