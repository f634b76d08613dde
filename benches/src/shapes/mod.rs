//! The jobs that contenders are compared at: one trait each, with its contract and its workloads.
//!
//! A shape's loop is compiled once per contender and calls it statically; what is erased, outside
//! the loop, is [`Contender`]: two function pointers and a name.

pub mod blocking;
pub mod bytes;
pub mod cell;
pub mod counter;
pub mod handover;
pub mod lock;
pub mod mpmc;
pub mod pointer;
pub(crate) mod publication;
pub mod spsc;
pub mod waiting;
pub mod yardstick;

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::crew::{Crew, Wait};

/// The contender that every shape must have: a plain mutex around plain code.
pub const BASELINE: &str = "mutex";

/// The package of those that share nothing and so do no job: they show what a part of it costs by
/// itself, and beat nobody.
pub const YARDSTICK: &str = "yardstick";

/// [`Contender::able`] of those that enter every regime.
pub(crate) const ALWAYS: fn(&Regime) -> bool = |_| true;

/// Where threads outnumber the cores, this long gives each of them some turns of the scheduler; what
/// is done in a single turn says nothing about the others.
const TURNS: Duration = Duration::from_millis(25);

/// How long a contract waits for progress before it calls a contender stuck.
const PATIENCE: Duration = Duration::from_secs(20);

/// A job, who does it, and under which conditions it is timed.
#[derive(Debug)]
pub struct Shape {
    /// As given on the command line.
    pub name: &'static str,
    /// What is counted as one operation.
    pub operation: &'static str,
    /// The conditions.
    pub regimes: &'static [Regime],
    /// Who enters.
    pub contenders: Vec<Contender>,
}

impl Shape {
    /// The contender of that name.
    #[must_use]
    pub fn contender(&self, name: &str) -> Option<Contender> {
        self.contenders.iter().copied().find(|contender| contender.name == name)
    }

    /// With more contenders.
    #[must_use]
    pub fn with(mut self, contenders: &[Contender]) -> Self {
        self.contenders.extend_from_slice(contenders);
        self
    }

    /// Whether the regimes differ in the number of threads alone, so that any number will do.
    #[must_use]
    pub fn threads_vary(&self) -> bool {
        self.regimes.len() > 1 && self.regimes.iter().all(Regime::is_a_crowd)
    }

    /// Leaves one regime, of that many threads.
    pub(crate) fn keep_threads(&mut self, threads: usize) {
        let listed = self.regimes.iter().position(|regime| regime.threads == threads);
        self.regimes = match listed {
            Some(index) => &self.regimes[index..=index],
            // Once in the life of the program, which the names of regimes may last as long as.
            None => Vec::leak(vec![Regime {
                shares: threads > 1 && self.regimes.iter().any(|regime| regime.shares),
                ..Regime::of_lanes(
                    threads,
                    format!("{threads}-threads").leak(),
                    format!("What does it cost when {threads} threads do it without pause?").leak(),
                )
            }]),
        };
    }
}

/// One set of conditions.
#[derive(Debug)]
pub struct Regime {
    /// As given on the command line.
    pub name: &'static str,
    /// What the numbers answer.
    pub question: &'static str,
    /// All threads that take part.
    pub threads: usize,
    /// How many of them do the operations that are counted.
    pub lanes: usize,
    /// Whether each lane does as many operations as it can get, out of those of all lanes, and its
    /// share is told; elsewhere each does as many as the others.
    pub shares: bool,
    /// The size of the value, the item or the chunk, where regimes differ in that; elsewhere 0.
    pub bytes: usize,
    /// How many items fit between two threads, where regimes differ in that; elsewhere 0.
    pub capacity: usize,
    /// How many nanoseconds of work are done while a lock is held, where regimes differ in that, and
    /// as many before it is taken again; elsewhere 0.
    pub section: u64,
    /// The regime in which one of its lanes does the same alone, if it is asked what the others add.
    pub alone: Option<&'static str>,
}

impl Regime {
    /// All threads do what is counted.
    #[must_use]
    pub const fn of_lanes(lanes: usize, name: &'static str, question: &'static str) -> Self {
        let (shares, bytes, capacity, section) = (false, 0, 0, 0);
        let (threads, alone) = (lanes, None);
        Self { name, question, threads, lanes, shares, bytes, capacity, section, alone }
    }

    /// With that many threads more, which do something else.
    #[must_use]
    pub const fn beside(self, others: usize) -> Self {
        Self { threads: self.lanes + others, ..self }
    }

    /// With a value of that size.
    #[must_use]
    pub const fn of_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// With room for that many items.
    #[must_use]
    pub const fn with_room_for(self, items: usize) -> Self {
        Self { capacity: items, ..self }
    }

