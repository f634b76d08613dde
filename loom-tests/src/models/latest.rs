//! The register that counts its readers: which slot may the writer reuse?
//!
//! **Models** one writer that fills a free slot word by word and swaps it in, and readers that hold
//! one slot each and read it word by word. `current` is a slot and the number of readers that
//! joined it. A reader that finds another slot there leaves its own (`left += 1`), and joins the
//! current one by adding one to `current`. The swap tells the writer how many had joined the slot
//! it replaces; it is free when as many have left.
//!
//! **Memory** is sequentially consistent, one step a word. Joining and swapping are RMWs on one
//! word, and leaving is a Release that the writer's look at `left` acquires; each access of the
//! value lies between two of these.
//!
//! **Rule**: R + 2 slots, of which one is current and R are held, always leave one for the writer;
//! and a slot that all who joined have left is read by nobody.
//!
//! **Must fail**: reusing a slot without that look, which tears what a reader holds; R + 1 slots,
//! with which the writer finds none.

use super::explore::{Failure, Next, Protocol, explore};

/// How many values are published.
const VERSIONS: u8 = 3;
/// How often each reader reads.
const READS: u8 = 2;
const SLOTS: usize = 4;
const READERS: usize = 2;

#[derive(Clone, Copy)]
struct Register {
    slots: usize,
    readers: usize,
    /// Whether the writer leaves a slot alone until all who joined it have left.
    waits_for_leavers: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    /// The current slot, and how many joined it.
    current: (u8, u8),
    slots: [Slot; SLOTS],
    readers: [Reader; READERS],
    writer: Writer,
    published: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Slot {
    words: [u8; 2],
    left: u8,
    /// How many joined it while it was current; the writer learns it when it replaces the slot.
    entered: Option<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Reader {
    slot: u8,
    reads: u8,
    stage: Reading,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Reading {
    Looks,
    Leaves,
    Joins,
    First,
    Second(u8),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Writer {
    Picks,
    Fills { slot: u8, written: u8 },
    Resets(u8),
    Swaps(u8),
}

impl Register {
    /// A reader's only possible step.
    fn read(state: &State, at: usize, next: &mut Next<State>) {
        let mut state = state.clone();
        let reader = &mut state.readers[at];
        let held = &mut state.slots[usize::from(reader.slot)];
        reader.stage = match reader.stage {
            Reading::Looks if reader.reads == READS => return,
            Reading::Looks if state.current.0 == reader.slot => Reading::First,
            Reading::Looks => Reading::Leaves,
            Reading::Leaves => {
                held.left += 1;
                Reading::Joins
            }
            Reading::Joins => {
                state.current.1 += 1;
                reader.slot = state.current.0;
                Reading::First
            }
            Reading::First => Reading::Second(held.words[0]),
            Reading::Second(first) if first != held.words[1] => return next.fails(Failure::Torn),
            Reading::Second(_) => {
                reader.reads += 1;
                Reading::Looks
            }
        };
        next.to(state);
    }

    fn is_free(&self, state: &State, slot: usize) -> bool {
        let Slot { left, entered, .. } = state.slots[slot];
        let current = usize::from(state.current.0);
        slot != current && (entered == Some(left) || !self.waits_for_leavers)
    }

    fn write(&self, state: &State, next: &mut Next<State>) {
        let step = |next: &mut Next<State>, writer, change: &dyn Fn(&mut State)| {
            let mut state = state.clone();
            state.writer = writer;
            change(&mut state);
            next.to(state);
        };
        let version = state.published + 1;
        match state.writer {
            Writer::Picks if state.published == VERSIONS => {}
            Writer::Picks => {
                let free: Vec<_> =
                    (0..self.slots).filter(|&slot| self.is_free(state, slot)).collect();
                if free.is_empty() {
                    next.fails(Failure::WriterStarved);
                }
                for slot in free {
                    let slot = u8::try_from(slot).expect("four slots");
                    step(next, Writer::Fills { slot, written: 0 }, &|_| {});
                }
            }
            Writer::Fills { slot, written: 2 } => step(next, Writer::Resets(slot), &|_| {}),
            Writer::Fills { slot, written } => {
                step(next, Writer::Fills { slot, written: written + 1 }, &|s| {
                    s.slots[usize::from(slot)].words[usize::from(written)] = version;
                });
            }
            Writer::Resets(slot) => step(next, Writer::Swaps(slot), &|s| {
                let slot = &mut s.slots[usize::from(slot)];
                (slot.left, slot.entered) = (0, None);
            }),
            Writer::Swaps(slot) => step(next, Writer::Picks, &|s| {
                let (old, joined) = std::mem::replace(&mut s.current, (slot, 0));
                s.slots[usize::from(old)].entered = Some(joined);
                s.published = version;
            }),
        }
    }
}

impl Protocol for Register {
    type State = State;

    /// All readers have joined slot 0.
    fn start(&self) -> State {
        let mut slots = [Slot { words: [0; 2], left: 0, entered: Some(0) }; SLOTS];
        slots[0].entered = None;
        let joined = u8::try_from(self.readers).expect("two readers");
        State {
            current: (0, joined),
            slots,
            readers: [Reader { slot: 0, reads: 0, stage: Reading::Looks }; READERS],
            writer: Writer::Picks,
            published: 0,
        }
    }

    fn steps(&self, state: &State, next: &mut Next<State>) {
        (0..self.readers).for_each(|at| Self::read(state, at, next));
        self.write(state, next);
    }

    fn at_rest(&self, state: &State) -> Option<Failure> {
        let done = state.readers[..self.readers].iter().all(|reader| reader.reads == READS);
        assert!(done && state.published == VERSIONS);
        None
    }
}

#[test]
fn a_held_value_is_whole_and_the_writer_never_waits() {
    for (readers, floor) in [(1, 1_000), (2, 50_000)] {
        let register = Register { slots: readers + 2, readers, waits_for_leavers: true };
        explore(&register).holds(floor);
    }
}

#[test]
fn mutant_one_slot_less() {
    for readers in 1..=2 {
        let register = Register { slots: readers + 1, readers, waits_for_leavers: true };
        explore(&register).fails(&[Failure::WriterStarved]);
    }
}

#[test]
fn mutant_does_not_wait_for_leavers() {
    for readers in 1..=2 {
        let register = Register { slots: readers + 2, readers, waits_for_leavers: false };
        explore(&register).fails(&[Failure::Torn]);
    }
}
