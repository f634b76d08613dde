//! How a model check is run here.
//!
//! Loom runs a closure once for every relevant interleaving and every value that the C11 memory model
//! lets a load return. Three habits keep it from passing for the wrong reason:
//!
//! * every check says which outcomes it must *see*: a model that explored one execution is silent in
//!   the same way as one that explored them all;
//! * the main thread only spawns and joins: loom drops executions in which it takes part;
//! * preemptions are bounded (3, and 2 in one large model, unless `LOOM_MAX_PREEMPTIONS` says
//!   otherwise): loom finds *more* that way, since its unbounded search prunes too much where a thread
//!   loads what it later stores.
//!
//! `cargo loom` sets `--cfg loom`. Without it this library holds the explicit-state models, which are
//! tests of their own: `.ci/run models`.

#[cfg(all(test, not(loom)))]
mod models;

#[cfg(loom)]
mod block_on;
#[cfg(loom)]
mod tracked;
#[cfg(loom)]
mod versions;

#[cfg(loom)]
mod explore {
    use std::collections::BTreeSet;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    /// Explores `scenario` and demands that its results are exactly `expected`: each seen at least
    /// once, and no other.
    ///
    /// # Panics
    ///
    /// If an execution panics, deadlocks, races or leaks, if a result is missing or unexpected, or if
    /// the environment cuts the search short.
    pub fn explore<T: Ord + Debug + Send + 'static>(
        expected: impl IntoIterator<Item = T>,
        scenario: impl Fn() -> T + Sync + Send + 'static,
    ) {
        explore_bounded(3, expected, scenario);
    }

    /// The same with another bound on preemptions, for a scenario that is too large for three.
    ///
    /// # Panics
    ///
    /// As [`explore`].
    pub fn explore_bounded<T: Ord + Debug + Send + 'static>(
        preemptions: usize,
        expected: impl IntoIterator<Item = T>,
        scenario: impl Fn() -> T + Sync + Send + 'static,
    ) {
        for cut in ["LOOM_MAX_DURATION", "LOOM_MAX_PERMUTATIONS"] {
            assert!(std::env::var_os(cut).is_none(), "{cut} ends a search early and lets it pass");
        }
        let mut builder = loom::model::Builder::new();
        builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
        builder.max_branches = 20_000;

        let seen = Arc::new(Mutex::new(BTreeSet::new()));
        let record = Arc::clone(&seen);
        builder.check(move || {
            let outcome = scenario();
            record.lock().unwrap().insert(outcome);
        });

        let seen = std::mem::take(&mut *seen.lock().unwrap());
        let expected: BTreeSet<T> = expected.into_iter().collect();
        let missing: Vec<_> = expected.difference(&seen).collect();
        let unexpected: Vec<_> = seen.difference(&expected).collect();
        assert!(missing.is_empty(), "never seen: {missing:?}; seen: {seen:?}");
        assert!(unexpected.is_empty(), "must not happen: {unexpected:?}");
    }

    /// Starts a model thread.
    pub fn spawn<T: 'static>(body: impl FnOnce() -> T + 'static) -> Thread<T> {
        Thread(loom::thread::spawn(body))
    }

    /// A running model thread.
    #[derive(Debug)]
    pub struct Thread<T>(loom::thread::JoinHandle<T>);

    impl<T> Thread<T> {
        /// Waits for its result.
        ///
        /// # Panics
        ///
        /// If the thread panicked.
        #[expect(clippy::must_use_candidate, reason = "most threads return nothing")]
        pub fn join(self) -> T {
            self.0.join().expect("a model thread panicked")
        }
    }
}

#[cfg(loom)]
pub use block_on::block_on;
#[cfg(loom)]
pub use explore::{Thread, explore, explore_bounded, spawn};
#[cfg(loom)]
pub use loom::{sync::Arc, thread::yield_now};
#[cfg(loom)]
pub use tracked::Tracked;
#[cfg(loom)]
pub use versions::Versions;
