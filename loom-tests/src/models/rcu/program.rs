//! What a thread does outside of reclaiming, and in which orders the hardware may do it.

use super::super::explore::{Failure, Next};
use super::reclaim::{Job, Stage};
use super::{HeavyIsMade, IDLE, PENDING, Rcu, Rules, Size, State};

/// One operation. Those on a slot name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    /// `slot = pending`, relaxed.
    Announce(usize),
    /// `p = current`, Acquire.
    Load,
    /// `slot = p`.
    Settle(usize),
    /// Reads what `p` points to.
    Use,
    /// `slot = idle`.
    LetGo(usize),
    /// A full fence.
    Fence,
    /// `if wanted { reclaim }`.
    Ask,
    /// `current: p -> new`, AcqRel; where that fails, this pin is begun anew.
    Swap,
    /// The heavy fence, by the writer itself.
    Heavy,
    /// Reclaims.
    Reclaim,
    /// Reclaims, once all others have gone.
    ReclaimLast,
}
use Operation::{
    Announce, Ask, Fence, Heavy, LetGo, Load, Reclaim, ReclaimLast, Settle, Swap, Use,
};

impl Operation {
    const fn slot(self) -> Option<usize> {
        match self {
            Announce(slot) | Settle(slot) | LetGo(slot) => Some(slot),
            _ => None,
        }
    }

    /// Executed ahead of a branch, it can be taken back.
    const fn is_load(self) -> bool {
        matches!(self, Load | Use | Ask)
    }

    /// Whether nothing that follows it is executed before it.
    const fn holds_back_all(self) -> bool {
        // Swap: Acquire, and a branch on its success. Reclaim: an RMW to begin with.
        matches!(self, Fence | Swap | Heavy | Reclaim | ReclaimLast)
    }
}

#[derive(Debug)]
struct Line {
    operation: Operation,
    /// To which pin it belongs.
    round: usize,
    /// A bit for each earlier operation that must be executed before it.
    after: u32,
}

/// The operations of one thread in program order.
#[derive(Debug)]
pub(super) struct Program(Vec<Line>);

impl Program {
    pub(super) fn reader(rules: &Rules, size: &Size, slot: usize, first: bool) -> Self {
        let copied = first && rules.guard_is_copied;
        let asks = |round: &mut Vec<Operation>| {
            if rules.fence_after_letting_go {
                round.push(Fence);
            }
            if rules.drop_asks {
                round.push(Ask);
            }
        };
        let rounds = (1..=size.pins).map(|pin| {
            let mut round = Self::pin(rules, slot);
            if size.renews && pin > 1 {
                // What it held before, it has let go of by settling on this.
                asks(&mut round);
            }
            if copied {
                // The spare slot is the one that a scan reads first.
                round.extend([Settle(0), LetGo(slot)]);
            }
            round.push(Use);
            if !size.renews || pin == size.pins {
                round.push(LetGo(if copied { 0 } else { slot }));
                asks(&mut round);
            }
            round
        });
        Self::of(rules, rounds)
    }

    pub(super) fn writer(rules: &Rules, size: &Size, slot: usize) -> Self {
        let mut round = if rules.writer_pins { Self::pin(rules, slot) } else { vec![Load] };
        round.push(Use);
        if rules.heavy_is_made == HeavyIsMade::BeforeTheSwap {
            round.push(Heavy);
        }
        round.push(Swap);
        if size.keeps {
            round.extend([Reclaim, Use]);
        }
        round.push(LetGo(slot));
        if size.keeps {
            if rules.fence_after_letting_go {
                round.push(Fence);
            }
            round.push(Ask);
        } else {
            round.push(Reclaim);
        }
        Self::of(rules, (0..size.stores).map(|_| round.clone()))
    }

    pub(super) fn latecomer() -> Self {
        Self(vec![Line { operation: ReclaimLast, round: 0, after: 0 }])
    }

    fn pin(rules: &Rules, slot: usize) -> Vec<Operation> {
        let mut pin = vec![Announce(slot)];
        if rules.fence_after_announcing {
            pin.push(Fence);
        }
        pin.extend([Load, Settle(slot)]);
        pin
    }

    /// The rounds, with what each operation must wait for.
    fn of(rules: &Rules, rounds: impl Iterator<Item = Vec<Operation>>) -> Self {
        let operations: Vec<_> = rounds
            .enumerate()
            .flat_map(|(round, operations)| operations.into_iter().map(move |it| (it, round)))
            .collect();
        assert!(operations.len() < 32);
        let after = |second: usize| {
            let (later, later_round) = operations[second];
            (0..second)
                .filter(|&first| {
                    let (earlier, earlier_round) = operations[first];
                    must_wait(rules, later, earlier, later_round == earlier_round)
                })
                .fold(0, |after, first| after | 1 << first)
        };
        let line = |(at, &(operation, round))| Line { operation, round, after: after(at) };
        Self(operations.iter().enumerate().map(line).collect())
    }

