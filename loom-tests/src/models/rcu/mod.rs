//! Read-copy-update: announce, load, settle; and who frees what, when.
//!
//! **Models** readers that pin a version, use it and let go of it, or renew the pin: announce and
//! settle over the version that they held; writers that pin the newest version in the same way, use
//! it, replace it by compare-and-swap, let go of it and reclaim, or reclaim first and keep it a
//! while; and reclaiming itself, which a drop or a renewal takes part in when it finds `wanted`.
//! Every store reclaims, as `Policy::Prompt` has it. A version links to the one that it replaced,
//! so the swap publishes the new one and retires the old one in one step. The words:
//!
//! * `current`: the newest version;
//! * a slot for each thread: idle, pending, or settled on a version;
//! * `wanted`: whether something retired waits for somebody's drop;
//! * `turn`: how many came to reclaim; whoever finds zero does it, and goes round again until
//!   nobody came meanwhile. It guards `fenced`, the version up to which a heavy fence was made.
//!
//! **Memory.** A thread executes the operations of its program in any order that their dependencies
//! allow, each on one memory that all share: what a reader does overtakes what it did before, its
//! own stores included, as on ARM. The light fence is a compiler fence, so it is not there at all.
//! Loads are executed ahead of branches and taken back, stores are not. While it reclaims, a thread
//! is in order, and its plain stores wait in a buffer, as on x86. The heavy fence interrupts every
//! other thread, each at its own time, between two operations of its program: all before are
//! executed then, and none after. In the symmetric form, light and heavy fences are both full
//! fences of the thread itself.
//!
//! **Rule.** A version is freed if it is older than the head of which a heavy fence was made
//! *after* it became the head, and a scan that begins after that fence finds no slot pending and
//! none settled on it. Nothing is left when all have gone.
//!
//! **Must fail**: each fence left out or misplaced; a scan that ignores pending slots; a store that
//! lets go or settles too early; `wanted` not asked, or set too late; coming to reclaim without
//! release, or without a second round for it; freeing after a heavy fence that failed; a writer
//! that does not pin what it reads; and a guard that is copied from slot to slot, which is why
//! guards are not `Clone`.
//!
//! Settling too early shows with renewals alone. Without them the store that let go of the last
//! version stands between, in the same slot.
//!
//! **Not modelled**: a reclaimer out of order, as ARM has it (the symmetric form runs on loom);
//! blocks of slots that come and go; batches, garbage and `synchronize`.

mod program;
mod reclaim;
mod tests;

use super::explore::{Failure, Next, Protocol};
use program::Program;
use reclaim::Job;

/// No more threads than these in one model.
const THREADS: usize = 4;
/// One slot for each, and a spare one for the guard that is copied.
const SLOTS: usize = THREADS + 1;
/// No more pins of one thread than these.
const ROUNDS: usize = 3;

/// In a slot, or held by a thread: no version.
const IDLE: u8 = 0xff;
/// In a slot: about to hold some version.
const PENDING: u8 = 0xfe;

