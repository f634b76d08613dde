//! Who waits announces itself, looks again, and sleeps.

use super::*;

impl Ring {
    /// What an end waits for: the other's index.
    fn target(&self, at: usize, me: &Thread) -> u8 {
        me.index + me.want - if at == PRODUCER { self.capacity } else { 0 }
    }

    pub(super) fn wait(&self, mut state: State, at: usize, next: &mut Next<State>) {
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
                self.announces(at, &state.threads[at])
            }
            Stage::LeaveWaker if self.is(WakerLate) => self.announces(at, &me),
            Stage::LeaveWaker => {
                state.memory[LOCK[at] as usize] = 1;
                let left = state.wakers[at].replace(me.task);
                match self.wrong {
                    Some(LooksLocked) => self.announces(at, &me),
                    Some(TrustsWaker) if left == Some(me.task) => Stage::Unlock(Unlocked::Pend),
                    _ => Stage::Unlock(Unlocked::Announce),
                }
            }
            Stage::Unlock(then) => {
                state.threads[at].store(LOCK[at], 0);
                match then {
                    Unlocked::Announce => self.announces(at, &me),
                    Unlocked::Pend => Stage::Pending,
                    Unlocked::Ready => Stage::Unneeded(false),
                    Unlocked::Waited(ends) => self.waited(&mut state.threads[at], ends),
                }
            }

            // Whether the last announcement stands.
            Stage::Say => {
                let target = self.target(at, &me);
                state.threads[at].store(TARGET[at], target);
                Stage::Renew
            }
            Stage::Renew => {
                let before = state.change(at, |said| said | me.kind);
                let stands = before & me.kind != 0 || self.is(StandsUnasked);
                if stands {
                    (state.threads[at].word, state.threads[at].seen) = (before | me.kind, true);
                }
                if stands { Stage::LookAgain(false) } else { Stage::Choose }
            }

            Stage::Choose => {
                let may_be = match (me.light, self.fences) {
                    (Some(light), _) => [light; 2],
                    (None, Fences::Light) => [true; 2],
                    (None, Fences::Fenced | Fences::Symmetric) => [false; 2],
                    (None, Fences::Either) => [true, false],
                };
                for light in may_be {
                    let mut state = state.clone();
                    state.threads[at].light = Some(light);
                    state.threads[at].stage = match light && me.fenced {
                        true => Stage::Unfence,
                        false if self.is(FencesFirst) && !me.fenced => Stage::Heavy,
                        false => Stage::SayAnew,
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
                if self.is(FencesFirst) { Stage::Heavy } else { Stage::SayAnew }
            }
            Stage::SayAnew => {
                let target = self.target(at, &me);
                state.threads[at].store(TARGET[at], target);
                Stage::Announce
            }
            Stage::Announce => {
                let light = me.light == Some(true);
                let bits = if light { me.kind } else { me.kind | FENCED };
                let before = state.change(at, |said| said | bits);
                let me = &mut state.threads[at];
                me.word = before | bits;
                let needs_none = match self.wrong {
                    Some(FencesFirst) => true,
                    Some(LightUnfenced) => light,
                    Some(FencedUnheard) => !light,
                    _ => false,
                };
                if needs_none || me.fenced {
                    me.fenced = !light;
                    self.announced(at, me, true);
                    Stage::LookAgain(false)
                } else {
                    Stage::Heavy
                }
            }
            Stage::Heavy => return self.fence_heavily(state, at, next),

            Stage::LookAgain(false) if self.is(NoSecondLook) => {
                return self.unready(state, at, false, next);
            }
            Stage::LookAgain(slept) => match state.load(at, INDEX[other]) >= self.target(at, &me) {
                true => self.ready(),
                false => Stage::LookClosed(slept),
            },
            Stage::LookClosed(slept) => {
                let ends = if self.is(ClosingUnheard) { GONE } else { CLOSED };
                if state.load(at, SAID[other]) & ends == 0 {
                    return self.unready(state, at, slept, next);
                }
                self.ready()
            }
            Stage::LateWaker => {
                state.wakers[at] = Some(me.task);
                Stage::Pending
            }
            Stage::Sleep if state.load(at, SAID[at]) != me.word => {
                self.awakes(&mut state.threads[at]);
                Stage::LookAgain(true)
            }
            Stage::Sleep => Stage::Asleep,
            Stage::Asleep | Stage::Pending => return self.stirs(&state, at, next),

            Stage::Unneeded(ends) => match state.load(at, SAID[at]) & me.kind {
                0 => self.waited(&mut state.threads[at], ends),
                _ if self.is(StaysAnnounced) => self.waited(&mut state.threads[at], ends),
                _ => Stage::Retract(ends),
            },
            Stage::Retract(ends) => {
                let before = state.change(at, |said| said & !me.kind);
                match before & me.kind & TASK {
                    0 => self.waited(&mut state.threads[at], ends),
                    _ => Stage::DropWaker(ends),
                }
            }
            Stage::DropWaker(ends) => {
                state.memory[LOCK[at] as usize] = 1;
                state.wakers[at] = None;
                Stage::Unlock(Unlocked::Waited(ends))
            }
            _ => return self.leave(state, at, next),
        };
        state.threads[at].stage = stage;
        next.to(state);
    }

