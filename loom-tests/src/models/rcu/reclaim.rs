//! Reclaiming: coming for the turn, and the passes of whoever has it.

use super::super::explore::Next;
use super::program::Operation;
use super::rules::{Heavy, Settling, WantedIsSet};
use super::{IDLE, PENDING, RESERVED, Rcu, State};

/// A thread that reclaims, or makes a heavy fence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Job {
    pub(super) stage: Stage,
    /// Which operation of its program this is.
    pub(super) from: u8,
    /// How many had come when this pass began.
    pub(super) came: u8,
    /// The newest version when this pass began.
    pub(super) head: u8,
    /// A bit for each thread that the heavy fence has interrupted.
    pub(super) interrupted: u8,
    /// The next slot to read, or the next block to look at.
    pub(super) at: u8,
    /// A bit for each version that some slot was settled on.
    pub(super) kept: u8,
    /// Whether some block must be settled by a heavy fence.
    pub(super) tired: bool,
    /// Whether that fence failed.
    pub(super) refused: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stage {
    /// `turn.fetch_add(1)`: whoever finds zero reclaims.
    Come,
    /// `head = current`: is there something, and are all settled?
    Look,
    /// The fence before the looks.
    Fence,
    /// Looks at one block.
    LookAtBlocks,
    Heavy(Fences),
    /// Puts one block to sleep.
    Confirm,
    /// `settled = head`.
    Settled,
    /// Reads one slot, and after the last one frees.
    Scan,
    /// `wanted = true`: something is left.
    Want,
    /// `wanted = false`: nothing is left, or the heavy fence failed.
    GiveUp,
    /// `turn: came -> 0`, or another pass.
    Leave,
}

/// What a heavy fence is for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Fences {
    ToSettle,
    ToBeAsked,
    /// As an operation of the program.
    ForItself,
}

impl Stage {
    pub(super) const FENCE_TO_SETTLE: Self = Self::Heavy(Fences::ToSettle);
}

impl Job {
    pub(super) fn new(stage: Stage, from: usize) -> Self {
        Self {
            stage,
            from: u8::try_from(from).expect("a program is short"),
            came: 1,
            head: 0,
            interrupted: 0,
            at: 0,
            kept: 0,
            tired: false,
            refused: false,
        }
    }

    pub(super) fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// The pass is over; what it found is forgotten.
    fn leaves(self) -> Self {
        Self { came: self.came, ..Self::new(Stage::Leave, self.from.into()) }
    }
}

impl Rcu {
    /// Every step that a reclaiming thread can take now.
    pub(super) fn reclaim(&self, state: &State, thread: usize, job: Job, next: &mut Next<State>) {
        let step = |next: &mut Next<State>, job: Option<Job>, change: &dyn Fn(&mut State)| {
            let mut state = state.clone();
            state.threads[thread].job = job;
            change(&mut state);
            next.to(state);
        };
        let nothing = |_: &mut State| {};
        let buffer = state.threads[thread].buffer;
        let drained = buffer.is_none() && !state.lags(thread);
        // Only the holder of the turn stores to `wanted`, so it knows what is there.
        let is_wanted = buffer.unwrap_or(state.wanted);
        let store = |wanted| {
            move |s: &mut State| {
                s.threads[thread].buffer = (is_wanted != wanted).then_some(wanted);
            }
        };
        match job.stage {
            // An RMW that stores once what is before it is seen.
            Stage::Leave if !drained => {}
            // Whoever has the turn acquires what is before the increment.
            Stage::Come if state.turn != 0 && state.lags(thread) => {}
            Stage::Come => {
                let ordered = Self::has_reached(state, thread, job.from);
                if state.turn != 0 && (ordered || !self.rules.coming_releases) {
                    step(next, None, &|s| s.turn += 1);
                } else if state.turn == 0 && ordered {
                    step(next, Some(job.at(Stage::Look)), &|s| s.turn = 1);
                }
            }
            Stage::Look => {
                let head = state.current_for(thread);
                let stage = if !state.has_retired(head) {
                    Stage::GiveUp
                } else if head == state.settled {
                    Stage::Scan
                } else if self.rules.settling == Settling::BeforeTheSwap {
                    Stage::Settled
                } else if !self.rules.sleep.looks {
                    Stage::FENCE_TO_SETTLE
                } else if self.rules.sleep.scan_fences {
                    Stage::Fence
                } else {
                    Stage::LookAtBlocks
                };
                step(next, Some(Job { head, ..job.at(stage) }), &nothing);
            }
            Stage::Fence if drained => step(next, Some(job.at(Stage::LookAtBlocks)), &nothing),
            Stage::Fence => {}
            Stage::LookAtBlocks => self.look_at_a_block(state, thread, job, next),
            Stage::Heavy(fences) => self.make_heavy(state, thread, job, fences, next),
            Stage::Confirm => {
                let mut state = state.clone();
                let job = self.confirm_a_block(&mut state, thread, job);
                state.threads[thread].job = Some(job);
                next.to(state);
            }
            Stage::Settled => {
                let late = self.rules.settling == Settling::BeforeTheHead;
                let head = if late { state.current_for(thread) } else { job.head };
                let job = Job { head, ..job.at(Stage::Scan) };
                step(next, Some(job), &|s| s.settled = head);
            }
            Stage::Scan => {
                let mut state = state.clone();
                let job = self.scan(&mut state, job, is_wanted);
                state.threads[thread].job = Some(job);
                next.to(state);
            }
            Stage::Want => {
                let job = match self.rules.wanted_is_set {
                    WantedIsSet::BeforeHeavy => job.at(Stage::Heavy(Fences::ToBeAsked)),
                    WantedIsSet::AfterHeavy | WantedIsSet::WithoutHeavy => job.at(Stage::Scan),
                    WantedIsSet::AfterTheScan => job.leaves(),
                };
                step(next, Some(job), &store(true));
            }
            Stage::GiveUp => step(next, Some(job.leaves()), &store(false)),
            Stage::Leave if state.turn == job.came || !self.rules.second_round => {
                step(next, None, &|s| s.turn = 0);
            }
            Stage::Leave => {
                let again = Job { came: state.turn, ..job.at(Stage::Look) };
                step(next, Some(again), &nothing);
            }
        }
    }

