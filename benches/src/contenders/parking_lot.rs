//! parking_lot: the locks.

use parking_lot::{Mutex, RwLock};

use crate::shapes::cell::{Cell, Payload};
use crate::shapes::counter::Count;
use crate::shapes::lock::{Guarded, Lock};

impl Count for Mutex<u64> {
    const NAME: &'static str = "parking-lot";
    const PACKAGE: &'static str = "parking_lot";

    fn new() -> Self {
        Self::new(0)
    }

    #[inline]
    fn add(&self) {
        *self.lock() += 1;
    }

    fn get(&self) -> u64 {
        *self.lock()
    }
}

impl Lock for Mutex<Guarded> {
    const NAME: &'static str = "parking-lot";
    const PACKAGE: &'static str = "parking_lot";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        f(&mut self.lock())
    }
}

impl Cell for RwLock<Payload> {
    const NAME: &'static str = "parking-lot";
    const PACKAGE: &'static str = "parking_lot";
    type Writer<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self::new(value)
    }

    #[inline]
    fn read(&self) -> Payload {
        *RwLock::read(self)
    }

    fn writer(&self) -> Self::Writer<'_> {
        self
    }

    #[inline]
    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        *RwLock::write(writer) = value;
    }
}
