//! The folder `wait`, and what `waitAsync` has under the same names.

use std::thread;
use std::time::{Duration, Instant};

use untorn::wait::Outcome;

use crate::agents::Limit::{After, At, Never};
use crate::agents::{Agents, Limit, SHORT, Way, Word};
use crate::support::PATIENCE;

conformance! {
    value_not_equal,
    wait_index_value_not_equal,
    was_woken_before_timeout,
    no_spurious_wakeup_no_operation,
    no_spurious_wakeup_on_add,
    no_spurious_wakeup_on_and,
    no_spurious_wakeup_on_compare_exchange,
    no_spurious_wakeup_on_exchange,
    no_spurious_wakeup_on_or,
    no_spurious_wakeup_on_store,
    no_spurious_wakeup_on_sub,
    no_spurious_wakeup_on_xor,
    negative_timeout,
    negative_timeout_agent,
    false_for_timeout,
    false_for_timeout_agent,
    null_for_timeout,
    object_for_timeout,
    true_for_timeout,
    nan_for_timeout,
    undefined_for_timeout,
    waiterlist_order_of_operations_is_fifo,
    waiterlist_block_indexedposition_wake,
    good_views,
}

/// A word that holds another value is not waited for.
fn value_not_equal<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    agents.start(0, (0, 42), Never);
    assert_eq!(agents.report().outcome, Outcome::NotEqual);
    assert_eq!(agents.notify(0, 1), 0);
}

/// Nor with a timeout that it would not have lived to see; and nobody is left behind in the queue.
fn wait_index_value_not_equal<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    for expected in [44, 251] {
        agents.start(0, (0, expected), After(PATIENCE));
        let report = agents.report();
        assert_eq!(report.outcome, Outcome::NotEqual);
        assert!(report.lapse < PATIENCE);
    }
    assert_eq!(agents.notify(0, 1), 0);
}

/// A wait that is notified in time ends as woken, before its timeout.
fn was_woken_before_timeout<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    agents.sleep(0, (0, 0), After(PATIENCE));
    assert_eq!(agents.notify(0, 1), 1);
    let report = agents.report();
    assert_eq!(report.outcome, Outcome::Woken);
    assert!(report.lapse < PATIENCE);
}

/// What happens to the word ends no wait: it runs out of time, not early, and leaves the queue.
fn no_spurious_wakeup<A: Word, W: Way>(operation: impl Fn(&A)) {
    const BEFORE: i32 = 0b11;
    // An agent may be so late that its time is over when the operation comes; then another tries.
    for attempt in 0.. {
        let agents = Agents::<A, W>::new();
        agents.word(0).store(BEFORE);
        agents.sleep(attempt, (0, BEFORE), After(SHORT));
        operation(agents.word(0));
        let in_time = agents.waiting(0) == 1;
        assert_eq!(agents.timed_out(SHORT), attempt);
        assert_eq!(agents.notify(0, 1), 0);
        if in_time {
            break;
        }
        assert!(attempt < 100, "no agent was in time");
    }
}

/// The same, with an operation that changes the word.
fn no_spurious_wakeup_on<A: Word, W: Way>(operation: impl Fn(&A)) {
    no_spurious_wakeup::<A, W>(|word| {
        let before = word.value();
        operation(word);
        assert_ne!(word.value(), before);
    });
}

/// A wait does not end by itself.
fn no_spurious_wakeup_no_operation<A: Word, W: Way>() {
    no_spurious_wakeup::<A, W>(|_| ());
}

/// An addition to the word does not end a wait.
fn no_spurious_wakeup_on_add<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.add(1));
}

/// Bits that are cleared do not end a wait.
fn no_spurious_wakeup_on_and<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.and(1));
}

/// A value that is replaced if it is the expected one does not end a wait.
fn no_spurious_wakeup_on_compare_exchange<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.compare_exchange(0b11, 7));
}

/// A value that is replaced does not end a wait.
fn no_spurious_wakeup_on_exchange<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.exchange(7));
}

/// Bits that are set do not end a wait.
fn no_spurious_wakeup_on_or<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.or(0b100));
}

/// A value that is stored does not end a wait.
fn no_spurious_wakeup_on_store<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.store(0x11_1111));
}

/// A subtraction from the word does not end a wait.
fn no_spurious_wakeup_on_sub<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.sub(1));
}

/// Bits that are flipped do not end a wait.
fn no_spurious_wakeup_on_xor<A: Word, W: Way>() {
    no_spurious_wakeup_on::<A, W>(|word| word.xor(1));
}

