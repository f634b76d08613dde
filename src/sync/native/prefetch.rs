//! Asking for a cache line ahead of time.

/// Asks for the cache line of `place`, to be written soon, and the one beside it. Only a hint: `place` may
/// be anything.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(always)]
pub(crate) fn prefetch_for_write(place: *const u8) {
    // SAFETY: a prefetch does nothing that a program can see.
    unsafe {
        core::arch::asm!(
            "prefetchw [{0}]", "prefetchw [{0} + 64]",
            in(reg) place,
            options(nostack, preserves_flags),
        );
    }
}

/// The same, which is nothing here.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
#[inline(always)]
pub(crate) fn prefetch_for_write(_: *const u8) {}