    /// Each lane does as many as it can get.
    #[must_use]
    pub const fn told_apart(self) -> Self {
        Self { shares: true, ..self }
    }

    /// With so much work in a lock, and outside.
    #[must_use]
    pub const fn of_sections(self, nanos: u64) -> Self {
        Self { section: nanos, ..self }
    }

    /// With what its lanes gain on one in the regime of that name.
    #[must_use]
    pub const fn gains_on(self, alone: &'static str) -> Self {
        Self { alone: Some(alone), ..self }
    }

    /// Threads that do not do what is counted.
    #[must_use]
    pub fn others(&self) -> usize {
        self.threads - self.lanes
    }

    /// Whether all of its threads do the same, and it is named after their number.
    fn is_a_crowd(&self) -> bool {
        let number = self.name.split_once("-thread").map(|(number, _)| number);
        self.threads == self.lanes && number == Some(self.threads.to_string().as_str())
    }
}

/// One contender in one shape.
#[derive(Debug, Clone, Copy)]
pub struct Contender {
    /// As given on the command line.
    pub name: &'static str,
    /// The crate it comes from, or `std`.
    pub package: &'static str,
    /// Checks the shape's contract with that many operations; the error says what broke.
    pub contract: fn(u64) -> Result<(), String>,
    /// Runs a regime once, with that many operations for each lane.
    pub sample: fn(&Regime, u64, &Crew) -> Sample,
    /// Whether it can do what a regime asks for.
    pub able: fn(&Regime) -> bool,
}

impl Contender {
    /// Whether it is ours.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.package == "untorn"
    }

    /// Whether it only shows what a part of the job costs.
    #[must_use]
    pub fn is_yardstick(&self) -> bool {
        self.package == YARDSTICK
    }

    /// Whether it can do what the regime asks for.
    #[must_use]
    pub fn enters(&self, regime: &Regime) -> bool {
        (self.able)(regime)
    }
}

/// What came of one run of a regime.
#[derive(Debug, Clone)]
pub struct Sample {
    /// How long it took.
    pub elapsed: Duration,
    /// How many operations each lane did; empty where each did as many as it was to.
    pub lanes: Vec<u64>,
}

impl Sample {
    /// How many operations all lanes did, of which that many were asked for.
    #[must_use]
    pub fn operations(&self, asked: u64) -> u64 {
        if self.lanes.is_empty() { asked } else { self.lanes.iter().sum() }
    }

    /// The fewest operations of a lane, as a part of the most, if there is more than one.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        if self.lanes.len() < 2 {
            return None;
        }
        let (fewest, most) = (self.lanes.iter().min()?, self.lanes.iter().max()?);
        Some(*fewest as f64 / *most as f64)
    }
}

impl From<Duration> for Sample {
    fn from(elapsed: Duration) -> Self {
        Self { elapsed, lanes: Vec::new() }
    }
}

/// Runs `work(index)` on that many threads and returns the first error.
///
/// # Errors
///
/// What a thread returned.
fn together(
    threads: usize,
    work: impl Fn(usize) -> Result<(), String> + Sync,
) -> Result<(), String> {
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (0..threads).map(|i| scope.spawn(move || work(i))).collect();
        // All are joined before any error is returned: the others may be about to report as well.
        let results: Vec<_> = threads.into_iter().map(|thread| thread.join()).collect();
        results
            .into_iter()
            .try_for_each(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// What a contract found out.
type Verdict = Result<(), String>;

/// Runs checks in which a thread may sleep for ever. What goes wrong while another thread depends on
/// it is told at once.
///
/// # Errors
///
/// What the checks returned or told, or that they did not come to their end; their threads are left
/// behind then.
fn within(
    patience: Duration,
    checks: impl FnOnce(&Sender<Verdict>) -> Verdict + Send + 'static,
) -> Verdict {
    let (tell, told) = channel();
    thread::spawn(move || {
        // Nobody listens any more when the patience has come to its end.
        let _ = tell.send(checks(&tell));
    });
    told.recv_timeout(patience).unwrap_or_else(|why| match why {
        RecvTimeoutError::Timeout => Err("stuck: a thread sleeps on".to_owned()),
        RecvTimeoutError::Disconnected => Err("panicked".to_owned()),
    })
}

/// A wait that ends with an error instead of never.
struct Patience {
    wait: Wait,
    until: Instant,
}

impl Patience {
    fn new() -> Self {
        Self { wait: Wait::new(), until: Instant::now() + PATIENCE }
    }

    fn pause(&mut self, what: &str) -> Result<(), String> {
        self.wait.pause();
        if Instant::now() < self.until { Ok(()) } else { Err(format!("stuck: {what}")) }
    }
}
