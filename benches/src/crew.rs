//! Threads that start together: the barrier, the pinning, and the clock.

use std::fmt;
use std::hint::{black_box, spin_loop};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::AcqRel, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use core_affinity::CoreId;

/// How often a waiting thread looks again before it gives its turn away: a few microseconds. Much
/// less, and pinned pairs pay for system calls; much more, and one core gets nothing done.
const SPINS_BEFORE_YIELD: u32 = 256;

/// Where the threads of a sample run.
#[derive(Debug)]
pub struct Crew {
    /// The cores that threads may be pinned to; empty where pinning is not allowed.
    cores: Vec<CoreId>,
    /// Run a lone part on the calling thread.
    here: bool,
}

impl Crew {
    /// One thread per core, pinned, as long as there are cores enough.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        // Asked on a thread of its own: the main thread must stay free to move out of the way.
        let first = cores.first().copied();
        let allowed = first.is_some_and(|core| {
            thread::spawn(move || core_affinity::set_for_current(core)).join().unwrap_or(false)
        });
        Self { cores: if allowed { cores } else { Vec::new() }, here: false }
    }

    /// No threads and no pinning: for counting the instructions of a one-thread workload.
    #[must_use]
    pub fn in_place() -> Self {
        Self { cores: Vec::new(), here: true }
    }

    /// Whether threads are pinned when there are cores enough.
    #[must_use]
    pub fn pins(&self) -> bool {
        !self.cores.is_empty()
    }

    /// Starts all parts together and returns the time until the last counted one has ended.
    ///
    /// # Panics
    ///
    /// If a part panics, or there is none that counts.
    #[must_use]
    pub fn time(&self, parts: Vec<Part<'_>>) -> Duration {
        let counted = parts.iter().filter(|part| matches!(part, Part::Counted(_))).count();
        assert!(counted > 0, "nothing to time");
        let gate = Gate { missing: AtomicUsize::new(parts.len()), opened: OnceLock::new() };
        let stop = Stop { counted: AtomicUsize::new(counted), asked: AtomicBool::new(false) };
        let ends: Vec<Option<Instant>> = if self.here && parts.len() == 1 {
            parts.into_iter().map(|part| part.run(&gate, &stop)).collect()
        } else {
            // With more threads than cores the scheduler must be free to spread them.
            let pinned = parts.len() <= self.cores.len();
            let places = (0..parts.len()).map(|index| pinned.then(|| self.cores[index]));
            let places: Vec<Option<CoreId>> = places.collect();
            thread::scope(|scope| {
                let mut threads = Vec::with_capacity(parts.len());
                for (part, place) in parts.into_iter().zip(places) {
                    let (gate, stop) = (&gate, &stop);
                    threads.push(scope.spawn(move || {
                        if let Some(core) = place {
                            core_affinity::set_for_current(core);
                        }
                        part.run(gate, stop)
                    }));
                }
                let join = |thread: thread::ScopedJoinHandle<'_, _>| match thread.join() {
                    Ok(end) => end,
                    Err(panic) => std::panic::resume_unwind(panic),
                };
                threads.into_iter().map(join).collect()
            })
        };
        let last = ends.into_iter().flatten().max().expect("a counted part has an end");
        last - *gate.opened.get().expect("every part passed the gate")
    }
}

/// What one thread does in a sample.
pub enum Part<'a> {
    /// The sample lasts until the last of these has ended.
    Counted(Box<dyn FnOnce() + Send + 'a>),
    /// Keeps going until the last counted part has ended.
    Background(Box<dyn FnOnce(&Stop) + Send + 'a>),
}

impl<'a> Part<'a> {
    /// Work whose end is timed.
    #[must_use]
    pub fn counted(work: impl FnOnce() + Send + 'a) -> Self {
        Self::Counted(Box::new(work))
    }

    /// Work that goes on until it is told to stop.
    #[must_use]
    pub fn background(work: impl FnOnce(&Stop) + Send + 'a) -> Self {
        Self::Background(Box::new(work))
    }

    fn run(self, gate: &Gate, stop: &Stop) -> Option<Instant> {
        match self {
            Self::Counted(work) => {
                // Also on unwinding: otherwise the background would go on for ever.
                let _leaving = Leaving(stop);
                gate.pass();
                work();
                Some(Instant::now())
            }
            Self::Background(work) => {
                gate.pass();
                work(stop);
                None
            }
        }
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Counted(_) => "Counted",
            Self::Background(_) => "Background",
        })
    }
}

