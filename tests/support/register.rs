//! The two forms of a register, under one test.

use std::panic::{AssertUnwindSafe, catch_unwind};

use untorn::Latest;
#[cfg(feature = "alloc")]
use untorn::latest::channel;
use untorn::latest::{Reader, Writer};

/// Runs `check` with `R` readers on a register of each form, each of which is gone afterwards.
pub(crate) fn for_each_form<T, const R: usize>(
    init: impl Fn() -> T,
    check: impl for<'a> Fn(Writer<'a, T>, Vec<Reader<'a, T>>),
) {
    let mut register = Latest::<T, R>::new(init());
    let (writer, readers) = register.split();
    check(writer, readers.into());
    drop(register);
    #[cfg(feature = "alloc")]
    {
        let (writer, readers) = channel(init(), R);
        check(writer, readers);
    }
}

/// Whether `run` panics.
pub(crate) fn panics<R>(run: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}
