//! spin and spinning_top, whose locks never ask the operating system, and usync, whose lock does.

use spin::Yield;
use spin::mutex::{SpinMutex, TicketMutex};
use spinning_top::{BackoffSpinlock, Spinlock};

use crate::shapes::lock::{Guarded, Lock};

/// spin's lock that serves in order of arrival. It yields while it waits: by default it would spin,
/// and whoever is next may be a thread that does not run, for a whole time slice.
pub type Ticket = TicketMutex<Guarded, Yield>;

macro_rules! enter {
    ($lock:ty, $name:literal, $package:literal) => {
        impl Lock for $lock {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = $package;

            fn new() -> Self {
                Self::new(Guarded::default())
            }

            #[inline]
            fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
                f(&mut self.lock())
            }
        }
    };
}

enter!(usync::Mutex<Guarded>, "usync", "usync");
enter!(SpinMutex<Guarded>, "spin", "spin");
enter!(Ticket, "spin-ticket", "spin");
enter!(Spinlock<Guarded>, "spinning-top", "spinning_top");
enter!(BackoffSpinlock<Guarded>, "spinning-top-backoff", "spinning_top");
