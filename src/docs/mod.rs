//! Guides that span the primitives: which to choose, what the orderings mean, patterns and their
//! broken variants, limits, guarantees, how to come from other cells, and how all of it is verified.
//!
//! Every snippet is a test.

#[doc = include_str!("choosing.md")]
pub mod choosing {}

#[doc = include_str!("orderings.md")]
pub mod orderings {}

#[doc = include_str!("patterns.md")]
pub mod patterns {}

#[doc = include_str!("limits.md")]
pub mod limits {}

#[doc = include_str!("guarantees.md")]
pub mod guarantees {}

#[doc = include_str!("migrating.md")]
pub mod migrating {}

#[doc = include_str!("verification.md")]
pub mod verification {}
