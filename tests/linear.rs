//! Recorded histories of every primitive that has a sequential specification, put to a
//! linearizability checker; and the checker itself, put to histories whose verdict is known.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::sync::Barrier;
use std::thread;

use untorn::spsc::{TryPopError, TryPushError, ring};
use untorn::{Counter, SeqLock, Snapshot};

mod support;
use support::linear::{Clock, History, Model, Operation, is_linearizable};
use support::rounds;

/// A bounded queue whose `Full` and `Empty` must be true when they are said.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Queue {
    capacity: usize,
    items: VecDeque<u32>,
}

#[derive(Clone, Debug)]
enum QueueCall {
    Push(u32),
    Pop,
}

#[derive(Clone, PartialEq, Debug)]
enum QueueAnswer {
    Pushed,
    Full,
    Popped(u32),
    Empty,
}

impl Model for Queue {
    type Call = QueueCall;
    type Answer = QueueAnswer;

    fn step(&self, call: &QueueCall, answer: &QueueAnswer) -> Option<Self> {
        let mut next = self.clone();
        let truth = match call {
            QueueCall::Push(_) if self.items.len() == self.capacity => QueueAnswer::Full,
            QueueCall::Push(item) => {
                next.items.push_back(*item);
                QueueAnswer::Pushed
            }
            QueueCall::Pop => {
                next.items.pop_front().map_or(QueueAnswer::Empty, QueueAnswer::Popped)
            }
        };
        (truth == *answer).then_some(next)
    }
}

/// One value; a read that gives up is always allowed.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Register(u32);

#[derive(Clone, Debug)]
enum RegisterCall {
    Write(u32),
    Add(u32),
    Read,
    Take,
}

impl Model for Register {
    type Call = RegisterCall;
    type Answer = Option<u32>;

    fn step(&self, call: &RegisterCall, answer: &Option<u32>) -> Option<Self> {
        match call {
            RegisterCall::Write(value) => Some(Self(*value)),
            RegisterCall::Add(n) => Some(Self(self.0 + n)),
            RegisterCall::Read => answer.is_none_or(|seen| seen == self.0).then(|| self.clone()),
            RegisterCall::Take => (*answer == Some(self.0)).then_some(Self(0)),
        }
    }
}

