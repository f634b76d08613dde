//! The suite's shared memory, and its agents: threads that wait for a word of it and report.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicI32, AtomicI64};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use untorn::wait::{self, Outcome, Waitable};

use crate::support::PATIENCE;
use crate::support::tasks::block_on;

/// How long an agent waits that nobody is to wake.
pub(crate) const SHORT: Duration = Duration::from_millis(50);

/// A word of the suite's typed arrays, and the operations that may change it.
pub(crate) trait Word: Waitable<Value: Debug> + Default + Send + Sync + 'static {
    fn of(number: i32) -> Self::Value;
    fn value(&self) -> Self::Value;
    fn store(&self, number: i32);
    fn add(&self, number: i32);
    fn sub(&self, number: i32);
    fn and(&self, number: i32);
    fn or(&self, number: i32);
    fn xor(&self, number: i32);
    fn exchange(&self, number: i32);
    fn compare_exchange(&self, expected: i32, number: i32);
}

macro_rules! words {
    ($($word:ty),+) => {$(
        impl Word for $word {
            fn of(number: i32) -> Self::Value {
                number.into()
            }
            fn value(&self) -> Self::Value {
                self.load(SeqCst)
            }
            fn store(&self, number: i32) {
                self.store(number.into(), SeqCst);
            }
            fn add(&self, number: i32) {
                self.fetch_add(number.into(), SeqCst);
            }
            fn sub(&self, number: i32) {
                self.fetch_sub(number.into(), SeqCst);
            }
            fn and(&self, number: i32) {
                self.fetch_and(number.into(), SeqCst);
            }
            fn or(&self, number: i32) {
                self.fetch_or(number.into(), SeqCst);
            }
            fn xor(&self, number: i32) {
                self.fetch_xor(number.into(), SeqCst);
            }
            fn exchange(&self, number: i32) {
                self.swap(number.into(), SeqCst);
            }
            fn compare_exchange(&self, expected: i32, number: i32) {
                self.compare_exchange(expected.into(), number.into(), SeqCst, SeqCst)
                    .expect("nobody else changes it");
            }
        }
    )+};
}

words!(AtomicI32, AtomicI64);

/// When a wait is over without having been notified.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Limit {
    Never,
    After(Duration),
    At(Instant),
}

/// A way to wait.
pub(crate) trait Way: Send + 'static {
    fn wait<A: Word>(word: &A, expected: i32, limit: Limit) -> Outcome;
}

/// `Atomics.wait`.
pub(crate) struct Blocking;

impl Way for Blocking {
    fn wait<A: Word>(word: &A, expected: i32, limit: Limit) -> Outcome {
        match limit {
            Limit::Never => wait::wait(word, A::of(expected)),
            Limit::After(timeout) => wait::wait_timeout(word, A::of(expected), timeout),
            Limit::At(deadline) => wait::wait_deadline(word, A::of(expected), deadline),
        }
    }
}

/// `Atomics.waitAsync`, whose future is dropped at its timeout.
pub(crate) struct Awaiting;

impl Way for Awaiting {
    fn wait<A: Word>(word: &A, expected: i32, limit: Limit) -> Outcome {
        let deadline = match limit {
            Limit::Never => None,
            Limit::After(timeout) => Instant::now().checked_add(timeout),
            Limit::At(deadline) => Some(deadline),
        };
        block_on(wait::wait_async(word, A::of(expected)), deadline).unwrap_or(Outcome::TimedOut)
    }
}

/// What an agent has to say at its end.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) agent: usize,
    pub(crate) outcome: Outcome,
    pub(crate) lapse: Duration,
}

/// Agents that wait in the way `W`, for words of type `A` that are all zero at first.
///
/// They are not joined: where a test fails, some may sleep for ever.
pub(crate) struct Agents<A, W> {
    memory: Arc<[A; 4]>,
    sender: Sender<Report>,
    reports: Receiver<Report>,
    way: PhantomData<W>,
}

impl<A: Word, W: Way> Agents<A, W> {
    pub(crate) fn new() -> Self {
        let (sender, reports) = channel();
        Self { memory: Arc::default(), sender, reports, way: PhantomData }
    }

    pub(crate) fn word(&self, index: usize) -> &A {
        &self.memory[index]
    }

    pub(crate) fn memory(&self) -> &[A; 4] {
        &self.memory
    }

    pub(crate) fn waiting(&self, index: usize) -> usize {
        wait::waiting(self.word(index))
    }

    pub(crate) fn notify(&self, index: usize, count: usize) -> usize {
        wait::notify(self.word(index), count)
    }

    /// Starts an agent that does `first`, then waits while the word holds `expected`.
    pub(crate) fn start_after(
        &self,
        first: impl FnOnce(&[A; 4]) + Send + 'static,
        agent: usize,
        (index, expected): (usize, i32),
        limit: Limit,
    ) {
        let (memory, sender) = (Arc::clone(&self.memory), self.sender.clone());
        thread::spawn(move || {
            first(&memory);
            let start = Instant::now();
            let outcome = W::wait(&memory[index], expected, limit);
            // Nobody listens if the test has failed.
            _ = sender.send(Report { agent, outcome, lapse: start.elapsed() });
        });
    }

    /// Starts an agent that waits while the word holds `expected`.
    pub(crate) fn start(&self, agent: usize, place: (usize, i32), limit: Limit) {
        self.start_after(|_| (), agent, place, limit);
    }

    /// The same, and returns when it waits; or when it has waited, if its time is short.
    pub(crate) fn sleep(&self, agent: usize, place: (usize, i32), limit: Limit) {
        let before = self.waiting(place.0);
        self.start(agent, place, limit);
        let patience = match limit {
            Limit::After(timeout) => timeout.min(PATIENCE),
            _ => PATIENCE,
        };
        let asleep = self.until(patience, || self.waiting(place.0) > before);
        assert!(asleep || patience < PATIENCE, "agent {agent} does not wait");
    }

    /// Whether it came true in time.
    pub(crate) fn until(&self, patience: Duration, condition: impl Fn() -> bool) -> bool {
        let start = Instant::now();
        while !condition() {
            if start.elapsed() > patience {
                return false;
            }
            thread::yield_now();
        }
        true
    }

    /// The next report.
    #[track_caller]
    pub(crate) fn report(&self) -> Report {
        self.reports.recv_timeout(PATIENCE).expect("an agent comes to its end")
    }

    /// The next report is of a wait that was notified.
    #[track_caller]
    pub(crate) fn woken(&self) -> usize {
        let report = self.report();
        assert_eq!(report.outcome, Outcome::Woken, "{report:?}");
        report.agent
    }

    /// The next report is of a wait that ended after `timeout`, and not before.
    #[track_caller]
    pub(crate) fn timed_out(&self, timeout: Duration) -> usize {
        let report = self.report();
        assert_eq!(report.outcome, Outcome::TimedOut, "{report:?}");
        assert!(report.lapse >= timeout, "{report:?}");
        report.agent
    }
}
