//! The lock without a value: also the turn of the cells' writers, and of the wait table.

use crate::backoff::Backoff;
use crate::sync::atomic::{
    AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use crate::sync::const_unless_loom;
#[cfg(feature = "std")]
use crate::sync::{Deadline, Futex, heavy, light};

/// A word that one thread at a time holds, and a word on which the others sleep.
///
/// To release it takes one plain store and one plain load: who is about to sleep pays for both
/// sides of the handshake with an asymmetric fence.
pub(crate) struct RawPark {
    /// `HELD` while someone holds the lock (I1). Set by the taker, cleared by the holder.
    state: AtomicU32,
    /// [`SLEEPER`] for each thread that sleeps or is about to (I2), and [`WAKING`] (I3). Changed by
    /// read-modify-writes alone; the sleepers' own word, so that no one falls asleep on a bit that
    /// has just been set.
    #[cfg(feature = "std")]
    sleepers: Futex,
}

const FREE: u32 = 0;
const HELD: u32 = 1;

/// One of the sleepers is meant to be awake, and nobody else wakes another (I3).
#[cfg(feature = "std")]
const WAKING: u32 = 1;
/// One thread that sleeps, or is about to.
#[cfg(feature = "std")]
const SLEEPER: u32 = 2;

/// Whether there is somebody to wake, and nobody is awake to take the lock.
#[cfg(feature = "std")]
fn all_sleep(sleepers: u32) -> bool {
    sleepers >= SLEEPER && sleepers & WAKING == 0
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
        // Relaxed: a hint; the exchange of `try_hold` makes the edge (E1).
        self.state.load(Relaxed) == HELD
    }

    /// Releases the lock.
    ///
    /// # Safety
    ///
    /// It is held, and whoever holds it has no more use for it: its [`Parked`] is being dropped, or
    /// was forgotten.
    #[inline]
    pub(crate) unsafe fn release(&self) {
        // Release (E1): all that was done with the lock held happens-before the next holder.
        self.state.store(FREE, Release);
        #[cfg(feature = "std")]
        {
            light();
            // Relaxed: ordered after the store by the fence (E2).
            let sleepers = self.sleepers.load(Relaxed);
            if all_sleep(sleepers) {
                self.wake(sleepers);
            }
        }
    }

    /// Spins for the lock, for as long as that is cheaper than to sleep.
    fn hold_spinning(&self, backoff: &mut Backoff) -> Option<Parked<'_>> {
        while backoff.spin() {
            // Only the exchange decides. Looking first keeps the line shared while it is taken.
            if self.is_held() {
                continue;
            }
            if let Some(held) = self.try_hold() {
                return Some(held);
            }
        }
        None
    }
}

#[cfg(not(feature = "std"))]
impl RawPark {
    #[cold]
    #[inline(never)]
    fn hold_contended(&self) -> Parked<'_> {
        let mut backoff = Backoff::new();
        loop {
            if let Some(held) = self.hold_spinning(&mut backoff).or_else(|| self.try_hold()) {
                return held;
            }
            backoff.snooze();
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
        self.hold_spinning(&mut Backoff::new()).or_else(|| self.hold_asleep(deadline))
    }

    fn hold_asleep(&self, deadline: Deadline) -> Option<Parked<'_>> {
        /// How long a thread sleeps whom the holder may not see.
        const SLICE: core::time::Duration = core::time::Duration::from_millis(1);
        // Relaxed: the fence below orders it before the attempts (E2).
        self.sleepers.fetch_add(SLEEPER, Relaxed);
        // Either a holder that released the lock sees the number above and wakes one of us, or the
        // attempt below sees the lock free (E2). Without the fence neither is sure, so nobody may
        // sleep for good.
        let mut heard = heavy().is_ok();
        loop {
            if let Some(held) = self.try_hold() {
                self.stop_sleeping();
                return Some(held);
            }
            // Relaxed: a value that is out of date is not slept on.
            let sleepers = self.sleepers.load(Relaxed);
            if sleepers & WAKING == 0 {
                // Whoever sets the bit from here on changes the word, and wakes one of us (I3).
                self.sleepers
                    .wait(sleepers, if heard { deadline } else { deadline.at_most(SLICE) });
            } else if let Some(held) = self.hold_spinning(&mut Backoff::new()) {
                self.stop_sleeping();
                return Some(held);
            } else {
                // Back to sleep, so the next holder has to wake somebody again. Relaxed: ordered
                // before the next attempt by the fence.
                self.sleepers.fetch_and(!WAKING, Relaxed);
                // As above, for a holder that still saw the bit (E2).
                heard = heavy().is_ok();
            }
            if deadline.has_passed() {
                let held = self.try_hold();
                match held {
                    Some(_) => self.stop_sleeping(),
                    None => self.give_up(heard),
                }
                return held;
            }
        }
    }

    /// Counts out a sleeper that has the lock: when it releases it, it wakes the next (I3).
    fn stop_sleeping(&self) {
        self.change_sleepers(|sleepers| (sleepers & !WAKING) - SLEEPER);
    }

    /// Counts out a sleeper that waits no longer; `heard` is whether its last heavy fence was one.
    fn give_up(&self, heard: bool) {
        // The wake that is under way may have been for us. Who could not be sure to be seen is not
        // sure either that no release relied on its looking again. Then another sleeper has to look
        // (I3); nobody is left to do so who is not counted.
        let handed_on = |sleepers: u32| {
            let others = sleepers - SLEEPER;
            match others & !WAKING {
                0 => 0,
                _ if heard => others,
                _ => others | WAKING,
            }
        };
        if handed_on(self.change_sleepers(handed_on)) & WAKING != 0 {
            self.sleepers.wake_one();
        }
    }

    /// Changes the word of the sleepers; its value before.
    fn change_sleepers(&self, change: impl Fn(u32) -> u32) -> u32 {
        // Relaxed: the exchange decides.
        let mut sleepers = self.sleepers.load(Relaxed);
        loop {
            let changed = change(sleepers);
            // Relaxed: to wake somebody for nothing does no harm, and whom it matters to see this
            // is about to see a release, or looks behind a fence.
            match self.sleepers.compare_exchange_weak(sleepers, changed, Relaxed, Relaxed) {
                Ok(before) => return before,
                Err(now) => sleepers = now,
            }
        }
    }

    /// Wakes a sleeper, unless one is awake by now.
    #[cold]
    #[inline(never)]
    fn wake(&self, mut sleepers: u32) {
        while all_sleep(sleepers) {
            // Relaxed: the sleepers take nothing from the word but that it changed.
            let marked = sleepers | WAKING;
            match self.sleepers.compare_exchange(sleepers, marked, Relaxed, Relaxed) {
                Ok(_) => return self.sleepers.wake_one(),
                Err(now) => sleepers = now,
            }
        }
    }
}

/// Holds a [`RawPark`]; releases it when dropped.
#[must_use = "if unused the lock is released at once"]
pub(crate) struct Parked<'a> {
    lock: &'a RawPark,
}

impl Drop for Parked<'_> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: held since this was made, and it goes.
        unsafe { self.lock.release() };
    }
}
