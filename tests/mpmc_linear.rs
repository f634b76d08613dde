//! The queue for many threads: recorded histories, put to the linearizability checker; and the textbook
//! ring beside it, which the checker must see through.
#![cfg(feature = "alloc")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::thread;

use untorn::mpmc::{Queue, TryPopError, TryPushError};

mod support;
use support::linear::{Clock, Model, Script, check, is_linearizable, record};
use support::rounds;
use support::threads::Random;

/// A bounded queue that can be closed. `Busy` is always allowed; every other answer must be true.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Closable {
    capacity: usize,
    items: VecDeque<u32>,
    closed: bool,
}

impl Closable {
    fn new(capacity: usize) -> Self {
        Self { capacity, items: VecDeque::new(), closed: false }
    }
}

#[derive(Clone, Debug)]
enum Call {
    Push(u32),
    Pop,
    IsEmpty,
    IsFull,
    Close,
}

#[derive(Clone, PartialEq, Debug)]
enum Answer {
    Done,
    Popped(u32),
    Full,
    Empty,
    Closed,
    Busy,
    Is(bool),
}

impl Model for Closable {
    type Call = Call;
    type Answer = Answer;

    fn step(&self, call: &Call, answer: &Answer) -> Option<Self> {
        if *answer == Answer::Busy {
            return Some(self.clone());
        }
        let mut next = self.clone();
        let truth = match call {
            Call::Push(_) if self.closed => Answer::Closed,
            Call::Push(_) if self.items.len() == self.capacity => Answer::Full,
            Call::Push(item) => {
                next.items.push_back(*item);
                Answer::Done
            }
            Call::Pop => match next.items.pop_front() {
                Some(item) => Answer::Popped(item),
                None if self.closed => Answer::Closed,
                None => Answer::Empty,
            },
            Call::IsEmpty => Answer::Is(self.items.is_empty()),
            Call::IsFull => Answer::Is(self.items.len() == self.capacity),
            Call::Close => {
                next.closed = true;
                Answer::Is(!self.closed)
            }
        };
        (truth == *answer).then_some(next)
    }
}

fn run(queue: &Queue<u32>, call: &Call) -> Answer {
    match *call {
        Call::Push(item) => match queue.try_push(item) {
            Ok(()) => Answer::Done,
            Err(TryPushError::Full(back)) if back == item => Answer::Full,
            Err(TryPushError::Busy(back)) if back == item => Answer::Busy,
            Err(TryPushError::Closed(back)) if back == item => Answer::Closed,
            Err(_) => panic!("another value came back"),
        },
        Call::Pop => match queue.try_pop() {
            Ok(item) => Answer::Popped(item),
            Err(TryPopError::Empty) => Answer::Empty,
            Err(TryPopError::Busy) => Answer::Busy,
            Err(TryPopError::Closed) => Answer::Closed,
        },
        Call::IsEmpty => match queue.is_empty() {
            true => Answer::Is(true),
            // Only one side of it is promised.
            false => Answer::Busy,
        },
        Call::IsFull => match queue.is_full() {
            true => Answer::Is(true),
            false => Answer::Busy,
        },
        Call::Close => Answer::Is(queue.close()),
    }
}

/// Runs `calls` of one thread, with pauses of a random length between them.
fn script(
    queue: &Arc<Queue<u32>>,
    seed: u64,
    calls: impl IntoIterator<Item = Call> + Send + 'static,
) -> Script<Closable> {
    let queue = Arc::clone(queue);
    Box::new(move |clock: &Clock| {
        let mut random = Random(seed);
        calls
            .into_iter()
            .map(|call| {
                (0..random.below(40)).for_each(|_| std::hint::spin_loop());
                clock.record(call, |call| run(&queue, call))
            })
            .collect()
    })
}

#[test]
fn two_who_push_and_two_who_pop() {
    for capacity in [1, 2, 3, 4] {
        let mut seeds = 1..;
        check(Closable::new(capacity), rounds(1_000), || {
            let queue = Arc::new(Queue::new(capacity));
            let mut seed = || seeds.next().unwrap();
            let pushes = |from: u32| (from..from + 8).map(Call::Push);
            vec![
                script(&queue, seed(), pushes(100)),
                script(&queue, seed(), pushes(200)),
                script(&queue, seed(), (0..8).map(|_| Call::Pop)),
                script(&queue, seed(), (0..8).map(|_| Call::Pop)),
            ]
        });
    }
}

