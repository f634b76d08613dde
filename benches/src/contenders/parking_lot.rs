//! parking_lot: the locks, of this version and of the one before, which most programs still link.

use crate::shapes::counter::Count;
use crate::shapes::lock::{Guarded, Lock};
use crate::shapes::pointer::{Pointee, Pointer};

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

        impl<T: Pointee> Pointer<T> for $version::RwLock<T> {
            const NAME: &'static str = $name;
            const PACKAGE: &'static str = $package;
            type Writer<'a> = &'a Self;
            type Reader<'a> = &'a Self;

            fn new(value: T) -> Self {
                Self::new(value)
            }

            fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
                (self, vec![self; readers])
            }

            #[inline]
            fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
                look(&Self::read(reader))
            }

            #[inline]
            fn publish(writer: &mut Self::Writer<'_>, value: T) {
                *writer.write() = value;
            }
        }
    };
}

enter!(parking_lot, "parking-lot", "parking_lot 0.13");
enter!(parking_lot_0_12, "parking-lot-0.12", "parking_lot 0.12");