/// The rules of the protocol. Each mutant changes one of them.
#[derive(Clone, Copy, Debug)]
struct Rules {
    /// A full fence between announcing and loading.
    fence_after_announcing: bool,
    /// A full fence between letting go and asking for `wanted`.
    fence_after_letting_go: bool,
    /// What the reclaimer's fence is.
    heavy: Heavy,
    /// When it is made.
    heavy_is_made: HeavyIsMade,
    /// When `wanted` is set.
    wanted_is_set: WantedIsSet,
    /// Whether settling is a Release store.
    settle_releases: bool,
    /// Whether letting go is a Release store.
    letting_go_releases: bool,
    /// Whether a drop asks for `wanted`.
    drop_asks: bool,
    /// Whether coming to reclaim releases what came before.
    coming_releases: bool,
    /// Whether the reclaimer goes round again for those who came meanwhile.
    second_round: bool,
    /// Whether a scan that sees a pending slot frees nothing.
    scan_heeds_pending: bool,
    /// Whether a heavy fence that failed ends the pass.
    failure_is_heeded: bool,
    /// Whether a writer settles on what it reads.
    writer_pins: bool,
    /// Whether the first reader moves its guard to a spare slot before it uses it.
    guard_is_copied: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Heavy {
    /// Interrupts every other thread.
    Interrupts,
    /// A full fence of the reclaimer, no more.
    FencesItself,
    Missing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum HeavyIsMade {
    /// After the head is read.
    AfterTheHead,
    /// Before the head is read.
    BeforeTheHead,
    /// By the writer, before it swaps.
    BeforeTheSwap,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum WantedIsSet {
    BeforeHeavy,
    AfterHeavy,
    AfterTheScan,
}

/// The form for Linux: the light fence costs nothing, the heavy one interrupts.
const ASYMMETRIC: Rules = Rules {
    fence_after_announcing: false,
    fence_after_letting_go: false,
    heavy: Heavy::Interrupts,
    heavy_is_made: HeavyIsMade::AfterTheHead,
    wanted_is_set: WantedIsSet::BeforeHeavy,
    settle_releases: true,
    letting_go_releases: true,
    drop_asks: true,
    coming_releases: true,
    second_round: true,
    scan_heeds_pending: true,
    failure_is_heeded: true,
    writer_pins: true,
    guard_is_copied: false,
};

/// The form for all others: full fences on both sides.
const SYMMETRIC: Rules = Rules {
    fence_after_announcing: true,
    fence_after_letting_go: true,
    heavy: Heavy::FencesItself,
    ..ASYMMETRIC
};

/// Who takes part.
#[derive(Clone, Copy, Debug)]
struct Size {
    readers: usize,
    /// How often each reader pins.
    pins: usize,
    writers: usize,
    /// How often each writer stores.
    stores: usize,
    /// Whether readers renew their pin instead of letting go of it in between.
    renews: bool,
    /// Whether a writer reclaims before it lets go of what it replaced, which it then uses again.
    keeps: bool,
    /// How many heavy fences may fail.
    failures: u8,
    /// Whether somebody reclaims once all others have gone, as the next store would.
    latecomer: bool,
}

struct Rcu {
    rules: Rules,
    size: Size,
    programs: Vec<Program>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    /// The newest version; version n replaced version n - 1.
    current: u8,
    /// A bit for each version.
    freed: u8,
    wanted: bool,
    turn: u8,
    fenced: u8,
    /// How many heavy fences may still fail.
    failures: u8,
    slots: [u8; SLOTS],
    threads: [Thread; THREADS],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Thread {
    /// A bit for each operation of its program.
    performed: u32,
    /// What each of its pins loaded.
    held: [u8; ROUNDS],
    /// A store to `wanted` that nobody sees yet.
    buffer: Option<bool>,
    job: Option<Job>,
}

impl Rcu {
    fn new(rules: Rules, size: Size) -> Self {
        let spare = usize::from(rules.guard_is_copied);
        let threads = size.readers + size.writers;
        let mut programs: Vec<_> = (0..threads)
            .map(|thread| match thread.checked_sub(size.readers) {
                None => Program::reader(&rules, &size, thread + spare, thread == 0),
                Some(_) => Program::writer(&rules, &size, thread + spare),
            })
            .collect();
        if size.latecomer {
            programs.push(Program::latecomer());
        }
        assert!(programs.len() <= THREADS);
        assert!(size.pins.max(size.stores) <= ROUNDS);
        Self { rules, size, programs }
    }

    /// How many slots there are to scan.
    fn slots(&self) -> usize {
        self.size.readers + self.size.writers + usize::from(self.rules.guard_is_copied)
    }

    /// Whether the thread has come to the end of its program.
    fn has_gone(&self, state: &State, thread: usize) -> bool {
        let Thread { performed, buffer, job, .. } = state.threads[thread];
        performed == self.programs[thread].all() && buffer.is_none() && job.is_none()
    }
}

impl State {
    fn is_freed(&self, version: u8) -> bool {
        self.freed & (1 << version) != 0
    }

    /// Whether a retired version older than `head` waits to be freed.
    fn has_retired(&self, head: u8) -> bool {
        let retired = (1 << head) - 1;
        self.freed & retired != retired
    }
}

impl Protocol for Rcu {
    type State = State;

    fn start(&self) -> State {
        let thread = Thread { performed: 0, held: [IDLE; ROUNDS], buffer: None, job: None };
        State {
            current: 0,
            freed: 0,
            wanted: false,
            turn: 0,
            fenced: 0,
            failures: self.size.failures,
            slots: [IDLE; SLOTS],
            threads: [thread; THREADS],
        }
    }

    fn steps(&self, state: &State, next: &mut Next<State>) {
        for thread in 0..self.programs.len() {
            if let Some(wanted) = state.threads[thread].buffer {
                let mut seen = state.clone();
                seen.wanted = wanted;
                seen.threads[thread].buffer = None;
                next.to(seen);
            }
            self.perform(state, thread, next);
            if let Some(job) = state.threads[thread].job {
                self.reclaim(state, thread, job, next);
            }
        }
    }

    fn at_rest(&self, state: &State) -> Option<Failure> {
        if !(0..self.programs.len()).all(|thread| self.has_gone(state, thread)) {
            return Some(Failure::NoWayOut);
        }
        assert_eq!(usize::from(state.current), self.size.writers * self.size.stores);
        assert!(!state.is_freed(state.current));
        state.has_retired(state.current).then_some(Failure::Stranded)
    }
}
