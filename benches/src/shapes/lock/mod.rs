//! Many threads take turns in a critical section.
//!
//! Contract: one thread is inside at a time, and each sees all that those before it did.
//!
//! Two shapes share the trait: in [`bare`] the section is two additions, and nothing is done outside;
//! in [`section`] there is work inside, and as much outside.

pub mod bare;
pub mod section;

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use super::{Regime, Sample, TURNS, together};
use crate::crew::{Crew, Part, Work};

/// What the lock guards: two numbers that must stay in step.
#[derive(Debug, Default)]
pub struct Guarded {
    /// Changed first.
    pub left: u64,
    /// Changed second.
    pub right: u64,
}

impl Guarded {
    /// The critical section that is timed. Returns how many there were.
    #[inline]
    fn step(&mut self) -> u64 {
        self.left = self.left.wrapping_add(1);
        self.right = self.right.wrapping_add(1);
        self.left
    }
}

/// Mutual exclusion around [`Guarded`].
pub trait Lock: Sync {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// A free lock around zeros.
    fn new() -> Self;
    /// Runs `f` while holding the lock.
    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R;
}

/// Checks mutual exclusion.
///
/// # Errors
///
/// Says what was seen instead.
pub fn contract<L: Lock>(operations: u64) -> Result<(), String> {
    const THREADS: u64 = 4;
    /// How often a holder gives its core away in the middle, so that others meet a held lock.
    const TURNS_PER_YIELD: u64 = 64;
    let lock = L::new();
    // Beside the lock: the compiler may keep what the lock guards in registers, but not this.
    let inside = AtomicBool::new(false);
    let each = operations.div_ceil(THREADS);
    together(THREADS as usize, |_| {
        for turn in 0..each {
            let (alone, in_step) = lock.with(|guarded| {
                let alone = !inside.swap(true, Relaxed);
                let in_step = guarded.left == guarded.right;
                guarded.left += 1;
                if turn % TURNS_PER_YIELD == 0 {
                    thread::yield_now();
                }
                guarded.right += 1;
                inside.store(false, Relaxed);
                (alone, in_step)
            });
            if !alone {
                return Err("two threads were inside at once".to_owned());
            }
            if !in_step {
                return Err("a thread saw half of another's turn".to_owned());
            }
        }
        Ok(())
    })?;
    let expected = each * THREADS;
    let (left, right) = lock.with(|guarded| (guarded.left, guarded.right));
    if (left, right) == (expected, expected) {
        Ok(())
    } else {
        Err(format!("{expected} turns left {left} and {right} behind"))
    }
}

/// One thread takes all turns; several share them out as the lock lets them.
fn sample<L: Lock>(regime: &Regime, each: u64, crew: &Crew) -> Sample {
    let lock = CachePadded::new(L::new());
    let lock: &L = &lock;
    if regime.shares {
        share_out(lock, regime, each, crew)
    } else {
        let step = |guarded: &mut Guarded| {
            guarded.step();
        };
        let lane = |_| Part::counted(move || (0..each).for_each(|_| lock.with(step)));
        crew.time((0..regime.lanes).map(lane).collect()).into()
    }
}

/// Every lane takes turns until all of them together took as many as they were to, so that a lane
/// which got few is not waited for: the time then is that of a turn, and who got how many is told.
fn share_out<L: Lock>(lock: &L, regime: &Regime, each: u64, crew: &Crew) -> Sample {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let race = Race {
        turns: each * regime.lanes as u64,
        shortest: if regime.lanes > cores { TURNS } else { Duration::ZERO },
        work: Work::lasting(Duration::from_nanos(regime.section)),
        over: CachePadded::new(AtomicBool::new(false)),
    };
    let race = &race;
    let mut lanes = vec![0; regime.lanes];
    let parts = lanes.iter_mut().map(|own| Part::counted(move || *own = race.run(lock)));
    let elapsed = crew.time(parts.collect());
    Sample { elapsed, lanes }
}

/// After so long a sample is cut short: some locks come to a crawl when a holder loses its core.
pub const LONGEST: Duration = Duration::from_millis(500);

/// What lanes that share turns out are to do.
struct Race {
    /// All lanes together.
    turns: u64,
    /// It goes on for so long even if all turns were taken.
    shortest: Duration,
    /// What is done in each turn, and between two.
    work: Work,
    /// Says that it has come to its end. Nobody writes to it before.
    over: CachePadded<AtomicBool>,
}

impl Race {
    /// How many turns of its own a lane takes before it looks at the clock again.
    const BETWEEN_LOOKS: u64 = 64;

    /// Runs one lane, and returns how many turns it got.
    fn run<L: Lock>(&self, lock: &L) -> u64 {
        let begun = Instant::now();
        let mut own = 0;
        while !self.over.load(Relaxed) {
            let turns = lock.with(|guarded| {
                let turns = guarded.step();
                self.work.run();
                turns
            });
            own += 1;
            if own % Self::BETWEEN_LOOKS == 0 {
                let so_far = begun.elapsed();
                if so_far >= LONGEST || turns >= self.turns && so_far >= self.shortest {
                    self.over.store(true, Relaxed);
                }
            }
            self.work.run();
        }
        own
    }
}
