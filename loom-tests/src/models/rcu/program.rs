//! What a thread does outside of reclaiming, and in which orders the hardware may do it.

use super::rules::{ReadsOnce, Rules, Settling, Size};

/// One operation. Those on a slot or a block name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    /// `owned: false -> true`, Acquire, once that is so: what it loads.
    Claim(usize),
    /// And what it stores.
    ShowClaim(usize),
    /// `sleep = asleep`, Release.
    LieDown(usize),
    /// `slot = reserved`, relaxed.
    Reserve(usize),
    /// `owned = false`.
    GiveBack(usize),
    /// `slot = pending`, relaxed.
    Announce(usize),
    /// `sleep`: where the block is awake, the two operations that follow are left out.
    LookWhetherAwake(usize),
    /// `sleep = awake`, relaxed.
    WakeUp(usize),
    /// A full fence, where the block was not awake.
    WakingFence,
    /// `p = current`, Acquire.
    Load,
    /// `slot = p`.
    Settle(usize),
    /// Reads what `p` points to.
    Use,
    /// `slot = idle`.
    LetGo(usize),
    /// A full fence.
    Fence,
    /// `if wanted { reclaim }`.
    Ask,
    /// `current: p -> new`, AcqRel; where that fails, `LetGo`, and this pin is begun anew.
    Swap(usize),
    /// The heavy fence, by itself.
    Heavy,
    /// Reclaims.
    Reclaim,
    /// Reclaims, once all others have gone.
    ReclaimLast,
    /// `sleep: awake -> mark`, by the rival.
    Mark(usize),
    /// `sleep: mark -> asleep`, by the rival.
    Confirm(usize),
}
use Operation::{
    Announce, Ask, Claim, Confirm, Fence, GiveBack, Heavy, LetGo, LieDown, Load, LookWhetherAwake,
    Mark, Reclaim, ReclaimLast, Reserve, Settle, ShowClaim, Swap, Use, WakeUp, WakingFence,
};

/// A place in memory.
#[derive(PartialEq)]
enum Word {
    Slot(usize),
    Sleep(usize),
    Owner(usize),
    Current,
    Wanted,
}

impl Operation {
    const fn word(self) -> Option<Word> {
        Some(match self {
            Announce(slot) | Reserve(slot) | Settle(slot) | LetGo(slot) => Word::Slot(slot),
            LookWhetherAwake(block) | WakeUp(block) | LieDown(block) => Word::Sleep(block),
            Claim(block) | ShowClaim(block) | GiveBack(block) => Word::Owner(block),
            Load => Word::Current,
            Ask => Word::Wanted,
            _ => return None,
        })
    }

    /// Executed ahead of a branch, it can be taken back. (So can a use, but what it finds freed early it
    /// finds freed late, when it is known that it counts.)
    const fn is_load(self) -> bool {
        matches!(self, Load | Ask | LookWhetherAwake(_))
    }

    /// Whether a branch depends on it.
    const fn is_asked(self) -> bool {
        matches!(self, Ask | LookWhetherAwake(_))
    }

    /// Whether nothing that follows it is executed before it.
    const fn holds_back_all(self) -> bool {
        // Claim, Swap: Acquire, and a branch on its success. Reclaim, Mark, Confirm: RMWs of a thread
        // that is in order.
        matches!(
            self,
            Claim(_) | Fence | Swap(_) | Heavy | Reclaim | ReclaimLast | Mark(_) | Confirm(_)
        )
    }

    /// Whether all that precedes it is executed before it.
    pub(super) const fn waits_for_all(self, rules: &Rules) -> bool {
        match self {
            LieDown(_) | WakingFence => true,
            Settle(_) => rules.settle_releases,
            LetGo(_) => rules.letting_go_releases,
            GiveBack(_) => rules.sleep.giving_back_releases,
            _ => self.holds_back_all(),
        }
    }
}

#[derive(Debug)]
pub(super) struct Line {
    pub(super) operation: Operation,
    /// To which pin it belongs.
    pub(super) round: usize,
    /// A bit for each earlier operation that must be executed before it.
    pub(super) after: u32,
}

