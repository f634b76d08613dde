//! Interval reclamation: values that share structure.
//!
//! **Models** a value whose version v is the set of nodes with birth <= v < death. A writer swaps
//! in the next version; the nodes that die with it are retired. Whoever has the scan reads the
//! slots of the readers one at a time and frees what no pinned version contains. A reader announces
//! itself, loads the root, settles on it, touches the nodes of that version one after the other,
//! and lets go.
//!
//! A slot holds a root, and a scan has to know the version of every root that it may meet. With the
//! chain, a version links to the one it replaced, so it is known from the swap on. The other way is
//! that a writer lists the root it replaced after the swap.
//!
//! **Memory** is sequentially consistent; what the fences are for is the business of the model of
//! read-copy-update.
//!
//! **Rule**: while a slot is pending nothing is freed; a retired node is freed unless some settled
//! version p has birth <= p < death; and the scan begins after the swap.
//!
//! **Must fail**: an interval too short at either end, looking at the last version alone, ignoring
//! pending slots, scanning before the swap, and listing replaced roots afterwards, because another
//! writer that scans meanwhile takes the unlisted root in a slot for none of its own. With one
//! writer that last one is right, so its failure is no accident of how it is modelled.

use super::explore::{Failure, Next, Protocol, explore};

const IDLE: u8 = 0xff;
const PENDING: u8 = 0xfe;

/// Birth and death of each node: one for each version alone, and three that neighbours share.
const NODES: [(u8, u8); 7] = [(0, 1), (1, 2), (2, 3), (3, 9), (0, 2), (1, 3), (0, 3)];
/// The last version.
const LAST: u8 = 3;
const READERS: usize = 2;

#[derive(Clone, Copy)]
struct Interval {
    /// How often each reader reads.
    reads: u8,
    writers: usize,
    /// Whether a node, by its birth and death, belongs to a pinned version.
    keeps: fn(birth: u8, pinned: u8, death: u8) -> bool,
    heeds_pending: bool,
    scans_before_the_swap: bool,
    /// Whether the swap itself makes the replaced root known.
    chain: bool,
}

