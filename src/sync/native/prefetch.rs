//! Asking for cache lines ahead of time. Only hints: the places may be anything.

#[cfg(all(target_arch = "x86_64", not(miri)))]
pub(crate) use x86_64::{prefetch_for_read, prefetch_for_write};

/// Asks for the cache line of `place` and the one beside it, to be read soon.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
#[inline(always)]
pub(crate) fn prefetch_for_read(_: *const u8) {}

/// The same, to be written soon.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
#[inline(always)]
pub(crate) fn prefetch_for_write(_: *const u8) {}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86_64 {
    use core::arch::{asm, x86_64};
    use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

    /// Whether the processor has `prefetchw`: [`YES`], [`NO`], or zero as long as nobody asked.
    static KNOWN: AtomicU8 = AtomicU8::new(0);
    const YES: u8 = 1;
    const NO: u8 = 2;

    /// Asks for the cache line of `place` and the one beside it, to be read soon.
    #[inline(always)]
    pub(crate) fn prefetch_for_read(place: *const u8) {
        // SAFETY: a prefetch does nothing that a program can see, and never faults.
        unsafe {
            asm!(
                "prefetcht0 [{0}]", "prefetcht0 [{0} + 64]",
                in(reg) place,
                options(nostack, preserves_flags),
            );
        }
    }

    /// The same, to be written soon: the other cores give the line up.
    #[inline(always)]
    pub(crate) fn prefetch_for_write(place: *const u8) {
        if !has_prefetchw() {
            return;
        }
        // SAFETY: the processor has the instruction, which does nothing that a program can see.
        unsafe {
            asm!(
                "prefetchw [{0}]", "prefetchw [{0} + 64]",
                in(reg) place,
                options(nostack, preserves_flags),
            );
        }
    }

    #[inline(always)]
    fn has_prefetchw() -> bool {
        // Relaxed: whoever asks finds the same.
        match KNOWN.load(Relaxed) {
            0 => ask(),
            known => known == YES,
        }
    }

    /// Of those with 64 bits, Intel's first ones take the instruction for an invalid one.
    #[cold]
    fn ask() -> bool {
        const EXTENDED: u32 = 0x8000_0001;
        const PREFETCHW: u32 = 1 << 8;
        #[allow(unused_unsafe, reason = "was unsafe once")]
        // SAFETY: every processor with 64 bits has the instruction, and this leaf.
        let found = unsafe { x86_64::__cpuid(EXTENDED) };
        let has = found.ecx & PREFETCHW != 0;
        // Relaxed: as above.
        KNOWN.store(if has { YES } else { NO }, Relaxed);
        has
    }
}
