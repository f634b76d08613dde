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
    /// drops the guard. For values that hold scarce things: files, large memory, other guards.
    Prompt,
    /// By the storing thread, each time so many values were replaced since the last time (0 and 1:
    /// each time). At most that many replaced values wait at any time, beside those that guards hold
    /// and those of stores under way: as long as no reader is pre-empted between the two stores by
    /// which it picks up a value.
    Batch(u32),
    /// By calls of [`try_reclaim`](crate::Rcu::try_reclaim) and
    /// [`synchronize`](crate::Rcu::synchronize) alone: no destructor runs anywhere else until the
    /// cell is dropped. For threads that must not spend time on it.
    Manual,
}

impl Policy {
    /// How many replaced values wait by default.
    pub const DEFAULT_BATCH: u32 = 256;
}

/// [`Batch`](Policy::Batch) of [`DEFAULT_BATCH`](Policy::DEFAULT_BATCH).
impl Default for Policy {
    fn default() -> Self {
        Self::Batch(Self::DEFAULT_BATCH)
    }
}
