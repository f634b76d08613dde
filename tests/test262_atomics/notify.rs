//! The folder `notify`.

use std::thread;

use untorn::wait::{self, Outcome};

use crate::agents::Limit::{After, Never};
use crate::agents::{Agents, SHORT, Way, Word};
use crate::support::PATIENCE;

conformance! {
    notify_zero,
    notify_one,
    notify_two,
    notify_all,
    notify_all_on_loc,
    notify_in_order,
    notify_in_order_one_time,
    notify_renotify_noop,
    notify_with_no_agents_waiting,
    notify_with_no_matching_agents_waiting,
    negative_count,
    notify_nan,
    count_from_nans,
    count_boundary_cases,
    count_defaults_to_infinity_missing,
    count_defaults_to_infinity_undefined,
    undefined_index_defaults_to_zero,
    non_shared_bufferdata_returns_0,
}

/// A count of zero wakes nobody, and says so.
fn notify_zero<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    (0..3).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    assert_eq!(agents.notify(0, 0), 0);
    assert_eq!(agents.waiting(0), 3);
    assert_eq!(agents.notify(0, 3), 3);
    (0..3).for_each(|_| _ = agents.woken());
}

/// Of three, `count` are woken, those that came first, and the others run out of time.
fn notify_some<A: Word, W: Way>(count: usize) {
    let agents = Agents::<A, W>::new();
    (0..count).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    (count..3).for_each(|agent| agents.sleep(agent, (0, 0), After(SHORT)));
    assert_eq!(agents.notify(0, count), count);
    let mut reports: Vec<_> = (0..3).map(|_| agents.report()).collect();
    reports.sort_by_key(|report| report.agent);
    for report in &reports[..count] {
        assert_eq!(report.outcome, Outcome::Woken);
    }
    for report in &reports[count..] {
        assert_eq!(report.outcome, Outcome::TimedOut);
        assert!(report.lapse >= SHORT);
    }
}

/// A count of one wakes one; the others run out of time.
fn notify_one<A: Word, W: Way>() {
    notify_some::<A, W>(1);
}

/// A count of two wakes two; the third runs out of time.
fn notify_two<A: Word, W: Way>() {
    notify_some::<A, W>(2);
}

/// Without a limit all who wait are woken, and counted.
fn notify_all<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    (0..3).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    assert_eq!(wait::notify_all(agents.word(0)), 3);
    (0..3).for_each(|_| _ = agents.woken());
}

/// All who wait at one place are woken, and nobody who waits at another.
fn notify_all_on_loc<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    agents.sleep(3, (1, 0), Never);
    (0..3).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    assert_eq!(wait::notify_all(agents.word(0)), 3);
    assert_eq!(agents.waiting(1), 1);
    assert!((0..3).map(|_| agents.woken()).all(|agent| agent < 3));
    assert_eq!(wait::notify_all(agents.word(1)), 1);
    assert_eq!(agents.woken(), 3);
}

/// Woken one by one, agents come in the order in which they began to wait.
fn notify_in_order<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    (0..3).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    for agent in 0..3 {
        assert_eq!(agents.notify(0, 1), 1);
        assert_eq!(agents.woken(), agent);
    }
}

/// The same for agents that all run before the first of them begins to wait, in another order.
fn notify_in_order_one_time<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    let order = [1, 2, 0];
    for agent in 0..3 {
        let spin = move |memory: &[A; 4]| {
            while memory[1 + agent].value() == A::of(0) {
                thread::yield_now();
            }
        };
        agents.start_after(spin, agent, (0, 0), Never);
    }
    for (earlier, agent) in order.into_iter().enumerate() {
        agents.word(1 + agent).store(1);
        assert!(agents.until(PATIENCE, || agents.waiting(0) == earlier + 1));
    }
    for agent in order {
        assert_eq!(agents.notify(0, 1), 1);
        assert_eq!(agents.woken(), agent);
    }
}

