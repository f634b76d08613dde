//! When a sleeper gives up.

use core::time::Duration;
use std::time::Instant;

/// A moment on the monotonic clock, or never.
#[derive(Clone, Copy)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// Sleeps until woken.
    pub(crate) const NEVER: Self = Self(None);

    /// That moment.
    pub(crate) const fn at(moment: Instant) -> Self {
        Self(Some(moment))
    }

    /// `timeout` from now; a time past the end of the clock is never.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self(Instant::now().checked_add(timeout))
    }

    /// This deadline, or `slice` from now if that is earlier.
    pub(crate) fn at_most(self, slice: Duration) -> Self {
        match (self.0, Self::after(slice).0) {
            (Some(deadline), Some(slice)) => Self(Some(deadline.min(slice))),
            (deadline, slice) => Self(deadline.or(slice)),
        }
    }

    /// Whether there is no point in going to sleep at all.
    pub(crate) fn has_passed_awake(self) -> bool {
        self.has_passed()
    }

    pub(crate) fn has_passed(self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// The time left: `None` for ever, zero when it has passed.
    pub(super) fn left(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }
}
