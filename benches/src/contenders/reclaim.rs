//! Pointers that are swapped by hand, with what their crate offers to free the old value: epochs,
//! batches of retired values, hazard pointers. Each write allocates.

use std::mem;
use std::sync::atomic::{AtomicPtr, Ordering::AcqRel, Ordering::Acquire};

use crossbeam_epoch::{Atomic, Owned};
use haphazard::{AtomicPtr as HazardousPtr, HazardPointer};
use seize::{Collector, Guard, reclaim};

use crate::shapes::pointer::{Pointee, Pointer};

/// `crossbeam_epoch`: readers pin an epoch; the old value is freed two epochs later.
#[derive(Debug)]
pub struct Epoch<T>(Atomic<T>);

impl<T: Pointee> Pointer<T> for Epoch<T> {
    const NAME: &'static str = "crossbeam-epoch";
    const PACKAGE: &'static str = "crossbeam-epoch";
    type Writer<'a> = &'a Atomic<T>;
    type Reader<'a> = &'a Atomic<T>;

    fn new(value: T) -> Self {
        Self(Atomic::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, vec![&self.0; readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        let guard = crossbeam_epoch::pin();
        // SAFETY: the pointer is never null, and what it points to is freed only after guards that
        // were there when it was replaced are gone.
        look(unsafe { reader.load(Acquire, &guard).deref() })
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        let guard = crossbeam_epoch::pin();
        let old = writer.swap(Owned::new(value), AcqRel, &guard);
        // SAFETY: it came from the swap, so no later reader finds it and nobody else frees it.
        unsafe { guard.defer_destroy(old) };
    }
}

impl<T> Drop for Epoch<T> {
    fn drop(&mut self) {
        // SAFETY: nobody else has the pointer any more, and it is never null.
        drop(unsafe { mem::take(&mut self.0).into_owned() });
    }
}

/// `seize`: readers enter the collector; old values are retired in batches.
#[derive(Debug)]
pub struct Seize<T> {
    value: AtomicPtr<T>,
    collector: Collector,
}

impl<T: Pointee> Pointer<T> for Seize<T> {
    const NAME: &'static str = "seize";
    const PACKAGE: &'static str = "seize";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: T) -> Self {
        let value = AtomicPtr::new(Box::into_raw(Box::new(value)));
        Self { value, collector: Collector::new() }
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        let guard = reader.collector.enter();
        // SAFETY: the pointer is never null, and the guard keeps what it points to.
        look(unsafe { &*guard.protect(&reader.value, Acquire) })
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        let old = writer.value.swap(Box::into_raw(Box::new(value)), AcqRel);
        // SAFETY: it came from the swap, so no later reader finds it and nobody else frees it; it
        // was made by `Box`.
        unsafe { writer.collector.retire(old, reclaim::boxed) };
    }
}

impl<T> Drop for Seize<T> {
    fn drop(&mut self) {
        // SAFETY: nobody else has the pointer any more, and it was made by `Box`.
        drop(unsafe { Box::from_raw(*self.value.get_mut()) });
    }
}

/// `haphazard`: each reader has a hazard pointer of its own; old values are retired in the global
/// domain.
#[derive(Debug)]
pub struct Haphazard<T>(HazardousPtr<T>);

impl<T: Pointee> Pointer<T> for Haphazard<T> {
    const NAME: &'static str = "haphazard";
    const PACKAGE: &'static str = "haphazard";
    type Writer<'a> = &'a HazardousPtr<T>;
    type Reader<'a> = (&'a HazardousPtr<T>, HazardPointer<'static>);

    fn new(value: T) -> Self {
        Self(HazardousPtr::from(Box::new(value)))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, (0..readers).map(|_| (&self.0, HazardPointer::new())).collect())
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        let result = look(reader.0.safe_load(&mut reader.1).expect("the pointer is never null"));
        // A guard that is dropped protects nothing; nor should this one.
        reader.1.reset_protection();
        result
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        let old = writer.swap(Box::new(value)).expect("the pointer is never null");
        // SAFETY: it came from the swap, so no later reader finds it and nobody else retires it.
        unsafe { old.retire() };
    }
}

impl<T> Drop for Haphazard<T> {
    fn drop(&mut self) {
        // SAFETY: nobody else has the pointer any more, and it is not used again.
        let value = unsafe { *self.0.get_mut() };
        // SAFETY: it was made by `Box`, and not retired.
        drop(unsafe { Box::from_raw(value) });
    }
}
