//! What may differ from the protocol, and what must not.

use super::super::explore::Failure;
use super::tests::*;
use super::*;

/// One slot, or as many as an end waits for.
fn fails(ring: Ring, failures: &[Failure]) {
    sized(ring.wants[CONSUMER], 2, ring).fails(failures);
}

fn mutant(wrong: Wrong, ring: Ring) -> Ring {
    Ring { wrong: Some(wrong), ..ring }
}

const LOST: &[Failure] = &[Failure::LostWake];
const TWICE: &[Failure] = &[Failure::Twice];

/// The other end then fences for nothing.
#[test]
fn a_light_announcement_may_leave_the_bit_for_fences() {
    holds(mutant(KeepsFenced, THREADS), [11_000, 5_900, 47_000]);
}

/// The bit then stands there without a waker, and the other end attends to nobody.
#[test]
fn who_wakes_a_task_may_leave_its_bit() {
    sized(2, 2, mutant(ClearsThread, ABANDONED)).holds(82_000);
}

#[test]
fn an_announcement_may_outlast_a_wait() {
    sized(2, 2, mutant(StaysAnnounced, TIMED)).holds(14_000);
    sized(1, 2, mutant(StaysAnnounced, TASKS)).holds(140_000);
}

#[test]
fn a_consumer_may_close_late_if_nothing_waits_for_that() {
    sized(1, 2, mutant(ClosesLate, LEAVING)).holds(43_000);
}

/// Where who wakes does not wait for the lock, both are mutants.
#[test]
fn a_waker_whose_lock_is_waited_for_may_be_trusted() {
    let blocks = Ring { blocks: true, ..RESTLESS };
    sized(1, 2, blocks).holds(350_000);
    sized(1, 2, mutant(TrustsWaker, blocks)).holds(290_000);
    sized(1, 2, mutant(LooksLocked, blocks)).holds(380_000);
}

/// A target of before that was loaded before the heavy fence comes behind a publication that the
/// sleeper then finds. Where the fence is one's own, the publication may still be in the buffer.
#[test]
fn a_light_target_may_be_loaded_early_and_a_fenced_one_may_not() {
    sized(2, 2, Ring { fences: Fences::Light, ..mutant(TargetFirst, TIMED) }).holds(7_400);
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
fn mutant_takes_an_announcement_for_one_that_stands() {
    fails(mutant(StandsUnasked, TIMED), LOST);
}

#[test]
fn mutant_an_announcement_stands_for_every_target() {
    fails(mutant(StandsForAll, Ring { tasks: true, ..TIMED }), LOST);
}

#[test]
fn mutant_an_announcement_whose_fence_was_refused_stands() {
    fails(mutant(StandsRefused, REFUSED), LOST);
}

#[test]
fn mutant_takes_back_the_bit_for_fences_and_believes_in_it() {
    fails(mutant(StillFenced, THREADS), LOST);
}

#[test]
fn mutant_clears_a_newer_announcement_by_a_store() {
    fails(mutant(ClearsByStore, THREADS), LOST);
}

#[test]
fn mutant_leaves_the_bit_of_a_task_whose_lock_is_taken() {
    fails(mutant(LockFirst, RESTLESS), LOST);
}

#[test]
fn mutant_trusts_a_waker_that_it_left() {
    fails(mutant(TrustsWaker, RESTLESS), LOST);
}

#[test]
fn mutant_looks_with_the_lock_of_its_waker() {
    fails(mutant(LooksLocked, TASKS), LOST);
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
    fails(mutant(LeavesQuietly, Ring { leaves: [true, false], ..THREADS }), LOST);
    fails(mutant(LeavesQuietly, Ring { leaves: [false, true], ..THREADS }), LOST);
}

#[test]
fn mutant_wakes_before_it_says_that_it_is_gone() {
    fails(mutant(WakesFirst, Ring { leaves: [true, false], ..THREADS }), LOST);
    fails(mutant(WakesFirst, Ring { leaves: [false, true], ..THREADS }), LOST);
}

#[test]
fn mutant_is_told_that_it_closes_and_asks_whether_it_is_gone() {
    fails(mutant(ClosingUnheard, LEAVING), LOST);
}

#[test]
fn mutant_closes_after_what_waits_for_that() {
    fails(mutant(ClosesLate, JOINING), LOST);
}

#[test]
fn mutant_takes_back_from_a_consumer_that_closes() {
    fails(mutant(TakesBackFromClosing, LEAVING), TWICE);
}

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

#[test]
fn mutant_gone_before_its_index_is_seen() {
    fails(mutant(ShowsLate, Ring { defers: true, ..LEAVING }), &[Failure::Missing]);
}
