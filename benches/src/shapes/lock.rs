//! Many threads take turns in a critical section of two additions.
//!
//! Contract: one thread is inside at a time, and each sees all that those before it did.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::{ALWAYS, Contender, Regime, Shape, together};
use crate::crew::{Crew, Part};

/// What the lock guards: two numbers that must stay in step.
#[derive(Debug, Default)]
pub struct Guarded {
    /// Changed first.
    pub left: u64,
    /// Changed second.
    pub right: u64,
}

impl Guarded {
    /// The critical section that is timed.
    #[inline]
    fn step(&mut self) {
        self.left = self.left.wrapping_add(1);
        self.right = self.right.wrapping_add(1);
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

const REGIMES: &[Regime] = &[
    Regime::of_lanes(1, "1-thread", "What does a lock cost that nobody else wants?"),
    Regime::of_lanes(
        2,
        "2-threads",
        "What does a turn cost when two threads want the lock all the time?",
    ),
    Regime::of_lanes(
        8,
        "8-threads",
        "What does a turn cost when eight threads want the lock all the time?",
    ),
];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "lock, add to two numbers, unlock; wall time over the turns of all threads";
    Shape { name: "lock", operation, regimes: REGIMES, contenders }
}

/// Enters `L`.
#[must_use]
pub fn entry<L: Lock>() -> Contender {
    let (name, package) = (L::NAME, L::PACKAGE);
    let (contract, sample) = (contract::<L>, sample::<L>);
    Contender { name, package, contract, sample, able: ALWAYS }
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

fn sample<L: Lock>(regime: &Regime, each: u64, crew: &Crew) -> Duration {
    let lock = CachePadded::new(L::new());
    let lock: &L = &lock;
    let lane = |_| Part::counted(move || (0..each).for_each(|_| lock.with(Guarded::step)));
    crew.time((0..regime.lanes).map(lane).collect())
}
