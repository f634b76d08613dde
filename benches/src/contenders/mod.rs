//! The implementations: what each crate has to offer for a shape, in its own idiom.

pub mod arc_swap;
pub mod crossbeam;
pub mod parking_lot;
pub mod rtrb;
pub mod seqlock;
pub mod std;
pub mod untorn;
