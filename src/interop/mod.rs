//! The locks under other crates' traits, each behind a feature of its own.

#[cfg(feature = "lock_api_04")]
pub mod lock_api_04;
#[cfg(feature = "lock_api_05")]
pub mod lock_api_05;
