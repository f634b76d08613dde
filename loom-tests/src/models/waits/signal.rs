//! What the ends say to each other: who publishes attends to the other, who waits announces itself.

use super::*;

impl Ring {
    /// Where an end goes to publish its index, and to look then.
    pub(super) fn publishes(&self, me: &mut Thread, then: Then) -> Stage {
        me.then = then;
        if self.is(LooksFirst) { Stage::Look } else { Stage::Publish }
    }

    /// The index that the end publishes.
    fn published(&self, me: &Thread) -> u8 {
        me.index + u8::from(self.is(LooksFirst) && me.then == Then::Pushed)
    }

    /// Where an end goes that has attended to the other, of which it knows whether it is gone.
    fn attended(&self, at: usize, me: &mut Thread, gone: u8) -> Stage {
        let publishes = self.is(LooksFirst) && me.then != Then::End;
        if publishes { Stage::Publish } else { self.after(at, me, gone) }
    }

    /// What an end waits for: the other's index.
    fn target(&self, at: usize, me: &Thread) -> u8 {
        me.index + me.want - if at == PRODUCER { self.capacity } else { 0 }
    }

    pub(super) fn signal(&self, mut state: State, at: usize, next: &mut Next<State>) {
        let other = 1 - at;
        let me = state.threads[at];
        let stage = match me.stage {
            Stage::Publish => {
                let me = &mut state.threads[at];
                if me.then == Then::Pushed {
                    me.store(self.slot(me.index), me.index + 1);
                    me.index += 1;
                }
                me.store(INDEX[at], me.index);
                if self.is(LooksFirst) { self.after(at, me, 0) } else { Stage::Look }
            }
            Stage::Look => match state.load(at, SAID[other]) {
                0 => self.attended(at, &mut state.threads[at], 0),
                looked if self.is(TargetFirst) => Stage::Early(looked),
                looked => Stage::Attend(looked),
            },
            Stage::Early(looked) => {
                state.threads[at].word = state.load(at, TARGET[other]);
                Stage::Attend(looked)
            }
            Stage::Attend(_) => match state.load(at, SAID[other]) {
                word if word & (THREAD | TASK) == 0 => {
                    state.threads[at].word = 0;
                    self.attended(at, &mut state.threads[at], word & GONE)
                }
                word => Stage::Target(word),
            },
            Stage::Target(word) => {
                let loaded = state.load(at, TARGET[other]);
                let early = std::mem::take(&mut state.threads[at].word);
                let target = if self.is(TargetFirst) { early } else { loaded };
                match self.published(&me) >= target {
                    true => Stage::Clear(word),
                    false => self.attended(at, &mut state.threads[at], word & GONE),
                }
            }
            // For whatever the other waits.
            Stage::Whatever => {
                state.threads[at].then = Then::End;
                match state.load(at, SAID[other]) {
                    word if word & (THREAD | TASK) == 0 => {
                        self.attended(at, &mut state.threads[at], 0)
                    }
                    word => Stage::Clear(word),
                }
            }
            Stage::Clear(word) => {
                let cleared = match self.wrong {
                    Some(ClearsThread) => THREAD,
                    Some(ClearsTask) => TASK,
                    _ => THREAD | TASK,
                };
                let before = state.change(other, |said| said & !cleared);
                let found = if self.is(TrustsLook) { word } else { before };
                let hidden = if self.is(TaskHidesThread) && found & TASK != 0 { THREAD } else { 0 };
                Stage::Wake(found & !hidden & (THREAD | TASK) | word & GONE)
            }
            Stage::Wake(bits) if bits & THREAD != 0 => {
                if state.threads[other].stage == Stage::Asleep {
                    self.awakes(&mut state.threads[other]);
                }
                Stage::Wake(bits & !THREAD)
            }
            Stage::Wake(bits) if bits & TASK != 0 => match state.wakers[other].take() {
                Some(task) => Stage::Run(task, bits & GONE),
                None => Stage::Wake(bits & !TASK),
            },
            Stage::Wake(gone) => self.attended(at, &mut state.threads[at], gone),
            Stage::Run(task, gone) => {
                let waiter = &mut state.threads[other];
                waiter.woken |= waiter.kind == TASK && waiter.task == task;
                self.attended(at, &mut state.threads[at], gone)
            }
            _ => return self.wait(state, at, next),
        };
        state.threads[at].stage = stage;
        next.to(state);
    }

