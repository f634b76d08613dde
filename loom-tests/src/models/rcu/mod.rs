//! Read-copy-update: announce, load, settle; and who frees what, when.
//!
//! **Models** readers that pin a version, use it and let go of it; writers that pin the newest
//! version in the same way, use it, replace it by compare-and-swap, let go of it and reclaim, or
//! reclaim first and keep it a while; and reclaiming itself, which a drop takes part in when it finds
//! `wanted`. Every store reclaims, as `Policy::Prompt` has it. A version links to the one that it
//! replaced, so the swap publishes the new one and retires the old one in one step. The words:
//!
//! * `current`: the newest version;
//! * a slot for each thread: idle, reserved, pending, or settled on a version;
//! * for each block of slots its `owner`, and whether that is awake, asleep, or has been marked by a
//!   scan that is about to put it to sleep;
//! * `wanted`: whether something retired waits for somebody's drop;
//! * `turn`: how many came to reclaim; whoever finds zero does it, and goes round again until
//!   nobody came meanwhile. It guards `settled`, the version of which it is known that nobody will
//!   pick up an older one.
//!
//! Beside them, a rival reclaims another cell that the same threads read: it marks, fences and
//! confirms. Readers may have a block in common, which one gives back and another claims while the
//! first still has a guard; one may read once, in a slot of a block that is another's afterwards; and
//! one may hold two versions at a time.
//!
//! **Memory.** A thread executes the operations of its program in any order that their dependencies
//! allow, each on one memory that all share: what a reader does overtakes what it did before, its
//! own stores included, as on ARM. The light fence is a compiler fence, so it is not there at all.
//! Loads are executed ahead of branches and taken back, stores are not. While it reclaims, a thread
//! is in order, and its plain stores wait in a buffer, as on x86; where `lags` says so, its swap does
//! too. The heavy fence interrupts every other thread, each at its own time, between two operations
//! of its program: all before are executed then, and none after. In the symmetric form, light and
//! heavy fences are both full fences of the thread itself.
//!
//! **Rule.** A version is freed if it is older than the head of which all readers were settled
//! *after* it became the head, and a scan that begins after that finds no slot pending and none
//! settled on it. Settled is, after a fence of the scan's own, a block without an owner, or asleep,
//! or seen with the head; or else every block, by a heavy fence. How long a scan looks before it
//! makes that fence is left open: at any time it may. Nothing is left when all have gone.
//!
//! **Must fail**: each fence left out or misplaced; a scan that ignores pending slots; a store that
//! lets go or settles too early; a block given back too early; `wanted` not asked, set too late, or
//! without a heavy fence of its own; coming to reclaim without release, or without a second round for
//! it; freeing after a heavy fence that failed; each step of falling asleep and of waking up left out,
//! made too early, or trusted too early; an owner taken for settled by anything but the head, by what
//! another has put into a slot of its block, or by the address of what is freed; a writer that does
//! not pin what it reads; and a guard that is copied from slot to slot, which is why guards are not
//! `Clone`.
//!
//! **Not modelled**: a reclaimer out of order, but for its swap (the symmetric form runs on loom);
//! batches, garbage and `synchronize`.

mod perform;
mod program;
mod reclaim;
mod rules;
mod settle;
mod tests;

use super::explore::{Failure, Next, Protocol};
use program::Program;
use reclaim::Job;
use rules::{Rules, Size};

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
/// In a slot: taken, but nothing is announced.
const RESERVED: u8 = 0xfd;

/// The owner of a block that has none.
const NOBODY: u8 = 0xff;

/// Whether the owner of a block fences when it next picks something up.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Sleep {
    Awake,
    /// Marked by the scan of this cell.
    Tired,
    /// Marked by the rival.
    TiredOfRival,
    Asleep,
}

struct Rcu {
    rules: Rules,
    size: Size,
    programs: Vec<Program>,
    /// Of each thread, the block that it has from the beginning.
    homes: Vec<Option<usize>>,
    /// Of each slot, the block that it is part of.
    blocks: Vec<usize>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    /// The newest version; version n replaced version n - 1.
    current: u8,
    /// Whose swap is not seen by others yet.
    lagging: Option<u8>,
    /// A bit for each version.
    freed: u8,
    wanted: bool,
    turn: u8,
    settled: u8,
    /// How many heavy fences may still fail.
    failures: u8,
    slots: [u8; SLOTS],
    sleep: [Sleep; THREADS],
    owner: [u8; THREADS],
    /// A bit for each block whose claim is not seen by others yet.
    claims: u8,
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
        let mut this =
            Self { rules, size, programs: Vec::new(), homes: Vec::new(), blocks: Vec::new() };
        if rules.guard_is_copied {
            this.blocks.push(0);
        }
        for reader in 0..size.readers {
            let block = if size.share { 0 } else { reader };
            let slot = this.add_slot(block);
            if size.overlap {
                this.add_slot(block);
            }
            let program = Program::reader(&rules, &size, slot, block, reader == 0);
            this.add(program, (!size.share).then_some(block));
        }
        if size.once {
            let slot = this.add_slot(0);
            this.add(Program::once(&rules, slot), None);
        }
        let shared = if size.share { 1 } else { size.readers };
        for writer in 0..size.writers {
            let slot = this.add_slot(shared + writer);
            let program = Program::writer(&rules, &size, slot, shared + writer);
            this.add(program, Some(shared + writer));
        }
        if size.rival > 0 {
            this.add(Program::rival(&rules, &size), None);
        }
        if size.latecomer {
            this.add(Program::latecomer(&rules), None);
        }
        assert!(this.programs.len() <= THREADS);
        assert!(size.pins.max(size.stores).max(size.rival) <= ROUNDS);
        assert!(!size.overlap || size.pins == 2);
        this
    }

    fn add_slot(&mut self, block: usize) -> usize {
        self.blocks.push(block);
        self.blocks.len() - 1
    }

    fn add(&mut self, program: Program, home: Option<usize>) {
        self.programs.push(program);
        self.homes.push(home);
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

    /// Whether this thread's swap is not seen by others yet.
    fn lags(&self, thread: usize) -> bool {
        self.lagging.is_some_and(|lagging| usize::from(lagging) == thread)
    }

    /// The newest version that this thread can see.
    fn current_for(&self, thread: usize) -> u8 {
        let unseen = self.lagging.is_some() && !self.lags(thread);
        self.current - u8::from(unseen)
    }
}

impl Protocol for Rcu {
    type State = State;

    fn start(&self) -> State {
        let thread = Thread { performed: 0, held: [IDLE; ROUNDS], buffer: None, job: None };
        let mut owner = [NOBODY; THREADS];
        for (thread, home) in self.homes.iter().enumerate() {
            if let Some(block) = *home {
                owner[block] = u8::try_from(thread).expect("few threads");
            }
        }
        let sleep = if self.size.asleep { Sleep::Asleep } else { Sleep::Awake };
        State {
            current: 0,
            lagging: None,
            freed: 0,
            wanted: false,
            turn: 0,
            settled: 0,
            failures: self.size.failures,
            slots: [IDLE; SLOTS],
            sleep: [sleep; THREADS],
            owner,
            claims: 0,
            threads: [thread; THREADS],
        }
    }

    fn steps(&self, state: &State, next: &mut Next<State>) {
        if state.lagging.is_some() {
            next.to(State { lagging: None, ..state.clone() });
        }
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
