//! The rules of the protocol, as they are and as a mutant may have them; and who takes part.

/// The rules of the protocol. Each mutant changes one of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// A full fence between announcing and loading.
    pub(super) fence_after_announcing: bool,
    /// A full fence between letting go and asking for `wanted`.
    pub(super) fence_after_letting_go: bool,
    /// What the reclaimer's fence is.
    pub(super) heavy: Heavy,
    /// When readers are settled.
    pub(super) settling: Settling,
    /// When `wanted` is set.
    pub(super) wanted_is_set: WantedIsSet,
    /// Whether settling is a Release store.
    pub(super) settle_releases: bool,
    /// Whether letting go is a Release store.
    pub(super) letting_go_releases: bool,
    /// Whether a drop asks for `wanted`.
    pub(super) drop_asks: bool,
    /// Whether coming to reclaim releases what came before.
    pub(super) coming_releases: bool,
    /// Whether the reclaimer goes round again for those who came meanwhile.
    pub(super) second_round: bool,
    /// Whether a scan that sees a pending slot frees nothing.
    pub(super) scan_heeds_pending: bool,
    /// Whether a heavy fence that failed ends the pass.
    pub(super) failure_is_heeded: bool,
    /// Whether a writer settles on what it reads.
    pub(super) writer_pins: bool,
    /// Whether the first reader moves its guard to a spare slot before it uses it.
    pub(super) guard_is_copied: bool,
    /// How blocks are settled without a heavy fence, and put to sleep.
    pub(super) sleep: SleepRules,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct SleepRules {
    /// Whether a scan looks for who is settled, and puts who is not to sleep.
    pub(super) looks: bool,
    /// A full fence between the look at the head and the looks at the blocks.
    pub(super) scan_fences: bool,
    /// With what a block must be seen.
    pub(super) seen_with: SeenWith,
    /// Whether a mark is taken for sleep.
    pub(super) mark_is_trusted: bool,
    /// Whether each scan has a mark of its own.
    pub(super) marks_differ: bool,
    /// Whether sleep is confirmed only after a heavy fence.
    pub(super) marks_first: bool,
    /// Whether who was marked is awake again if the heavy fence failed.
    pub(super) failure_wakes: bool,
    /// Whether a reader announces before it looks whether it is awake.
    pub(super) announces_first: bool,
    /// A full fence on waking.
    pub(super) waking_fences: bool,
    /// Whether who claims a block is asleep at first.
    pub(super) claimed_asleep: bool,
    /// Whether giving a block back is a Release store.
    pub(super) giving_back_releases: bool,
    /// How somebody reads once.
    pub(super) reads_once: ReadsOnce,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Heavy {
    /// Interrupts every other thread.
    Interrupts,
    /// A full fence of the reclaimer, no more.
    FencesItself,
    Missing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Settling {
    /// After the head is read.
    AfterTheHead,
    /// Before the head is read.
    BeforeTheHead,
    /// By a heavy fence of the writer, before it swaps.
    BeforeTheSwap,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WantedIsSet {
    /// Before a second heavy fence and a second scan.
    BeforeHeavy,
    AfterHeavy,
    /// Before the second scan, with no second fence.
    WithoutHeavy,
    AfterTheScan,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SeenWith {
    TheHead,
    TheOneBefore,
    /// Not looked for.
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ReadsOnce {
    /// Owns the block until it has settled.
    OwnsTheBlock,
    /// Gives the block back with a slot reserved, and fences for itself.
    FencesItself,
    /// The same, but asks whether the block is awake.
    AsksWhetherAwake,
}

/// The form for Linux: the light fence costs nothing, the heavy one interrupts.
pub(super) const ASYMMETRIC: Rules = Rules {
    fence_after_announcing: false,
    fence_after_letting_go: false,
    heavy: Heavy::Interrupts,
    settling: Settling::AfterTheHead,
    wanted_is_set: WantedIsSet::BeforeHeavy,
    settle_releases: true,
    letting_go_releases: true,
    drop_asks: true,
    coming_releases: true,
    second_round: true,
    scan_heeds_pending: true,
    failure_is_heeded: true,
    writer_pins: true,
    guard_is_copied: false,
    sleep: SLEEP,
};

pub(super) const SLEEP: SleepRules = SleepRules {
    looks: true,
    scan_fences: true,
    seen_with: SeenWith::TheHead,
    mark_is_trusted: false,
    marks_differ: true,
    marks_first: true,
    failure_wakes: true,
    announces_first: true,
    waking_fences: true,
    claimed_asleep: true,
    giving_back_releases: true,
    reads_once: ReadsOnce::OwnsTheBlock,
};

/// The form for all others: full fences on both sides.
pub(super) const SYMMETRIC: Rules = Rules {
    fence_after_announcing: true,
    fence_after_letting_go: true,
    heavy: Heavy::FencesItself,
    sleep: SleepRules { looks: false, ..SLEEP },
    ..ASYMMETRIC
};

/// Who takes part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) readers: usize,
    /// How often each reader pins.
    pub(super) pins: usize,
    pub(super) writers: usize,
    /// How often each writer stores.
    pub(super) stores: usize,
    /// Whether a reader pins for the second time while it holds the first, and no more.
    pub(super) overlap: bool,
    /// Whether a writer reclaims before it lets go of what it replaced, which it then uses again.
    pub(super) keeps: bool,
    /// How many heavy fences may fail.
    pub(super) failures: u8,
    /// Whether somebody reclaims once all others have gone, as the next store would.
    pub(super) latecomer: bool,
    /// Whether all readers begin as who has just claimed a block.
    pub(super) asleep: bool,
    /// Whether the readers have one block between them, for one at a time.
    pub(super) share: bool,
    /// Whether somebody reads once in the first block.
    pub(super) once: bool,
    /// How often the rival marks the first block, fences and confirms.
    pub(super) rival: usize,
    /// Whether a swap is seen by its own thread first.
    pub(super) lags: bool,
    /// The version whose address is in a slot of the first block that its owner did not settle: a
    /// guard of another cell was forgotten there.
    pub(super) forgotten: u8,
}