    /// Reads one slot. After the last one it frees, in the same step: what others do in between
    /// could only make it less wrong.
    fn scan(&self, state: &mut State, mut job: Job, is_wanted: bool) -> Job {
        let mut is_free = false;
        match state.slots[usize::from(job.at)] {
            // It may look again; this is where it has done so often enough.
            PENDING if self.rules.scan_heeds_pending => {}
            seen => {
                if !matches!(seen, IDLE | PENDING | RESERVED) {
                    job.kept |= 1 << seen;
                }
                job.at += 1;
                if usize::from(job.at) < self.blocks.len() {
                    return job;
                }
                if self.size.forgotten != IDLE {
                    job.kept |= 1 << self.size.forgotten;
                }
                state.freed |= ((1 << state.settled) - 1) & !job.kept;
                is_free = !state.has_retired(job.head);
            }
        }
        let job = Job { at: 0, kept: 0, ..job };
        if is_free {
            job.at(Stage::GiveUp)
        } else if is_wanted {
            job.leaves()
        } else if self.rules.wanted_is_set == WantedIsSet::AfterHeavy {
            job.at(Stage::Heavy(Fences::ToBeAsked))
        } else {
            job.at(Stage::Want)
        }
    }

    fn make_heavy(
        &self,
        state: &State,
        thread: usize,
        job: Job,
        fences: Fences,
        next: &mut Next<State>,
    ) {
        let made = |refused| {
            let job = Job { interrupted: 0, refused, ..job };
            let stage = match fences {
                Fences::ForItself => return None,
                Fences::ToSettle if job.tired => Stage::Confirm,
                Fences::ToSettle if refused && self.rules.failure_is_heeded => Stage::GiveUp,
                Fences::ToSettle => Stage::Settled,
                Fences::ToBeAsked if refused && self.rules.failure_is_heeded => Stage::GiveUp,
                Fences::ToBeAsked if self.rules.wanted_is_set == WantedIsSet::AfterHeavy => {
                    Stage::Want
                }
                Fences::ToBeAsked => Stage::Scan,
            };
            Some(job.at(stage))
        };
        let mut to = |job: Option<Job>, failures: u8| {
            let mut state = state.clone();
            state.threads[thread].job = job;
            state.failures -= failures;
            next.to(state);
        };
        let drained = state.threads[thread].buffer.is_none() && !state.lags(thread);
        match self.rules.heavy {
            Heavy::Missing => to(made(false), 0),
            Heavy::FencesItself if drained => to(made(false), 0),
            Heavy::FencesItself => {}
            Heavy::Interrupts => {
                let operation = self.programs[thread].operation(job.from);
                let last = operation == Operation::ReclaimLast || fences == Fences::ForItself;
                if state.failures > 0 && !last && job.interrupted == 0 {
                    // The system call returns an error, and has done nothing.
                    to(made(true), 1);
                }
                if !drained {
                    return;
                }
                // Who reads nothing is in order at any time.
                let others = (0..self.programs.len()).filter(|&other| {
                    other != thread
                        && self.programs[other].reads()
                        && job.interrupted & (1 << other) == 0
                });
                let mut waiting = false;
                for other in others {
                    waiting = true;
                    let quiet = state.threads[other].buffer.is_none() && !state.lags(other);
                    if quiet && Self::is_between(state, other) {
                        let interrupted = job.interrupted | 1 << other;
                        to(Some(Job { interrupted, ..job }), 0);
                    }
                }
                if !waiting {
                    to(made(false), 0);
                }
            }
        }
    }
}
