//! Many threads add one to a number, and some read it.
//!
//! Contract: no add is lost, whichever thread it came from; while there is one thread that adds, and
//! another reads, the count is one that was, and never goes back.
//!
//! Two shapes share the trait: [`add`] and [`read`](mod@read).

pub mod add;
pub mod read;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::together;

/// A number that many threads add to.
pub trait Count: Sync {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// A counter at zero.
    fn new() -> Self;
    /// Adds one.
    fn add(&self);
    /// The count.
    fn get(&self) -> u64;
}

/// Checks that no add is lost, and that the count follows them.
///
/// # Errors
///
/// Says how many were lost, or what the count was.
pub fn contract<C: Count>(operations: u64) -> Result<(), String> {
    const THREADS: u64 = 4;
    let count = C::new();
    if count.get() != 0 {
        return Err(format!("a new counter is at {}", count.get()));
    }
    let each = operations.div_ceil(THREADS);
    together(THREADS as usize, |_| {
        (0..each).for_each(|_| count.add());
        Ok(())
    })?;
    let (expected, got) = (each * THREADS, count.get());
    if got != expected {
        return Err(format!("{expected} adds were counted as {got}"));
    }
    follows::<C>(operations)
}

/// One thread adds, and looks after each add; another looks on.
fn follows<C: Count>(adds: u64) -> Result<(), String> {
    /// The one that looks on does so as often in any case.
    const LEAST_LOOKS: u64 = 16;
    let count = C::new();
    let ended = AtomicBool::new(false);
    together(2, |thread| {
        if thread == 0 {
            let _ended = Ended(&ended);
            return (1..=adds).try_for_each(|add| {
                count.add();
                match count.get() {
                    now if now == add => Ok(()),
                    now => Err(format!("after add {add} the count is {now}")),
                }
            });
        }
        let (mut looks, mut before) = (0, 0);
        while looks < LEAST_LOOKS || !ended.load(Relaxed) {
            let now = count.get();
            if now < before || now > adds {
                return Err(format!("the count was {before}, and then {now}, of {adds}"));
            }
            before = now;
            looks += 1;
        }
        Ok(())
    })
}

/// Says so also when the thread panics: the other would look on for ever.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
