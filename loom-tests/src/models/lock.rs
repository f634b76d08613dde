//! A lock whose unlock is a plain store and a plain load.
//!
//! **Models** threads that take the lock so many times each. `locked` is what they sleep on,
//! `sleepers` counts those who may sleep, `inside` those in the critical section. Taking is an RMW.
//! Who does not get the lock adds one to `sleepers`, makes one heavy fence, and then tries again
//! and sleeps in turns. Unlocking stores to `locked`, loads `sleepers`, and wakes one if there may
//! be one.
//!
//! **Memory** is that of x86: a thread's stores wait in a buffer, oldest first; its loads look
//! there before they look into memory; an RMW, a fence and a system call drain it. The heavy fence
//! drains the buffer of every other thread, each at its own time. To sleep compares and sleeps in
//! one step, as futex(2) does; waking takes any one of the sleepers.
//!
//! **Rule**: if the store that unlocks reached memory before the sleeper's fence interrupted that
//! thread, the sleeper finds it before it sleeps; if not, that thread loads `sleepers` after the
//! fence, and sees the sleeper. Where the heavy fence fails, the sleeper sleeps in slices that end
//! by themselves. In the symmetric form the sleeper's fence is its own, and unlocking has one as
//! well.
//!
//! **Must fail**: no heavy fence, or one made before `sleepers` is raised; the symmetric form
//! without the fence in unlock; looking for sleepers before unlocking; sleeping without an end
//! after a heavy fence that failed; and taking the lock with a load and a store.

use super::explore::{Explored, Failure, Next, Protocol, explore};

const THREADS: usize = 3;

/// The memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Word {
    Locked,
    Sleepers,
    Inside,
}
use Word::{Inside, Locked, Sleepers};

#[derive(Clone, Copy)]
struct Lock {
    threads: usize,
    /// How often each takes the lock.
    rounds: u8,
    heavy: Heavy,
    /// Whether unlocking has a fence between its store and its load.
    fence_in_unlock: bool,
    /// Whether heavy fences may fail.
    heavy_may_fail: bool,
    /// Whether a sleeper whose heavy fence failed sleeps in slices.
    sleeps_in_slices: bool,
    /// Whether the heavy fence comes before the raising of `sleepers`.
    fences_first: bool,
    /// Whether unlocking looks for sleepers first.
    looks_first: bool,
    /// Whether the lock is taken with an RMW.
    takes_by_rmw: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Heavy {
    /// Drains every buffer.
    Interrupts,
    /// Drains its own.
    FencesItself,
}

const ASYMMETRIC: Lock = Lock {
    threads: 3,
    rounds: 1,
    heavy: Heavy::Interrupts,
    fence_in_unlock: false,
    heavy_may_fail: false,
    sleeps_in_slices: true,
    fences_first: false,
    looks_first: false,
    takes_by_rmw: true,
};

const SYMMETRIC: Lock = Lock { heavy: Heavy::FencesItself, fence_in_unlock: true, ..ASYMMETRIC };

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    memory: [u8; 3],
    threads: [Thread; THREADS],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Thread {
    stage: Stage,
    /// How often it took the lock.
    round: u8,
    /// Its stores that only it can see, oldest first.
    buffer: [Option<(Word, u8)>; 4],
    /// Whether it is one of `sleepers`.
    counted: bool,
    /// Whether its sleep ends by itself.
    slices: bool,
    /// Whether it saw sleepers.
    wakes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Take,
    /// Only without the RMW: the lock was free a moment ago.
    Claim,
    Raise,
    /// A bit for each thread that the heavy fence has interrupted.
    Heavy(u8),
    Sleep,
    Asleep,
    Lower,
    Inside,
    Enter,
    Exit,
    Unlock,
    Fence,
    Look,
    Wake,
    Gone,
}

impl Thread {
    fn store(&mut self, word: Word, value: u8) {
        let free = self.buffer.iter_mut().find(|entry| entry.is_none());
        *free.expect("a program stores less between two RMWs") = Some((word, value));
    }

