//! untorn's read-copy-update cell: a pointer to an immutable value; each write allocates.

use untorn::Rcu;
use untorn::rcu::{Policy, Reader};

use crate::shapes::pointer::{Pointee, Pointer};

/// Without a handle: each read looks for the slot of its thread.
impl<T: Pointee> Pointer<T> for Rcu<T> {
    const NAME: &'static str = "untorn-rcu";
    const PACKAGE: &'static str = "untorn";
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
        writer.store(value);
    }
}

/// With a reader that has a slot of its own.
#[derive(Debug)]
pub struct Handle<T>(Rcu<T>);

impl<T: Pointee> Pointer<T> for Handle<T> {
    const NAME: &'static str = "untorn-rcu-reader";
    const PACKAGE: &'static str = "untorn";
    type Writer<'a> = &'a Rcu<T>;
    type Reader<'a> = Reader<'a, T>;

    fn new(value: T) -> Self {
        Self(Rcu::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, (0..readers).map(|_| self.0.reader()).collect())
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(&reader.read())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.store(value);
    }
}

/// With a reader that keeps the value it saw last, and asks only whether there is a new one.
#[derive(Debug)]
pub struct Cached<T>(Rcu<T>);

impl<T: Pointee> Pointer<T> for Cached<T> {
    const NAME: &'static str = "untorn-rcu-cached";
    const PACKAGE: &'static str = "untorn";
    type Writer<'a> = &'a Rcu<T>;
    type Reader<'a> = Reader<'a, T>;

    fn new(value: T) -> Self {
        Self(Rcu::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, (0..readers).map(|_| self.0.reader()).collect())
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(reader.cached())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.store(value);
    }
}

/// With replaced values freed at once, as far as nobody holds them.
#[derive(Debug)]
pub struct Prompt<T>(Rcu<T>);

impl<T: Pointee> Pointer<T> for Prompt<T> {
    const NAME: &'static str = "untorn-rcu-prompt";
    const PACKAGE: &'static str = "untorn";
    type Writer<'a> = &'a Rcu<T>;
    type Reader<'a> = Reader<'a, T>;

    fn new(value: T) -> Self {
        Self(Rcu::with_policy(value, Policy::Prompt))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (&self.0, (0..readers).map(|_| self.0.reader()).collect())
    }

    #[inline]
    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        look(&reader.read())
    }

    #[inline]
    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.store(value);
    }
}