    fn wait(&self, mut state: State, at: usize, next: &mut Next<State>) {
        let other = 1 - at;
        let me = state.threads[at];
        let stage = match me.stage {
            Stage::Wait if me.kind == TASK => Stage::LeaveWaker,
            Stage::Wait => {
                state.threads[at].kind = THREAD;
                if self.tasks {
                    let mut state = state.clone();
                    state.threads[at].kind = TASK;
                    state.threads[at].stage = Stage::LeaveWaker;
                    next.to(state);
                }
                Stage::Choose
            }
            Stage::LeaveWaker => {
                if !self.is(WakerLate) {
                    state.wakers[at] = Some(me.task);
                }
                Stage::Choose
            }
            Stage::Choose => {
                let free = match self.fences {
                    Fences::Light => &[true][..],
                    Fences::Fenced | Fences::Symmetric => &[false],
                    Fences::Either => &[true, false],
                };
                for &free in free {
                    let mut state = state.clone();
                    state.threads[at].stage = match free && me.fenced {
                        true => Stage::Unfence,
                        false if self.is(FencesFirst) && !me.fenced => Stage::Heavy(free),
                        false => Stage::Say(free),
                    };
                    next.to(state);
                }
                return;
            }
            Stage::Unfence => {
                if !self.is(KeepsFenced) {
                    state.change(at, |said| said & !FENCED);
                }
                state.threads[at].fenced = false;
                if self.is(FencesFirst) { Stage::Heavy(true) } else { Stage::Say(true) }
            }
            Stage::Say(free) => {
                let target = self.target(at, &me);
                state.threads[at].store(TARGET[at], target);
                Stage::Announce(free)
            }
            Stage::Announce(free) => {
                let bits = if free { me.kind } else { me.kind | FENCED };
                let before = state.change(at, |said| said | bits);
                let me = &mut state.threads[at];
                me.word = before | bits;
                let needs_none = match self.wrong {
                    Some(FencesFirst) => true,
                    Some(LightUnfenced) => free,
                    Some(FencedUnheard) => !free,
                    Some(StaysAnnounced) => before & me.kind != 0,
                    _ => false,
                };
                if needs_none || me.fenced {
                    me.seen = true;
                    me.fenced = !free;
                    let trusts = self.is(StaysAnnounced) && before & me.kind != 0;
                    if trusts { Stage::Sleep } else { Stage::LookAgain }
                } else {
                    Stage::Heavy(free)
                }
            }
            Stage::Heavy(free) => return self.fence_heavily(state, at, free, next),

            Stage::LookAgain if self.is(NoSecondLook) => return self.unready(state, at, next),
            Stage::LookAgain => match state.load(at, INDEX[other]) >= self.target(at, &me) {
                true => Stage::Unneeded(false),
                false => Stage::LookGone,
            },
            Stage::LookGone if state.load(at, SAID[other]) & GONE != 0 => Stage::Unneeded(false),
            Stage::LookGone => return self.unready(state, at, next),
            Stage::LateWaker => {
                state.wakers[at] = Some(me.task);
                Stage::Pending
            }
            Stage::Sleep if state.load(at, SAID[at]) != me.word => {
                self.awakes(&mut state.threads[at]);
                Stage::Choose
            }
            Stage::Sleep => Stage::Asleep,
            Stage::Asleep | Stage::Pending => return self.stirs(&state, at, next),

            Stage::Unneeded(ends) => {
                let before = state.change(at, |said| said & !me.kind);
                match before & me.kind & TASK {
                    0 => self.waited(&mut state.threads[at], ends),
                    _ => Stage::DropWaker(ends),
                }
            }
            Stage::DropWaker(ends) => {
                state.wakers[at] = None;
                self.waited(&mut state.threads[at], ends)
            }
            other => unreachable!("{other:?}"),
        };
        state.threads[at].stage = stage;
        next.to(state);
    }

