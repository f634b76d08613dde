//! What a snapshot says.

use core::fmt;

/// How far the tasks were at one moment. Made by [`Progress::snapshot`](super::Progress::snapshot).
///
/// ```
/// let progress = untorn::Progress::new(4);
/// progress.complete(2).unwrap();
/// progress.fail(1).unwrap();
/// let tally = progress.snapshot();
/// assert_eq!((tally.done(), tally.left(), tally.fraction()), (3, 1, 0.75));
/// assert_eq!(tally.to_string(), "3 of 4 done, 1 failed");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Tally {
    /// All tasks, done or not.
    pub total: u32,
    /// Those that were completed.
    pub completed: u32,
    /// Those that failed. With the completed ones never more than the total.
    pub failed: u32,
}

impl Tally {
    /// Those that were completed and those that failed.
    ///
    /// ```
    /// let tally = untorn::progress::Tally { total: 4, completed: 2, failed: 1 };
    /// assert_eq!(tally.done(), 3);
    /// ```
    #[must_use]
    pub const fn done(&self) -> u32 {
        self.completed.saturating_add(self.failed)
    }

    /// Those that are yet to be done.
    ///
    /// ```
    /// let tally = untorn::progress::Tally { total: 4, completed: 2, failed: 1 };
    /// assert_eq!(tally.left(), 1);
    /// ```
    #[must_use]
    pub const fn left(&self) -> u32 {
        self.total.saturating_sub(self.done())
    }

    /// How much of the total is done, from 0 to 1. Of nothing, everything is.
    ///
    /// ```
    /// use untorn::progress::Tally;
    ///
    /// assert_eq!(Tally { total: 4, completed: 2, failed: 1 }.fraction(), 0.75);
    /// assert_eq!(Tally::default().fraction(), 1.0);
    /// ```
    #[must_use]
    pub fn fraction(&self) -> f64 {
        if self.total == 0 { 1.0 } else { f64::from(self.done()) / f64::from(self.total) }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, Self { total, failed, .. }) = (self.done(), self);
        write!(f, "{done} of {total} done, {failed} failed")
    }
}
