//! How a scan comes to know that no reader will pick up anything older than the head.

use super::super::explore::Next;
use super::reclaim::{Job, Stage};
use super::rules::SeenWith;
use super::{NOBODY, Rcu, Sleep, State};

impl Rcu {
    /// Looks at one block. It may give up at any time; then it marks who is awake.
    pub(super) fn look_at_a_block(
        &self,
        state: &State,
        thread: usize,
        job: Job,
        next: &mut Next<State>,
    ) {
        let Some(block) = self.block_of_another(state, thread, job.at) else {
            let stage = if job.tired { Stage::FENCE_TO_SETTLE } else { Stage::Settled };
            let mut state = state.clone();
            state.threads[thread].job = Some(Job { at: 0, ..job.at(stage) });
            next.to(state);
            return;
        };
        let at = Self::after(block);
        if self.is_settled(state, block, job.head) {
            let mut state = state.clone();
            state.threads[thread].job = Some(Job { at, ..job });
            next.to(state);
        }
        let mut state = state.clone();
        self.mark(&mut state, block, Sleep::Tired);
        state.threads[thread].job = Some(Job { at, tired: true, ..job });
        next.to(state);
    }

    /// Puts one block to sleep that was marked, or wakes it if the heavy fence failed.
    pub(super) fn confirm_a_block(&self, state: &mut State, thread: usize, job: Job) -> Job {
        match self.block_of_another(state, thread, job.at) {
            Some(block) => {
                self.confirm(state, block, Sleep::Tired, !job.refused);
                Job { at: Self::after(block), ..job }
            }
            None if job.refused && self.rules.failure_is_heeded => job.at(Stage::GiveUp),
            None => Job { at: 0, tired: false, refused: false, ..job.at(Stage::Settled) },
        }
    }

    fn after(block: usize) -> u8 {
        u8::try_from(block + 1).expect("few blocks")
    }

    /// The first block, from this one on, that the thread does not own.
    fn block_of_another(&self, state: &State, thread: usize, from: u8) -> Option<usize> {
        let blocks = self.blocks.iter().max().map_or(0, |last| last + 1);
        (from.into()..blocks).find(|&block| usize::from(state.owner[block]) != thread)
    }

    fn is_settled(&self, state: &State, block: usize, head: u8) -> bool {
        let rules = &self.rules.sleep;
        let is_asleep = match state.sleep[block] {
            Sleep::Awake => false,
            Sleep::Asleep => true,
            Sleep::Tired | Sleep::TiredOfRival => rules.mark_is_trusted,
        };
        let with = match rules.seen_with {
            SeenWith::TheHead => Some(head),
            SeenWith::TheOneBefore => head.checked_sub(1),
            SeenWith::Nothing => None,
        };
        let is_seen = with.is_some_and(|version| {
            let settled = self.blocks.iter().zip(state.slots).any(|slot| slot == (&block, version));
            settled || block == 0 && self.size.forgotten == version
        });
        let is_owned = state.owner[block] != NOBODY && state.claims & (1 << block) == 0;
        !is_owned || is_asleep || is_seen
    }

    /// Begins to put the owner of a block to sleep.
    pub(super) fn mark(&self, state: &mut State, block: usize, mark: Sleep) {
        if state.sleep[block] == Sleep::Awake {
            let to = if self.rules.sleep.marks_first { mark } else { Sleep::Asleep };
            state.sleep[block] = self.as_told_apart(to);
        }
    }

    /// Ends it.
    pub(super) fn confirm(&self, state: &mut State, block: usize, mark: Sleep, is_fenced: bool) {
        if state.sleep[block] == self.as_told_apart(mark) {
            let sleeps = is_fenced || !self.rules.sleep.failure_wakes;
            state.sleep[block] = if sleeps { Sleep::Asleep } else { Sleep::Awake };
        }
    }

    fn as_told_apart(&self, mark: Sleep) -> Sleep {
        match mark {
            Sleep::TiredOfRival if !self.rules.sleep.marks_differ => Sleep::Tired,
            other => other,
        }
    }
}