    pub(super) fn operation(&self, at: u8) -> Operation {
        self.0[usize::from(at)].operation
    }

    /// All its operations.
    pub(super) fn all(&self) -> u32 {
        (1_u32 << self.0.len()) - 1
    }
}

/// Whether the hardware executes `later` only after `earlier`, which precedes it in the program.
fn must_wait(rules: &Rules, later: Operation, earlier: Operation, same_pin: bool) -> bool {
    let releases = match later {
        Settle(_) => rules.settle_releases,
        LetGo(_) => rules.letting_go_releases,
        Swap => true,
        _ => later.holds_back_all(),
    };
    // A store is not executed before it is known that it will be.
    let branch = earlier == Ask && !later.is_load();
    // Two accesses of one word stay in order.
    let coherent = (later.slot().is_some() && later.slot() == earlier.slot())
        || (later == earlier && matches!(later, Load | Ask));
    // What is settled on, read or replaced is what was loaded.
    let data = same_pin && earlier == Load && matches!(later, Settle(_) | Use);
    releases || earlier.holds_back_all() || branch || coherent || data
}

/// The first `count` operations.
const fn first(count: usize) -> u32 {
    (1 << count) - 1
}

impl Rcu {
    /// Every operation that the thread can execute now.
    pub(super) fn perform(&self, state: &State, thread: usize, next: &mut Next<State>) {
        let Program(lines) = &self.programs[thread];
        let me = &state.threads[thread];
        // What follows in the program waits for the reclaiming.
        let reach = me.job.map_or(lines.len(), |job| job.from.into());
        for (at, line) in lines[..reach].iter().enumerate() {
            let waits = line.after & !me.performed != 0;
            let last = line.operation == ReclaimLast;
            let others = (0..self.programs.len()).filter(|&other| other != thread);
            if me.performed & (1 << at) != 0 || waits {
                continue;
            }
            if last && !others.into_iter().all(|other| self.has_gone(state, other)) {
                continue;
            }
            if line.operation == Use && state.is_freed(me.held[line.round]) {
                next.fails(Failure::UseAfterFree);
                continue;
            }
            let mut state = state.clone();
            state.threads[thread].performed |= 1 << at;
            self.execute(&mut state, thread, at);
            next.to(state);
        }
    }

    fn execute(&self, state: &mut State, thread: usize, at: usize) {
        let Program(lines) = &self.programs[thread];
        let Line { operation, round, .. } = lines[at];
        let me = &mut state.threads[thread];
        match operation {
            Announce(slot) => state.slots[slot] = PENDING,
            Load => me.held[round] = state.current,
            Settle(slot) => state.slots[slot] = me.held[round],
            Use | Fence => {}
            LetGo(slot) => state.slots[slot] = IDLE,
            Swap if state.current == me.held[round] => state.current += 1,
            Swap => {
                let begun = lines.iter().take_while(|line| line.round < round).count();
                me.performed &= first(begun);
                me.held[round] = IDLE;
            }
            Ask if state.wanted => {
                // The loads that went ahead are taken back: reclaiming begins with an RMW that they
                // must follow.
                me.performed &= first(at + 1);
                me.held[round + 1..].fill(IDLE);
                me.job = Some(Job::new(Stage::Come, at));
            }
            Ask => {}
            Heavy => me.job = Some(Job::new(Stage::Heavy, at)),
            Reclaim | ReclaimLast => me.job = Some(Job::new(Stage::Come, at)),
        }
        // What a pin loaded no longer matters once all of it is executed.
        let pin = (0..lines.len()).filter(|&at| lines[at].round == round);
        if pin.into_iter().all(|at| me.performed & (1 << at) != 0) {
            me.held[round] = IDLE;
        }
    }

    /// Whether the thread is between two operations of its program: all before are executed, and
    /// none after.
    pub(super) fn is_between(state: &State, thread: usize) -> bool {
        let performed = state.threads[thread].performed;
        performed & (performed + 1) == 0
    }

    /// Whether all before operation `at` is executed.
    pub(super) fn has_reached(state: &State, thread: usize, at: u8) -> bool {
        state.threads[thread].performed & first(at.into()) == first(at.into())
    }
}
