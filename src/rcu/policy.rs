//! When replaced values are freed.

/// When an [`Rcu`](crate::Rcu) frees the values that were replaced, and on whose time.
///
/// To free means to fence (microseconds, where other threads run) and to look at every reader once,
/// so it pays to do it for many values together. Whatever the policy, a value is never freed while a
/// guard holds it, and no reader or writer ever waits for it to be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// After each store, by the storing thread; what a guard still held then, by the thread that
    /// drops the guard; and where a reader was just picking something up, by who next drops a guard
    /// of this cell. While an old value is held, each guard that is dropped looks whether it can go,
    /// which costs tens of nanoseconds. For values that hold scarce things: files, large memory.
    Prompt,
    /// By the storing thread, each time so many values were replaced since the last time (0 and 1:
    /// each time). So at most that many replaced values wait, beside those that guards hold; more, as
    /// long as a reader is pre-empted between the two stores by which it picks up a value, or the
    /// thread that frees is.
    Batch(u32),
    /// By calls of [`try_reclaim`](crate::Rcu::try_reclaim) and
    /// [`synchronize`](crate::Rcu::synchronize) alone: no destructor runs anywhere else until the
    /// cell is dropped. For threads that must not spend time on it.
    Manual,
}

impl Policy {
    /// How many replaced values wait by default.
    pub const DEFAULT_BATCH: u32 = 128;
}

/// [`Batch`](Policy::Batch) of [`DEFAULT_BATCH`](Policy::DEFAULT_BATCH).
impl Default for Policy {
    fn default() -> Self {
        Self::Batch(Self::DEFAULT_BATCH)
    }
}
