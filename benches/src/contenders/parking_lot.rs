//! parking_lot: the locks, of this version and of the one before, which most programs still link.

use crate::shapes::cell::{Cell, Payload};
use crate::shapes::counter::Count;
use crate::shapes::lock::{Guarded, Lock};

macro_rules! enter {
    ($version:ident, $name:literal, $package:literal) => {
        impl Count for $version::Mutex<u64> {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = $package;

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

        impl Lock for $version::Mutex<Guarded> {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = $package;

            fn new() -> Self {
                Self::default()
            }

            #[inline]
            fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
                f(&mut self.lock())
            }
        }

        impl Cell for $version::RwLock<Payload> {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = $package;
            type Writer<'a> = &'a Self;
            type Reader<'a> = &'a Self;

            fn new(value: Payload) -> Self {
                Self::new(value)
            }

            fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
                let this: &Self = self;
                (this, this)
            }

            #[inline]
            fn read(reader: &mut Self::Reader<'_>) -> Payload {
                *Self::read(reader)
            }

            #[inline]
            fn write(writer: &mut Self::Writer<'_>, value: Payload) {
                *Self::write(writer) = value;
            }
        }
    };
}

enter!(parking_lot, "parking-lot", "parking_lot 0.13");
enter!(parking_lot_0_12, "parking-lot-0.12", "parking_lot 0.12");
