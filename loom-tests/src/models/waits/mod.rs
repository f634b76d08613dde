//! The SPSC ring's waits: ends that sleep, as threads or as tasks, without a fence on the other side.
//!
//! **Models** a producer of so many values and a consumer, each with an index that the other sees and
//! a word to the other. Who finds no room, or no value, waits: it leaves its waker if it is a task,
//! stores its target, and sets `THREAD` or `TASK` in its word. It chooses once for each wait: light,
//! with a heavy fence at each announcement, or fenced, with a bit in the word and a heavy fence the first
//! time only; now and then an end that looks for room or values takes that bit back. An announcement that
//! is repeated, of the same kind and for the same target, needs no fence if its bit still stands. Then
//! the end looks again, and sleeps while the word is as it left it, or is pending until its waker runs.
//! Who slept looks before it announces itself again. A wait that is over takes its bit back, if that
//! stands, and its waker with it.
//!
//! Who publishes an index loads the other's word, and once more behind a fence if that says `FENCED`; if
//! somebody waits there, for this index or less, an RMW clears both bits, and whom they named is woken. A
//! waker lies behind a lock, and whoever finds that taken wakes no task. A task may be dropped, or
//! forgotten, before that; the same end then waits as a thread or as another task. A publication may be
//! put off, at the latest until the end finds no room or no value, or leaves.
//!
//! A producer that leaves shows its index, stores it to its target too, sets `GONE` and wakes the other,
//! whatever that waits for; a waker runs after the end has gone. A consumer that leaves sets `CLOSING`,
//! wakes the other, drops what is inside, and says only then that it is `GONE`, and where. Either bit
//! ends a wait; at `GONE` behind its publication a producer takes its value back, if that was not popped.
//! The last end drops what is left.
//!
//! **Left out** are exits that only come sooner: the looks of a wait that still spins, and a task's look
//! before it leaves its waker; a producer that is closed before it is dropped, and says all twice; and how
//! an end chooses between light and fenced, for here it may choose anything.
//!
//! **Memory** is that of x86: a thread's stores wait in a buffer, oldest first; its loads look
//! there before they look into memory; an RMW, a fence and a system call drain it, so that the fence of
//! a sleeper is in the RMW of its announcement. The heavy fence drains the other thread's buffer at a
//! time of its own, and may be refused. To sleep compares and
//! sleeps in one step, as futex(2) does. Some sleeps end for no reason, and some tasks are polled for
//! none; some waits are given up. A waker runs a step after it was taken. Who wakes holds the lock for
//! one step, since nobody else minds but an end that waits for it.
//!
//! **Rule**: nobody sleeps for ever; each value comes out once, and in a ring whose producer went
//! before its consumer, it is popped. If the publication reached memory before the sleeper's fence
//! interrupted the other thread, the sleeper finds it; if not, that thread's look comes after the
//! fence, and sees the announcement, and with it the target and the waker. A look that found those of a
//! wait before comes after a publication that this wait finds; so does one that found the lock taken. A
//! bit that stands was set before such a fence. Where the heavy fence is refused, threads sleep in slices
//! that end by themselves, and tasks wake themselves.

mod ends;
mod leave;
mod mutants;
mod signal;
mod tests;
mod wait;

use super::explore::{Failure, Next, Protocol};

/// Which end it is, in everything that there is once for each.
const PRODUCER: usize = 0;
const CONSUMER: usize = 1;

/// The bits of an end's word.
const THREAD: u8 = 1;
const TASK: u8 = 2;
const GONE: u8 = 4;
const FENCED: u8 = 8;
const CLOSING: u8 = 16;
const WAITS: u8 = THREAD | TASK;
const CLOSED: u8 = GONE | CLOSING;

/// The memory.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Word {
    Tail,
    Head,
    SaidByProducer,
    SaidByConsumer,
    ProducersTarget,
    ConsumersTarget,
    ProducersLock,
    ConsumersLock,
    FirstSlot,
    SecondSlot,
}
const INDEX: [Word; 2] = [Word::Tail, Word::Head];
const SAID: [Word; 2] = [Word::SaidByProducer, Word::SaidByConsumer];
const TARGET: [Word; 2] = [Word::ProducersTarget, Word::ConsumersTarget];
const LOCK: [Word; 2] = [Word::ProducersLock, Word::ConsumersLock];
const SLOTS: [Word; 2] = [Word::FirstSlot, Word::SecondSlot];

#[derive(Clone, Copy)]
struct Ring {
    /// One or two.
    capacity: u8,
    /// How many values are pushed.
    items: u8,
    fences: Fences,
    /// Whether heavy fences may be refused.
    may_refuse: bool,
    /// Whether an end may wait as a task.
    tasks: bool,
    /// How many tasks of each end may be dropped or forgotten while they wait.
    abandons: u8,
    /// How many sleeps of each end may end for no reason, and how many polls may come for none.
    restless: u8,
    /// For how many each end waits at once.
    wants: [u8; 2],
    /// Whether a wait for several may be given up. It is followed by one for one. If not, nobody waits
    /// for more than there will be.
    timed: bool,
    /// Whether the end is dropped, now or when it is done.
    leaves: [bool; 2],
    /// Whether the drop of a value that is inside waits for the producer to be gone.
    joins: bool,
    /// Whether an end may put off a publication.
    defers: bool,
    /// Whether who wakes waits for the lock of a waker.
    blocks: bool,
    wrong: Option<Wrong>,
}

