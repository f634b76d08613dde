//! A thread that stands still after each of its instructions.
//!
//! The processor can be told to trap after each instruction. The handler of that trap stays where it
//! is until the thread may go on. Nothing is asked of the contender, and no place is
//! missed where its writer may not stop. (To stop it by signals at random does not do: of 200 such
//! stops of a writer that locks a mutex all the time, none met it between lock and unlock. A
//! processor takes an interrupt between two locked instructions that follow closely only by chance.)

use std::arch::asm;
use std::hint::spin_loop;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Whether the thread is to trap after its next instruction.
static STEPPING: AtomicBool = AtomicBool::new(false);
/// Whether it stands. Set by the stepping thread, and reset by the one that lets it go on.
static STANDS: AtomicBool = AtomicBool::new(false);

/// The flag of the processor that makes it trap.
const TRAP: libc::greg_t = 0x100;

/// How often a thread that stands looks whether it may go on before it sleeps between looks.
const LOOKS_BEFORE_SLEEP: u32 = 10_000;

/// Runs in the stepping thread, so it may only do what is allowed in a signal handler: no locks, no
/// memory, no panics.
extern "C" fn trapped(_: libc::c_int, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    // SAFETY: a handler installed with `SA_SIGINFO` is given the context of the interrupted thread,
    // which nobody else has.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    let flags = &mut context.uc_mcontext.gregs[libc::REG_EFL as usize];
    if !STEPPING.load(Relaxed) {
        *flags &= !TRAP;
        return;
    }
    *flags |= TRAP;
    STANDS.store(true, Release);
    let mut looks = 0;
    while STANDS.load(Acquire) {
        // Mostly it stands for microseconds; if not, the core is for others.
        if looks < LOOKS_BEFORE_SLEEP {
            looks += 1;
            spin_loop();
        } else {
            // SAFETY: no descriptors are given, so none are read; it sleeps for a millisecond, and
            // may be called here.
            unsafe { libc::poll(ptr::null_mut(), 0, 1) };
        }
    }
}

/// The right to make a thread of this process step.
pub(super) struct Stepper {
    _alone: MutexGuard<'static, ()>,
}

impl Stepper {
    /// Waits until nobody else has it.
    pub(super) fn new() -> Self {
        static ALONE: Mutex<()> = Mutex::new(());
        static INSTALLED: OnceLock<()> = OnceLock::new();
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        INSTALLED.get_or_init(|| {
            // SAFETY: all zeros are a valid `sigaction`, with an empty mask.
            let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
            let handler: extern "C" fn(_, _, _) = trapped;
            action.sa_sigaction = handler as libc::sighandler_t;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART;
            // SAFETY: `action` is valid, its handler keeps to what a handler may do, and nothing else
            // in this program uses the signal.
            let result = unsafe { libc::sigaction(libc::SIGTRAP, &action, ptr::null_mut()) };
            assert_eq!(result, 0, "the handler is installed");
        });
        Self { _alone: alone }
    }

    /// Runs `work` on this thread, one at a time, and stands after each instruction.
    pub(super) fn run(&self, work: impl FnOnce()) {
        /// Also when `work` panics.
        struct Over;
        impl Drop for Over {
            fn drop(&mut self) {
                // The trap after this instruction is the last, and nobody waits for it.
                STEPPING.store(false, Relaxed);
            }
        }
        STEPPING.store(true, Relaxed);
        let _over = Over;
        // SAFETY: it does nothing but call the handler, which `new` has installed.
        unsafe { asm!("int3") };
        work();
    }

    /// Whether the thread that runs stands.
    pub(super) fn stands(&self) -> bool {
        STANDS.load(Acquire)
    }

    /// Lets it go on, by one instruction.
    pub(super) fn go_on(&self) {
        STANDS.store(false, Release);
    }

    /// Lets it go on to the end of its work.
    pub(super) fn go_on_to_the_end(&self) {
        STEPPING.store(false, Relaxed);
        STANDS.store(false, Release);
    }
}
