//! How the ends leave.

use super::*;

impl Ring {
    /// What an end does that leaves, in this order.
    fn way_out(&self, at: usize) -> &'static [Stage] {
        use Stage::*;
        match (at, self.wrong) {
            (PRODUCER, Some(IndexLate)) => &[Show, SetGone, SayIndex, Whatever, End],
            (PRODUCER, Some(ShowsLate)) => &[SayIndex, SetGone, Show, Whatever, End],
            (PRODUCER, Some(WakesFirst)) => &[Show, Whatever, SayIndex, SetGone, End],
            (PRODUCER, Some(LeavesQuietly)) => &[Show, SayIndex, SetGone, End],
            (PRODUCER, _) => &[Show, SayIndex, SetGone, Whatever, End],
            (_, Some(GoneFirst)) => &[Close, Whatever, SayIndex, SetGone, Rest, LastIndex, End],
            (_, Some(IndexLate)) => &[Close, Whatever, Rest, SetGone, SayIndex, LastIndex, End],
            (_, Some(ClosesLate)) => &[Rest, SayIndex, SetGone, LastIndex, Close, Whatever, End],
            (_, Some(WakesFirst)) => &[Whatever, Close, Rest, SayIndex, SetGone, LastIndex, End],
            (_, Some(LeavesQuietly)) => &[Close, Rest, SayIndex, SetGone, LastIndex, End],
            _ => &[Close, Whatever, Rest, SayIndex, SetGone, LastIndex, End],
        }
    }

    /// Where an end begins to leave.
    pub(super) fn leaves(&self, at: usize) -> Stage {
        self.way_out(at)[0]
    }

    /// Where an end goes that leaves, and has done `this`.
    pub(super) fn leaves_on(&self, at: usize, this: Stage) -> Stage {
        let way = self.way_out(at);
        let done = way.iter().position(|&stage| stage == this);
        way[done.expect("a step on its way") + 1]
    }

    pub(super) fn leave(&self, mut state: State, at: usize, next: &mut Next<State>) {
        let other = 1 - at;
        let me = state.threads[at];
        let stage = match me.stage {
            Stage::Show => {
                state.threads[at].store(Word::Tail, me.index);
                self.leaves_on(at, me.stage)
            }
            Stage::Close => {
                state.change(at, |said| said | CLOSING);
                self.leaves_on(at, me.stage)
            }
            // For whatever the other waits.
            Stage::Whatever => match state.load(at, SAID[other]) {
                word if word & WAITS == 0 => self.leaves_on(at, me.stage),
                word => {
                    state.threads[at].then = Then::Leave;
                    Stage::Clear(word & !CLOSED)
                }
            },
            Stage::Rest => {
                state.threads[at].limit = state.load(at, Word::Tail);
                self.drains_on(&state.threads[at])
            }
            // The value's drop waits.
            Stage::Drain if self.joins && state.threads[PRODUCER].stage != Stage::Gone => return,
            Stage::Drain => {
                if !self.takes_out(&mut state, at) {
                    return next.fails(Failure::Twice);
                }
                state.threads[at].index += 1;
                self.drains_on(&state.threads[at])
            }
            Stage::SayIndex => {
                state.threads[at].store(TARGET[at], me.index);
                self.leaves_on(at, me.stage)
            }
            Stage::SetGone => {
                state.change(at, |said| said | GONE);
                self.leaves_on(at, me.stage)
            }
            Stage::LastIndex => {
                state.threads[at].store(Word::Head, me.index);
                self.leaves_on(at, me.stage)
            }
            Stage::End | Stage::EndAndRun(_) => {
                state.ends -= 1;
                if state.ends == 0 && !self.drop_the_rest(&mut state) {
                    return next.fails(Failure::Twice);
                }
                state.threads[at].then = Then::Gone;
                match me.stage {
                    Stage::EndAndRun(task) => Stage::Run(task, 0),
                    _ => Stage::Gone,
                }
            }
            Stage::Gone => return,
            other => unreachable!("{other:?}"),
        };
        state.threads[at].stage = stage;
        next.to(state);
    }

    fn drains_on(&self, me: &Thread) -> Stage {
        if me.index == me.limit { self.leaves_on(CONSUMER, Stage::Rest) } else { Stage::Drain }
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
