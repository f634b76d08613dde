//! `Mutex`: a lock whose unlock is a plain store and a plain load, and that wakes one at a time.
//!
//! **Models** threads that take the lock so many times each. `locked` is what the lock is taken by;
//! `sleepers` counts those who may sleep, and has two bits: that one of them is meant to be awake, and
//! that a heavy fence was made since there are any; it is what they sleep on. `inside` counts those in
//! the critical section. Taking is an RMW, and so is every change of `sleepers`. Who does not get the
//! lock adds itself to `sleepers`; where no heavy fence was made, it makes one and says so. Then it
//! tries again in turns: if the bit is clear, it sleeps while `sleepers` is unchanged; if it is set, it
//! clears it. Who has the lock counts itself out and clears the bit. Unlocking stores to `locked` and
//! loads `sleepers`; if there are any, an RMW finds out whether the bit is clear, and then sets it, and
//! one is woken. Some threads wait with a timeout, which passes at any time: they count themselves
//! out, and wake another if the bit is set.
//!
//! **Memory** is that of x86: a thread's stores wait in a buffer, oldest first; its loads look
//! there before they look into memory; an RMW, a fence and a system call drain it. The heavy fence
//! drains the buffer of every other thread, each at its own time. To sleep compares and sleeps in
//! one step, as futex(2) does; waking takes any one of the sleepers, and some sleeps end for no
//! reason.
//!
//! **Rule**: if the store that unlocks reached memory before the sleeper's fence interrupted that
//! thread, the sleeper finds it before it sleeps; if not, that thread loads `sleepers` after the
//! fence, and sees that there are some, and goes on seeing it until there are none. Of its RMW and the
//! one that clears the bit, the second sees the first. Where the heavy fence fails, the sleeper sleeps
//! in slices that end by themselves. In the symmetric form the sleeper's fence is its own, and
//! unlocking has one as well.

mod tests;

use super::explore::{Failure, Next, Protocol};

const THREADS: usize = 3;

/// One of the sleepers is meant to be awake.
const WAKING: u8 = 1;
/// A heavy fence was made since there are any.
const FENCED: u8 = 2;
/// One of them.
const SLEEPER: u8 = 4;

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
    /// How many of them wait with a timeout.
    timed: usize,
    heavy: Heavy,
    /// Whether heavy fences may fail.
    heavy_may_fail: bool,
    /// Whether one sleep of each thread may end for no reason.
    spurious: bool,
    /// Whether unlocking has a fence between its store and its load.
    fence_in_unlock: bool,
    wrong: Option<Wrong>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Heavy {
    /// Drains every buffer.
    Interrupts,
    /// Drains its own.
    FencesItself,
}

/// What a mutant does differently.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// The heavy fence comes before the raising of `sleepers`.
    FencesFirst,
    /// Who failed to make the heavy fence says that it was made.
    FencedAnyway,
    /// The last sleeper leaves the word of the fence behind.
    FencedForEver,
    /// Unlocking trusts what it loaded.
    TrustsLook,
    /// Unlocking looks for sleepers first.
    LooksFirst,
    /// The lock is taken with a load and a store.
    TakesByStore,
    /// Where no heavy fence was made, sleeps do not end by themselves either.
    SleepsUnfenced,
    /// To sleep compares `locked` instead of `sleepers`.
    SleepsOnLock,
    /// To sleep asks for nothing but an unchanged word, with the bit or without.
    SleepsOnBit,
    /// Who has the lock leaves the bit set.
    KeepsBit,
    /// Who gives up wakes nobody.
    LeavesQuietly,
    /// Who gives up clears the bit instead of waking another.
    LeavesWithBit,
}
use Wrong::*;

const ASYMMETRIC: Lock = Lock {
    threads: 3,
    rounds: 1,
    timed: 0,
    heavy: Heavy::Interrupts,
    heavy_may_fail: false,
    spurious: false,
    fence_in_unlock: false,
    wrong: None,
};

