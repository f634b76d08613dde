//! The lock without a value: also the turn of the cells' writers, and of the wait table.

use crate::backoff::Backoff;
use crate::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::const_unless_loom;
#[cfg(feature = "std")]
use {
    crate::sync::{Deadline, Futex, heavy, light},
    core::time::Duration,
};

/// A word that one thread at a time holds, and a word on which the others sleep.
///
/// To release it takes one plain store and one plain load: who is about to sleep pays for both
/// sides of the handshake with an asymmetric fence.
pub(crate) struct RawPark {
    /// `HELD` while someone holds the lock (I1). Set by the taker, cleared by the holder.
    state: AtomicU32,
    /// [`SLEEPER`] for each thread that sleeps or is about to (I2), with [`WAKING`] (I3) and
    /// [`FENCED`] (I4) while there are any. Changed by read-modify-writes alone, and what they sleep
    /// on, so that nobody falls asleep on a bit that has just been set.
    #[cfg(feature = "std")]
    sleepers: Futex,
}

const FREE: u32 = 0;
const HELD: u32 = 1;

/// One of the sleepers is meant to be awake, and nobody else wakes another (I3).
#[cfg(feature = "std")]
const WAKING: u32 = 1;
/// Since there are sleepers, one of them has made a heavy fence (I4).
#[cfg(feature = "std")]
const FENCED: u32 = 2;
/// One thread that sleeps, or is about to.
#[cfg(feature = "std")]
const SLEEPER: u32 = 4;

/// Whether there is somebody to wake, and nobody is awake to take the lock.
#[cfg(feature = "std")]
fn all_sleep(sleepers: u32) -> bool {
    sleepers >= SLEEPER && sleepers & WAKING == 0
}

/// One sleeper less; the bits go with the last.
#[cfg(feature = "std")]
fn without_one(sleepers: u32) -> u32 {
    let left = sleepers - SLEEPER;
    if left < SLEEPER { 0 } else { left }
}

impl RawPark {
    const_unless_loom! {
        pub(crate) const fn new() -> Self {
            Self {
                state: AtomicU32::new(FREE),
                #[cfg(feature = "std")]
                sleepers: Futex::new(0),
            }
        }
    }

    /// Takes the lock until the result is dropped; waits for its holder.
    #[inline]
    pub(crate) fn hold(&self) -> Parked<'_> {
        match self.try_hold() {
            Some(held) => held,
            None => self.hold_contended(),
        }
    }

    /// Takes the lock if nobody holds it. Never waits.
    #[inline]
    pub(crate) fn try_hold(&self) -> Option<Parked<'_>> {
        // Acquire (E1): what the last holder did happens-before what we do with the lock.
        // Relaxed: on failure nothing is touched.
        match self.state.compare_exchange(FREE, HELD, Acquire, Relaxed) {
            Ok(_) => Some(Parked { lock: self }),
            Err(_) => None,
        }
    }

    /// Whether someone holds the lock; old news at once.
    pub(crate) fn is_held(&self) -> bool {
        // Relaxed: the exchange of `try_hold` makes the edge (E1); who sleeps on the answer has made
        // sure that it is not too old (E2, E3).
        self.state.load(Relaxed) == HELD
    }

    /// Releases the lock.
    ///
    /// # Safety
    ///
    /// It is held, and whoever holds it has no more use for it: its [`Parked`] is being dropped, or
    /// was forgotten. The lock outlives the call: the next holder may be at work before it returns.
    #[inline]
    pub(crate) unsafe fn release(&self) {
        // Release (E1): all that was done with the lock held happens-before the next holder.
        self.state.store(FREE, Release);
        #[cfg(feature = "std")]
        {
            light();
            // Relaxed: ordered after the store by the fence (E2).
            if self.sleepers.load(Relaxed) != 0 {
                self.wake();
            }
        }
    }

    /// Takes the lock if it looks free. Only the exchange decides; looking first keeps the line
    /// shared while somebody holds the lock.
    fn hold_if_free(&self) -> Option<Parked<'_>> {
        if self.is_held() { None } else { self.try_hold() }
    }
}

#[cfg(not(feature = "std"))]
impl RawPark {
    #[cold]
    #[inline(never)]
    fn hold_contended(&self) -> Parked<'_> {
        let mut backoff = Backoff::patient();
        loop {
            backoff.snooze();
            if let Some(held) = self.hold_if_free() {
                return held;
            }
        }
    }
}

