//! What an end leaves for the other to find when it is gone.

use std::io::{Error, ErrorKind};

use crate::SpinLock;

/// One note of each end.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) by_writer: Note,
    pub(super) by_reader: Note,
}

/// Why an end has gone, if it said so, and the other has not read it yet.
pub(super) struct Note(SpinLock<Option<Error>>);

impl Default for Note {
    fn default() -> Self {
        Self(SpinLock::new(None))
    }
}

impl Note {
    /// Written by an end that goes: the other sees that only after this (I3).
    pub(super) fn leave(&self, error: Error) {
        // These ask for another try, which would have the same answer, for ever: `read_exact` and its like
        // try again after the first, and callers after the two by which the pipe itself says "not yet".
        let error = match error.kind() {
            ErrorKind::Interrupted | ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                Error::other(error)
            }
            _ => error,
        };
        let before = self.0.lock().replace(error);
        // Dropped outside of the lock: it may run code of the caller.
        drop(before);
    }

    /// Why the other end has gone, of which it is known that it did. The error itself the first time, one
    /// of its kind after that: an error cannot be copied.
    pub(super) fn read(&self, last: &mut Option<ErrorKind>) -> Option<Error> {
        let found = self.0.lock().take();
        if let Some(error) = &found {
            *last = Some(error.kind());
        }
        found.or_else(|| last.map(Error::from))
    }
}