const SYMMETRIC: Lock = Lock { heavy: Heavy::FencesItself, fence_in_unlock: true, ..ASYMMETRIC };
const TIMED: Lock = Lock { timed: 1, ..ASYMMETRIC };
const REFUSED: Lock = Lock { heavy_may_fail: true, ..ASYMMETRIC };

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    memory: [u8; 3],
    threads: [Thread; THREADS],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Thread {
    stage: Stage,
    /// How often it took the lock, or gave up.
    round: u8,
    /// Its stores that only it can see, oldest first.
    buffer: [Option<(Word, u8)>; 4],
    /// Whether it is one of `sleepers`.
    counted: bool,
    /// Whether its sleep ends by itself.
    slice: bool,
    /// Whether a sleep of it may still end for no reason.
    restless: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Take,
    /// Only without the RMW: the lock was free a moment ago.
    Claim,
    Raise,
    /// A bit for each thread that the heavy fence has interrupted.
    Heavy(u8),
    Fenced,
    Read,
    Clear,
    Sleep(u8),
    Asleep,
    TakeOrLeave,
    Leave,
    Lower,
    Inside,
    Enter,
    Exit,
    Unlock,
    Fence,
    Look,
    Mark,
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

fn all_sleep(sleepers: u8) -> bool {
    sleepers >= SLEEPER && sleepers & WAKING == 0
}

/// The bits say nothing without anybody to say it about.
fn or_none(sleepers: u8) -> u8 {
    if sleepers < SLEEPER { 0 } else { sleepers }
}

impl Lock {
    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    /// What the thread does now, unless it waits for its buffer.
    fn act(&self, state: &State, at: usize, next: &mut Next<State>) {
        let mut after = state.clone();
        let State { memory, threads } = &mut after;
        let me = &mut threads[at];
        me.stage = match me.stage {
            Stage::Take if self.is(TakesByStore) => match me.load(*memory, Locked) {
                0 => Stage::Claim,
                _ => self.not_taken(me),
            },
            Stage::Claim => {
                me.store(Locked, 1);
                me.has_it()
            }
            Stage::Read => match me.load(*memory, Sleepers) {
                sleepers if sleepers & WAKING == 0 || self.is(SleepsOnBit) => {
                    Stage::Sleep(sleepers)
                }
                _ => Stage::Clear,
            },
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
                if self.is(LooksFirst) { Stage::Look } else { Stage::Unlock }
            }
            Stage::Unlock => {
                me.store(Locked, 0);
                match (self.is(LooksFirst), self.fence_in_unlock) {
                    (true, _) => self.ends_round(me),
                    (false, true) => Stage::Fence,
                    (false, false) => Stage::Look,
                }
            }
            Stage::Look => match me.load(*memory, Sleepers) {
                sleepers if self.is(TrustsLook) && !all_sleep(sleepers) => self.ends_round(me),
                sleepers if sleepers >= SLEEPER => Stage::Mark,
                _ if self.is(LooksFirst) => Stage::Unlock,
                _ => self.ends_round(me),
            },
            Stage::Asleep => return self.sleep(state, at, next),
            Stage::Gone => return,
            Stage::Heavy(interrupted) => return self.make_heavy(state, at, interrupted, next),

            // The others are RMWs, a fence and system calls.
            _ if !me.is_drained() => return,
            Stage::Take => match std::mem::replace(&mut memory[Locked as usize], 1) {
                0 => me.has_it(),
                _ => self.not_taken(me),
            },
            Stage::TakeOrLeave => match std::mem::replace(&mut memory[Locked as usize], 1) {
                0 => me.has_it(),
                _ => Stage::Leave,
            },
            Stage::Raise => {
                let before = memory[Sleepers as usize];
                memory[Sleepers as usize] += SLEEPER;
                me.counted = true;
                match before & FENCED {
                    0 if self.is(FencesFirst) => Stage::Fenced,
                    0 => Stage::Heavy(0),
                    _ => Stage::Take,
                }
            }
            Stage::Fenced => {
                memory[Sleepers as usize] |= FENCED;
                Stage::Take
            }
            Stage::Clear => {
                memory[Sleepers as usize] &= !WAKING;
                return self.awakes(&after, at, next);
            }
            Stage::Sleep(seen) => {
                let unchanged = match self.wrong {
                    Some(SleepsOnLock) => memory[Locked as usize] == 1,
                    _ => memory[Sleepers as usize] == seen,
                };
                me.slice = seen & FENCED == 0 && !self.is(SleepsUnfenced);
                if unchanged { Stage::Asleep } else { return self.awakes(state, at, next) }
            }
            Stage::Lower => {
                let kept = if self.is(KeepsBit) { WAKING } else { 0 };
                let left = memory[Sleepers as usize] & (!WAKING | kept);
                memory[Sleepers as usize] = self.without_one(left);
                me.counted = false;
                Stage::Inside
            }
            Stage::Leave => {
                let mut left = self.without_one(memory[Sleepers as usize]);
                if self.is(LeavesWithBit) {
                    left &= !WAKING;
                }
                memory[Sleepers as usize] = left;
                me.counted = false;
                let wakes = left & WAKING != 0 && !self.is(LeavesQuietly);
                if wakes { Stage::Wake } else { self.ends_round(me) }
            }
            Stage::Fence => Stage::Look,
            Stage::Mark if all_sleep(memory[Sleepers as usize]) => {
                memory[Sleepers as usize] |= WAKING;
                Stage::Wake
            }
            Stage::Mark if self.is(LooksFirst) => Stage::Unlock,
            Stage::Mark => self.ends_round(me),
            Stage::Wake => {
                let looked_first = self.is(LooksFirst);
                me.stage = if looked_first { Stage::Unlock } else { self.ends_round(me) };
                let sleepers = (0..self.threads).filter(|&it| threads[it].stage == Stage::Asleep);
                for sleeper in sleepers.collect::<Vec<_>>() {
                    self.awakes(&after, sleeper, next);
                }
                if !state.threads.iter().any(|it| it.stage == Stage::Asleep) {
                    next.to(after);
                }
                return;
            }
        };
        next.to(after);
    }

    /// A sleep that nobody ended: its time is over, it was a slice, or for no reason.
    fn sleep(&self, state: &State, at: usize, next: &mut Next<State>) {
        let me = &state.threads[at];
        if at < self.timed || me.slice {
            self.awakes(state, at, next);
        } else if me.restless {
            let mut state = state.clone();
            state.threads[at].restless = false;
            self.awakes(&state, at, next);
        }
    }

    /// A thread is awake again; if its time is over, it tries once more.
    fn awakes(&self, state: &State, at: usize, next: &mut Next<State>) {
        let mut state = state.clone();
        state.threads[at].slice = false;
        state.threads[at].stage = Stage::Take;
        next.to(state.clone());
        if at < self.timed {
            state.threads[at].stage = Stage::TakeOrLeave;
            next.to(state);
        }
    }

    /// One sleeper less.
    fn without_one(&self, sleepers: u8) -> u8 {
        let left = sleepers - SLEEPER;
        if self.is(FencedForEver) { or_none(left) | left & FENCED } else { or_none(left) }
    }

    /// Where a thread goes that did not get the lock.
    fn not_taken(&self, me: &Thread) -> Stage {
        match me.counted {
            true => Stage::Read,
            false if self.is(FencesFirst) => Stage::Heavy(0),
            false => Stage::Raise,
        }
    }

    fn ends_round(&self, me: &mut Thread) -> Stage {
        me.round += 1;
        if me.round == self.rounds { Stage::Gone } else { Stage::Take }
    }

    fn make_heavy(&self, state: &State, at: usize, interrupted: u8, next: &mut Next<State>) {
        let to = |next: &mut Next<State>, stage| {
            let mut state = state.clone();
            state.threads[at].stage = stage;
            next.to(state);
        };
        let done = match self.wrong {
            Some(FencesFirst) => Stage::Raise,
            _ => Stage::Fenced,
        };
        if self.heavy_may_fail && interrupted == 0 {
            to(next, if self.is(FencedAnyway) { done } else { Stage::Take });
        }
        if !state.threads[at].is_drained() {
            return;
        }
        let others = (0..self.threads).filter(|&other| other != at);
        let missing: Vec<_> = others.filter(|other| interrupted & (1 << other) == 0).collect();
        if missing.is_empty() || self.heavy == Heavy::FencesItself {
            return to(next, done);
        }
        for other in missing {
            if state.threads[other].is_drained() {
                to(next, Stage::Heavy(interrupted | 1 << other));
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
            slice: false,
            restless: self.spurious,
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
