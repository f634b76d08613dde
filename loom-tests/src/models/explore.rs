//! The explorer: every state that a protocol can reach, and what goes wrong in them.

use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Debug};
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// What goes wrong in a protocol that is wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Failure {
    /// Memory is read after it was freed.
    UseAfterFree,
    /// All is quiet, nobody holds anything, and yet something retired was never freed.
    Stranded,
    /// Everybody who could act has gone, and somebody sleeps.
    LostWake,
    /// Two threads are in the critical section.
    TwoHolders,
    /// A reader takes half of one value and half of another for a value.
    Torn,
    /// A value comes out twice, or one that was never put in.
    Twice,
    /// A value that was put in comes out nowhere.
    Missing,
    /// A writer that must never wait finds nothing to write to.
    WriterStarved,
    /// From some state on there is no way to the end any more, though steps can be taken for ever.
    NoWayOut,
}

/// A protocol, as a set of states and the steps between them.
pub(super) trait Protocol {
    /// Everything that the next step depends on: two histories that led to equal states share their
    /// future.
    type State: Clone + Eq + Hash + Debug;

    /// Where it begins.
    fn start(&self) -> Self::State;

    /// Every step that some thread, or the hardware, can take now.
    fn steps(&self, state: &Self::State, next: &mut Next<Self::State>);

    /// What is wrong with a state in which nobody can take a step.
    fn at_rest(&self, state: &Self::State) -> Option<Failure>;
}

/// Receives the steps out of one state.
pub(super) struct Next<S> {
    states: Vec<S>,
    failures: Vec<Failure>,
}

impl<S> Next<S> {
    /// A step leads to `state`.
    pub(super) fn to(&mut self, state: S) {
        self.states.push(state);
    }

    /// A step goes wrong. Nothing after it is looked at.
    pub(super) fn fails(&mut self, failure: Failure) {
        self.failures.push(failure);
    }
}

/// What an exploration found.
pub(super) struct Explored {
    states: usize,
    failures: BTreeSet<Failure>,
    /// The shortest way to the first failure.
    trace: String,
}

impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} states, {:?}", self.states, self.failures)
    }
}

impl Explored {
    /// The protocol is right, and at least `floor` states say so: an explorer that explored nothing
    /// finds nothing wrong either.
    #[track_caller]
    pub(super) fn holds(&self, floor: usize) {
        println!("{self}");
        assert!(self.failures.is_empty(), "{self}, by these steps:\n{}", self.trace);
        assert!(self.states >= floor, "{self}, where at least {floor} were expected");
    }

    /// The protocol is wrong in just these ways.
    #[track_caller]
    pub(super) fn fails(&self, failures: &[Failure]) {
        println!("{self}");
        assert!(
            self.failures.iter().eq(failures),
            "{self}, where {failures:?} was expected\n{}",
            self.trace
        );
    }
}

/// More states than this are a mistake in the model, not a large model.
const MOST: usize = 4_000_000;

/// Visits every reachable state once, breadth first.
pub(super) fn explore<P: Protocol>(protocol: &P) -> Explored {
    let start = protocol.start();
    let mut numbers = HashMap::<_, u32, BuildHasherDefault<Mix>>::default();
    numbers.insert(start.clone(), 0);
    let mut states = vec![start];
    // From which state each was first reached.
    let mut parents = vec![0_u32];
    // Every step, its target first, and the states in which nothing moves and nothing is wrong.
    let mut edges = Vec::<(u32, u32)>::new();
    let mut ends = Vec::new();
    let mut failures = BTreeSet::new();
    let mut first = None;
    let mut next = Next { states: Vec::new(), failures: Vec::new() };

    let mut at = 0;
    while at < states.len() {
        protocol.steps(&states[at], &mut next);
        let number = u32::try_from(at).expect("MOST is far below");
        if next.states.is_empty() && next.failures.is_empty() {
            match protocol.at_rest(&states[at]) {
                Some(failure) => next.failures.push(failure),
                None => ends.push(number),
            }
        }
        if !next.failures.is_empty() {
            first.get_or_insert(at);
            failures.extend(next.failures.drain(..));
        }
        for state in next.states.drain(..) {
            let new = u32::try_from(states.len()).expect("MOST is far below");
            let known = *numbers.entry(state).or_insert_with_key(|state| {
                states.push(state.clone());
                parents.push(number);
                new
            });
            edges.push((known, number));
        }
        assert!(states.len() <= MOST, "more than {MOST} states");
        at += 1;
    }

    // A failure cuts ways to the end, so the question makes sense only without one.
    if failures.is_empty()
        && let Some(lost) = without_way_out(states.len(), &mut edges, ends)
    {
        failures.insert(Failure::NoWayOut);
        first = Some(lost);
    }
    let trace = first.map(|last| trace(&states, &parents, last)).unwrap_or_default();
    Explored { states: states.len(), failures, trace }
}

