//! The one writer whose versions share structure.

use core::fmt;

use super::cell::Rcu;
use super::garbage::Garbage;
use super::guard::Guard;
use crate::mutex::Parked;

/// The right to stamp the versions of an [`Rcu`], for values that share parts with one another: a
/// new version of a tree copies the path to what changed and keeps the rest.
///
/// Each node is then born with one version and dies with a later one, in between belongs to all, and
/// is freed when no guard holds one of those. So a reader that stalls keeps what *its* version
/// reaches, and nothing of all that came and went since.
///
/// ```
/// use untorn::Rcu;
///
/// let cell = Rcu::new("version 0");
/// let mut writer = cell.writer();
/// let stalled = cell.read();
///
/// writer.publish("version 1");
/// writer.retire(0, String::from("a part of version 0 alone"));
/// let born = writer.version();
/// writer.publish("version 2");
/// writer.retire(born, String::from("a part of version 1 alone"));
///
/// assert_eq!(cell.try_reclaim(), 2); // version 1 and its part
/// drop(stalled);
/// assert_eq!(cell.try_reclaim(), 2); // version 0 and its part
/// ```
///
/// The guide to patterns has a list whose nodes are retired.
#[must_use = "if unused the right is given back at once"]
pub struct Writer<'a, T> {
    cell: &'a Rcu<T>,
    /// The last version that this writer published, or that was current when it came.
    version: u64,
    _claim: Parked<'a>,
}

impl<'a, T: Send + Sync> Writer<'a, T> {
    pub(super) fn new(cell: &'a Rcu<T>, claim: Parked<'a>) -> Self {
        let version = Guard::version(&cell.read());
        Self { cell, version, _claim: claim }
    }

    /// Replaces the value, as [`Rcu::store`], and returns the number of the new version.
    ///
    /// ```
    /// let cell = untorn::Rcu::new('a');
    /// let mut writer = cell.writer();
    /// assert_eq!([writer.publish('b'), writer.publish('c')], [1, 2]);
    /// ```
    pub fn publish(&mut self, value: T) -> u64 {
        self.version = self.cell.publish(value);
        self.version
    }

    /// Frees `garbage` once no guard holds a version that could reach it: from `birth`, the version
    /// with which it was published, to the one before the last that this writer published, which
    /// must not reach it any more. Lock-free; allocates, and at times frees, as the
    /// [`Policy`](super::Policy) says.
    ///
    /// To free is to drop it, on whichever thread reclaims. What readers may still look at must not be
    /// in a `Box` meanwhile, which would claim to be its only owner: retire a type that keeps the raw
    /// pointer and frees it when it is dropped. Destructors of garbage may use this
    /// cell, but not assume any order among themselves.
    ///
    /// Other threads may store to the cell at the same time. But if one of them builds its value from
    /// parts that it found in an older version, these must not be retired: the numbers say that they
    /// are gone.
    ///
    /// ```
    /// let cell = untorn::Rcu::new("version 0");
    /// let mut writer = cell.writer();
    /// writer.publish("version 1");
    /// writer.retire(0, String::from("a part of version 0"));
    /// assert_eq!(cell.pending(), 2);
    /// ```
    pub fn retire<G: Send + 'static>(&mut self, birth: u64, garbage: G) {
        let engine = &self.cell.engine;
        engine.reclaimer.retire(Garbage::boxed(birth, self.version, garbage));
        engine.published(self.version);
    }

    /// The last version that this writer published, or the one that was current when it came.
    ///
    /// ```
    /// let cell = untorn::Rcu::new('a');
    /// assert_eq!(cell.writer().version(), 0);
    /// ```
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl<T> fmt::Debug for Writer<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("version", &self.version).finish_non_exhaustive()
    }
}
