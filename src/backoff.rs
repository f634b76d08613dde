//! The crate's one way to wait in a loop.

use crate::sync::{pauses_per_microsecond, spin_hint, yield_now};

/// Waits a little longer each time, up to a microsecond, and after a few of those for whole turns of
/// the scheduler.
///
/// Doubling keeps waiting threads off the line that the holder needs in order to finish, and a
/// little chance keeps those apart that began together. Yielding after a few microseconds lets a
/// pre-empted holder run at all when there are more threads than cores.
///
/// All bounds are times, not numbers of pauses: a pause takes ten times longer on one processor than
/// on another.
pub(crate) struct Backoff {
    /// How many pauses the next wait takes, give or take a half; a microsecond, if that is less. Or
    /// [`PATIENT`].
    next: u32,
    /// How many there have been.
    spent: u32,
    /// How long it spins before it yields or sleeps, in microseconds: about what putting a thread to
    /// sleep and waking it costs.
    longest: u32,
    /// The state of the generator; zero until it is first used.
    chance: u32,
}

/// The next wait takes half a microsecond, and every one after it a whole.
const PATIENT: u32 = u32::MAX;

impl Backoff {
    pub(crate) const fn new() -> Self {
        Self { next: 1, spent: 0, longest: 4, chance: 0 }
    }

    /// Half a microsecond, then a whole each time, and twice as long in all. For a lock that is taken
    /// again and again: whoever looks at it more often takes its line, and the turn, from a thread
    /// that would have gone on with both at hand. Were the first wait longer, a lock that is held for
    /// half a microsecond would be free for as long before it is taken.
    pub(crate) const fn patient() -> Self {
        Self { next: PATIENT, spent: 0, longest: 8, chance: 0 }
    }

    /// Waits once; for a loop that has nothing better to do than to wait on.
    pub(crate) fn snooze(&mut self) {
        if !self.spin() {
            yield_now();
        }
    }

    /// Spins once; `false`, without waiting, when it is time to sleep instead.
    pub(crate) fn spin(&mut self) -> bool {
        let microsecond = pauses_per_microsecond();
        if self.spent >= self.longest * microsecond {
            return false;
        }
        let mut pauses = microsecond;
        if self.next == PATIENT {
            self.next -= 1;
            pauses = microsecond.div_ceil(2);
        } else if self.next < microsecond {
            pauses = self.next - self.next / 2 + self.random() % (self.next + 1);
            self.next *= 2;
        }
        for _ in 0..pauses {
            spin_hint();
        }
        self.spent += pauses;
        true
    }

    /// Marsaglia's xorshift ("Xorshift RNGs", 2003), begun with the place on the stack, which
    /// differs from thread to thread.
    fn random(&mut self) -> u32 {
        if self.chance == 0 {
            self.chance = (&raw const *self).addr() as u32 | 1;
        }
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 17;
        self.chance ^= self.chance << 5;
        self.chance
    }
}
