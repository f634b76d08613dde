//! What holds, and what must not.

use super::super::explore::{Explored, explore};
use super::*;

const LIGHT: Ring = Ring { fences: Fences::Light, ..THREADS };
const FENCED_ONLY: Ring = Ring { fences: Fences::Fenced, ..THREADS };
const SYMMETRIC: Ring = Ring { fences: Fences::Symmetric, ..THREADS };
const REFUSED: Ring = Ring { may_refuse: true, ..THREADS };
const TASKS: Ring = Ring { tasks: true, ..THREADS };
const ABANDONED: Ring = Ring { abandons: 1, ..TASKS };
const TIMED: Ring = Ring { wants: [1, 2], timed: true, ..THREADS };
const LEAVING: Ring = Ring { leaves: [true, true], ..THREADS };

fn sized(capacity: u8, items: u8, ring: Ring) -> Explored {
    explore(&Ring { capacity, items, ..ring })
}

/// One slot for two values, where both ends wait; two slots for two, and for three.
fn holds(ring: Ring, floors: [usize; 3]) {
    sized(1, 2, ring).holds(floors[0]);
    sized(2, 2, ring).holds(floors[1]);
    sized(2, 3, ring).holds(floors[2]);
}

/// One slot, or as many as an end waits for.
fn fails(ring: Ring, failures: &[Failure]) {
    sized(ring.wants[CONSUMER], 2, ring).fails(failures);
}

fn mutant(wrong: Wrong, ring: Ring) -> Ring {
    Ring { wrong: Some(wrong), ..ring }
}

const LOST: &[Failure] = &[Failure::LostWake];

#[test]
fn nobody_sleeps_for_ever() {
    holds(THREADS, [24_000, 6_900, 75_000]);
    holds(LIGHT, [10_000, 3_900, 33_000]);
    holds(FENCED_ONLY, [8_600, 3_400, 25_000]);
}

#[test]
fn nobody_sleeps_for_ever_with_fences_on_both_sides() {
    holds(SYMMETRIC, [5_600, 2_100, 12_000]);
    sized(1, 2, Ring { abandons: 1, tasks: true, ..SYMMETRIC }).holds(140_000);
    sized(1, 2, Ring { leaves: [true, true], ..SYMMETRIC }).holds(17_000);
}

#[test]
fn one_publication_is_enough() {
    holds(Ring { publishes_anew: false, ..THREADS }, [9_100, 4_500, 34_000]);
    sized(1, 2, Ring { publishes_anew: false, ..ABANDONED }).holds(300_000);
    sized(1, 2, Ring { publishes_anew: false, ..LEAVING }).holds(39_000);
}

#[test]
fn no_task_is_left_pending() {
    holds(TASKS, [120_000, 17_000, 420_000]);
}

#[test]
fn who_follows_a_task_that_was_dropped_or_forgotten_is_woken() {
    sized(1, 2, ABANDONED).holds(810_000);
    sized(2, 2, ABANDONED).holds(56_000);
    sized(2, 2, Ring { abandons: 2, ..ABANDONED }).holds(99_000);
}

#[test]
fn a_heavy_fence_that_is_refused_costs_slices_only() {
    holds(REFUSED, [68_000, 13_000, 210_000]);
    sized(1, 2, Ring { may_refuse: true, ..TASKS }).holds(830_000);
    sized(1, 2, Ring { may_refuse: true, ..LEAVING }).holds(170_000);
}

#[test]
fn what_ends_a_wait_for_no_reason_does_no_harm() {
    holds(Ring { restless: 1, ..THREADS }, [62_000, 12_000, 170_000]);
    sized(1, 2, Ring { restless: 1, ..TASKS }).holds(580_000);
}

#[test]
fn who_waits_for_several_is_woken() {
    sized(2, 2, Ring { wants: [1, 2], ..THREADS }).holds(2_900);
    sized(2, 3, Ring { wants: [1, 2], ..THREADS }).holds(31_000);
    sized(2, 3, Ring { wants: [1, 2], ..LEAVING }).holds(99_000);
}

#[test]
fn who_gave_up_waiting_for_several_is_woken_for_one() {
    sized(2, 2, TIMED).holds(19_000);
    sized(2, 3, TIMED).holds(140_000);
    sized(2, 3, Ring { wants: [2, 2], ..TIMED }).holds(490_000);
    sized(2, 2, Ring { tasks: true, ..TIMED }).holds(120_000);
    sized(2, 2, Ring { may_refuse: true, ..TIMED }).holds(38_000);
    sized(2, 2, Ring { leaves: [true, true], ..TIMED }).holds(80_000);
}

#[test]
fn who_leaves_is_heard_and_nothing_comes_out_twice() {
    holds(LEAVING, [71_000, 35_000, 220_000]);
    holds(Ring { leaves: [true, false], ..THREADS }, [55_000, 26_000, 170_000]);
    holds(Ring { leaves: [false, true], ..THREADS }, [32_000, 10_000, 100_000]);
}

