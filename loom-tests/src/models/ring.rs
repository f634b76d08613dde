//! [`Snapshot`](untorn::Snapshot): when is a copy whole?
//!
//! **Models** one writer that publishes version after version into N slots of two words, and one
//! reader that loads the number of the last publish, copies the two words of its slot in either
//! order, and looks at the number again.
//!
//! **Memory** is sequentially consistent: one step, one word. The fences of the two sides (edge E2)
//! make every weaker execution look like one of these; that they do is what loom checks.
//!
//! **Rule**: the copy is the value that was published if at most N - 2 publishes completed
//! meanwhile. Accepting N - 1 must be caught: that publish may still be writing into the slot.

use super::explore::{Failure, Next, Protocol, explore};

/// How many values are published: each slot is reused, and with two slots twice over.
const VERSIONS: u8 = 7;

struct Ring {
    /// How many slots.
    slots: u8,
    /// How many publishes during a copy are tolerated.
    tolerated: u8,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    /// The number of the last publish.
    seq: u8,
    slots: [[u8; 2]; 4],
    /// How many words of the next version are written.
    written: u8,
    /// The reader's first look at `seq`.
    before: Option<u8>,
    copy: [Option<u8>; 2],
    done: bool,
}

impl Protocol for Ring {
    type State = State;

    fn start(&self) -> State {
        State { seq: 0, slots: [[0; 2]; 4], written: 0, before: None, copy: [None; 2], done: false }
    }

    fn steps(&self, state: &State, next: &mut Next<State>) {
        let slot = |version: u8| usize::from(version % self.slots);
        let step = |next: &mut Next<State>, change: &dyn Fn(&mut State)| {
            let mut state = state.clone();
            change(&mut state);
            next.to(state);
        };
        // The writer.
        let version = state.seq + 1;
        if version <= VERSIONS {
            step(next, &|s| match s.written {
                2 => (s.seq, s.written) = (version, 0),
                word => {
                    s.slots[slot(version)][usize::from(word)] = version;
                    s.written += 1;
                }
            });
        }
        // The reader.
        let Some(before) = state.before else {
            step(next, &|s| s.before = Some(s.seq));
            return;
        };
        for word in 0..2 {
            if state.copy[word].is_none() {
                step(next, &|s| s.copy[word] = Some(s.slots[slot(before)][word]));
            }
        }
        if let [Some(a), Some(b)] = state.copy {
            let accepted = state.seq - before <= self.tolerated;
            if !state.done && accepted && [a, b] != [before; 2] {
                next.fails(Failure::Torn);
            } else if !state.done {
                step(next, &|s| s.done = true);
            }
        }
    }

    fn at_rest(&self, state: &State) -> Option<Failure> {
        (!state.done || state.seq != VERSIONS).then_some(Failure::NoWayOut)
    }
}

#[test]
fn an_accepted_copy_is_whole() {
    for (slots, floor) in [(2, 1_000), (3, 700), (4, 500)] {
        explore(&Ring { slots, tolerated: slots - 2 }).holds(floor);
    }
}

#[test]
fn mutant_tolerates_one_publish_more() {
    for slots in 2..=4 {
        explore(&Ring { slots, tolerated: slots - 1 }).fails(&[Failure::Torn]);
    }
}
