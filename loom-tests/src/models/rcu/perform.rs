//! How the operations of a program are executed.

use super::super::explore::{Failure, Next};
use super::program::Operation::{
    Announce, Ask, Claim, Confirm, Fence, GiveBack, Heavy, LetGo, LieDown, Load, LookWhetherAwake,
    Mark, Reclaim, ReclaimLast, Reserve, Settle, ShowClaim, Swap, Use, WakeUp, WakingFence,
};
use super::program::{Line, Program, first};
use super::reclaim::{Fences, Job, Stage};
use super::{IDLE, NOBODY, PENDING, RESERVED, Rcu, Sleep, State, Thread};

impl Rcu {
    /// Every operation that the thread can execute now.
    pub(super) fn perform(&self, state: &State, thread: usize, next: &mut Next<State>) {
        let program = &self.programs[thread];
        let me = &state.threads[thread];
        // What follows in the program waits for the reclaiming.
        let reach = me.job.map_or(program.reach(me.performed), |job| job.from.into());
        for (at, line) in program.lines()[..reach].iter().enumerate() {
            let waits = line.after & !me.performed != 0;
            if me.performed & (1 << at) != 0 || waits || !self.can_perform(state, thread, at) {
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

    fn can_perform(&self, state: &State, thread: usize, at: usize) -> bool {
        let program = &self.programs[thread];
        let is_known = !program.is_open(at, state.threads[thread].performed);
        let operation = program.lines()[at].operation;
        match operation {
            Claim(block) => state.owner[block] == NOBODY,
            // What follows from these is executed only if it is known that they are.
            LookWhetherAwake(block) => is_known || state.sleep[block] == Sleep::Awake,
            Ask => is_known || !state.wanted,
            // Another swap does not come between the two halves of one.
            Swap(_) => state.lagging.is_none(),
            ReclaimLast => {
                (0..self.programs.len()).all(|other| other == thread || self.has_gone(state, other))
            }
            // It waits with the swap, and until that is seen, nobody else will free what it held.
            LetGo(_) => true,
            // What reclaiming begins with is an RMW: its own store waits with the swap, too.
            Reclaim => true,
            _ => !(state.lags(thread) && operation.waits_for_all(&self.rules)),
        }
    }

    fn execute(&self, state: &mut State, thread: usize, at: usize) {
        let program = &self.programs[thread];
        let lines = program.lines();
        let Line { operation, round, .. } = lines[at];
        let number = u8::try_from(thread).expect("few threads");
        let current = state.current_for(thread);
        let me = &mut state.threads[thread];
        match operation {
            Claim(block) => {
                state.owner[block] = number;
                state.claims |= 1 << block;
            }
            ShowClaim(block) => state.claims &= !(1 << block),
            LieDown(block) => state.sleep[block] = Sleep::Asleep,
            Reserve(slot) => state.slots[slot] = RESERVED,
            GiveBack(block) => state.owner[block] = NOBODY,
            Announce(slot) => state.slots[slot] = PENDING,
            LookWhetherAwake(block) if state.sleep[block] == Sleep::Awake => {
                me.performed |= program.waking(at);
            }
            LookWhetherAwake(_) => Self::take_back(program, me, at),
            WakeUp(block) => state.sleep[block] = Sleep::Awake,
            Load => me.held[round] = current,
            Settle(slot) => state.slots[slot] = me.held[round],
            Use | Fence | WakingFence => {}
            LetGo(slot) => state.slots[slot] = IDLE,
            Swap(_) if state.current == me.held[round] => {
                state.current += 1;
                state.lagging = self.size.lags.then_some(number);
            }
            Swap(slot) => {
                let begun = lines.iter().take_while(|line| line.round < round).count();
                me.performed &= first(begun);
                me.held[round] = IDLE;
                state.slots[slot] = IDLE;
            }
            Ask if state.wanted => {
                // Reclaiming begins with an RMW that they must follow.
                Self::take_back(program, me, at);
                me.job = Some(Job::new(Stage::Come, at));
            }
            Ask => {}
            Heavy => me.job = Some(Job::new(Stage::Heavy(Fences::ForItself), at)),
            Reclaim | ReclaimLast => me.job = Some(Job::new(Stage::Come, at)),
            Mark(block) => self.mark(state, block, Sleep::TiredOfRival),
            Confirm(block) => self.confirm(state, block, Sleep::TiredOfRival, true),
        }
        // What a pin loaded no longer matters once all of it is executed.
        let me = &mut state.threads[thread];
        let pin = (0..lines.len()).filter(|&at| lines[at].round == round);
        if pin.into_iter().all(|at| me.performed & (1 << at) != 0) {
            me.held[round] = IDLE;
        }
    }

    /// Takes back the loads that went ahead of a branch.
    fn take_back(program: &Program, me: &mut Thread, branch: usize) {
        me.performed &= first(branch + 1);
        for (round, held) in me.held.iter_mut().enumerate() {
            if !program.loaded(me.performed, round) {
                *held = IDLE;
            }
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
