//! Explicit-state models: what loom cannot see.
//!
//! Loom runs the shipped source, but it knows neither membarrier(2) nor a store buffer, and a few
//! threads of a few steps are all it has time for. Here the protocols are written down a second
//! time, as states and steps, with the hardware among those who take steps, and the explorer visits
//! every state that can be reached. What is checked is the protocol, not the source: where the two
//! differ, these models say nothing.
//!
//! Each model stands beside its mutants, the same protocol with one rule broken. A mutant must
//! fail, in just the ways that are named; a model whose mutants pass would let anything pass. A
//! model that holds must have seen at least so many states, and from each of them there must be a
//! way to the end.

mod explore;
mod interval;
mod latest;
mod mutex;
mod rcu;
mod ring;
mod waits;
