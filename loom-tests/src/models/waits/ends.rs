//! What the ends do with values: push, pop, take back, leave.

use super::*;

impl Ring {
    /// What the thread does now; its buffer is drained if that takes it.
    pub(super) fn act(&self, mut state: State, at: usize, next: &mut Next<State>) {
        let other = 1 - at;
        let me = state.threads[at];
        let stage = match me.stage {
            Stage::Begin => return self.begin(&state, at, next),
            Stage::RoomGone if state.load(at, SAID[other]) & GONE != 0 => {
                state.threads[at].limit = me.index;
                self.refuses(&mut state.threads[at])
            }
            Stage::RoomGone => Stage::Limit,
            Stage::Limit => {
                let room = if at == PRODUCER { self.capacity } else { 0 };
                let limit = state.load(at, INDEX[other]) + room;
                state.threads[at].limit = limit;
                match at {
                    _ if limit - me.index < me.want => self.refuses(&mut state.threads[at]),
                    PRODUCER => self.publishes(&mut state.threads[at], Then::Pushed),
                    _ => Stage::Pop,
                }
            }
            Stage::Pop | Stage::Drain | Stage::ReadBack => {
                let item = state.load(at, self.slot(me.index));
                if item == 0 || state.out & 1 << (item - 1) != 0 {
                    return next.fails(Failure::Twice);
                }
                state.out |= 1 << (item - 1);
                let me = &mut state.threads[at];
                if me.stage == Stage::ReadBack {
                    me.closed = true;
                    Stage::Done
                } else {
                    me.index += 1;
                    match me.stage {
                        Stage::Pop => self.publishes(me, Then::Popped),
                        _ => self.drains_on(me),
                    }
                }
            }
            // Why there is no room, or no value.
            Stage::Refused => match state.load(at, SAID[other]) & GONE {
                0 if self.publishes_anew => self.publishes(&mut state.threads[at], Then::Wait),
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

            Stage::Rest => {
                state.threads[at].limit = state.load(at, Word::Tail);
                self.drains_on(&state.threads[at])
            }
            Stage::SayIndex => {
                state.threads[at].store(TARGET[at], me.index);
                if self.is(IndexLate) { self.after_gone(at) } else { Stage::SetGone }
            }
            Stage::SetGone => {
                state.change(at, |said| said | GONE);
                if self.is(IndexLate) { Stage::SayIndex } else { self.after_gone(at) }
            }
            Stage::LastIndex => {
                state.threads[at].store(Word::Head, me.index);
                self.said_gone()
            }
            Stage::End => {
                state.ends -= 1;
                if state.ends == 0 && !self.drop_the_rest(&mut state) {
                    return next.fails(Failure::Twice);
                }
                Stage::Gone
            }
            Stage::Gone => return,
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
        if self.leaves[at] && me.kind == 0 {
            to(&|me| match at {
                _ if self.is(WakesFirst) => self.wakes(me),
                PRODUCER => self.publishes(me, Then::Leave),
                _ => self.leaving(),
            });
        }
        if is_done {
            if !self.leaves[at] {
                to(&|_| Stage::Gone);
            }
            return;
        }
        to(&|me| match at {
            PRODUCER if me.limit - me.index < me.want => Stage::RoomGone,
            PRODUCER => self.publishes(me, Then::Pushed),
            _ if me.limit - me.index < me.want => Stage::Limit,
            _ => Stage::Pop,
        });
    }

    fn refuses(&self, me: &mut Thread) -> Stage {
        if self.publishes_anew { self.publishes(me, Then::Refused) } else { Stage::Refused }
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

    /// Where a consumer begins to leave.
    fn leaving(&self) -> Stage {
        if self.is(GoneFirst) { Stage::SayIndex } else { Stage::Rest }
    }

    /// Where an end goes to say that it is gone.
    fn says_gone(&self) -> Stage {
        if self.is(IndexLate) { Stage::SetGone } else { Stage::SayIndex }
    }

    fn after_gone(&self, at: usize) -> Stage {
        match at {
            CONSUMER if self.is(GoneFirst) => Stage::Rest,
            CONSUMER => Stage::LastIndex,
            _ => self.said_gone(),
        }
    }

    fn drains_on(&self, me: &Thread) -> Stage {
        match me.index == me.limit {
            false => Stage::Drain,
            true if self.is(GoneFirst) => Stage::LastIndex,
            true => self.says_gone(),
        }
    }

    fn said_gone(&self) -> Stage {
        if self.is(WakesFirst) || self.is(LeavesQuietly) { Stage::End } else { Stage::Whatever }
    }

    fn wakes(&self, me: &mut Thread) -> Stage {
        me.then = Then::End;
        Stage::Whatever
    }

    /// Where an end goes that has published, and has attended to the other.
    pub(super) fn after(&self, at: usize, me: &mut Thread, gone: u8) -> Stage {
        match std::mem::replace(&mut me.then, Then::End) {
            Then::Pushed if gone != 0 => Stage::LeftAt,
            Then::Pushed | Then::Popped => Stage::Done,
            Then::Refused => Stage::Refused,
            Then::Wait => Stage::Wait,
            Then::Leave => self.says_gone(),
            Then::End if !self.is(WakesFirst) => Stage::End,
            Then::End if at == CONSUMER => self.leaving(),
            Then::End => self.says_gone(),
        }
    }

    /// What the last end does; `false` if a value came out before.
    fn drop_the_rest(&self, state: &mut State) -> bool {
        let [tail, head] = INDEX.map(|index| state.memory[index as usize]);
        (head..tail).all(|index| {
            let item = state.memory[self.slot(index) as usize];
            let is_new = item != 0 && state.out & 1 << (item - 1) == 0;
            state.out |= 1 << (item.max(1) - 1);
            is_new
        })
    }
}