/// The operations of one thread in program order.
#[derive(Debug)]
pub(super) struct Program(Vec<Line>);

impl Program {
    /// Reads again and again, in a block that it has or, where readers share one, claims.
    pub(super) fn reader(
        rules: &Rules,
        size: &Size,
        slot: usize,
        block: usize,
        first: bool,
    ) -> Self {
        if size.overlap {
            // The second pin, in a slot of its own, while the first is held.
            let held = |slot| [vec![Use], Self::drop(rules, slot)].concat();
            let pins = [slot, slot + 1].map(|slot| (Self::pin(rules, slot, block), held(slot)));
            let [(one, of_one), (two, of_two)] = pins;
            return Self::of(rules, [(0, one), (1, two), (0, of_one), (1, of_two)].into_iter());
        }
        let copied = first && rules.guard_is_copied;
        let rounds = (1..=size.pins).map(|pin| {
            let mut round = Vec::new();
            if size.share && pin == 1 {
                round.extend(Self::claim(rules, block));
            }
            round.extend(Self::pin(rules, slot, block));
            if copied {
                // The spare slot is the one that a scan reads first.
                round.extend([Settle(0), LetGo(slot)]);
            }
            if size.share && pin == size.pins {
                // The last guard outlives the ownership.
                round.push(GiveBack(block));
            }
            round.push(Use);
            round.extend(Self::drop(rules, if copied { 0 } else { slot }));
            round
        });
        Self::of(rules, rounds.enumerate())
    }

    /// Reads once, in the first block.
    pub(super) fn once(rules: &Rules, slot: usize) -> Self {
        let mut round = Self::claim(rules, 0);
        if rules.sleep.reads_once == ReadsOnce::OwnsTheBlock {
            round.extend(Self::pin(rules, slot, 0));
            round.push(GiveBack(0));
        } else {
            let fences = rules.sleep.reads_once == ReadsOnce::FencesItself;
            let rules = Rules { fence_after_announcing: fences, ..*rules };
            round.extend([Reserve(slot), GiveBack(0)]);
            round.extend(Self::pin(&rules, slot, 0));
        }
        round.push(Use);
        round.extend(Self::drop(rules, slot));
        Self::of(rules, [(0, round)].into_iter())
    }

    pub(super) fn writer(rules: &Rules, size: &Size, slot: usize, block: usize) -> Self {
        let mut round = if rules.writer_pins { Self::pin(rules, slot, block) } else { vec![Load] };
        round.push(Use);
        if rules.settling == Settling::BeforeTheSwap {
            round.push(Heavy);
        }
        round.push(Swap(slot));
        if size.keeps {
            round.extend([Reclaim, Use]);
            round.extend(Self::drop(rules, slot));
        } else {
            round.extend([LetGo(slot), Reclaim]);
        }
        Self::of(rules, (0..size.stores).map(|store| (store, round.clone())))
    }

    /// Puts the owner of the first block to sleep, for another cell.
    pub(super) fn rival(rules: &Rules, size: &Size) -> Self {
        Self::of(rules, (0..size.rival).map(|time| (time, vec![Mark(0), Heavy, Confirm(0)])))
    }

    pub(super) fn latecomer(rules: &Rules) -> Self {
        Self::of(rules, [(0, vec![ReclaimLast])].into_iter())
    }

    fn claim(rules: &Rules, block: usize) -> Vec<Operation> {
        let mut claim = vec![Claim(block), ShowClaim(block)];
        if rules.sleep.claimed_asleep {
            claim.push(LieDown(block));
        }
        claim
    }

    fn pin(rules: &Rules, slot: usize, block: usize) -> Vec<Operation> {
        let mut light = if rules.fence_after_announcing {
            vec![Fence]
        } else {
            vec![LookWhetherAwake(block), WakeUp(block)]
        };
        if !rules.fence_after_announcing && rules.sleep.waking_fences {
            light.push(WakingFence);
        }
        let at = if rules.sleep.announces_first { 0 } else { light.len() };
        light.insert(at, Announce(slot));
        light.extend([Load, Settle(slot)]);
        light
    }

