//! A linearizability checker: Wing and Gong's search ("Testing and verifying concurrent objects",
//! 1993) with Lowe's memory of visited configurations ("Testing for linearizability", 2017).
//!
//! A history is linearizable if each operation can be given one moment between its call and its
//! return such that, taken in that order, every result is what the sequential model allows.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

/// What the object is, one operation at a time.
pub(crate) trait Model: Clone + Eq + Hash {
    type Call: Clone + Debug;
    type Answer: Clone + Debug;

    /// The state after `call`, if `answer` is allowed for it now.
    fn step(&self, call: &Self::Call, answer: &Self::Answer) -> Option<Self>;
}

/// One finished operation.
#[derive(Clone, Debug)]
pub(crate) struct Operation<C, A> {
    pub(crate) call: C,
    pub(crate) answer: A,
    /// Clock readings before the call and after the return.
    pub(crate) from: u64,
    pub(crate) to: u64,
}

pub(crate) type History<M> = Vec<Operation<<M as Model>::Call, <M as Model>::Answer>>;

/// Whether some order of the operations explains all answers. At most 64 operations.
pub(crate) fn is_linearizable<M: Model>(start: M, history: &History<M>) -> bool {
    assert!(history.len() <= 64, "{} operations do not fit one word", history.len());
    let mut visited = HashSet::new();
    let mut open = vec![(0_u64, start)];
    while let Some((done, state)) = open.pop() {
        let waiting = || history.iter().enumerate().filter(|(i, _)| done & (1 << i) == 0);
        // Whoever returned first must come before all that were called later.
        let Some(first_return) = waiting().map(|(_, operation)| operation.to).min() else {
            return true;
        };
        for (index, operation) in waiting().filter(|(_, operation)| operation.from < first_return) {
            let Some(next) = state.step(&operation.call, &operation.answer) else { continue };
            let configuration = (done | 1 << index, next);
            if visited.insert(configuration.clone()) {
                open.push(configuration);
            }
        }
    }
    false
}

/// The clock of one history. Every reading is a step of its own, so no two operations tie.
#[derive(Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    fn read(&self) -> u64 {
        // SeqCst: one order of all readings, and no operation moves past its own readings.
        self.0.fetch_add(1, SeqCst)
    }

    /// Runs and records one operation.
    pub(crate) fn record<C, A>(&self, call: C, run: impl FnOnce(&C) -> A) -> Operation<C, A> {
        let from = self.read();
        let answer = run(&call);
        Operation { call, answer, from, to: self.read() }
    }
}

/// What one thread does, and what it saw.
pub(crate) type Script<M> = Box<dyn FnOnce(&Clock) -> History<M> + Send>;

/// Runs the scripts at the same time, many times, and checks every history.
pub(crate) fn check<M: Model + Send + Sync>(
    start: M,
    histories: usize,
    mut object: impl FnMut() -> Vec<Script<M>>,
) where
    M::Call: Send,
    M::Answer: Send,
{
    for _ in 0..histories {
        let history = record::<M>(object());
        assert!(is_linearizable(start.clone(), &history), "not linearizable: {history:#?}");
    }
}

/// Runs the scripts at the same time; what happened.
pub(crate) fn record<M: Model>(scripts: Vec<Script<M>>) -> History<M>
where
    M::Call: Send,
    M::Answer: Send,
{
    let (clock, barrier) = (Clock::default(), Barrier::new(scripts.len()));
    thread::scope(|scope| {
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
    })
}
