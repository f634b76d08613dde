//! The lock of the cells' writers: spins a little, then sleeps.

use crate::backoff::Backoff;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
#[cfg(feature = "std")]
use crate::sync::{Deadline, atomic::AtomicU32, heavy, light};
use crate::sync::{Futex, const_unless_loom};

/// A word that one thread at a time holds, and on which the others sleep.
///
/// To release it takes one plain store and one plain load: who is about to sleep pays for both
/// sides of the handshake with an asymmetric fence.
pub(crate) struct RawPark {
    /// `HELD` while someone holds the lock (I2). Set by the taker, cleared by the holder.
    state: Futex,
    /// How many threads sleep on `state` or are about to.
    #[cfg(feature = "std")]
    sleepers: AtomicU32,
}

const FREE: u32 = 0;
const HELD: u32 = 1;

impl RawPark {
    const_unless_loom! {
        pub(crate) const fn new() -> Self {
            Self {
                state: Futex::new(FREE),
                #[cfg(feature = "std")]
                sleepers: AtomicU32::new(0),
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
        // Acquire (E2): what the last holder did happens-before what we do with the lock.
        // Relaxed: on failure nothing is touched.
        match self.state.compare_exchange(FREE, HELD, Acquire, Relaxed) {
            Ok(_) => Some(Parked { lock: self }),
            Err(_) => None,
        }
    }

    #[cold]
    #[inline(never)]
    fn hold_contended(&self) -> Parked<'_> {
        let mut backoff = Backoff::new();
        while backoff.spin() {
            // Only the exchange decides. Looking first keeps the line shared while it is taken.
            // Relaxed: a hint.
            if self.state.load(Relaxed) == FREE {
                if let Some(held) = self.try_hold() {
                    return held;
                }
            }
        }
        self.hold_asleep(backoff)
    }

    #[cfg(feature = "std")]
    fn hold_asleep(&self, _: Backoff) -> Parked<'_> {
        /// How long a thread sleeps whom the holder may not see.
        const SLICE: core::time::Duration = core::time::Duration::from_millis(1);
        // Relaxed: the fence below orders it before the attempts (E3).
        self.sleepers.fetch_add(1, Relaxed);
        // Either a holder that released the lock sees the number above and wakes one of us, or the
        // attempt below sees the lock free (E3). Without the fence neither is sure, so nobody may
        // sleep for good.
        let heard = heavy().is_ok();
        loop {
            if let Some(held) = self.try_hold() {
                // Relaxed: a holder that still sees us wakes nobody, which harms nobody.
                self.sleepers.fetch_sub(1, Relaxed);
                return held;
            }
            self.state.wait(HELD, if heard { Deadline::NEVER } else { Deadline::after(SLICE) });
        }
    }

    #[cfg(not(feature = "std"))]
    fn hold_asleep(&self, mut backoff: Backoff) -> Parked<'_> {
        loop {
            backoff.snooze();
            if let Some(held) = self.try_hold() {
                return held;
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
        // Release (E2): all that we did with the lock held happens-before the next holder.
        self.lock.state.store(FREE, Release);
        #[cfg(feature = "std")]
        {
            light();
            // Relaxed: ordered after the store by the fence (E3).
            if self.lock.sleepers.load(Relaxed) != 0 {
                wake(&self.lock.state);
            }
        }
    }
}

#[cfg(feature = "std")]
#[cold]
#[inline(never)]
fn wake(state: &Futex) {
    state.wake_one();
}