/// Runs the scripts at the same time, many times, and checks every history.
fn check<M: Model + Send + Sync>(
    start: M,
    histories: usize,
    mut object: impl FnMut() -> Vec<Box<dyn FnOnce(&Clock) -> History<M> + Send>>,
) where
    M::Call: Send,
    M::Answer: Send,
{
    for _ in 0..histories {
        let clock = Clock::default();
        let scripts = object();
        let barrier = Barrier::new(scripts.len());
        let history: History<M> = thread::scope(|scope| {
            let threads: Vec<_> = scripts
                .into_iter()
                .map(|script| {
                    let (clock, barrier) = (&clock, &barrier);
                    scope.spawn(move || {
                        barrier.wait();
                        script(clock)
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(is_linearizable(start.clone(), &history), "not linearizable: {history:#?}");
    }
}

#[test]
fn the_ring_is_a_queue_that_never_lies() {
    for capacity in [1, 2, 3] {
        check(Queue { capacity, items: VecDeque::new() }, rounds(1_000), || {
            let (mut producer, mut consumer) = ring(capacity);
            let push = move |clock: &Clock| {
                let record = |item| {
                    clock.record(QueueCall::Push(item), |_| match producer.try_push(item) {
                        Ok(()) => QueueAnswer::Pushed,
                        Err(TryPushError::Full(_)) => QueueAnswer::Full,
                        Err(TryPushError::Closed(_)) => unreachable!("the consumer is kept"),
                    })
                };
                let history: Vec<_> = (0..12).map(record).collect();
                std::mem::forget(producer);
                history
            };
            let pop = move |clock: &Clock| {
                let record = |_| {
                    clock.record(QueueCall::Pop, |_| match consumer.try_pop() {
                        Ok(item) => QueueAnswer::Popped(item),
                        Err(TryPopError::Empty) => QueueAnswer::Empty,
                        Err(TryPopError::Closed) => unreachable!("the producer is kept"),
                    })
                };
                let history: Vec<_> = (0..12).map(record).collect();
                std::mem::forget(consumer);
                history
            };
            vec![Box::new(push), Box::new(pop)]
        });
    }
}

/// Each thread makes the same calls in its own order, so that reads and writes meet.
fn register_script(
    thread: u32,
    call: impl Fn(&RegisterCall) -> Option<u32> + Send + 'static,
) -> Box<dyn FnOnce(&Clock) -> History<Register> + Send> {
    Box::new(move |clock| {
        (0..8)
            .map(|i| {
                let what = match (i + thread) % 4 {
                    0 => RegisterCall::Write(1_000 * (thread + 1) + i),
                    2 => RegisterCall::Add(1),
                    _ => RegisterCall::Read,
                };
                clock.record(what, &call)
            })
            .collect()
    })
}

#[test]
fn the_sequence_lock_is_a_register() {
    check(Register(0), rounds(1_000), || {
        let cell = std::sync::Arc::new(SeqLock::new([0_u32; 6]));
        (0..3)
            .map(|thread| {
                let cell = cell.clone();
                register_script(thread, move |call| match *call {
                    RegisterCall::Write(value) => {
                        cell.write([value; 6]);
                        None
                    }
                    RegisterCall::Add(n) => {
                        cell.update(|value| *value = [value[0] + n; 6]);
                        None
                    }
                    _ if thread == 0 => cell.try_read().map(|value| value[5]),
                    _ => Some(cell.read()[5]),
                })
            })
            .collect()
    });
}

#[test]
fn the_snapshot_is_a_register() {
    fn check_slots<const N: usize>() {
        check(Register(0), rounds(1_000), || {
            let cell = std::sync::Arc::new(Snapshot::<[u32; 6], N>::with_slots([0; 6]));
            (0..3)
                .map(|thread| -> Box<dyn FnOnce(&Clock) -> History<Register> + Send> {
                    let cell = cell.clone();
                    Box::new(move |clock| {
                        (0..8)
                            .map(|i| {
                                if (i + thread) % 3 == 0 {
                                    let value = 100 * (thread + 1) + i;
                                    clock.record(RegisterCall::Write(value), |_| {
                                        cell.publish([value; 6]);
                                        None
                                    })
                                } else if i % 2 == 0 {
                                    let read = |_: &_| cell.try_read().map(|value| value[5]);
                                    clock.record(RegisterCall::Read, read)
                                } else {
                                    clock.record(RegisterCall::Read, |_| Some(cell.read()[5]))
                                }
                            })
                            .collect()
                    })
                })
                .collect()
        });
    }
    check_slots::<2>();
    check_slots::<3>();
}

#[test]
fn the_counter_counts_each_add_once() {
    check(Register(0), rounds(1_000), || {
        let counter = std::sync::Arc::new(Counter::new());
        (0..3)
            .map(|thread| -> Box<dyn FnOnce(&Clock) -> History<Register> + Send> {
                let counter = counter.clone();
                Box::new(move |clock| {
                    let seen = |value: u64| Some(u32::try_from(value).expect("small"));
                    (0..8)
                        .map(|i| match (i + thread) % 4 {
                            0 => clock.record(RegisterCall::Read, |_| seen(counter.get())),
                            1 => clock.record(RegisterCall::Take, |_| seen(counter.take())),
                            _ => clock.record(RegisterCall::Add(i + 1), |_| {
                                counter.add(u64::from(i) + 1);
                                None
                            }),
                        })
                        .collect()
                })
            })
            .collect()
    });
}

/// Histories with a known verdict: what the checker is worth.
mod checker {
    use super::*;

    fn at<C, A>(from: u64, to: u64, call: C, answer: A) -> Operation<C, A> {
        Operation { call, answer, from, to }
    }

    #[test]
    fn a_read_may_see_either_side_of_a_write_that_overlaps_it() {
        for seen in [0, 7] {
            let history = vec![
                at(0, 3, RegisterCall::Write(7), None),
                at(1, 2, RegisterCall::Read, Some(seen)),
            ];
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
}