    fn drop(rules: &Rules, slot: usize) -> Vec<Operation> {
        let mut drop = vec![LetGo(slot)];
        if rules.fence_after_letting_go {
            drop.push(Fence);
        }
        if rules.drop_asks {
            drop.push(Ask);
        }
        drop
    }

    /// What is done for which pin, with what each operation must wait for.
    fn of(rules: &Rules, parts: impl Iterator<Item = (usize, Vec<Operation>)>) -> Self {
        let operations: Vec<_> = parts
            .flat_map(|(round, operations)| operations.into_iter().map(move |it| (it, round)))
            .collect();
        assert!(operations.len() < 32);
        let after = |second: usize| {
            let (later, later_round) = operations[second];
            (0..second)
                .filter(|&first| {
                    let (earlier, earlier_round) = operations[first];
                    must_wait(rules, later, earlier, later_round == earlier_round)
                })
                .fold(0, |after, first| after | 1 << first)
        };
        let line = |(at, &(operation, round))| Line { operation, round, after: after(at) };
        Self(operations.iter().enumerate().map(line).collect())
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.0
    }

    /// Whether it reads the cell.
    pub(super) fn reads(&self) -> bool {
        self.0.iter().any(|line| line.operation == Load)
    }

    pub(super) fn operation(&self, at: u8) -> Operation {
        self.0[usize::from(at)].operation
    }

    /// All its operations.
    pub(super) fn all(&self) -> u32 {
        first(self.0.len())
    }

    /// The operations that this one, if it is `LookWhetherAwake`, may leave out.
    pub(super) fn waking(&self, look: usize) -> u32 {
        if !matches!(self.0[look].operation, LookWhetherAwake(_)) {
            return 0;
        }
        let rest = self.0[look + 1..].iter();
        let waking = rest.take_while(|line| matches!(line.operation, WakeUp(_) | WakingFence));
        first(look + 1 + waking.count()) & !first(look + 1)
    }

    /// Whether the version of this pin has been loaded by who has performed so much.
    pub(super) fn loaded(&self, performed: u32, round: usize) -> bool {
        let loads = |line: &Line| line.operation == Load && line.round == round;
        self.0.iter().position(loads).is_some_and(|at| performed & (1 << at) != 0)
    }

    /// Whether it is not known yet that the thread gets as far as this.
    pub(super) fn is_open(&self, at: usize, performed: u32) -> bool {
        let asked = |before: usize| self.0[before].operation.is_asked();
        (0..at).any(|before| asked(before) && performed & (1 << before) == 0)
    }

    /// How far the thread gets: not beyond a fence that it makes on waking.
    pub(super) fn reach(&self, performed: u32) -> usize {
        let wakes = |&fence: &usize| {
            let look = (0..fence).rev().find(|&at| self.waking(at) != 0);
            self.0[fence].operation == WakingFence
                && performed & (1 << fence) == 0
                && look.is_some_and(|look| performed & (1 << look) != 0)
        };
        (0..self.0.len()).find(wakes).map_or(self.0.len(), |fence| fence + 1)
    }
}

/// Whether the hardware executes `later` only after `earlier`, which precedes it in the program.
fn must_wait(rules: &Rules, later: Operation, earlier: Operation, same_pin: bool) -> bool {
    // A store is not executed before it is known that it will be.
    let branch = earlier.is_asked() && !later.is_load();
    // Two accesses of one word stay in order.
    let coherent = later.word().is_some() && later.word() == earlier.word();
    // What is settled on, read or replaced is what was loaded.
    let data = same_pin && earlier == Load && matches!(later, Settle(_) | Use);
    later.waits_for_all(rules) || earlier.holds_back_all() || branch || coherent || data
}

/// The first `count` operations.
pub(super) const fn first(count: usize) -> u32 {
    (1 << count) - 1
}
