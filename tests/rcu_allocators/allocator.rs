//! An allocator that makes it show when memory is used after it was freed.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU8, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::support::rcu::POISON;

/// What becomes of memory that is freed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Freed {
    /// It goes back to the system.
    Returned,
    /// The next who asks for that size gets it, so that an old address soon has a new meaning.
    Reused,
    /// It is poisoned and kept back for a while: who reads it sees that, and if it was written to in
    /// the meantime, [`was_written_after_free`] is true for ever.
    Quarantined,
}

pub(crate) struct Allocator;

static MODE: AtomicU8 = AtomicU8::new(Freed::Returned as u8);
static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);
static WRITTEN_AFTER_FREE: AtomicBool = AtomicBool::new(false);
static REUSED: AtomicUsize = AtomicUsize::new(0);
static RELEASED: AtomicUsize = AtomicUsize::new(0);

/// Memory comes in multiples of this, so that blocks of one class are alike.
const GRAIN: usize = 16;
/// Larger blocks go to the system and back.
const CLASSES: usize = 16;
/// How many blocks are kept back.
const QUARANTINE: usize = 4096;

struct Kept {
    /// The blocks of each class that wait to be reused; the link is in the first word of each.
    reusable: [*mut u8; CLASSES],
    /// A ring of blocks with their classes.
    quarantined: [(*mut u8, usize); QUARANTINE],
    next: usize,
}

// SAFETY: owns the blocks that it points to.
unsafe impl Send for Kept {}

static KEPT: Mutex<Kept> = Mutex::new(Kept {
    reusable: [ptr::null_mut(); CLASSES],
    quarantined: [(ptr::null_mut(), 0); QUARANTINE],
    next: 0,
});

fn kept() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn set(mode: Freed) {
    MODE.store(mode as u8, Relaxed);
}

/// How many bytes are allocated and not freed.
pub(crate) fn live_bytes() -> isize {
    LIVE_BYTES.load(Relaxed)
}

/// How many blocks were handed out again, and how many left the quarantine.
pub(crate) fn reused_and_released() -> (usize, usize) {
    (REUSED.load(Relaxed), RELEASED.load(Relaxed))
}

/// Looks at all that is kept back, too.
pub(crate) fn was_written_after_free() -> bool {
    for (block, class) in kept().quarantined {
        check(block, class);
    }
    WRITTEN_AFTER_FREE.load(Relaxed)
}

/// The class of a block, if it is one that we keep.
fn class(layout: Layout) -> Option<usize> {
    let class = layout.size().div_ceil(GRAIN);
    (layout.align() <= GRAIN && (1..CLASSES).contains(&class)).then_some(class)
}

fn layout(class: usize) -> Layout {
    Layout::from_size_align(class * GRAIN, GRAIN).expect("small and a power of two")
}

fn words(class: usize) -> usize {
    class * GRAIN / size_of::<u64>()
}

fn check(block: *mut u8, class: usize) {
    if block.is_null() {
        return;
    }
    for index in 0..words(class) {
        // SAFETY: within the block, which is ours. Volatile: nobody should write, but that is asked.
        let word = unsafe { block.cast::<u64>().wrapping_add(index).read_volatile() };
        if word != POISON {
            WRITTEN_AFTER_FREE.store(true, Relaxed);
        }
    }
}

fn reuse(class: usize) -> Option<*mut u8> {
    let mut kept = kept();
    let block = kept.reusable[class];
    if block.is_null() {
        return None;
    }
    // SAFETY: in the list, so ours, and its first word is the link.
    kept.reusable[class] = unsafe { block.cast::<*mut u8>().read() };
    REUSED.fetch_add(1, Relaxed);
    Some(block)
}

fn quarantine(block: *mut u8, class: usize) {
    for index in 0..words(class) {
        // SAFETY: within the block, which was just freed.
        unsafe { block.cast::<u64>().wrapping_add(index).write_volatile(POISON) };
    }
    let (oldest, class) = {
        let mut kept = kept();
        let next = kept.next;
        kept.next = (next + 1) % QUARANTINE;
        std::mem::replace(&mut kept.quarantined[next], (block, class))
    };
    check(oldest, class);
    if !oldest.is_null() {
        RELEASED.fetch_add(1, Relaxed);
        // SAFETY: allocated with that layout, and out of the ring.
        unsafe { System.dealloc(oldest, layout(class)) };
    }
}

// SAFETY: blocks are those of the system, rounded up; one is handed out again only after it was freed.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, asked: Layout) -> *mut u8 {
        LIVE_BYTES.fetch_add(asked.size() as isize, Relaxed);
        match class(asked) {
            Some(class) => reuse(class).unwrap_or_else(|| {
                // SAFETY: not of size zero.
                unsafe { System.alloc(layout(class)) }
            }),
            // SAFETY: promised by the caller.
            None => unsafe { System.alloc(asked) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, asked: Layout) {
        LIVE_BYTES.fetch_sub(asked.size() as isize, Relaxed);
        let Some(class) = class(asked) else {
            // SAFETY: promised by the caller; allocated as it is.
            return unsafe { System.dealloc(block, asked) };
        };
        match MODE.load(Relaxed) {
            mode if mode == Freed::Reused as u8 => {
                let mut kept = kept();
                // SAFETY: just freed, so ours, and large enough for a link.
                unsafe { block.cast::<*mut u8>().write(kept.reusable[class]) };
                kept.reusable[class] = block;
            }
            mode if mode == Freed::Quarantined as u8 => quarantine(block, class),
            // SAFETY: allocated with that layout.
            _ => unsafe { System.dealloc(block, layout(class)) },
        }
    }
}
