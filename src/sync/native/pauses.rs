//! How long a pause of the processor is.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

/// What [`pauses_per_microsecond`] answers; zero until somebody measured.
static RATE: AtomicU32 = AtomicU32::new(0);

/// How many pauses take a microsecond: from about 20 to some hundreds, measured by whoever has to
/// wait first.
#[inline]
pub(crate) fn pauses_per_microsecond() -> u32 {
    // Relaxed: every measurement is as good as any other.
    match RATE.load(Relaxed) {
        0 => measure(),
        rate => rate,
    }
}

#[cold]
fn measure() -> u32 {
    const PAUSES: u32 = 64;
    /// A thread that is pre-empted while it measures finds a pause longer than it is; not so three
    /// times in a row.
    const TRIES: u32 = 3;
    /// Faster than any processor pauses, so that a clock that stands still decides nothing.
    const HIGHEST: u32 = 1000;

    let mut rate = 1;
    for _ in 0..TRIES {
        let start = Instant::now();
        (0..PAUSES).for_each(|_| spin_loop());
        let took = start.elapsed().as_nanos().max(1);
        rate =
            u128::from(HIGHEST).min(u128::from(PAUSES) * 1000 / took).max(u128::from(rate)) as u32;
    }
    // Relaxed: as above.
    RATE.store(rate, Relaxed);
    rate
}