/// A state from which no end can be reached, if there is one.
fn without_way_out(states: usize, edges: &mut [(u32, u32)], ends: Vec<u32>) -> Option<usize> {
    edges.sort_unstable();
    let mut leads_out = vec![false; states];
    let mut open = ends;
    open.iter().for_each(|&end| leads_out[end as usize] = true);
    while let Some(to) = open.pop() {
        let start = edges.partition_point(|edge| edge.0 < to);
        for &(_, from) in edges[start..].iter().take_while(|edge| edge.0 == to) {
            if !std::mem::replace(&mut leads_out[from as usize], true) {
                open.push(from);
            }
        }
    }
    leads_out.iter().position(|&out| !out)
}

/// The states on the way to state `last`, a line each.
fn trace<S: Debug>(states: &[S], parents: &[u32], last: usize) -> String {
    let mut way = vec![last];
    while *way.last().expect("never empty") != 0 {
        way.push(parents[way[way.len() - 1]] as usize);
    }
    way.iter().rev().map(|&at| format!("{:?}\n", states[at])).collect()
}

/// Multiplies and mixes. The standard hasher takes longer than all the rest; nobody attacks this
/// one.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_isize(&mut self, value: isize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        // The table takes its index from low bits, the multiplication mixes the high ones.
        self.0 ^ (self.0 >> 32)
    }
}

mod tests {
    use super::*;

    /// Two threads count to `to` each; what `rest` says of the last state.
    struct Counting {
        to: u8,
        rest: Option<Failure>,
        /// A step into an endless walk between two states.
        trap: bool,
        /// A step that fails.
        bad: bool,
    }

    impl Protocol for Counting {
        type State = [u8; 2];

        fn start(&self) -> [u8; 2] {
            [0; 2]
        }

        fn steps(&self, &[a, b]: &[u8; 2], next: &mut Next<[u8; 2]>) {
            if a >= 100 {
                next.to([201 - a, b]);
                return;
            }
            if a < self.to {
                next.to([a + 1, b]);
            }
            if b < self.to {
                next.to([a, b + 1]);
            }
            if self.trap && [a, b] == [1, 2] {
                next.to([100, 0]);
            }
            if self.bad && [a, b] == [2, 1] {
                next.fails(Failure::Torn);
            }
        }

        fn at_rest(&self, state: &[u8; 2]) -> Option<Failure> {
            assert_eq!(*state, [self.to; 2]);
            self.rest
        }
    }

    const RIGHT: Counting = Counting { to: 9, rest: None, trap: false, bad: false };

    #[test]
    fn every_state_is_visited_once() {
        let explored = explore(&RIGHT);
        assert_eq!(explored.states, 100);
        explored.holds(100);
    }

    #[test]
    #[should_panic(expected = "100 states, {}, where at least 101 were expected")]
    fn too_few_states_are_an_error() {
        explore(&RIGHT).holds(101);
    }

    #[test]
    fn what_is_wrong_at_rest_is_found() {
        explore(&Counting { rest: Some(Failure::Stranded), ..RIGHT }).fails(&[Failure::Stranded]);
    }

    #[test]
    fn a_step_that_fails_is_found_and_the_others_go_on() {
        let explored = explore(&Counting { bad: true, rest: Some(Failure::LostWake), ..RIGHT });
        assert_eq!(explored.states, 100);
        explored.fails(&[Failure::LostWake, Failure::Torn]);
        let start = "[0, 0]\n";
        assert!(explored.trace.starts_with(start) && explored.trace.ends_with("[2, 1]\n"));
        assert_eq!(explored.trace.lines().count(), 4, "the shortest way takes three steps");
    }

    #[test]
    fn a_walk_without_end_is_found() {
        let explored = explore(&Counting { trap: true, ..RIGHT });
        assert_eq!(explored.states, 102);
        explored.fails(&[Failure::NoWayOut]);
    }

    #[test]
    #[should_panic(expected = "{Stranded}, by these steps")]
    fn a_protocol_that_fails_does_not_hold() {
        explore(&Counting { rest: Some(Failure::Stranded), ..RIGHT }).holds(1);
    }

    #[test]
    #[should_panic(expected = "where [UseAfterFree] was expected")]
    fn another_failure_is_not_the_expected_one() {
        explore(&Counting { rest: Some(Failure::Stranded), ..RIGHT })
            .fails(&[Failure::UseAfterFree]);
    }
}
