//! What test262, the conformance suite of ECMAScript, asserts about `Atomics`, asserted about
//! [`untorn::wait`] and the views of [`untorn::SharedBuffer`].
//!
//! Read beside tc39/test262 at commit be13516, folder `test/built-ins/Atomics`. Each test is named
//! after a file there, and its first line says what that file asserts; the words and the code are our
//! own. The suite's agents are threads, and where it sleeps so that an agent may have begun to wait,
//! these tests look whether it has: they pass or fail on any schedule. What must *not* end a wait is
//! given a short real time in which it could.
//!
//! Waits run on words of 32 bits and of 64 (the suite's folders `bigint`), with agents that block and
//! with agents that await; the other operations on views of all widths, signed and unsigned.
//!
//! Left out: what the type system refuses before it runs (views of other types, indices out of range,
//! symbols for numbers), how JavaScript turns objects into numbers, and agents that may not block.
//! A count or a timeout that JavaScript takes as a number is converted as Rust does it, by `as`, which
//! turns what is negative or no number into zero, just so.
#![cfg(feature = "std")]

/// Makes tests of functions that are generic in the word and in the way to wait.
macro_rules! conformance {
    ($($test:ident),+ $(,)?) => {
        mod blocking {
            conformance!(@words Blocking: $($test),+);
        }
        mod awaiting {
            conformance!(@words Awaiting: $($test),+);
        }
    };
    (@words $way:ident: $($test:ident),+) => {
        mod int32 {
            conformance!(@tests std::sync::atomic::AtomicI32, $way: $($test),+);
        }
        mod bigint {
            conformance!(@tests std::sync::atomic::AtomicI64, $way: $($test),+);
        }
    };
    (@tests $word:ty, $way:ident: $($test:ident),+) => {$(
        #[test]
        fn $test() {
            super::super::$test::<$word, crate::agents::$way>();
        }
    )+};
}

mod agents;
mod notify;
mod read_modify_write;
#[path = "../support/mod.rs"]
mod support;
mod wait;
mod wait_async;
