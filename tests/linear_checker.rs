//! The linearizability checker itself: histories with a known verdict, and a published checker.

use std::collections::VecDeque;

mod support;
use support::linear::{History, Model, Operation, is_linearizable};
use support::models::{Queue, QueueAnswer, QueueCall, Register, RegisterCall};
use support::rounds;

fn at<C, A>(from: u64, to: u64, call: C, answer: A) -> Operation<C, A> {
    Operation { call, answer, from, to }
}

#[test]
fn a_read_may_see_either_side_of_a_write_that_overlaps_it() {
    for seen in [0, 7] {
        let history =
            vec![at(0, 3, RegisterCall::Write(7), None), at(1, 2, RegisterCall::Read, Some(seen))];
        assert!(is_linearizable(Register(0), &history));
    }
}

#[test]
fn a_read_after_a_write_must_not_be_stale() {
    let history =
        vec![at(0, 1, RegisterCall::Write(7), None), at(2, 3, RegisterCall::Read, Some(0))];
    assert!(!is_linearizable(Register(0), &history));
}

#[test]
fn two_readers_must_agree_on_the_order() {
    // Both writes overlap everything; the readers see them in opposite orders.
    let history = vec![
        at(0, 9, RegisterCall::Write(1), None),
        at(1, 10, RegisterCall::Write(2), None),
        at(2, 3, RegisterCall::Read, Some(1)),
        at(4, 5, RegisterCall::Read, Some(2)),
        at(6, 7, RegisterCall::Read, Some(1)),
    ];
    assert!(!is_linearizable(Register(0), &history));
}

#[test]
fn a_lost_update_is_found() {
    let history = vec![
        at(0, 2, RegisterCall::Add(1), None),
        at(1, 3, RegisterCall::Add(1), None),
        at(4, 5, RegisterCall::Read, Some(1)),
    ];
    assert!(!is_linearizable(Register(0), &history));
}

#[test]
fn an_exchange_must_fail_for_a_reason() {
    let exchange = RegisterCall::CompareExchange(0, 7);
    let history = |answer, seen| {
        vec![at(0, 1, exchange.clone(), answer), at(2, 3, RegisterCall::Read, Some(seen))]
    };
    assert!(is_linearizable(Register(0), &history(Some(0), 7)));
    assert!(!is_linearizable(Register(0), &history(None, 0)), "nothing was in its way");
    assert!(!is_linearizable(Register(1), &history(Some(0), 7)), "it was not the value");
    assert!(is_linearizable(Register(1), &history(None, 1)));
    let swaps =
        vec![at(0, 2, RegisterCall::Swap(1), Some(0)), at(1, 3, RegisterCall::Swap(2), Some(0))];
    assert!(!is_linearizable(Register(0), &swaps), "both took out the same");
}

#[test]
fn a_queue_must_not_say_empty_while_a_finished_push_sits_inside() {
    // The anomaly of the textbook many-to-many ring: another push, begun earlier and not yet
    // finished, hides it.
    let queue = Queue { capacity: 4, items: VecDeque::new() };
    let history = vec![
        at(0, 9, QueueCall::Push(1), QueueAnswer::Pushed),
        at(1, 2, QueueCall::Push(2), QueueAnswer::Pushed),
        at(3, 4, QueueCall::Pop, QueueAnswer::Empty),
    ];
    assert!(!is_linearizable(queue, &history));
}

#[test]
fn a_queue_must_keep_its_order() {
    let queue = Queue { capacity: 4, items: VecDeque::new() };
    let mut history = vec![
        at(0, 1, QueueCall::Push(1), QueueAnswer::Pushed),
        at(2, 3, QueueCall::Push(2), QueueAnswer::Pushed),
        at(4, 5, QueueCall::Pop, QueueAnswer::Popped(2)),
    ];
    assert!(!is_linearizable(queue.clone(), &history));
    history[2].answer = QueueAnswer::Popped(1);
    assert!(is_linearizable(queue, &history));
}

/// `RegisterCall` in the terms of the published checker.
struct Published;

impl todc_utils::specifications::Specification for Published {
    type State = u32;
    type Operation = (RegisterCall, Option<u32>);

    fn init() -> u32 {
        0
    }

    fn apply((call, answer): &Self::Operation, state: &u32) -> (bool, u32) {
        match Register(*state).step(call, answer) {
            Some(Register(next)) => (true, next),
            None => (false, *state),
        }
    }
}

/// Random histories of three threads with random answers, most of them impossible: both checkers
/// must say the same of each.
#[test]
fn it_agrees_with_a_published_checker() {
    use todc_utils::linearizability::WGLChecker;
    use todc_utils::linearizability::history::{Action, History as Actions};

    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move |limit: u64| {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) % limit
    };
    let mut verdicts = [0, 0];
    for _ in 0..rounds(20_000) {
        let mut actions = Vec::new();
        let mut history: History<Register> = Vec::new();
        let mut running: [Option<usize>; 3] = [None; 3];
        for moment in 0..24 {
            let thread = random(3) as usize;
            if let Some(index) = running[thread].take() {
                let operation: &mut Operation<_, _> = &mut history[index];
                operation.to = moment;
                let done = (operation.call.clone(), operation.answer);
                actions.push((thread, Action::Response(done)));
            } else if moment < 16 {
                let value = random(3) as u32;
                let (call, answer) = match random(3) {
                    0 => (RegisterCall::Write(value), None),
                    1 => (RegisterCall::Add(1), None),
                    _ => (RegisterCall::Read, Some(value)),
                };
                actions.push((thread, Action::Call((call.clone(), answer))));
                running[thread] = Some(history.len());
                history.push(at(moment, u64::MAX, call, answer));
            }
        }
        for (thread, index) in running.into_iter().enumerate() {
            let Some(index) = index else { continue };
            history[index].to = 100 + thread as u64;
            let done = (history[index].call.clone(), history[index].answer);
            actions.push((thread, Action::Response(done)));
        }
        let ours = is_linearizable(Register(0), &history);
        let theirs = WGLChecker::<Published>::is_linearizable(Actions::from_actions(actions));
        assert_eq!(ours, theirs, "{history:#?}");
        verdicts[usize::from(ours)] += 1;
    }
    assert!(verdicts.iter().all(|&count| count > rounds(20_000) / 20), "{verdicts:?}");
}
