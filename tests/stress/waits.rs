//! Waiting: plain memory goes from hand to hand, ordered by nothing but the wait for it.

use std::cell::UnsafeCell;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{
    AtomicBool, AtomicU32,
    Ordering::{Acquire, Relaxed, Release},
};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use untorn::wait::{self, EventCount, Outcome, wait_async};

use super::{Part, Random, leak, together};

/// Touched only by whoever has been told.
struct Baton(UnsafeCell<u64>);

// SAFETY: one part at a time has it, as far as the waits keep their word.
unsafe impl Sync for Baton {}

impl Baton {
    fn advance(&self, expected: u64) {
        // SAFETY: ours until it is passed on.
        let number = unsafe { &mut *self.0.get() };
        assert_eq!(*number, expected, "passed to two, or to nobody");
        *number += 1;
    }
}

/// Three parts pass it round: one blocks, one blocks with little patience, one awaits. The word never
/// changes: that a wait was notified is all they know.
pub(super) fn words(random: &mut Random) {
    let baton: &Baton = leak(Baton(UnsafeCell::new(0)));
    let words: &[AtomicU32; 3] = leak(Default::default());
    let rounds = random.steps() / 5;
    let part = |us: usize| -> Part {
        Box::new(move || {
            let mut awaiting = Awaiting::new();
            for round in 0..rounds {
                if (us, round) != (0, 0) {
                    match us {
                        0 => assert_eq!(wait::wait(&words[us], 0), Outcome::Woken),
                        1 => while !is_woken_soon(&words[us]) {},
                        _ => awaiting.run(&words[us]),
                    }
                }
                baton.advance(3 * round + us as u64);
                let next = (us + 1) % 3;
                let last = round + 1 == rounds && next == 0;
                // Until the next one waits.
                while !last && wait::notify(&words[next], 1) == 0 {
                    thread::yield_now();
                }
            }
        })
    };
    together(vec![part(0), part(1), part(2)]);
}

fn is_woken_soon(word: &AtomicU32) -> bool {
    wait::wait_timeout(word, 0, Duration::from_micros(20)) == Outcome::Woken
}

/// A task with a waker that sets a flag. Both are leaked: the last `Arc` goes behind a fence of the
/// standard library.
struct Awaiting {
    flag: Arc<Flag>,
    waker: Waker,
}

#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Relaxed);
    }
}

impl Awaiting {
    fn new() -> Self {
        let flag = Arc::<Flag>::default();
        std::mem::forget(Arc::clone(&flag));
        Self { waker: Waker::from(Arc::clone(&flag)), flag }
    }

    fn run(&mut self, word: &AtomicU32) {
        let mut future = wait_async(word, 0);
        let mut context = Context::from_waker(&self.waker);
        while Pin::new(&mut future).poll(&mut context) == Poll::Pending {
            while !self.flag.0.swap(false, Relaxed) {
                thread::yield_now();
            }
        }
        std::mem::forget(future);
    }
}

const EMPTY: u32 = 0;
const FULL: u32 = 1;
/// Somebody puts in or takes out.
const BUSY: u32 = 2;

/// What is inside is plain memory.
struct Slot {
    state: AtomicU32,
    content: UnsafeCell<u64>,
    /// It is empty; it is full.
    changes: [EventCount; 2],
}

// SAFETY: whoever made it busy has it alone.
unsafe impl Sync for Slot {}

/// Two who put in, two who take out, and an event for either.
pub(super) fn events(random: &mut Random) {
    let slot: &Slot = leak(Slot {
        state: AtomicU32::new(EMPTY),
        content: UnsafeCell::new(0),
        changes: Default::default(),
    });
    let steps = random.steps() / 2;
    let part = |(before, after): (u32, u32)| -> Part {
        Box::new(move || {
            for _ in 0..steps {
                // Acquire: pairs with the Release below.
                let take = || slot.state.compare_exchange(before, BUSY, Acquire, Relaxed).ok();
                slot.changes[before as usize].wait_until(take);
                // SAFETY: ours while it is busy.
                let content = unsafe { &mut *slot.content.get() };
                assert_eq!(*content, before.into(), "put in and taken out by turns");
                *content = after.into();
                slot.state.store(after, Release);
                slot.changes[after as usize].notify(1);
            }
        })
    };
    together([(EMPTY, FULL), (FULL, EMPTY)].into_iter().cycle().take(4).map(part).collect());
    assert_eq!(slot.state.load(Relaxed), EMPTY);
}