/// What a sleeper chooses for each wait.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fences {
    Light,
    Fenced,
    /// One or the other.
    Either,
    /// There is no heavy fence: fenced from the start.
    Symmetric,
}

/// What a mutant does differently.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// Who publishes makes no fence, asked or not.
    NoFence,
    /// Who publishes looks for sleepers first.
    LooksFirst,
    /// Who publishes loads the target before it fences.
    TargetFirst,
    /// Who publishes wakes whom it saw, not whom it cleared.
    TrustsLook,
    /// Who publishes wakes no thread where there is a task.
    TaskHidesThread,
    /// Who publishes clears the bits by a store of what it saw.
    ClearsByStore,
    /// Who publishes leaves the bit of a task whose lock is taken.
    LockFirst,
    /// Who publishes clears one bit alone.
    ClearsThread,
    ClearsTask,
    /// The heavy fence comes before the announcement.
    FencesFirst,
    /// A light announcement makes no heavy fence.
    LightUnfenced,
    /// The first fenced announcement makes no heavy fence.
    FencedUnheard,
    /// A light announcement leaves `FENCED` set.
    KeepsFenced,
    /// An end that takes `FENCED` back believes that the other still fences.
    StillFenced,
    /// A heavy fence that was refused counts as made.
    RefusedIsDone,
    /// Without a heavy fence, sleeps do not end by themselves either.
    SleepsUnfenced,
    /// Without a heavy fence, tasks do not wake themselves either.
    PendsUnfenced,
    /// Who has announced itself does not look again.
    NoSecondLook,
    /// Who has announced itself once does not ask whether its bit still stands.
    StandsUnasked,
    /// A bit that stands is taken for an announcement of every target.
    StandsForAll,
    /// A bit whose heavy fence was refused stands, too.
    StandsRefused,
    /// Who waited leaves its bit where it is.
    StaysAnnounced,
    /// A task that finds its waker where it left it is pending without another look.
    TrustsWaker,
    /// A task holds the lock of its waker until it has looked.
    LooksLocked,
    /// A task leaves its waker after its last look.
    WakerLate,
    /// A producer shows its index after it has said that it is gone.
    ShowsLate,
    /// A consumer says that it is gone when it closes, before it takes out what is left.
    GoneFirst,
    /// A consumer closes, and wakes the other, when it is gone.
    ClosesLate,
    /// Who waits asks whether the other is gone, not whether it closes.
    ClosingUnheard,
    /// A producer takes its value back from a consumer that closes.
    TakesBackFromClosing,
    /// An end stores its index after it has said that it is gone.
    IndexLate,
    /// A producer takes back what `head` says was not popped.
    TakesBackByHead,
    /// A consumer that finds the producer gone does not look again.
    ClosedUnlooked,
    /// An end wakes the other before it says that it is gone, or that it closes.
    WakesFirst,
    /// An end that leaves wakes nobody.
    LeavesQuietly,
}
use Wrong::*;