#[test]
fn who_leaves_is_heard_by_tasks() {
    let tasks = Ring { leaves: [true, true], ..ABANDONED };
    sized(2, 2, tasks).holds(260_000);
    sized(1, 2, Ring { fences: Fences::Light, ..tasks }).holds(600_000);
    sized(1, 2, Ring { fences: Fences::Fenced, ..tasks }).holds(470_000);
}

/// The other end then fences for nothing.
#[test]
fn a_light_announcement_may_leave_the_bit_for_fences() {
    holds(mutant(KeepsFenced, THREADS), [34_000, 8_500, 100_000]);
}

/// The bit then stands there without a waker, and the other end attends to nobody.
#[test]
fn who_wakes_a_task_may_leave_its_bit() {
    sized(2, 2, mutant(ClearsThread, ABANDONED)).holds(67_000);
}

/// A target of before that was loaded before the heavy fence comes behind a publication that the
/// sleeper then finds. Where the fence is one's own, the publication may still be in the buffer.
#[test]
fn a_light_target_may_be_loaded_early_and_a_fenced_one_may_not() {
    sized(2, 2, Ring { fences: Fences::Light, ..mutant(TargetFirst, TIMED) }).holds(10_000);
    fails(Ring { fences: Fences::Fenced, ..mutant(TargetFirst, TIMED) }, LOST);
}

#[test]
fn mutant_no_fence_beside_the_one_of_the_sleeper() {
    fails(mutant(NoFence, SYMMETRIC), LOST);
    fails(mutant(NoFence, FENCED_ONLY), LOST);
}

#[test]
fn mutant_looks_for_sleepers_before_it_publishes() {
    fails(mutant(LooksFirst, LIGHT), LOST);
    fails(mutant(LooksFirst, SYMMETRIC), LOST);
}

#[test]
fn mutant_heavy_fence_before_the_announcement() {
    fails(mutant(FencesFirst, LIGHT), LOST);
    fails(mutant(FencesFirst, FENCED_ONLY), LOST);
}

#[test]
fn mutant_light_without_a_heavy_fence() {
    fails(mutant(LightUnfenced, LIGHT), LOST);
    fails(mutant(LightUnfenced, THREADS), LOST);
}

#[test]
fn mutant_fenced_without_a_heavy_fence() {
    fails(mutant(FencedUnheard, FENCED_ONLY), LOST);
}

#[test]
fn mutant_no_second_look() {
    fails(mutant(NoSecondLook, THREADS), LOST);
    fails(mutant(NoSecondLook, SYMMETRIC), LOST);
}

#[test]
fn mutant_wakes_whom_it_saw() {
    sized(2, 2, mutant(TrustsLook, ABANDONED)).fails(LOST);
}

#[test]
fn mutant_wakes_no_thread_beside_a_forgotten_task() {
    sized(2, 2, mutant(TaskHidesThread, ABANDONED)).fails(LOST);
}

#[test]
fn mutant_wakes_a_thread_and_leaves_its_bit() {
    fails(mutant(ClearsTask, THREADS), LOST);
}

#[test]
fn mutant_leaves_its_waker_after_its_last_look() {
    fails(mutant(WakerLate, TASKS), LOST);
}

#[test]
fn mutant_gives_up_and_stays_announced() {
    fails(mutant(StaysAnnounced, TIMED), LOST);
}

#[test]
fn mutant_a_heavy_fence_that_is_refused_counts() {
    fails(mutant(RefusedIsDone, REFUSED), LOST);
}

#[test]
fn mutant_sleeps_without_end_after_a_refusal() {
    fails(mutant(SleepsUnfenced, REFUSED), LOST);
}

#[test]
fn mutant_pends_without_end_after_a_refusal() {
    sized(2, 2, mutant(PendsUnfenced, Ring { may_refuse: true, ..TASKS })).fails(LOST);
}

#[test]
fn mutant_leaves_without_a_wake() {
    fails(mutant(LeavesQuietly, LEAVING), LOST);
}

#[test]
fn mutant_wakes_before_it_says_that_it_is_gone() {
    fails(mutant(WakesFirst, LEAVING), LOST);
}

const TWICE: &[Failure] = &[Failure::Twice];

#[test]
fn mutant_gone_before_its_last_access() {
    fails(mutant(GoneFirst, LEAVING), TWICE);
}

#[test]
fn mutant_index_after_gone() {
    fails(mutant(IndexLate, LEAVING), TWICE);
}

#[test]
fn mutant_takes_back_by_head() {
    fails(mutant(TakesBackByHead, LEAVING), TWICE);
}

#[test]
fn mutant_closed_without_another_look() {
    fails(mutant(ClosedUnlooked, LEAVING), &[Failure::Missing]);
}
