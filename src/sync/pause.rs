//! Named points inside the primitives at which a test can freeze the running thread.
//!
//! "A stalled writer never blocks a reader" is a promise about a thread that stops in the worst
//! place. A test keeps it honest by stopping one there. Without the feature `pause-points` the call
//! is an empty inline function.

/// Runs the hook, if a test has set one.
#[inline(always)]
pub(crate) fn pause_point(name: &'static str) {
    #[cfg(feature = "pause-points")]
    hook::run(name);
    #[cfg(not(feature = "pause-points"))]
    let _ = name;
}

/// How the ends of rings wait, if a test has chosen: free for the other end, or not.
#[inline(always)]
pub(crate) fn chosen_waits() -> Option<bool> {
    #[cfg(feature = "pause-points")]
    return hook::waits();
    #[cfg(not(feature = "pause-points"))]
    None
}

#[cfg(feature = "pause-points")]
pub use hook::{choose_waits, set_hook};

#[cfg(feature = "pause-points")]
mod hook {
    use core::sync::atomic::{
        AtomicPtr, AtomicU8,
        Ordering::{Acquire, Relaxed, Release},
    };

    /// Holds a `fn(&'static str)`, or null. Plain `core` on purpose: it is not part of any protocol,
    /// and a model must not explore it.
    static HOOK: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

    /// Calls `hook` with the point's name whenever any thread of the process passes a pause point.
    ///
    /// The hook decides for which thread and which point it acts, for instance through a
    /// thread-local. It replaces the previous hook. It should not panic, which ends the operation in
    /// the middle, and should not use the cell that it interrupts, which may wait for itself.
    ///
    /// ```
    /// fn trace(point: &'static str) {
    ///     assert_eq!(point, "snapshot.publish.filled");
    /// }
    /// untorn::pause_points::set_hook(trace);
    /// untorn::Snapshot::new(1_u64).publish(2);
    /// ```
    pub fn set_hook(hook: fn(&'static str)) {
        // Release: whatever the installing thread prepared for the hook happens-before its first run.
        HOOK.store(hook as *mut (), Release);
    }

    pub(super) fn run(name: &'static str) {
        // Acquire: pairs with the Release in `set_hook`.
        let hook = HOOK.load(Acquire);
        if !hook.is_null() {
            // SAFETY: the only non-null value ever stored is a `fn(&'static str)` (see `set_hook`).
            let hook: fn(&'static str) = unsafe { core::mem::transmute(hook) };
            hook(name);
        }
    }

    /// 1 and 2 are choices.
    static WAITS: AtomicU8 = AtomicU8::new(0);

    /// From here on the ends of every SPSC ring in the process wait in the same way, where the system has
    /// both: with a heavy fence each time, which is free for the other end, or by asking the other end for
    /// fences; as it is worth it, if `None`.
    ///
    /// ```
    /// untorn::pause_points::choose_waits(Some(true));
    /// untorn::pause_points::choose_waits(None);
    /// ```
    pub fn choose_waits(free: Option<bool>) {
        // Relaxed: a switch, which guards no data.
        WAITS.store(free.map_or(0, |free| 1 + u8::from(free)), Relaxed);
    }

    pub(super) fn waits() -> Option<bool> {
        // Relaxed: as above.
        let choice = WAITS.load(Relaxed);
        (choice != 0).then_some(choice == 2)
    }
}