/// Each thread does everything, and one of them closes somewhere in the middle.
#[test]
fn all_do_everything() {
    for capacity in [1, 2, 3] {
        let mut seeds = 1..;
        check(Closable::new(capacity), rounds(1_000), || {
            let queue = Arc::new(Queue::new(capacity));
            (0..4)
                .map(|thread| {
                    let seed = seeds.next().unwrap();
                    let mut random = Random(seed);
                    let calls: Vec<_> = (0..8)
                        .map(|i| match random.below(10) {
                            0 => Call::IsEmpty,
                            1 => Call::IsFull,
                            2 if thread == 0 && i >= 4 => Call::Close,
                            2..6 => Call::Push(100 * thread + i),
                            _ => Call::Pop,
                        })
                        .collect();
                    script(&queue, seed, calls)
                })
                .collect()
        });
    }
}

/// The textbook ring: a number beside each slot, claims by moving the indices. Wrong on purpose as such
/// rings are: a slot that is not filled yet counts as empty.
struct Textbook {
    head: AtomicUsize,
    tail: AtomicUsize,
    slots: Vec<(AtomicUsize, AtomicUsize)>,
}

impl Textbook {
    fn new(capacity: usize) -> Self {
        let slots = (0..capacity).map(|i| (AtomicUsize::new(i), AtomicUsize::new(0))).collect();
        Self { head: AtomicUsize::new(0), tail: AtomicUsize::new(0), slots }
    }

    /// Calls `pause` between the claim and the end.
    fn push(&self, item: u32, pause: impl FnOnce()) -> Answer {
        loop {
            let at = self.tail.load(Relaxed);
            let (number, value) = &self.slots[at % self.slots.len()];
            match number.load(Acquire) {
                seen if seen < at => return Answer::Full,
                seen if seen > at => {}
                _ if self.tail.compare_exchange(at, at + 1, Relaxed, Relaxed).is_ok() => {
                    pause();
                    value.store(item as usize, Relaxed);
                    number.store(at + 1, Release);
                    return Answer::Done;
                }
                _ => {}
            }
        }
    }

    fn pop(&self) -> Answer {
        loop {
            let at = self.head.load(Relaxed);
            let (number, value) = &self.slots[at % self.slots.len()];
            match number.load(Acquire) {
                seen if seen <= at => return Answer::Empty,
                seen if seen > at + 1 => {}
                _ if self.head.compare_exchange(at, at + 1, Relaxed, Relaxed).is_ok() => {
                    let item = value.load(Relaxed);
                    number.store(at + self.slots.len(), Release);
                    return Answer::Popped(item as u32);
                }
                _ => {}
            }
        }
    }
}

/// A push stands still between its claim and its end, a second one is done, and a pop finds nothing.
#[test]
fn the_textbook_ring_says_empty_with_a_value_inside() {
    let (ring, clock) = (Textbook::new(4), Clock::default());
    let mut inner = Vec::new();
    let outer = clock.record(Call::Push(1), |_| {
        ring.push(1, || {
            inner.push(clock.record(Call::Push(2), |_| ring.push(2, || {})));
            inner.push(clock.record(Call::Pop, |_| ring.pop()));
        })
    });
    inner.push(outer);
    assert_eq!(inner[1].answer, Answer::Empty);
    assert!(!is_linearizable(Closable::new(4), &inner), "{inner:#?}");
}

/// The same workload as above finds that out by itself, where threads are held up now and then.
#[test]
fn the_workload_finds_the_textbook_ring_out() {
    let histories = 20_000;
    let found = (1..histories).any(|round| {
        let ring = Arc::new(Textbook::new(4));
        let scripts = (0..4_u32)
            .map(|thread| -> Script<Closable> {
                let (ring, mut random) = (Arc::clone(&ring), Random(4 * round + u64::from(thread)));
                Box::new(move |clock: &Clock| {
                    let mut record = |i| {
                        let hold_up = random.below(4) == 0;
                        let pause =
                            move || (0..2).filter(|_| hold_up).for_each(|_| thread::yield_now());
                        if thread < 2 {
                            let item = 100 * thread + i;
                            clock.record(Call::Push(item), |_| ring.push(item, pause))
                        } else {
                            clock.record(Call::Pop, |_| ring.pop())
                        }
                    };
                    (0..8).map(&mut record).collect()
                })
            })
            .collect();
        !is_linearizable(Closable::new(4), &record::<Closable>(scripts))
    });
    assert!(found, "none of {histories} histories gave the textbook ring away");
}
