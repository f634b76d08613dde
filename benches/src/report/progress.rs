//! What is going on, on standard error: a bar, or a line per regime where nobody watches.

use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Draws only between samples and from the measuring thread: a bar that ticks on a thread of its
/// own would run on a core that is being measured.
pub struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    now: String,
    begun: Instant,
    regimes: usize,
    ended: usize,
}

impl Progress {
    /// For that many regimes and samples.
    ///
    /// # Panics
    ///
    /// If the template of the bar does not parse, which the tests would see.
    #[must_use]
    pub fn new(regimes: usize, samples: u64) -> Self {
        let watched = std::io::stderr().is_terminal() && std::env::var_os("CI").is_none();
        let bar = watched.then(|| {
            let template = "{msg:32} {bar:30} {pos}/{len} samples · {eta} left";
            let style = ProgressStyle::with_template(template).expect("the template parses");
            ProgressBar::new(samples).with_style(style)
        });
        let now = Instant::now();
        Self { bar, started: now, now: String::new(), begun: now, regimes, ended: 0 }
    }

    /// Shown until the next regime begins.
    pub fn note(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// A regime begins.
    pub fn begin(&mut self, regime: &str) {
        self.now = regime.to_owned();
        self.begun = Instant::now();
        self.note(regime);
    }

    /// A sample was taken.
    pub fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// The regime ended.
    pub fn end(&mut self) {
        self.ended += 1;
        if self.bar.is_none() {
            let took = self.begun.elapsed().as_secs_f64();
            let share = self.started.elapsed().div_f64(self.ended as f64);
            let left = share.mul_f64(self.regimes.saturating_sub(self.ended) as f64);
            let (ended, regimes) = (self.ended, self.regimes.max(self.ended));
            eprintln!("[{ended}/{regimes}] {}: {took:.1} s, {} left", self.now, Seconds(left));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("now", &self.now).finish_non_exhaustive()
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs_f64().ceil();
        write!(f, "about {seconds:.0} s")
    }
}
