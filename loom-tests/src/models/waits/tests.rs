//! What holds.

use super::super::explore::{Explored, explore};
use super::*;

pub(super) const LIGHT: Ring = Ring { fences: Fences::Light, ..THREADS };
pub(super) const FENCED_ONLY: Ring = Ring { fences: Fences::Fenced, ..THREADS };
pub(super) const SYMMETRIC: Ring = Ring { fences: Fences::Symmetric, ..THREADS };
pub(super) const REFUSED: Ring = Ring { may_refuse: true, ..THREADS };
pub(super) const TASKS: Ring = Ring { tasks: true, ..THREADS };
pub(super) const ABANDONED: Ring = Ring { abandons: 1, ..TASKS };
pub(super) const RESTLESS: Ring = Ring { restless: 1, ..TASKS };
pub(super) const TIMED: Ring = Ring { wants: [1, 2], timed: true, ..THREADS };
pub(super) const LEAVING: Ring = Ring { leaves: [true, true], ..THREADS };
/// What is dropped with the consumer waits for the producer.
pub(super) const JOINING: Ring = Ring { joins: true, ..LEAVING };

pub(super) fn sized(capacity: u8, items: u8, ring: Ring) -> Explored {
    explore(&Ring { capacity, items, ..ring })
}

/// One slot for two values, where both ends wait; two slots for two, and for three.
pub(super) fn holds(ring: Ring, floors: [usize; 3]) {
    sized(1, 2, ring).holds(floors[0]);
    sized(2, 2, ring).holds(floors[1]);
    sized(2, 3, ring).holds(floors[2]);
}

#[test]
fn nobody_sleeps_for_ever() {
    holds(THREADS, [10_000, 5_300, 40_000]);
    holds(LIGHT, [3_600, 2_600, 15_000]);
    holds(FENCED_ONLY, [3_400, 2_200, 11_000]);
}

#[test]
fn nobody_sleeps_for_ever_with_fences_on_both_sides() {
    holds(SYMMETRIC, [2_800, 1_700, 8_000]);
    sized(1, 2, Ring { abandons: 1, tasks: true, ..SYMMETRIC }).holds(120_000);
    sized(1, 2, Ring { leaves: [true, true], ..SYMMETRIC }).holds(14_000);
}

#[test]
fn a_publication_may_be_put_off() {
    holds(Ring { defers: true, ..THREADS }, [18_000, 13_000, 81_000]);
    sized(2, 2, Ring { defers: true, ..ABANDONED }).holds(170_000);
    sized(2, 2, Ring { defers: true, ..LEAVING }).holds(46_000);
}

#[test]
fn no_task_is_left_pending() {
    holds(TASKS, [75_000, 20_000, 360_000]);
}

#[test]
fn who_follows_a_task_that_was_dropped_or_forgotten_is_woken() {
    sized(1, 2, ABANDONED).holds(690_000);
    sized(2, 2, ABANDONED).holds(68_000);
    sized(2, 2, Ring { abandons: 2, ..ABANDONED }).holds(120_000);
}

#[test]
fn a_heavy_fence_that_is_refused_costs_slices_only() {
    holds(REFUSED, [39_000, 11_000, 150_000]);
    sized(1, 2, Ring { may_refuse: true, ..TASKS }).holds(740_000);
    sized(1, 2, Ring { may_refuse: true, ..LEAVING }).holds(130_000);
}

#[test]
fn what_ends_a_wait_for_no_reason_does_no_harm() {
    holds(Ring { restless: 1, ..THREADS }, [32_000, 10_000, 100_000]);
    sized(1, 2, RESTLESS).holds(370_000);
}

#[test]
fn who_waits_for_several_is_woken() {
    sized(2, 2, Ring { wants: [1, 2], ..THREADS }).holds(2_000);
    sized(2, 3, Ring { wants: [1, 2], ..THREADS }).holds(13_000);
    sized(2, 3, Ring { wants: [1, 2], ..LEAVING }).holds(64_000);
}

#[test]
fn who_gave_up_waiting_for_several_is_woken_for_one() {
    sized(2, 2, TIMED).holds(13_000);
    sized(2, 3, TIMED).holds(76_000);
    sized(2, 3, Ring { wants: [2, 2], ..TIMED }).holds(220_000);
    sized(2, 2, Ring { tasks: true, ..TIMED }).holds(130_000);
    sized(2, 2, Ring { may_refuse: true, ..TIMED }).holds(36_000);
    sized(2, 2, Ring { leaves: [true, true], ..TIMED }).holds(52_000);
}

#[test]
fn who_leaves_is_heard_and_nothing_comes_out_twice() {
    holds(LEAVING, [45_000, 22_000, 160_000]);
    holds(Ring { leaves: [true, false], ..THREADS }, [25_000, 14_000, 92_000]);
    holds(Ring { leaves: [false, true], ..THREADS }, [19_000, 9_300, 74_000]);
}

#[test]
fn who_leaves_is_heard_by_tasks() {
    let tasks = Ring { leaves: [true, true], ..ABANDONED };
    sized(2, 2, tasks).holds(250_000);
    sized(1, 2, Ring { fences: Fences::Light, ..tasks }).holds(560_000);
    sized(1, 2, Ring { fences: Fences::Fenced, ..tasks }).holds(480_000);
}

#[test]
fn what_is_dropped_with_the_consumer_may_wait_for_the_producer() {
    holds(JOINING, [42_000, 21_000, 140_000]);
    sized(1, 2, Ring { tasks: true, ..JOINING }).holds(270_000);
}

/// Everything at once that may happen, where that is not too much.
#[test]
fn whatever_comes_together() {
    let all = Ring { abandons: 1, may_refuse: true, leaves: [true, true], ..RESTLESS };
    sized(2, 2, Ring { fences: Fences::Light, ..all }).holds(520_000);
    sized(2, 2, Ring { fences: Fences::Fenced, defers: true, ..all }).holds(720_000);
    sized(2, 2, Ring { abandons: 1, restless: 1, tasks: true, ..TIMED }).holds(670_000);
    sized(2, 2, Ring { defers: true, joins: true, leaves: [true, true], ..RESTLESS })
        .holds(350_000);
}
