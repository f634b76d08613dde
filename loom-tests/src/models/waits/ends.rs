//! What the ends do with values: push, pop, take back.

use super::*;

impl Ring {
    /// What the thread does now; its buffer is drained if that takes it.
    pub(super) fn act(&self, mut state: State, at: usize, next: &mut Next<State>) {
        let other = 1 - at;
        let me = state.threads[at];
        let stage = match me.stage {
            Stage::Begin => return self.begin(&state, at, next),
            Stage::Relax => {
                state.change(at, |said| said & !FENCED);
                state.threads[at].fenced = self.is(StillFenced);
                self.seeks(at)
            }
            Stage::RoomClosed if state.load(at, SAID[other]) & CLOSED != 0 => {
                state.threads[at].limit = me.index;
                self.refuses(&mut state, at)
            }
            Stage::RoomClosed => Stage::Limit,
            Stage::Limit => {
                let room = if at == PRODUCER { self.capacity } else { 0 };
                let limit = state.load(at, INDEX[other]) + room;
                state.threads[at].limit = limit;
                match at {
                    _ if limit - me.index < me.want => self.refuses(&mut state, at),
                    PRODUCER => self.publishes(&mut state.threads[at], Then::Pushed),
                    _ => Stage::Pop,
                }
            }
            Stage::PushUnseen => {
                let me = &mut state.threads[at];
                me.store(self.slot(me.index), me.index + 1);
                me.index += 1;
                Stage::Done
            }
            Stage::Pop => {
                if !self.takes_out(&mut state, at) {
                    return next.fails(Failure::Twice);
                }
                state.threads[at].index += 1;
                if self.defers {
                    let mut state = state.clone();
                    state.threads[at].stage = Stage::Done;
                    next.to(state);
                }
                self.publishes(&mut state.threads[at], Then::Popped)
            }
            // Why there is no room, or no value.
            Stage::Refused => match state.load(at, SAID[other]) & CLOSED {
                0 => Stage::Wait,
                _ if at == CONSUMER && !self.is(ClosedUnlooked) => Stage::ItemsAgain,
                _ => return self.closes(state, at, next),
            },
            Stage::ItemsAgain => {
                let limit = state.load(at, INDEX[other]);
                state.threads[at].limit = limit;
                if limit == me.index {
                    return self.closes(state, at, next);
                }
                Stage::Pop
            }
            // An operation is over; its future, if it was one, is dropped.
            Stage::Done => {
                state.threads[at].want = self.want(at, me.index);
                if me.kind == TASK && me.abandons != 0 {
                    // Or there was none, and the end was polled by hand.
                    let mut state = state.clone();
                    let me = &mut state.threads[at];
                    me.abandons -= 1;
                    me.stage = self.waited(me, true);
                    next.to(state);
                }
                if me.kind == TASK { Stage::Unneeded(true) } else { Stage::Begin }
            }

            Stage::LeftAt => {
                let by_head = self.is(TakesBackByHead);
                let left = state.load(at, if by_head { Word::Head } else { TARGET[other] });
                if left == me.index { Stage::Done } else { Stage::TakeBack }
            }
            Stage::TakeBack => {
                state.threads[at].index -= 1;
                state.threads[at].store(Word::Tail, me.index - 1);
                Stage::ReadBack
            }
            Stage::ReadBack => {
                if !self.takes_out(&mut state, at) {
                    return next.fails(Failure::Twice);
                }
                state.threads[at].closed = true;
                Stage::Done
            }
            _ => return self.signal(state, at, next),
        };
        state.threads[at].stage = stage;
        next.to(state);
    }

    /// For how many an end at `index` waits.
    pub(super) fn want(&self, at: usize, index: u8) -> u8 {
        let comes = self.timed || index + self.wants[at] <= self.items;
        if comes { self.wants[at] } else { 1 }
    }

    /// The next operation, or the end of them.
    fn begin(&self, state: &State, at: usize, next: &mut Next<State>) {
        let mut to = |stage: &dyn Fn(&mut Thread) -> Stage| {
            let mut state = state.clone();
            let me = &mut state.threads[at];
            me.stage = stage(me);
            next.to(state);
        };
        let me = &state.threads[at];
        // A consumer whose producer leaves learns from that that it is done.
        let has_end = at == PRODUCER || !self.leaves[PRODUCER];
        let is_done = me.closed || has_end && me.index == self.items;
        let holds_back = self.holds_back(state, at);
        if self.leaves[at] && me.kind == 0 {
            to(&|_| self.leaves(at));
        }
        if holds_back {
            to(&|me| self.publishes(me, Then::Flushed));
        }
        if is_done {
            if !self.leaves[at] && !holds_back {
                to(&|_| Stage::Gone);
            }
            return;
        }
        let enough = me.limit - me.index >= me.want;
        match at {
            _ if !enough => to(&|_| self.seeks(at)),
            PRODUCER => to(&|me| self.publishes(me, Then::Pushed)),
            _ => to(&|_| Stage::Pop),
        }
        if !enough && me.fenced && self.fences == Fences::Either {
            to(&|_| Stage::Relax);
        }
        if enough && at == PRODUCER && self.defers {
            to(&|_| Stage::PushUnseen);
        }
    }

    /// Where an end looks for room, or for values.
    fn seeks(&self, at: usize) -> Stage {
        if at == PRODUCER { Stage::RoomClosed } else { Stage::Limit }
    }

    /// Whether a publication was put off.
    fn holds_back(&self, state: &State, at: usize) -> bool {
        state.load(at, INDEX[at]) != state.threads[at].index
    }

    fn refuses(&self, state: &mut State, at: usize) -> Stage {
        let holds_back = self.holds_back(state, at);
        let me = &mut state.threads[at];
        if holds_back { self.publishes(me, Then::Refused) } else { Stage::Refused }
    }

    /// Nothing will come any more, or be taken.
    fn closes(&self, mut state: State, at: usize, next: &mut Next<State>) {
        if at == CONSUMER && state.threads[PRODUCER].index != state.threads[at].index {
            return next.fails(Failure::Missing);
        }
        state.threads[at].closed = true;
        state.threads[at].stage = Stage::Done;
        next.to(state);
    }

    /// Takes the value at the end's index out of its slot; `false` if it came out before.
    pub(super) fn takes_out(&self, state: &mut State, at: usize) -> bool {
        let item = state.load(at, self.slot(state.threads[at].index));
        if item == 0 || state.out & 1 << (item - 1) != 0 {
            return false;
        }
        state.out |= 1 << (item - 1);
        true
    }

    /// Where an end goes that has published, and has attended to the other.
    pub(super) fn after(&self, at: usize, me: &mut Thread, closed: u8) -> Stage {
        let taken_back = if self.is(TakesBackFromClosing) { CLOSED } else { GONE };
        match std::mem::replace(&mut me.then, Then::Gone) {
            Then::Pushed if closed & taken_back != 0 => Stage::LeftAt,
            Then::Pushed | Then::Popped => Stage::Done,
            Then::Flushed => {
                // What was pushed together is not taken back.
                me.closed |= at == PRODUCER && closed != 0;
                Stage::Begin
            }
            Then::Refused => Stage::Refused,
            Then::Leave => self.leaves_on(at, Stage::Whatever),
            Then::Gone => Stage::Gone,
        }
    }
}