    fn load(&self, memory: [u8; 3], word: Word) -> u8 {
        let own = self.buffer.iter().flatten().rev().find(|entry| entry.0 == word);
        own.map_or(memory[word as usize], |entry| entry.1)
    }

    fn is_drained(&self) -> bool {
        self.buffer[0].is_none()
    }

    /// Where a thread goes that has just taken the lock.
    fn has_it(&self) -> Stage {
        if self.counted { Stage::Lower } else { Stage::Inside }
    }
}

impl Lock {
    /// What the thread does now, unless it waits for its buffer.
    fn act(&self, state: &State, at: usize, next: &mut Next<State>) {
        let mut after = state.clone();
        let State { memory, threads } = &mut after;
        let me = &mut threads[at];
        me.stage = match me.stage {
            Stage::Take if !self.takes_by_rmw => match me.load(*memory, Locked) {
                0 => Stage::Claim,
                _ => self.not_taken(me),
            },
            Stage::Claim => {
                me.store(Locked, 1);
                me.has_it()
            }
            Stage::Inside if me.load(*memory, Inside) != 0 => {
                return next.fails(Failure::TwoHolders);
            }
            Stage::Inside => Stage::Enter,
            Stage::Enter => {
                me.store(Inside, 1);
                Stage::Exit
            }
            Stage::Exit => {
                me.store(Inside, 0);
                if self.looks_first { Stage::Look } else { Stage::Unlock }
            }
            Stage::Unlock => {
                me.store(Locked, 0);
                match (self.looks_first, self.fence_in_unlock) {
                    (true, _) if me.wakes => Stage::Wake,
                    (true, _) => self.ends_round(me),
                    (false, true) => Stage::Fence,
                    (false, false) => Stage::Look,
                }
            }
            Stage::Look => {
                me.wakes = me.load(*memory, Sleepers) != 0;
                match me.wakes {
                    _ if self.looks_first => Stage::Unlock,
                    true => Stage::Wake,
                    false => self.ends_round(me),
                }
            }
            Stage::Asleep if me.slices => Stage::Take,
            Stage::Asleep | Stage::Gone => return,
            Stage::Heavy(interrupted) => return self.make_heavy(state, at, interrupted, next),

            // The others are RMWs, a fence and system calls.
            _ if !me.is_drained() => return,
            Stage::Take => match std::mem::replace(&mut memory[Locked as usize], 1) {
                0 => me.has_it(),
                _ => self.not_taken(me),
            },
            Stage::Raise => {
                memory[Sleepers as usize] += 1;
                me.counted = true;
                if self.fences_first { Stage::Take } else { Stage::Heavy(0) }
            }
            Stage::Sleep if memory[Locked as usize] == 1 => Stage::Asleep,
            Stage::Sleep => Stage::Take,
            Stage::Lower => {
                memory[Sleepers as usize] -= 1;
                (me.counted, me.slices) = (false, false);
                Stage::Inside
            }
            Stage::Fence => Stage::Look,
            Stage::Wake => {
                me.stage = self.ends_round(me);
                let sleepers = (0..self.threads).filter(|&it| threads[it].stage == Stage::Asleep);
                for sleeper in sleepers.collect::<Vec<_>>() {
                    let mut after = after.clone();
                    after.threads[sleeper].stage = Stage::Take;
                    next.to(after);
                }
                if !state.threads.iter().any(|it| it.stage == Stage::Asleep) {
                    next.to(after);
                }
                return;
            }
        };
        next.to(after);
    }

    /// Where a thread goes that did not get the lock.
    fn not_taken(&self, me: &Thread) -> Stage {
        match me.counted {
            true => Stage::Sleep,
            false if self.fences_first => Stage::Heavy(0),
            false => Stage::Raise,
        }
    }

    fn ends_round(&self, me: &mut Thread) -> Stage {
        me.round += 1;
        me.wakes = false;
        if me.round == self.rounds { Stage::Gone } else { Stage::Take }
    }

