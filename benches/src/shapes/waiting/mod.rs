//! A thread sleeps until a number changes, and another wakes it.
//!
//! Contract: a wait ends when the number has changed and a notification came, and not before, whatever
//! notifications come in between; one that begins after the change does not sleep; a wait that was
//! given a time ends without a change no earlier than that.
//!
//! Three shapes share the trait: [`notify`] is about notifying nobody, [`changed`] about waits that
//! need not sleep, and [`wake`] about the way from one thread to another and back, asleep.

pub mod changed;
pub mod notify;
pub mod wake;

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::Sender;
use std::thread;
use std::time::{Duration, Instant};

use super::{PATIENCE, Verdict, together, within};

/// Longer than anything here sleeps.
const LONG: Duration = Duration::from_secs(60);

/// A number that a thread can sleep on until it changes: one thread, and always the same.
pub trait Waiting: Send + Sync + 'static {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;
    /// Whether a wait can be given a time.
    const TIMED: bool = true;

    /// The number zero.
    fn new() -> Self;
    /// Changes the number. Whether that wakes as well does not matter: a notification follows.
    fn store(&self, number: u32);
    /// Wakes the thread that sleeps, if there is one.
    fn notify(&self);
    /// Sleeps while the number is `old`, and returns what it is then.
    fn wait(&self, old: u32) -> u32;
    /// [`wait`](Self::wait), but no longer than that: then `None`.
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        unreachable!("{} has no timed wait, for {old} and {timeout:?}", Self::NAME)
    }
    /// What a thread does that saw `old`, goes to sleep, and finds on the way that the number has
    /// changed. Called only after a change.
    fn come_late(&self, old: u32) {
        self.wait(old);
    }
}

/// Checks that waits end when they should.
///
/// # Errors
///
/// Says which did not, or did otherwise.
pub fn contract<W: Waiting>(operations: u64) -> Result<(), String> {
    contract_within::<W>(operations, PATIENCE)
}

/// [`contract`] with another limit to its patience.
///
/// # Errors
///
/// As there; the threads of a contender that is stuck are left behind.
pub fn contract_within<W: Waiting>(operations: u64, patience: Duration) -> Result<(), String> {
    within(patience, move |tell| all_checks::<W>(operations, tell))
}

fn all_checks<W: Waiting>(operations: u64, tell: &Sender<Verdict>) -> Verdict {
    /// Each takes as long as a thread sleeps in it.
    const SLOW_ROUNDS: usize = 4;
    alone::<W>()?;
    (0..SLOW_ROUNDS).try_for_each(|_| asleep::<W>())?;
    if W::TIMED {
        in_time::<W>()?;
    }
    // Sleeping and waking is slow, and a thousand times says as much.
    back_and_forth::<W>(operations.div_ceil(10), tell)
}

/// What needs no other thread.
fn alone<W: Waiting>() -> Verdict {
    let number = W::new();
    let expect = |old: u32, expected: u32| match number.wait(old) {
        seen if seen == expected => Ok(()),
        seen => Err(format!("the number is {expected}, and a wait for {old} returned {seen}")),
    };
    expect(1, 0)?;
    number.notify();
    number.store(7);
    expect(0, 7)?;
    number.come_late(0);
    number.notify();
    expect(0, 7)
}

/// A thread sleeps through notifications of nothing, until the number changes.
fn asleep<W: Waiting>() -> Verdict {
    const WHILE: Duration = Duration::from_millis(1);
    let number = W::new();
    let changed = AtomicBool::new(false);
    together(2, |thread| {
        if thread == 0 {
            let seen = number.wait(0);
            return match (seen, changed.load(Relaxed)) {
                (_, false) => Err(format!("a wait ended at {seen} before the number changed")),
                (5, true) => Ok(()),
                (_, true) => Err(format!("5 was stored, and a wait ended at {seen}")),
            };
        }
        for _ in 0..2 {
            thread::sleep(WHILE);
            number.notify();
        }
        thread::sleep(WHILE);
        changed.store(true, Relaxed);
        number.store(5);
        number.notify();
        Ok(())
    })
}

/// Waits that are given a time.
fn in_time<W: Waiting>() -> Verdict {
    const SHORT: Duration = Duration::from_millis(3);
    let number = W::new();
    let begun = Instant::now();
    if let Some(seen) = number.wait_for(0, SHORT) {
        return Err(format!("a timed wait for 0 ended at {seen}, and nothing had changed"));
    }
    let took = begun.elapsed();
    if took < SHORT {
        return Err(format!("a wait of {SHORT:?} ended too early, after {took:?}"));
    }
    let number = W::new();
    together(2, |thread| {
        if thread == 0 {
            return match number.wait_for(0, LONG) {
                Some(3) => Ok(()),
                other => Err(format!("3 was stored, and a timed wait ended with {other:?}")),
            };
        }
        thread::sleep(SHORT);
        number.store(3);
        number.notify();
        Ok(())
    })
}

/// Two threads wake each other in turn, and each change is seen.
fn back_and_forth<W: Waiting>(trips: u64, tell: &Sender<Verdict>) -> Verdict {
    let (there, back) = (W::new(), W::new());
    together(2, |thread| {
        for trip in 0..trips {
            let (old, new) = (trip as u32, trip as u32 + 1);
            if thread == 0 {
                there.store(new);
                there.notify();
            }
            let seen = if thread == 0 { back.wait(old) } else { there.wait(old) };
            if seen != new {
                let why = Err(format!("{old} became {new}, and a wait ended at {seen}"));
                // At once: the other sleeps for ever now, and this thread waits for it.
                let _ = tell.send(why.clone());
                return why;
            }
            if thread == 1 {
                back.store(new);
                back.notify();
            }
        }
        Ok(())
    })
}
