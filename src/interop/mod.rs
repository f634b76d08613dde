//! The primitives under other crates' traits, each behind a feature of its own.
//!
//! `lock_api_04` and `lock_api_05` have types of their own, in modules of these names. The others
//! implement traits for what there is:
//!
//! | feature | type | traits |
//! |---|---|---|
//! | `async` | [`spsc::Consumer`](crate::spsc::Consumer) | `Stream` and `FusedStream` of `futures-core` |
//! | | [`spsc::Producer`](crate::spsc::Producer) | `Sink` of `futures-sink` |
//! | `futures-io` | [`pipe::Reader`](crate::pipe::Reader) | `AsyncRead` and `AsyncBufRead` of `futures-io` |
//! | | [`pipe::Writer`](crate::pipe::Writer) | `AsyncWrite` of `futures-io` |
//! | `tokio` | `pipe::Reader` | `AsyncRead` and `AsyncBufRead` of `tokio` |
//! | | `pipe::Writer` | `AsyncWrite` of `tokio` |
//!
//! None of them takes a runtime: an end is polled where its task is, and wakes the other wherever that is,
//! as a task or as a thread.

#[cfg(feature = "async")]
mod futures;
#[cfg(feature = "futures-io")]
mod futures_io;
#[cfg(feature = "lock_api_04")]
pub mod lock_api_04;
#[cfg(feature = "lock_api_05")]
pub mod lock_api_05;
#[cfg(feature = "tokio")]
mod tokio;
