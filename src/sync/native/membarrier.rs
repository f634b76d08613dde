//! A store-load handshake whose frequent side pays nothing: membarrier(2).
//!
//! Two threads each store one word and load the other's; at least one of them must see the other's
//! store. With a fence on both sides each pays tens of cycles every time. Here the frequent side has
//! [`light`], a fence for the compiler alone, and the rare side has [`heavy`], by which the kernel
//! makes every running thread of the process execute a full fence. For each such thread there is a
//! point in its program, reached during the call, before which all its accesses are visible to the
//! caller and after which it sees all accesses of the caller from before the call: whatever the
//! compiler kept on its side of `light` is on that side for the processor too.
//!
//! That holds by the kernel's documentation, not by the language's memory model: neither loom nor
//! Miri can check it, so they run the symmetric form.

use core::sync::atomic::{AtomicU8, Ordering::Relaxed, Ordering::SeqCst, compiler_fence, fence};

use super::Refused;

/// How this process fences. Changes once, away from `UNDECIDED`.
static MODE: AtomicU8 = AtomicU8::new(UNDECIDED);

const UNDECIDED: u8 = 0;
/// The kernel knows the call, and this process has registered for it.
const ASYMMETRIC: u8 = 1;
/// Both sides are real fences.
const SYMMETRIC: u8 = 2;

/// Whether `light` costs nothing, now and for good: for who keeps that where it need not be looked
/// for, and passes it to [`light_if`].
pub(crate) fn is_light() -> bool {
    mode() == ASYMMETRIC
}

/// [`light`], where the answer of [`is_light`] is at hand.
#[inline(always)]
pub(crate) fn light_if(is_light: bool) {
    if is_light {
        compiler_fence(SeqCst);
    } else {
        light_in_hardware();
    }
}

/// The frequent side of a handshake: all before it is visible, or all after it sees what stands
/// before a [`heavy`] of another thread.
#[inline(always)]
pub(crate) fn light() {
    // Relaxed: the mode guards no data. A thread that does not know it yet fences for real, which
    // is good enough beside both forms of `heavy`.
    light_if(MODE.load(Relaxed) == ASYMMETRIC);
}

#[cold]
#[inline(never)]
fn light_in_hardware() {
    mode();
    // SeqCst: ordered with the other side's fence, whichever of the two it is.
    fence(SeqCst);
}

/// The rare side. An error means that nothing is known about the other threads, now and probably
/// for good: a filter on system calls was installed after this process had begun to rely on the
/// call.
#[cold]
pub(crate) fn heavy() -> Result<(), Refused> {
    // SeqCst: with a thread that fences for real, this is the ordinary handshake of two fences.
    fence(SeqCst);
    if mode() == ASYMMETRIC && !all_fence() && !(register() && all_fence()) {
        return Err(Refused);
    }
    Ok(())
}

/// The mode of this process, decided by whoever asks first.
fn mode() -> u8 {
    // Relaxed: as in `light`.
    match MODE.load(Relaxed) {
        UNDECIDED => {
            let mode = if register() { ASYMMETRIC } else { SYMMETRIC };
            // Relaxed: as in `light`. The first decision counts: a mode that changed later would
            // leave one side without the fence that the other relies on.
            match MODE.compare_exchange(UNDECIDED, mode, Relaxed, Relaxed) {
                Ok(_) => mode,
                Err(decided) => decided,
            }
        }
        decided => decided,
    }
}

/// Whether the kernel offers the call and takes this process in.
fn register() -> bool {
    let offered = membarrier(libc::MEMBARRIER_CMD_QUERY);
    offered >= 0
        && offered & libc::c_long::from(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0
        && membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0
}

/// Makes every running thread of the process fence; whether it did.
fn all_fence() -> bool {
    membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0
}

fn membarrier(command: libc::c_int) -> libc::c_long {
    // SAFETY: the call takes no pointers; an unknown command or a kernel without it is an error
    // code.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) }
}
