//! The implementations: what each crate has to offer for a shape, in its own idiom.

pub mod arc_swap;
pub mod batches;
pub mod blocking;
pub mod cells;
pub mod counters;
pub mod crossbeam;
pub mod handover;
pub mod hazarc;
pub mod latest;
pub mod mpmc;
pub mod parking_lot;
pub mod pipes;
pub mod queues;
pub mod rcu;
pub mod reclaim;
pub mod rtrb;
pub mod seqlock;
pub mod spin;
pub mod std;
pub mod untorn;
pub mod untorn_mpmc;
pub mod untorn_spsc;
pub mod waiting;
pub mod watch;
