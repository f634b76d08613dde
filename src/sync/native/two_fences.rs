//! The handshake of `membarrier.rs` where the kernel has no such call, or must not be asked: a full
//! fence on either side.

use core::sync::atomic::{Ordering::SeqCst, fence};

use super::Refused;

/// Whether `light` costs nothing.
pub(crate) const fn is_light() -> bool {
    false
}

/// [`light`].
#[cfg(feature = "alloc")]
#[inline(always)]
pub(crate) fn light_if(_: bool) {
    light();
}

/// The frequent side of a handshake.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(crate) fn light() {
    // SeqCst: ordered with the fence of `heavy`. Whichever comes second sees what stands before the
    // first.
    fence(SeqCst);
}

/// The rare side. Cannot fail here.
#[inline]
pub(crate) fn heavy() -> Result<(), Refused> {
    // SeqCst: as in `light`.
    fence(SeqCst);
    Ok(())
}