const THREADS: Ring = Ring {
    capacity: 1,
    items: 2,
    fences: Fences::Either,
    may_refuse: false,
    tasks: false,
    abandons: 0,
    restless: 0,
    wants: [1, 1],
    timed: false,
    leaves: [false, false],
    joins: false,
    defers: false,
    blocks: false,
    wrong: None,
};

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct State {
    memory: [u8; 10],
    /// Which task of the end left its waker.
    wakers: [Option<u8>; 2],
    /// How many ends there are.
    ends: u8,
    /// A bit for each value that came out.
    out: u8,
    threads: [Thread; 2],
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Thread {
    stage: Stage,
    /// Its stores that only it can see, oldest first.
    buffer: [Option<(Word, u8)>; 8],
    /// Its own index.
    index: u8,
    /// How far it may go without another look at the other's.
    limit: u8,
    /// For how many it waits.
    want: u8,
    /// The other is gone, and there is nothing to do any more.
    closed: bool,
    /// As what it waits, if it does.
    kind: u8,
    /// The other end fences before each of its looks, and is sure to.
    fenced: bool,
    /// Whether its wait is light, if it has chosen.
    light: Option<bool>,
    /// Of which kind the last announcement was that the other was sure to see, and its target.
    standing: Option<(u8, u8)>,
    /// Its word after its announcement, and whether the other is sure to see that.
    word: u8,
    seen: bool,
    /// How many of its tasks are done for: the number of the next.
    task: u8,
    /// Its task is to be polled.
    woken: bool,
    /// What is left of [`Ring::abandons`] and [`Ring::restless`].
    abandons: u8,
    restless: u8,
    /// Where it goes on when it has published and looked.
    then: Then,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Then {
    Pushed,
    Popped,
    Flushed,
    Refused,
    Leave,
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Stage {
    Begin,
    // Push and pop.
    Relax,
    RoomClosed,
    Limit,
    PushUnseen,
    Pop,
    Refused,
    ItemsAgain,
    Done,
    // Taking back.
    LeftAt,
    TakeBack,
    ReadBack,
    // Publishing.
    Publish,
    Look,
    /// A bit is set; the word then.
    Early(u8),
    Attend(u8),
    /// The word then.
    Target(u8),
    Clear(u8),
    /// The bits of who is to be woken, and `CLOSED`.
    Wake(u8),
    /// The task whose waker runs, and `CLOSED`.
    Run(u8, u8),
    // Waiting.
    Wait,
    LeaveWaker,
    Unlock(Unlocked),
    Say,
    Renew,
    Choose,
    Unfence,
    SayAnew,
    Announce,
    Heavy,
    /// Whether it has slept since it announced itself.
    LookAgain(bool),
    LookClosed(bool),
    LateWaker,
    Sleep,
    Asleep,
    Pending,
    /// Whether the task is done for.
    Unneeded(bool),
    Retract(bool),
    DropWaker(bool),
    // Leaving.
    Show,
    Close,
    Rest,
    Drain,
    SayIndex,
    SetGone,
    LastIndex,
    Whatever,
    End,
    /// The task whose waker runs then.
    EndAndRun(u8),
    Gone,
}

/// Where a task goes on when it has unlocked its waker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Unlocked {
    Announce,
    Pend,
    Ready,
    /// Whether the task is done for.
    Waited(bool),
}

impl Thread {
    fn store(&mut self, word: Word, value: u8) {
        let free = self.buffer.iter_mut().find(|entry| entry.is_none());
        *free.expect("a program stores less between two RMWs") = Some((word, value));
    }

    fn is_drained(&self) -> bool {
        self.buffer[0].is_none()
    }
}

impl State {
    fn load(&self, at: usize, word: Word) -> u8 {
        let own = self.threads[at].buffer.iter().flatten().rev().find(|entry| entry.0 == word);
        own.map_or(self.memory[word as usize], |entry| entry.1)
    }

    /// An RMW on an end's word; what it was before.
    fn change(&mut self, of: usize, change: impl Fn(u8) -> u8) -> u8 {
        let word = &mut self.memory[SAID[of] as usize];
        std::mem::replace(word, change(*word))
    }
}

impl Ring {
    fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    fn slot(&self, index: u8) -> Word {
        SLOTS[usize::from(index % self.capacity)]
    }

    /// Whether a step takes an RMW, a fence, a lock or a system call.
    fn drains(&self, stage: Stage) -> bool {
        use Stage::*;
        match stage {
            Attend(looked) => looked & FENCED != 0 && !self.is(NoFence),
            Clear(_) => !self.is(ClearsByStore),
            Wake(_) | LeaveWaker | Renew | Unfence | Announce | Heavy | LateWaker | Sleep
            | Retract(_) | DropWaker(_) | Relax | Close | SetGone | Whatever | End
            | EndAndRun(_) => true,
            _ => false,
        }
    }
}

impl Protocol for Ring {
    type State = State;

    fn start(&self) -> State {
        let symmetric = self.fences == Fences::Symmetric;
        let mut memory = [0; 10];
        if symmetric {
            SAID.iter().for_each(|&said| memory[said as usize] = FENCED);
        }
        let threads = [PRODUCER, CONSUMER].map(|at| Thread {
            stage: Stage::Begin,
            buffer: [None; 8],
            index: 0,
            limit: if at == PRODUCER { self.capacity } else { 0 },
            want: self.want(at, 0),
            closed: false,
            kind: 0,
            fenced: symmetric,
            light: None,
            standing: None,
            word: 0,
            seen: false,
            task: 0,
            woken: false,
            abandons: self.abandons,
            restless: self.restless,
            then: Then::Gone,
        });
        State { memory, wakers: [None; 2], ends: 2, out: 0, threads }
    }

    fn steps(&self, state: &State, next: &mut Next<State>) {
        for at in [PRODUCER, CONSUMER] {
            if let Some((word, value)) = state.threads[at].buffer[0] {
                let mut state = state.clone();
                state.memory[word as usize] = value;
                let buffer = &mut state.threads[at].buffer;
                buffer[0] = None;
                buffer.rotate_left(1);
                next.to(state);
            }
            let me = &state.threads[at];
            if me.is_drained() || !self.drains(me.stage) {
                self.act(state.clone(), at, next);
            }
        }
    }

    fn at_rest(&self, state: &State) -> Option<Failure> {
        let waits = |thread: &Thread| matches!(thread.stage, Stage::Asleep | Stage::Pending);
        if state.threads.iter().any(waits) {
            return Some(Failure::LostWake);
        }
        let [tail, head] = INDEX.map(|index| state.memory[index as usize]);
        let inside = if state.ends == 0 { 0..0 } else { head..tail };
        let mut pushed = 0..state.threads[PRODUCER].index;
        let lost = pushed.any(|item| state.out & 1 << item == 0 && !inside.contains(&item));
        lost.then_some(Failure::Missing)
    }
}