    fn make_heavy(&self, state: &State, at: usize, interrupted: u8, next: &mut Next<State>) {
        let to = |next: &mut Next<State>, stage, slices| {
            let mut state = state.clone();
            state.threads[at].stage = stage;
            state.threads[at].slices = slices;
            next.to(state);
        };
        let done = if self.fences_first { Stage::Raise } else { Stage::Take };
        if self.heavy_may_fail && interrupted == 0 {
            to(next, done, self.sleeps_in_slices);
        }
        if !state.threads[at].is_drained() {
            return;
        }
        let others = (0..self.threads).filter(|&other| other != at);
        let missing: Vec<_> = others.filter(|other| interrupted & (1 << other) == 0).collect();
        if missing.is_empty() || self.heavy == Heavy::FencesItself {
            return to(next, done, false);
        }
        for other in missing {
            if state.threads[other].is_drained() {
                to(next, Stage::Heavy(interrupted | 1 << other), false);
            }
        }
    }
}

impl Protocol for Lock {
    type State = State;

    fn start(&self) -> State {
        let thread = Thread {
            stage: Stage::Take,
            round: 0,
            buffer: [None; 4],
            counted: false,
            slices: false,
            wakes: false,
        };
        State { memory: [0; 3], threads: [thread; THREADS] }
    }

    fn steps(&self, state: &State, next: &mut Next<State>) {
        for at in 0..self.threads {
            if let Some((word, value)) = state.threads[at].buffer[0] {
                let mut state = state.clone();
                state.memory[word as usize] = value;
                let buffer = &mut state.threads[at].buffer;
                buffer[0] = None;
                buffer.rotate_left(1);
                next.to(state);
            }
            self.act(state, at, next);
        }
    }

    fn at_rest(&self, state: &State) -> Option<Failure> {
        let threads = &state.threads[..self.threads];
        threads.iter().any(|thread| thread.stage == Stage::Asleep).then_some(Failure::LostWake)
    }
}

fn sized(threads: usize, rounds: u8, lock: Lock) -> Explored {
    explore(&Lock { threads, rounds, ..lock })
}

/// Every size from the smallest to the largest that is explored in a moment.
fn holds(lock: Lock, floors: [usize; 3]) {
    sized(2, 2, lock).holds(floors[0]);
    sized(3, 1, lock).holds(floors[1]);
    sized(3, 2, lock).holds(floors[2]);
}

/// The smallest size will do.
fn fails(lock: Lock, failures: &[Failure]) {
    sized(2, 1, lock).fails(failures);
}

#[test]
fn nobody_sleeps_for_ever() {
    holds(ASYMMETRIC, [1_000, 5_000, 40_000]);
}

#[test]
fn nobody_sleeps_for_ever_with_fences_on_both_sides() {
    holds(SYMMETRIC, [800, 3_000, 20_000]);
}

#[test]
fn a_heavy_fence_that_fails_costs_slices_only() {
    holds(Lock { heavy_may_fail: true, ..ASYMMETRIC }, [1_400, 9_000, 70_000]);
}

#[test]
fn mutant_a_heavy_fence_that_fails_is_ignored() {
    let lock = Lock { heavy_may_fail: true, sleeps_in_slices: false, ..ASYMMETRIC };
    fails(lock, &[Failure::LostWake]);
}

#[test]
fn mutant_no_heavy_fence() {
    fails(Lock { heavy: Heavy::FencesItself, ..ASYMMETRIC }, &[Failure::LostWake]);
}

#[test]
fn mutant_heavy_fence_before_the_count() {
    fails(Lock { fences_first: true, ..ASYMMETRIC }, &[Failure::LostWake]);
}

#[test]
fn mutant_no_fence_in_unlock() {
    fails(Lock { fence_in_unlock: false, ..SYMMETRIC }, &[Failure::LostWake]);
}

#[test]
fn mutant_looks_for_sleepers_before_it_unlocks() {
    fails(Lock { looks_first: true, ..ASYMMETRIC }, &[Failure::LostWake]);
}

#[test]
fn mutant_takes_with_a_load_and_a_store() {
    fails(Lock { takes_by_rmw: false, ..ASYMMETRIC }, &[Failure::TwoHolders]);
}
