//! How a wait ended.

/// How a [`wait`](crate::wait::wait) ended.
///
/// ```
/// use std::sync::atomic::AtomicU32;
/// use untorn::wait::{Outcome, wait};
///
/// assert_eq!(wait(&AtomicU32::new(1), 0), Outcome::NotEqual);
/// ```
#[must_use = "a wait that did not wait, or gave up, looks the same to who does not ask"]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// A [`notify`](crate::wait::notify) ended the wait, or one that was dropped and handed its
    /// notification on. Never without a reason.
    #[doc(alias = "ok")]
    Woken,
    /// The word held another value, so there was no wait.
    #[doc(alias = "not-equal")]
    NotEqual,
    /// The time was over first, and not before it was over.
    #[doc(alias = "timed-out")]
    TimedOut,
}
