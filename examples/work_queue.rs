//! A pool of workers on one queue: several threads hand in jobs, several do them. The queue is all the
//! memory between them, whoever has nothing to do sleeps, and closing it sends everybody home.
//!
//! `cargo run --example work_queue`

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use untorn::mpmc::{Closed, Queue};

const CAPACITY: usize = 8;
const WORKERS: usize = 3;
const CLIENTS: usize = 4;
const JOBS: u64 = 250;

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs, in the order in which they were handed in.
struct Pool {
    jobs: Arc<Queue<Job>>,
    workers: Vec<JoinHandle<usize>>,
}

impl Pool {
    fn new() -> Self {
        let jobs = Arc::new(Queue::<Job>::new(CAPACITY));
        let work = |jobs: Arc<Queue<Job>>| {
            // Ends when the queue is closed and empty.
            move || jobs.iter().map(|job| job()).count()
        };
        let workers = (0..WORKERS).map(|_| thread::spawn(work(Arc::clone(&jobs)))).collect();
        Self { jobs, workers }
    }

    /// Waits while the backlog is full.
    fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Closed<Job>> {
        self.jobs.push(Box::new(job))
    }

    /// Does what was handed in, and nothing more; how many jobs each worker did.
    fn finish(self) -> Vec<usize> {
        self.jobs.close();
        self.workers.into_iter().map(|worker| worker.join().expect("no job panics")).collect()
    }
}

/// How many steps the Collatz sequence takes from `n` to one.
fn collatz(mut n: u64) -> u64 {
    let mut steps = 0;
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        steps += 1;
    }
    steps
}

fn main() {
    let pool = Pool::new();
    let results = Arc::new(Queue::new(CLIENTS * JOBS as usize));
    thread::scope(|scope| {
        for client in 0..CLIENTS as u64 {
            let (pool, results) = (&pool, &results);
            scope.spawn(move || {
                for n in client * JOBS + 1..=(client + 1) * JOBS {
                    let results = Arc::clone(results);
                    let job = move || results.push((n, collatz(n))).expect("open until the end");
                    pool.submit(job).map_err(drop).expect("open until all have handed in");
                }
            });
        }
    });
    let jobs = Arc::clone(&pool.jobs);
    let done = pool.finish();
    let refused = jobs.push(Box::new(|| unreachable!("too late"))).is_err();

    results.close();
    let (n, steps) = results.iter().max_by_key(|(_, steps)| *steps).expect("there are results");
    println!(
        "{} jobs by {WORKERS} workers, {CAPACITY} of them waiting at most",
        done.iter().sum::<usize>()
    );
    println!("a job after the end was refused: {refused}");
    println!("longest sequence up to {}: from {n}, with {steps} steps", CLIENTS as u64 * JOBS);
    assert_eq!(done.iter().sum::<usize>(), CLIENTS * JOBS as usize, "each job once");
    assert!(refused);
}