/// Without any time left the value is still compared first; then the time is over at once, here and
/// on an agent, and nobody is left behind in the queue.
fn at_once<A: Word, W: Way>(limit: impl Fn() -> Limit, on_agent: bool) {
    let agents = Agents::<A, W>::new();
    for (expected, outcome) in [(0, Outcome::TimedOut), (1, Outcome::NotEqual)] {
        if on_agent {
            agents.start(0, (0, expected), limit());
            assert_eq!(agents.report().outcome, outcome);
        } else {
            assert_eq!(W::wait(agents.word(0), expected, limit()), outcome);
        }
    }
    assert_eq!(agents.notify(0, 1), 0);
}

/// A moment that has long passed.
fn passed() -> Limit {
    At(Instant::now().checked_sub(Duration::from_millis(1)).expect("the clock runs for a while"))
}

/// A timeout below zero is zero.
fn negative_timeout<A: Word, W: Way>() {
    at_once::<A, W>(passed, false);
}

/// On an agent as well.
fn negative_timeout_agent<A: Word, W: Way>() {
    at_once::<A, W>(passed, true);
}

/// False is a timeout of zero.
fn false_for_timeout<A: Word, W: Way>() {
    at_once::<A, W>(|| After(Duration::from_millis(false.into())), false);
}

/// On an agent as well.
fn false_for_timeout_agent<A: Word, W: Way>() {
    at_once::<A, W>(|| After(Duration::from_millis(false.into())), true);
}

/// Nothing at all is a timeout of zero.
fn null_for_timeout<A: Word, W: Way>() {
    at_once::<A, W>(|| After(Duration::default()), false);
}

/// An object that says when: here a moment, which is now.
fn object_for_timeout<A: Word, W: Way>() {
    at_once::<A, W>(|| At(Instant::now()), false);
}

/// True is a timeout of one millisecond.
fn true_for_timeout<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    let timeout = Duration::from_millis(true.into());
    agents.start(0, (0, 0), After(timeout));
    agents.timed_out(timeout);
    assert_eq!(agents.notify(0, 1), 0);
}

/// A wait that has no end but a notification.
fn endless<A: Word, W: Way>(limit: Limit) {
    let agents = Agents::<A, W>::new();
    agents.sleep(0, (0, 0), limit);
    thread::sleep(SHORT);
    assert_eq!(agents.waiting(0), 1);
    assert_eq!(agents.notify(0, 1), 1);
    let report = agents.report();
    assert_eq!(report.outcome, Outcome::Woken);
    assert!(report.lapse >= SHORT);
}

/// A timeout that is no number is endless, as are all that the clock cannot hold.
fn nan_for_timeout<A: Word, W: Way>() {
    endless::<A, W>(After(Duration::MAX));
}

/// Without a timeout a wait is endless.
fn undefined_for_timeout<A: Word, W: Way>() {
    endless::<A, W>(Never);
}

/// The list of those who wait is first in, first out, whatever the words around are used for.
fn waiterlist_order_of_operations_is_fifo<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    // Every second one waits elsewhere.
    (0..6).for_each(|agent| agents.sleep(agent, (agent % 2, 0), Never));
    for agent in [1, 3, 5] {
        assert_eq!(agents.notify(1, 1), 1);
        assert_eq!(agents.woken(), agent);
    }
    for agent in [0, 2, 4] {
        assert_eq!(agents.notify(0, 1), 1);
        assert_eq!(agents.woken(), agent);
    }
}

/// Each place has a list of its own.
fn waiterlist_block_indexedposition_wake<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    agents.sleep(0, (0, 0), Never);
    agents.sleep(2, (2, 0), Never);
    assert_eq!(agents.notify(1, usize::MAX), 0);
    assert_eq!(agents.notify(3, usize::MAX), 0);
    assert_eq!(agents.notify(2, usize::MAX), 1);
    assert_eq!(agents.woken(), 2);
    assert_eq!(agents.notify(0, usize::MAX), 1);
    assert_eq!(agents.woken(), 0);
}

/// Every place of an array can be waited for, the last one too, and a value of its own is compared.
fn good_views<A: Word, W: Way>() {
    let agents = Agents::<A, W>::new();
    for index in 0..4 {
        let word = agents.word(index);
        assert_eq!(W::wait(word, 0, After(Duration::ZERO)), Outcome::TimedOut);
        assert_eq!(W::wait(word, 37, After(Duration::ZERO)), Outcome::NotEqual);
        word.store(37);
        assert_eq!(W::wait(word, 0, Never), Outcome::NotEqual);
        assert_eq!(W::wait(word, 37, After(Duration::ZERO)), Outcome::TimedOut);
        word.store(0);
    }
}
