//! Recorded histories of every primitive that has a sequential specification, put to a
//! linearizability checker. What the checker is worth: `linear_checker.rs`.
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::sync::Barrier;

use untorn::rcu::{Policy, Rcu};
use untorn::spsc::{TryPopError, TryPushError, ring};
use untorn::{Counter, SeqLock, ShardedCounter, Snapshot, latest};

mod support;
use support::linear::{Clock, Script, check};
use support::models::{Queue, QueueAnswer, QueueCall, Register, RegisterCall};
use support::rounds;

#[test]
fn the_ring_is_a_queue_that_never_lies() {
    for capacity in [1, 2, 3] {
        check(Queue { capacity, items: VecDeque::new() }, rounds(1_000), || {
            let (mut producer, mut consumer) = ring(capacity);
            // Neither end goes while the other is at work: closing is no part of this model.
            let pushed = std::sync::Arc::new(Barrier::new(2));
            let popped = pushed.clone();
            let push = move |clock: &Clock| {
                let record = |item| {
                    clock.record(QueueCall::Push(item), |_| match producer.try_push(item) {
                        Ok(()) => QueueAnswer::Pushed,
                        Err(TryPushError::Full(_)) => QueueAnswer::Full,
                        Err(TryPushError::Closed(_)) => unreachable!("the consumer is kept"),
                    })
                };
                let history: Vec<_> = (0..12).map(record).collect();
                pushed.wait();
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
                popped.wait();
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
) -> Script<Register> {
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
                .map(|thread| -> Script<Register> {
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

/// Nobody reads a value that is older than one whose publication had ended when the read began; what
/// one reader has seen, no later read of any reader misses.
#[test]
fn the_latest_value_is_a_register() {
    fn check_readers<const R: usize>() {
        check(Register(0), rounds(1_000), || {
            let (mut writer, readers) = latest::channel([0_u32; 6], R);
            let publish: Script<Register> = Box::new(move |clock| {
                (1..=12)
                    .map(|value| {
                        clock.record(RegisterCall::Write(value), |_| {
                            if value % 2 == 0 {
                                writer.publish([value; 6]);
                            } else {
                                writer.publish_with(|words| words.fill(value));
                            }
                            None
                        })
                    })
                    .collect()
            });
            let read = readers.into_iter().map(|mut reader| -> Script<Register> {
                Box::new(move |clock| {
                    (0..12)
                        .map(|_| clock.record(RegisterCall::Read, |_| Some(reader.read()[5])))
                        .collect()
                })
            });
            std::iter::once(publish).chain(read).collect()
        });
    }
    check_readers::<1>();
    check_readers::<3>();
}

/// Reads by thread, by handle and cached; stores of every kind. The values of two versions are never
/// equal, so that what an exchange compares, the version, shows in the value.
#[test]
fn read_copy_update_is_a_register() {
    for policy in [Policy::Prompt, Policy::Batch(2), Policy::Manual] {
        check(Register(0), rounds(1_000), || {
            let cell = std::sync::Arc::new(Rcu::with_policy([0_u32; 6], policy));
            (0..3_u32)
                .map(|thread| -> Script<Register> {
                    let mut reader = Rcu::reader_owned(&cell);
                    Box::new(move |clock| {
                        let mut call = |i: u32| {
                            let cell = reader.cell();
                            let value = 1_000 * (thread + 1) + 100 * i;
                            match (i * 5 + thread * 3) % 8 {
                                0 => clock.record(RegisterCall::Write(value), |_| {
                                    cell.store([value; 6]);
                                    None
                                }),
                                1 => clock.record(RegisterCall::Swap(value), |_| {
                                    Some(cell.swap([value; 6])[5])
                                }),
                                2 => clock.record(RegisterCall::Add(1), |_| {
                                    cell.update(|words| words.map(|word| word + 1));
                                    None
                                }),
                                3 | 4 => {
                                    let seen = cell.read();
                                    let exchange = RegisterCall::CompareExchange(seen[5], value);
                                    clock.record(exchange, |_| {
                                        cell.compare_exchange(&seen, [value; 6])
                                            .ok()
                                            .map(|()| seen[5])
                                    })
                                }
                                5 => clock.record(RegisterCall::Read, |_| Some(cell.read()[5])),
                                6 => clock.record(RegisterCall::Read, |_| Some(reader.read()[5])),
                                _ => clock.record(RegisterCall::Read, |_| Some(reader.cached()[5])),
                            }
                        };
                        (0..8).map(&mut call).collect()
                    })
                })
                .collect()
        });
    }
}

#[test]
fn the_counter_counts_each_add_once() {
    check(Register(0), rounds(1_000), || {
        let counter = std::sync::Arc::new(Counter::new());
        (0..3)
            .map(|thread| -> Script<Register> {
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

/// Adds by slots and by the overflow, and exact counts of them, which may fail.
#[test]
fn the_sharded_counter_is_exact_when_it_says_so() {
    fn check_with<const N: usize>() {
        check(Register(0), rounds(1_000), || {
            let counter = std::sync::Arc::new(ShardedCounter::<N>::new());
            (0..4)
                .map(|thread| -> Script<Register> {
                    let counter = counter.clone();
                    Box::new(move |clock| {
                        let exact = || counter.try_exact(2).map(|count| count as u32);
                        (0..8)
                            .map(|i| match (i + thread) % 3 {
                                0 => clock.record(RegisterCall::Read, |_| exact()),
                                _ => clock.record(RegisterCall::Add(1 << i), |_| {
                                    counter.add(1 << i);
                                    None
                                }),
                            })
                            .collect()
                    })
                })
                .collect()
        });
    }
    check_with::<1>();
    check_with::<16>();
}