const RIGHT: Interval = Interval {
    reads: 2,
    writers: 1,
    keeps: |birth, pinned, death| birth <= pinned && pinned < death,
    heeds_pending: true,
    scans_before_the_swap: false,
    chain: true,
};

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    root: u8,
    slots: [u8; READERS],
    /// A bit for each node.
    freed: u8,
    /// A bit for each version whose root is replaced and known to be.
    listed: u8,
    /// Whether somebody has the scan.
    scanning: bool,
    readers: [Reader; READERS],
    writers: [Writer; 2],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Reader {
    reads: u8,
    stage: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Reading {
    Out,
    Announced,
    Loaded(u8),
    Holds { version: u8, touched: u8 },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Writer {
    Out,
    /// Swapped a root out, and has not listed it.
    Swapped(u8),
    /// About to scan.
    Listed,
    /// The nodes to free, the next slot to read, and the versions and pending slots seen.
    Scans {
        batch: u8,
        slot: u8,
        pinned: u8,
        pending: bool,
    },
}

/// The nodes, a bit for each, that are so.
fn nodes(are_so: impl Fn(u8, u8) -> bool) -> u8 {
    let bit = |(at, &(birth, death)): (usize, &(u8, u8))| u8::from(are_so(birth, death)) << at;
    NODES.iter().enumerate().map(bit).sum()
}

fn contains(bits: u8, at: u8) -> bool {
    bits & (1 << at) != 0
}

impl State {
    /// The nodes that may be freed once nobody needs them.
    fn retired(&self) -> u8 {
        nodes(|_, death| death <= LAST && contains(self.listed, death - 1)) & !self.freed
    }

    fn everybody_is_out(&self) -> bool {
        self.readers.iter().all(|reader| reader.reads == 0)
            && self.writers.iter().all(|&writer| writer == Writer::Out)
    }
}

impl Interval {
    fn read(state: &State, at: usize, next: &mut Next<State>) {
        let reader = state.readers[at];
        let step = |next: &mut Next<State>, slot, reader| {
            let mut state = state.clone();
            state.slots[at] = slot;
            state.readers[at] = reader;
            next.to(state);
        };
        let to = |stage| Reader { stage, ..reader };
        match reader.stage {
            Reading::Out if reader.reads == 0 => {}
            Reading::Out => step(next, PENDING, to(Reading::Announced)),
            Reading::Announced => step(next, PENDING, to(Reading::Loaded(state.root))),
            Reading::Loaded(version) => {
                step(next, version, to(Reading::Holds { version, touched: 0 }));
            }
            Reading::Holds { version, touched } => {
                let needed = nodes(|birth, death| birth <= version && version < death);
                match (touched..8).find(|&node| contains(needed, node)) {
                    Some(node) if contains(state.freed, node) => next.fails(Failure::UseAfterFree),
                    Some(node) => {
                        step(next, version, to(Reading::Holds { version, touched: node + 1 }));
                    }
                    None => {
                        step(next, IDLE, Reader { reads: reader.reads - 1, ..to(Reading::Out) })
                    }
                }
            }
        }
    }

    fn write(&self, state: &State, at: usize, next: &mut Next<State>) {
        let mut state = state.clone();
        match state.writers[at] {
            Writer::Out if state.root == LAST => {
                // All is published; what is left is for the last scan, when nobody holds anything.
                if state.retired() == 0 || !state.everybody_is_out() {
                    return;
                }
                state.writers[at] = Writer::Listed;
            }
            Writer::Out if self.scans_before_the_swap => state.writers[at] = Writer::Listed,
            Writer::Out => {
                let old = state.root;
                state.root += 1;
                state.writers[at] = Writer::Swapped(old);
                if self.chain {
                    state.listed |= 1 << old;
                    state.writers[at] = Writer::Listed;
                }
            }
            Writer::Swapped(old) => {
                state.listed |= 1 << old;
                state.writers[at] = Writer::Listed;
            }
            Writer::Listed if state.scanning => return,
            Writer::Listed => {
                let mut batch = state.retired();
                if self.scans_before_the_swap {
                    batch |= nodes(|_, death| death == state.root + 1);
                }
                state.scanning = true;
                state.writers[at] = Writer::Scans { batch, slot: 0, pinned: 0, pending: false };
            }
            Writer::Scans { batch, slot, mut pinned, mut pending } => {
                match state.slots.get(usize::from(slot)) {
                    Some(&seen) => {
                        match seen {
                            IDLE => {}
                            PENDING => pending = true,
                            version => pinned |= 1 << version,
                        }
                        let slot = slot + 1;
                        state.writers[at] = Writer::Scans { batch, slot, pinned, pending };
                    }
                    None => self.free(&mut state, at, batch, pinned, pending),
                }
            }
        }
        next.to(state);
    }

    fn free(&self, state: &mut State, at: usize, batch: u8, pinned: u8, pending: bool) {
        // A root that is neither the newest nor listed belongs to nobody, as far as the scan knows.
        let known = state.listed | 1 << state.root;
        if !(pending && self.heeds_pending) {
            let needed = nodes(|birth, death| {
                (0..=LAST).any(|p| contains(pinned & known, p) && (self.keeps)(birth, p, death))
            });
            state.freed |= batch & !needed;
        }
        if self.scans_before_the_swap && state.root < LAST {
            state.listed |= 1 << state.root;
            state.root += 1;
        }
        state.scanning = false;
        state.writers[at] = Writer::Out;
    }
}

impl Protocol for Interval {
    type State = State;

    fn start(&self) -> State {
        State {
            root: 0,
            slots: [IDLE; READERS],
            freed: 0,
            listed: 0,
            scanning: false,
            readers: [Reader { reads: self.reads, stage: Reading::Out }; READERS],
            writers: [Writer::Out; 2],
        }
    }

    fn steps(&self, state: &State, next: &mut Next<State>) {
        (0..READERS).for_each(|at| Self::read(state, at, next));
        (0..self.writers).for_each(|at| self.write(state, at, next));
    }

    fn at_rest(&self, state: &State) -> Option<Failure> {
        assert!(state.root == LAST && state.everybody_is_out());
        (state.freed != nodes(|_, death| death <= LAST)).then_some(Failure::Stranded)
    }
}

#[test]
fn nothing_pinned_is_freed_and_nothing_is_left() {
    explore(&RIGHT).holds(50_000);
}

#[test]
fn two_writers_with_the_chain() {
    explore(&Interval { reads: 1, writers: 2, ..RIGHT }).holds(50_000);
}

#[test]
fn one_writer_may_list_afterwards() {
    explore(&Interval { chain: false, ..RIGHT }).holds(50_000);
}

#[test]
fn mutant_two_writers_list_afterwards() {
    explore(&Interval { reads: 1, writers: 2, chain: false, ..RIGHT })
        .fails(&[Failure::UseAfterFree]);
}

#[test]
fn mutant_birth_excluded() {
    let keeps = |birth, pinned, death| birth < pinned && pinned < death;
    explore(&Interval { keeps, ..RIGHT }).fails(&[Failure::UseAfterFree]);
}

#[test]
fn mutant_death_too_early() {
    let keeps = |birth, pinned, death| birth <= pinned && pinned + 1 < death;
    explore(&Interval { keeps, ..RIGHT }).fails(&[Failure::UseAfterFree]);
}

#[test]
fn mutant_only_the_last_version_counts() {
    explore(&Interval { keeps: |_, pinned, death| pinned + 1 == death, ..RIGHT })
        .fails(&[Failure::UseAfterFree]);
}

#[test]
fn mutant_pending_ignored() {
    explore(&Interval { heeds_pending: false, ..RIGHT }).fails(&[Failure::UseAfterFree]);
}

#[test]
fn mutant_scan_before_the_swap() {
    explore(&Interval { reads: 1, scans_before_the_swap: true, ..RIGHT })
        .fails(&[Failure::UseAfterFree]);
}