    fn fence_heavily(&self, state: State, at: usize, free: bool, next: &mut Next<State>) {
        let mut to = |made: bool| {
            let mut state = state.clone();
            let me = &mut state.threads[at];
            me.seen = made;
            me.fenced = made && !free;
            let first = self.is(FencesFirst);
            me.stage = if first { Stage::Say(free) } else { Stage::LookAgain };
            next.to(state);
        };
        if self.may_refuse {
            to(self.is(RefusedIsDone));
        }
        // The interrupt comes at a time of its own.
        if state.threads[1 - at].is_drained() {
            to(true);
        }
    }

    /// An end that has looked again in vain.
    fn unready(&self, mut state: State, at: usize, next: &mut Next<State>) {
        let me = &mut state.threads[at];
        if me.kind == THREAD && self.gives_up(me) {
            let mut state = state.clone();
            let me = &mut state.threads[at];
            me.want = 1;
            me.stage = match self.is(StaysAnnounced) {
                true => self.waited(me, false),
                false => Stage::Unneeded(false),
            };
            next.to(state);
        }
        let me = &mut state.threads[at];
        me.stage = match me.kind {
            THREAD => Stage::Sleep,
            _ => {
                me.woken |= !me.seen && !self.is(PendsUnfenced);
                if self.is(WakerLate) { Stage::LateWaker } else { Stage::Pending }
            }
        };
        next.to(state);
    }

    /// What ends a sleep or a pending poll, other than the other end.
    fn stirs(&self, state: &State, at: usize, next: &mut Next<State>) {
        let mut to = |change: &dyn Fn(&mut Thread)| {
            let mut state = state.clone();
            change(&mut state.threads[at]);
            next.to(state);
        };
        let me = &state.threads[at];
        if me.kind == THREAD {
            if self.gives_up(me) || !me.seen && !self.is(SleepsUnfenced) {
                to(&|me| self.awakes(me));
            } else if me.restless != 0 {
                to(&|me| {
                    me.restless -= 1;
                    self.awakes(me);
                });
            }
            return;
        }
        let poll = |me: &mut Thread| {
            me.woken = false;
            me.stage = self.waited(me, false);
        };
        if me.woken {
            to(&poll);
        } else if me.restless != 0 {
            to(&|me| {
                me.restless -= 1;
                poll(me);
            });
        }
        let is_late = self.gives_up(me);
        if is_late || me.abandons != 0 {
            // Dropped, or forgotten.
            for is_dropped in [true, false] {
                to(&|me| {
                    me.abandons -= u8::from(!is_late);
                    me.want = 1;
                    me.stage = match is_dropped {
                        true => Stage::Unneeded(true),
                        false => self.waited(me, true),
                    };
                });
            }
        }
    }

    fn gives_up(&self, me: &Thread) -> bool {
        self.timed && me.want > 1
    }

    /// A sleep is over; the thread announces itself again.
    fn awakes(&self, me: &mut Thread) {
        (me.word, me.seen) = (0, false);
        me.stage = Stage::Choose;
    }

    /// A wait is over, and if it `ends` a task, that is done for.
    fn waited(&self, me: &mut Thread, ends: bool) -> Stage {
        (me.word, me.seen) = (0, false);
        if ends {
            me.task += 1;
            me.woken = false;
        }
        if ends || me.kind == THREAD {
            me.kind = 0;
        }
        Stage::Begin
    }
}