#[cfg(feature = "std")]
impl RawPark {
    #[cold]
    #[inline(never)]
    fn hold_contended(&self) -> Parked<'_> {
        self.hold_until(Deadline::NEVER).expect("a deadline that never comes")
    }

    /// Takes the lock; waits for its holder, but not past the deadline.
    #[cold]
    #[inline(never)]
    pub(crate) fn hold_until(&self, deadline: Deadline) -> Option<Parked<'_>> {
        if deadline.has_passed_awake() {
            return self.try_hold();
        }
        if let Some(held) = self.hold_spinning() {
            return Some(held);
        }
        if deadline.has_passed_awake() {
            // Too short a time to make every other thread fence for it.
            return self.try_hold();
        }
        self.hold_asleep(deadline)
    }

    /// Spins for the lock, for as long as that is cheaper than to sleep.
    fn hold_spinning(&self) -> Option<Parked<'_>> {
        let mut backoff = Backoff::patient();
        while backoff.spin() {
            if let Some(held) = self.hold_if_free() {
                return Some(held);
            }
        }
        None
    }

    fn hold_asleep(&self, deadline: Deadline) -> Option<Parked<'_>> {
        /// How long a thread sleeps whom the holder may not see.
        const SLICE: Duration = Duration::from_millis(1);
        // Relaxed: the fence orders it before the attempts (E2). Where there was one already, a
        // release sees its maker or us, and that is all the same to it (I4).
        if self.sleepers.fetch_add(SLEEPER, Relaxed) & FENCED == 0 && heavy().is_ok() {
            // Relaxed: a heavy fence is one for what comes after it, too.
            self.sleepers.fetch_or(FENCED, Relaxed);
        }
        loop {
            if let Some(held) = self.hold_if_free() {
                self.stop_sleeping();
                return Some(held);
            }
            // Relaxed: a value that is out of date is not slept on.
            let sleepers = self.sleepers.load(Relaxed);
            if sleepers & WAKING == 0 {
                // Whoever sets the bit from here on changes the word, and wakes one of us (I3). Who
                // may not be seen must not sleep for good (I4).
                let is_seen = sleepers & FENCED != 0;
                let deadline = if is_seen { deadline } else { deadline.at_most(SLICE) };
                self.sleepers.wait(sleepers, deadline);
            } else if let Some(held) = self.hold_spinning() {
                self.stop_sleeping();
                return Some(held);
            } else {
                // Acquire (E3): a release that still saw the bit, and woke nobody, happens-before the
                // next attempt, which finds the lock free.
                self.sleepers.fetch_and(!WAKING, Acquire);
            }
            if deadline.has_passed() {
                let held = self.try_hold();
                match held {
                    Some(_) => self.stop_sleeping(),
                    None => self.give_up(),
                }
                return held;
            }
        }
    }

    /// Counts out a sleeper that has the lock: when it releases it, it wakes the next (I3).
    fn stop_sleeping(&self) {
        self.change_sleepers(|sleepers| without_one(sleepers & !WAKING));
    }

    /// Counts out a sleeper that waits no longer. The wake that is under way may have been for it:
    /// then it wakes another (I3).
    fn give_up(&self) {
        if without_one(self.change_sleepers(without_one)) & WAKING != 0 {
            self.sleepers.wake_one();
        }
    }

    /// Changes the word of the sleepers; its value before.
    fn change_sleepers(&self, change: impl Fn(u32) -> u32) -> u32 {
        // Relaxed: the exchange decides.
        let mut sleepers = self.sleepers.load(Relaxed);
        loop {
            let changed = change(sleepers);
            // Relaxed: who clears the bit here has the lock, and looks again when it releases it.
            match self.sleepers.compare_exchange_weak(sleepers, changed, Relaxed, Relaxed) {
                Ok(before) => return before,
                Err(now) => sleepers = now,
            }
        }
    }

    /// Wakes a sleeper, unless one is awake.
    #[cold]
    #[inline(never)]
    fn wake(&self) {
        // Relaxed: the exchange decides.
        let mut sleepers = self.sleepers.load(Relaxed);
        loop {
            let wakes = all_sleep(sleepers);
            let marked = if wakes { sleepers | WAKING } else { sleepers };
            // Release (E3): who clears the bit after this sees that the lock was free. That is why it
            // is an exchange even where it changes nothing.
            match self.sleepers.compare_exchange(sleepers, marked, Release, Relaxed) {
                Ok(_) if wakes => return self.sleepers.wake_one(),
                Ok(_) => return,
                Err(now) => sleepers = now,
            }
        }
    }
}

/// Holds a [`RawPark`]; releases it when dropped.
#[must_use = "if unused the lock is released at once"]
#[allow(missing_debug_implementations, unreachable_pub, reason = "public in name alone, in guards")]
pub struct Parked<'a> {
    lock: &'a RawPark,
}

impl Drop for Parked<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: held since this was made, and it goes.
        unsafe { self.lock.release() };
    }
}
