//! Why a call changed nothing.

use core::error::Error;
use core::fmt;

/// More tasks were to be claimed, completed or failed than were left. Nothing was changed.
///
/// ```
/// let progress = untorn::Progress::new(3);
/// progress.complete(2).unwrap();
/// let error = progress.complete(2).unwrap_err();
/// assert_eq!((error.asked, error.left, error.total, error.sealed), (2, 1, 3, true));
/// assert_eq!(error.to_string(), "2 tasks were asked for, but only 1 of 3 is left");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct NoTaskLeft {
    /// How many were asked for.
    pub asked: u32,
    /// How many were neither done nor in somebody's hands.
    pub left: u32,
    /// How many there were in all.
    pub total: u32,
    /// Whether that is final: then so many will never be left again. Otherwise more may be added.
    pub sealed: bool,
}

impl fmt::Display for NoTaskLeft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { asked, left, total, sealed } = self;
        let tasks = if *asked == 1 { "task was" } else { "tasks were" };
        let is = if *left == 1 { "is" } else { "are" };
        let yet = if *sealed { "" } else { " so far" };
        write!(f, "{asked} {tasks} asked for, but only {left} of {total}{yet} {is} left")
    }
}

impl Error for NoTaskLeft {}

/// Why tasks could not be added. Nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum AddError {
    /// The total is final: it was sealed, or given to [`Progress::new`](super::Progress::new).
    Sealed {
        /// How many were to be added.
        added: u32,
        /// The final total.
        total: u32,
    },
    /// A total has 32 bits.
    Overflow {
        /// How many were to be added.
        added: u32,
        /// The total to which they do not fit.
        total: u32,
    },
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sealed { added, total } => {
                write!(f, "the total is final at {total}, {added} cannot be added")
            }
            Self::Overflow { added, total } => {
                write!(f, "a total of {total} and {added} is more than {}", u32::MAX)
            }
        }
    }
}

impl Error for AddError {}
