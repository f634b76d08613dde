//! How fast it goes, and how long it will take.

use core::fmt;
use core::time::Duration;
use std::time::Instant;

use super::tally::Tally;
use super::tasks::Progress;

impl Progress {
    /// Begins to watch the pace, which is measured over the last `window` to two windows; since now, if
    /// that is `Duration::MAX`.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let progress = untorn::Progress::new(10);
    /// let mut pace = progress.pace(Duration::from_secs(5));
    /// progress.complete(4).unwrap();
    /// std::thread::sleep(Duration::from_millis(2));
    /// let report = pace.look();
    /// assert!(report.rate > 0.0 && report.rate <= 2000.0); // 4 tasks in at least 2 ms
    /// assert!(report.remaining >= Some(Duration::from_millis(3))); // 6 more
    /// ```
    pub fn pace(&self, window: Duration) -> Pace<'_> {
        self.pace_at(Instant::now(), window)
    }

    /// The same from a moment that the caller names, for who has the time already.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (progress, start) = (untorn::Progress::new(10), Instant::now());
    /// let mut pace = progress.pace_at(start, Duration::MAX);
    /// progress.complete(4).unwrap();
    /// let report = pace.look_at(start + Duration::from_secs(2));
    /// assert_eq!((report.rate, report.remaining), (2.0, Some(Duration::from_secs(3))));
    /// ```
    pub fn pace_at(&self, start: Instant, window: Duration) -> Pace<'_> {
        let mark = Mark { at: start, done: self.snapshot().done() };
        Pace { progress: self, window, start, older: mark, newer: mark }
    }
}

/// A moment, and what was done by then.
#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    done: u32,
}

/// Watches how fast a [`Progress`] goes; for one who shows it. Made by [`Progress::pace`].
///
/// It remembers two moments, so that it needs no memory for the window, and is as old as the calls of
/// [`look`](Self::look) let it be: look a few times in each window.
#[must_use = "it does nothing unless one looks"]
pub struct Pace<'a> {
    progress: &'a Progress,
    window: Duration,
    start: Instant,
    /// What the rate is measured from.
    older: Mark,
    /// What takes its place when it is a window old.
    newer: Mark,
}

/// What a [`Pace`] has seen.
#[derive(Clone, Copy, PartialEq, Debug)]
#[non_exhaustive]
pub struct Report {
    /// How far it is.
    pub tally: Tally,
    /// The time since the [`Pace`] was made.
    pub elapsed: Duration,
    /// Tasks done in a second, lately; 0 if none was, or no time has passed.
    pub rate: f64,
    /// How long the tasks that are left would take at this rate; `None` if that cannot be said, because
    /// nothing was done lately. For a total that still grows, how long those added so far would take.
    pub remaining: Option<Duration>,
}

impl Pace<'_> {
    /// How far it is, how fast it goes and how long it will take.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let progress = untorn::Progress::new(0);
    /// let report = progress.pace(Duration::from_secs(5)).look();
    /// assert_eq!(report.remaining, Some(Duration::ZERO));
    /// ```
    #[must_use]
    pub fn look(&mut self) -> Report {
        self.look_at(Instant::now())
    }

    /// The same at a moment that the caller names, no earlier than that of the last look.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (progress, start) = (untorn::Progress::new(100), Instant::now());
    /// let mut pace = progress.pace_at(start, Duration::from_secs(10));
    /// progress.complete(50).unwrap();
    /// assert_eq!(pace.look_at(start + Duration::from_secs(10)).rate, 5.0);
    /// // Then nothing: the rate falls, and after two windows the fast start is forgotten.
    /// assert_eq!(pace.look_at(start + Duration::from_secs(20)).rate, 2.5);
    /// assert_eq!(pace.look_at(start + Duration::from_secs(30)).rate, 0.0);
    /// ```
    #[must_use]
    pub fn look_at(&mut self, now: Instant) -> Report {
        let tally = self.progress.snapshot();
        let seconds = now.saturating_duration_since(self.older.at).as_secs_f64();
        let done = f64::from(tally.done().saturating_sub(self.older.done));
        let rate = if seconds > 0.0 { done / seconds } else { 0.0 };
        if now.saturating_duration_since(self.newer.at) >= self.window {
            self.older = self.newer;
            self.newer = Mark { at: now, done: tally.done() };
        }
        let remaining = match tally.left() {
            0 => Some(Duration::ZERO),
            // Divided by nothing it is infinite, which is no duration.
            left => Duration::try_from_secs_f64(f64::from(left) / rate).ok(),
        };
        let elapsed = now.saturating_duration_since(self.start);
        Report { tally, elapsed, rate, remaining }
    }
}

impl fmt::Debug for Pace<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pace").field("window", &self.window).finish_non_exhaustive()
    }
}
