//! A pool of workers over a bounded backlog without a lock. Workers sleep while there is nothing to do,
//! the submitter sleeps while the backlog is full, and nobody looks again and again.
//!
//! The backlog knows nothing of sleeping; two event counts add it. First the change, then the
//! notification: that is all there is to remember.
//!
//! `cargo run --example park`

use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::thread;
use std::time::{Duration, Instant};

use untorn::Counter;
use untorn::wait::EventCount;

const WORKERS: u64 = 3;
const CAPACITY: usize = 4;
const JOBS: u64 = 60;
const WORK: Duration = Duration::from_millis(3);

/// A number in a slot is a job, and no number but zero is none.
#[derive(Default)]
struct Pool {
    backlog: [AtomicU64; CAPACITY],
    closed: AtomicBool,
    filled: EventCount,
    emptied: EventCount,
    /// How often a worker looked for a job.
    looks: Counter,
}

impl Pool {
    fn try_submit(&self, job: u64) -> bool {
        let put = |slot: &AtomicU64| slot.compare_exchange(0, job, Release, Relaxed).is_ok();
        self.backlog.iter().any(put)
    }

    fn try_take(&self) -> Option<u64> {
        self.backlog.iter().map(|slot| slot.swap(0, Acquire)).find(|job| *job != 0)
    }

    /// Sleeps until there is room.
    fn submit(&self, job: u64) {
        self.emptied.wait_until(|| self.try_submit(job).then_some(()));
        self.filled.notify(1);
    }

    /// Sleeps until there is a job, or until none will come.
    fn take(&self) -> Option<u64> {
        let job = self.filled.wait_until(|| {
            self.looks.increment();
            // Before the look at the backlog: what was submitted before the end is still done.
            let closed = self.closed.load(Acquire);
            self.try_take().map(Some).or_else(|| closed.then_some(None))
        })?;
        self.emptied.notify(1);
        Some(job)
    }

    fn close(&self) {
        self.closed.store(true, Release);
        self.filled.notify_all();
    }
}

fn main() {
    let pool = Pool::default();
    let (slept, done) = thread::scope(|scope| {
        let work = || {
            let (mut count, mut sum) = (0, 0);
            while let Some(job) = pool.take() {
                thread::sleep(WORK);
                count += 1;
                sum += job;
            }
            (count, sum)
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        let mut slept = Duration::ZERO;
        for job in 1..=JOBS {
            let asked = Instant::now();
            pool.submit(job);
            slept += asked.elapsed();
            if job == JOBS / 2 {
                // Long enough that every worker runs out of jobs, and sleeps.
                thread::sleep(10 * WORK);
            }
        }
        pool.close();
        let done = workers.into_iter().map(|worker| worker.join().expect("no job panics"));
        (slept, done.collect::<Vec<(u64, u64)>>())
    });

    let (count, sum) = done.iter().fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    println!("{count} of {JOBS} jobs done by {WORKERS} workers, then all went home");
    assert_eq!((count, sum), (JOBS, JOBS * (JOBS + 1) / 2), "each job once");
    println!("jobs ahead of the submitter, at most: {CAPACITY}");
    println!("the submitter slept for ms: {}", slept.as_millis());
    // A dozen looks, ever further apart, before a thread sleeps; then two for each time that it wakes, which
    // takes a notification. Whoever waited by looking alone would look millions of times.
    let most = 20 * (JOBS + WORKERS);
    println!("looks for work: {}", pool.looks.get());
    assert!(pool.looks.get() <= most, "nobody is busy waiting");
}