/// Tells background work that the sample is over.
#[derive(Debug)]
pub struct Stop {
    counted: AtomicUsize,
    asked: AtomicBool,
}

impl Stop {
    /// Whether the sample is over.
    #[inline]
    #[must_use]
    pub fn asked(&self) -> bool {
        self.asked.load(Relaxed)
    }
}

struct Leaving<'a>(&'a Stop);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        if self.0.counted.fetch_sub(1, AcqRel) == 1 {
            self.0.asked.store(true, Relaxed);
        }
    }
}

/// Opens when the last thread has come; that thread takes the time.
struct Gate {
    missing: AtomicUsize,
    opened: OnceLock<Instant>,
}

impl Gate {
    fn pass(&self) {
        if self.missing.fetch_sub(1, AcqRel) == 1 {
            let _ = self.opened.set(Instant::now());
            return;
        }
        let mut wait = Wait::new();
        while self.opened.get().is_none() {
            wait.pause();
        }
    }
}

/// The one way in which a thread of a workload waits: spin for a while, then yield. It is the same
/// for every contender, and it makes progress on one core too.
#[derive(Debug, Default)]
pub struct Wait {
    failures: u32,
}

impl Wait {
    /// A new wait, for a new operation.
    #[inline]
    #[must_use]
    pub fn new() -> Self {
        Self { failures: 0 }
    }

    /// Called after each failure.
    #[inline]
    pub fn pause(&mut self) {
        if self.failures < SPINS_BEFORE_YIELD {
            self.failures += 1;
            spin_loop();
        } else {
            thread::yield_now();
        }
    }
}

/// Waits about a microsecond, without the clock and without the operating system.
pub fn pace() {
    for _ in 0..spins_per_microsecond() {
        spin_loop();
    }
}

/// How many spin hints make a microsecond here; measured once, so that every contender meets the
/// same pace.
fn spins_per_microsecond() -> u32 {
    const PROBE: u32 = 20_000;
    static SPINS: OnceLock<u32> = OnceLock::new();
    *SPINS.get_or_init(|| {
        let nanos = fastest(|| (0..PROBE).for_each(|_| spin_loop()));
        u32::try_from(u128::from(PROBE) * 1000 / nanos).unwrap_or(u32::MAX).max(1)
    })
}

/// Work that takes about as long whoever does it: arithmetic in registers, which neither memory nor
/// another thread can hold up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    steps: u64,
}

impl Work {
    /// So much work; no time is none.
    #[must_use]
    pub fn lasting(time: Duration) -> Self {
        const PROBE: u64 = 40_000;
        static NANOS: OnceLock<u128> = OnceLock::new();
        let nanos = *NANOS.get_or_init(|| fastest(|| Self { steps: PROBE }.run()));
        let steps = time.as_nanos() * u128::from(PROBE) / nanos;
        Self { steps: u64::try_from(steps).unwrap_or(u64::MAX) }
    }

    /// Does it.
    #[inline]
    pub fn run(self) {
        // Marsaglia's xorshift: each step needs the one before, and no formula leaps over them.
        let mut x = black_box(1_u64);
        for _ in 0..self.steps {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        black_box(x);
    }
}

/// The nanoseconds that this takes when nothing comes between.
fn fastest(work: impl Fn()) -> u128 {
    let probe = || {
        let start = Instant::now();
        work();
        start.elapsed().as_nanos()
    };
    // The fastest: the others were interrupted.
    (0..5).map(|_| probe()).min().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_in_proportion() {
        let steps = |nanos| Work::lasting(Duration::from_nanos(nanos)).steps;
        assert_eq!(steps(0), 0);
        assert!(steps(500) > 0 && steps(50_000).abs_diff(100 * steps(500)) <= 100);
    }
}