    /// Where an end goes to announce itself.
    fn announces(&self, at: usize, me: &Thread) -> Stage {
        let stands = me.standing.is_some_and(|(kind, target)| {
            kind == me.kind && (target == self.target(at, me) || self.is(StandsForAll))
        });
        if stands { Stage::Say } else { Stage::Choose }
    }

    /// What an end remembers of its announcement.
    fn announced(&self, at: usize, me: &mut Thread, seen: bool) {
        me.seen = seen;
        let stands = seen || self.is(StandsRefused);
        me.standing = stands.then(|| (me.kind, self.target(at, me)));
    }

    fn fence_heavily(&self, state: State, at: usize, next: &mut Next<State>) {
        let mut to = |made: bool| {
            let mut state = state.clone();
            let me = &mut state.threads[at];
            me.fenced = made && me.light == Some(false);
            self.announced(at, me, made);
            let first = self.is(FencesFirst);
            me.stage = if first { Stage::SayAnew } else { Stage::LookAgain(false) };
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

    /// An end that has found what it waits for.
    fn ready(&self) -> Stage {
        if self.is(LooksLocked) { Stage::Unlock(Unlocked::Ready) } else { Stage::Unneeded(false) }
    }

    /// An end that has looked again in vain, after a sleep or before it.
    fn unready(&self, mut state: State, at: usize, slept: bool, next: &mut Next<State>) {
        let me = &mut state.threads[at];
        if me.kind == THREAD && self.gives_up(me) {
            let mut state = state.clone();
            let me = &mut state.threads[at];
            me.want = 1;
            me.stage = Stage::Unneeded(false);
            next.to(state);
        }
        let me = &mut state.threads[at];
        me.stage = match me.kind {
            THREAD if slept => self.announces(at, me),
            THREAD => Stage::Sleep,
            _ => {
                me.woken |= !me.seen && !self.is(PendsUnfenced);
                match self.wrong {
                    Some(WakerLate) => Stage::LateWaker,
                    Some(LooksLocked) => Stage::Unlock(Unlocked::Pend),
                    _ => Stage::Pending,
                }
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

    /// A sleep is over.
    pub(super) fn awakes(&self, me: &mut Thread) {
        (me.word, me.seen) = (0, false);
        me.stage = Stage::LookAgain(true);
    }

    /// A wait is over, and if it `ends` a task, that is done for.
    pub(super) fn waited(&self, me: &mut Thread, ends: bool) -> Stage {
        (me.word, me.seen, me.light) = (0, false, None);
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
