//! untorn beside a mutex and beside today's crates for the same job, measured the same way.
//!
//! * [`shapes`]: one trait per job (counter, lock, wait, queue, pipe, cell), the contract that every
//!   contender must keep, and the workloads it is timed with.
//! * [`probes`]: questions that no time per operation answers.
//! * [`contenders`]: the implementations, about ten lines each.
//! * [`registry`]: who enters where, the best first; one line adds a contender to everything below.
//! * [`crew`] and [`runner`]: threads that start together, calibration, interleaved rounds.
//! * [`stats`]: medians, spreads, paired ratios, the noise floor.
//! * [`env`](mod@env) and [`neighbours`]: what the numbers were measured on, and who else was
//!   there.
//! * [`record`]: all that is kept of a run, and what can be said about it.
//! * [`report`]: several ways to show a record.
//! * [`spec`]: two published experiments, done again.
//! * [`limits`] and [`instructions`]: ratios that must hold, and what judges them; [`assertion`]:
//!   those that are given for one run.
//! * Ctrl-C is watched by [`interrupt`].
//!
//! The program is `versus` (`cargo versus` in this workspace).
//!
//! To add a contender: implement the trait of the shape in a file of [`contenders`] and add its
//! type to the shape's list in [`registry`]. To add a shape: write the trait, its contract and its
//! workloads in a file of [`shapes`], and add a list to [`registry`].

pub mod assertion;
pub mod contenders;
pub mod crew;
pub mod env;
pub mod instructions;
pub mod interrupt;
pub mod limits;
pub mod neighbours;
pub mod probes;
pub mod record;
pub mod registry;
pub mod report;
pub mod runner;
pub mod shapes;
pub mod spec;
pub mod stats;
