//! Reclaiming: coming for the turn, and the passes of whoever has it.

use super::super::explore::Next;
use super::program::Operation;
use super::{Heavy, HeavyIsMade, IDLE, PENDING, Rcu, State, WantedIsSet};

/// A thread that reclaims, or makes a heavy fence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Job {
    stage: Stage,
    /// Which operation of its program this is.
    pub(super) from: u8,
    /// How many had come when this pass began.
    came: u8,
    /// The newest version when this pass began.
    head: u8,
    /// A bit for each thread that the heavy fence has interrupted.
    interrupted: u8,
    /// The next slot to read.
    slot: u8,
    /// A bit for each version that some slot was settled on.
    kept: u8,
    /// Whether some slot was pending.
    pending: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stage {
    /// `turn.fetch_add(1)`: whoever finds zero reclaims.
    Come,
    /// `head = current`: is there something without a heavy fence?
    Look,
    /// `wanted = true`.
    Want,
    Heavy,
    /// Reads one slot, and after the last one frees.
    Scan,
    /// `wanted = something is left`.
    Tell,
    /// `wanted = false`: the heavy fence failed.
    GiveUp,
    /// `turn: came -> 0`, or another pass.
    Leave,
}

impl Job {
    pub(super) fn new(stage: Stage, from: usize) -> Self {
        let from = u8::try_from(from).expect("a program is short");
        Self { stage, from, came: 1, head: 0, interrupted: 0, slot: 0, kept: 0, pending: false }
    }

    fn at(self, stage: Stage) -> Self {
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
        let buffered = state.threads[thread].buffer.is_some();
        // Only the holder of the turn stores to `wanted`, so it knows what is there.
        let store = |wanted| {
            move |s: &mut State| {
                s.threads[thread].buffer = (s.wanted != wanted).then_some(wanted);
            }
        };
        match job.stage {
            // An RMW: the buffer is drained first.
            Stage::Come | Stage::Leave if buffered => {}
            Stage::Come => {
                let ordered = Self::has_reached(state, thread, job.from);
                if state.turn != 0 && (ordered || !self.rules.coming_releases) {
                    step(next, None, &|s| s.turn += 1);
                } else if state.turn == 0 && ordered {
                    step(next, Some(job.at(Stage::Look)), &|s| s.turn = 1);
                }
            }
            Stage::Look => {
                let head = state.current;
                let stage = if !state.has_retired(head) {
                    Stage::Leave
                } else if head == state.fenced {
                    Stage::Scan
                } else if self.rules.wanted_is_set == WantedIsSet::BeforeHeavy {
                    Stage::Want
                } else {
                    Stage::Heavy
                };
                let job = Job { head, ..job.at(stage) };
                step(next, Some(if stage == Stage::Leave { job.leaves() } else { job }), &nothing);
            }
            Stage::Want | Stage::Tell | Stage::GiveUp if buffered => {}
            Stage::Want => {
                let stage = match self.rules.wanted_is_set {
                    WantedIsSet::BeforeHeavy => Stage::Heavy,
                    _ => Stage::Scan,
                };
                step(next, Some(job.at(stage)), &store(true));
            }
            Stage::Heavy => self.make_heavy(state, thread, job, next),
            Stage::Scan => {
                let mut state = state.clone();
                let job = self.scan(&mut state, job);
                state.threads[thread].job = Some(job);
                next.to(state);
            }
            Stage::GiveUp => step(next, Some(job.leaves()), &store(false)),
            Stage::Tell => {
                let left = state.has_retired(job.head);
                step(next, Some(job.leaves()), &store(left));
            }
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
    fn scan(&self, state: &mut State, mut job: Job) -> Job {
        match state.slots[usize::from(job.slot)] {
            IDLE => {}
            PENDING => job.pending = true,
            version => job.kept |= 1 << version,
        }
        job.slot += 1;
        if usize::from(job.slot) < self.slots() {
            return job;
        }
        if !(job.pending && self.rules.scan_heeds_pending) {
            let older = (1 << state.fenced) - 1;
            state.freed |= older & !job.kept;
        }
        Job { kept: 0, pending: false, ..job.at(Stage::Tell) }
    }

    fn make_heavy(&self, state: &State, thread: usize, job: Job, next: &mut Next<State>) {
        let operation = self.programs[thread].operation(job.from);
        let own = operation == Operation::Heavy;
        let done = |state: &mut State| {
            let after = match self.rules.wanted_is_set {
                WantedIsSet::AfterHeavy => Stage::Want,
                _ => Stage::Scan,
            };
            let head = match self.rules.heavy_is_made {
                HeavyIsMade::BeforeTheHead => state.current,
                _ => job.head,
            };
            if !own {
                state.fenced = head;
            }
            let job = Job { head, interrupted: 0, ..job.at(after) };
            state.threads[thread].job = (!own).then_some(job);
        };
        let mut made = state.clone();
        let buffered = state.threads[thread].buffer.is_some();
        // A writer that made it before its swap does without it afterwards.
        let made_before = self.rules.heavy_is_made == HeavyIsMade::BeforeTheSwap && !own;
        match self.rules.heavy {
            _ if made_before => done(&mut made),
            Heavy::Missing => done(&mut made),
            Heavy::FencesItself if buffered => return,
            Heavy::FencesItself => done(&mut made),
            Heavy::Interrupts => {
                let may_fail = state.failures > 0 && operation != Operation::ReclaimLast;
                if may_fail && job.interrupted == 0 {
                    // The system call returns an error, and has done nothing.
                    let mut failed = state.clone();
                    failed.failures -= 1;
                    if self.rules.failure_is_heeded {
                        failed.threads[thread].job = Some(job.at(Stage::GiveUp));
                    } else {
                        done(&mut failed);
                    }
                    next.to(failed);
                }
                if buffered {
                    return;
                }
                let others = (0..self.programs.len()).filter(|&other| other != thread);
                let missing = others.filter(|&other| job.interrupted & (1 << other) == 0);
                let mut waiting = false;
                for other in missing {
                    waiting = true;
                    if state.threads[other].buffer.is_none() && Self::is_between(state, other) {
                        let mut state = state.clone();
                        let interrupted = job.interrupted | 1 << other;
                        state.threads[thread].job = Some(Job { interrupted, ..job });
                        next.to(state);
                    }
                }
                if waiting {
                    return;
                }
                done(&mut made);
            }
        }
        next.to(made);
    }
}
