//! Counters of crates that keep the adds of threads apart.

use contatori::counters::unsigned::Unsigned;
use contatori::counters::{CounterValue, Observable};
use fast_counter::ConcurrentCounter;

use crate::shapes::counter::Count;

/// `contatori`: 128 cells, one after the other to new threads.
impl Count for Unsigned {
    const NAME: &'static str = "contatori";
    const PACKAGE: &'static str = "contatori";

    fn new() -> Self {
        Self::new()
    }

    #[inline]
    fn add(&self) {
        Self::add(self, 1);
    }

    #[inline]
    fn get(&self) -> u64 {
        match self.value() {
            CounterValue::Unsigned(count) => count,
            other => unreachable!("it counts without a sign: {other:?}"),
        }
    }
}

/// `fast_counter`, with as many cells as ours has by default.
impl Count for ConcurrentCounter {
    const NAME: &'static str = "fast-counter";
    const PACKAGE: &'static str = "fast-counter";

    fn new() -> Self {
        Self::new(16)
    }

    #[inline]
    fn add(&self) {
        Self::add(self, 1);
    }

    #[inline]
    fn get(&self) -> u64 {
        // It was added to, and never subtracted from.
        self.sum().cast_unsigned() as u64
    }
}