/// Who was notified is not counted again, though it may not have run since.
fn notify_renotify_noop<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    agents.sleep(0, (0, 0), Never);
    assert_eq!(agents.notify(0, 1), 1);
    assert_eq!(agents.notify(0, 1), 0);
    agents.woken();
}

/// Where nobody waits, nobody is woken.
fn notify_with_no_agents_waiting<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    assert_eq!(agents.notify(0, 1), 0);
    // Nor where an agent has waited.
    agents.sleep(0, (0, 0), Never);
    assert_eq!(agents.notify(0, 1), 1);
    agents.woken();
    assert_eq!(agents.notify(0, 1), 0);
}

/// Nor where agents wait, but elsewhere.
fn notify_with_no_matching_agents_waiting<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    agents.sleep(0, (0, 0), Never);
    (1..4).for_each(|index| assert_eq!(agents.notify(index, 1), 0));
    assert_eq!(agents.notify(0, 1), 1);
    agents.woken();
}

/// Each count is as good as zero to an agent that waits.
fn counts_as_zero<A: Word, W: Way>(counts: &[f64]) {
    let agents = Agents::<A, W>::new();
    agents.sleep(0, (0, 0), Never);
    for count in counts {
        assert_eq!(agents.notify(0, *count as usize), 0, "{count}");
    }
    assert_eq!(agents.waiting(0), 1);
    assert_eq!(agents.notify(0, 1), 1);
    agents.woken();
}

/// A count below zero counts as zero.
fn negative_count<A: Word, W: Way>() {
    counts_as_zero::<A, W>(&[-1.0, -3.0, -0.5, f64::MIN, f64::NEG_INFINITY]);
}

/// A count that is no number counts as zero.
fn notify_nan<A: Word, W: Way>() {
    counts_as_zero::<A, W>(&[f64::NAN]);
}

/// However it came about.
fn count_from_nans<A: Word, W: Way>() {
    let parsed = "NaN".parse().expect("a number that is none");
    counts_as_zero::<A, W>(&[-f64::NAN, (-1.0_f64).sqrt(), 0.0 * f64::INFINITY, parsed]);
}

/// Any count will do where nobody waits, and wakes nobody.
fn count_boundary_cases<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    for count in [0, 1, 8, 33, u32::MAX as usize, usize::MAX - 1, usize::MAX] {
        assert_eq!(agents.notify(0, count), 0);
    }
    assert_eq!(wait::notify_all(agents.word(0)), 0);
}

/// Without a count, all are woken.
fn count_defaults_to_infinity_missing<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    (0..4).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    assert_eq!(wait::notify_all(agents.word(0)), 4);
    (0..4).for_each(|_| _ = agents.woken());
}

/// An infinite count wakes all.
fn count_defaults_to_infinity_undefined<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    (0..4).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    assert_eq!(agents.notify(0, f64::INFINITY as usize), 4);
    (0..4).for_each(|_| _ = agents.woken());
}

/// The memory itself stands for its first place.
fn undefined_index_defaults_to_zero<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    (0..2).for_each(|agent| agents.sleep(agent, (0, 0), Never));
    assert_eq!(wait::notify(agents.memory().as_ptr(), 1), 1);
    agents.woken();
    assert_eq!(wait::notify_all(agents.memory().as_ptr()), 1);
    agents.woken();
}

/// Memory that nobody else has is notified in vain.
fn non_shared_bufferdata_returns_0<A: Word, W: Way>() {
    let ours = [A::default(), A::default()];
    assert_eq!(wait::notify(&ours[0], 0), 0);
    assert_eq!(wait::notify(&ours[0], 1), 0);
    // However many wait for memory that is shared.
    let agents = Agents::<A, W>::new();
    agents.sleep(0, (0, 0), Never);
    assert_eq!(wait::notify_all(&ours[0]), 0);
    assert_eq!(agents.notify(0, 1), 1);
    agents.woken();
}
