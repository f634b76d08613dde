//! Who publishes attends to the other end.

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

    /// Where an end goes that has attended to the other, of which it knows whether it is closed.
    fn attended(&self, at: usize, me: &mut Thread, closed: u8) -> Stage {
        let publishes = self.is(LooksFirst) && !matches!(me.then, Then::Leave | Then::Gone);
        if publishes { Stage::Publish } else { self.after(at, me, closed) }
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
                word if word & WAITS == 0 => {
                    state.threads[at].word = 0;
                    self.attended(at, &mut state.threads[at], word & CLOSED)
                }
                word => Stage::Target(word),
            },
            Stage::Target(word) => {
                let loaded = state.load(at, TARGET[other]);
                let early = std::mem::take(&mut state.threads[at].word);
                let target = if self.is(TargetFirst) { early } else { loaded };
                let is_locked = word & TASK != 0 && state.load(at, LOCK[other]) != 0;
                match self.published(&me) >= target && !(self.is(LockFirst) && is_locked) {
                    true => Stage::Clear(word),
                    false => self.attended(at, &mut state.threads[at], word & CLOSED),
                }
            }
            Stage::Clear(word) if self.is(ClearsByStore) => {
                state.threads[at].store(SAID[other], word & !WAITS);
                Stage::Wake(word & (WAITS | CLOSED))
            }
            Stage::Clear(word) => {
                let cleared = match self.wrong {
                    Some(ClearsThread) => THREAD,
                    Some(ClearsTask) => TASK,
                    _ => WAITS,
                };
                let before = state.change(other, |said| said & !cleared);
                let found = if self.is(TrustsLook) { word } else { before };
                let hidden = if self.is(TaskHidesThread) && found & TASK != 0 { THREAD } else { 0 };
                Stage::Wake(found & !hidden & WAITS | word & CLOSED)
            }
            Stage::Wake(bits) if bits & THREAD != 0 => {
                if state.threads[other].stage == Stage::Asleep {
                    self.awakes(&mut state.threads[other]);
                }
                Stage::Wake(bits & !THREAD)
            }
            // Who holds the lock announces itself after this, and looks.
            Stage::Wake(bits) if bits & TASK != 0 && state.load(at, LOCK[other]) != 0 => {
                if self.blocks {
                    return;
                }
                Stage::Wake(bits & !TASK)
            }
            Stage::Wake(bits) if bits & TASK != 0 => match state.wakers[other].take() {
                Some(task) => self.will_run(at, &me, task, bits & CLOSED),
                None => Stage::Wake(bits & !TASK),
            },
            Stage::Wake(closed) => self.attended(at, &mut state.threads[at], closed),
            Stage::Run(task, closed) => {
                let waiter = &mut state.threads[other];
                waiter.woken |= waiter.kind == TASK && waiter.task == task;
                self.attended(at, &mut state.threads[at], closed)
            }
            _ => return self.wait(state, at, next),
        };
        state.threads[at].stage = stage;
        next.to(state);
    }

    /// Where an end goes that has taken the waker of a task. The last thing that a producer does is to
    /// run it.
    fn will_run(&self, at: usize, me: &Thread, task: u8, closed: u8) -> Stage {
        let ends = me.then == Then::Leave && self.leaves_on(at, Stage::Whatever) == Stage::End;
        if ends && at == PRODUCER { Stage::EndAndRun(task) } else { Stage::Run(task, closed) }
    }
}
