//! A pool of workers on one bounded queue: several threads ask, several answer.
//!
//! `cargo run --release --example work_queue`

use std::collections::HashMap;
use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;

use untorn::mpmc::Queue;

/// How many threads ask.
const CLIENTS: u64 = 3;
/// How many questions each of them has.
const QUESTIONS: u64 = 200;

/// What is to be done: a number, and who wants to know about it.
struct Job {
    client: u64,
    number: u64,
}

/// How many steps it takes from `number` to one, halving what is even and going from what is odd to three
/// times as much and one.
fn steps(mut number: u64) -> u64 {
    let mut steps = 0;
    while number != 1 {
        number = if number % 2 == 0 { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}

fn main() {
    let workers = thread::available_parallelism().map_or(2, NonZero::get).max(2);
    // Sixteen jobs wait at most: clients that are faster than the workers stop until there is room.
    let (jobs, answers) = (Queue::new(16), Queue::new(16));
    let deepest = AtomicU64::new(0);

    let found = thread::scope(|scope| {
        let working: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut done = 0_u64;
                    // Until the queue is closed and empty.
                    for Job { client, number } in &jobs {
                        deepest.fetch_max(jobs.len() as u64, Relaxed);
                        answers.push((client, number, steps(number))).expect("open until we end");
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        let asking: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let jobs = &jobs;
                scope.spawn(move || {
                    for number in (1..=QUESTIONS).map(|question| client * QUESTIONS + question) {
                        jobs.push(Job { client, number }).expect("open until all have asked");
                    }
                })
            })
            .collect();
        let collecting = scope.spawn(|| {
            let mut found = HashMap::<u64, Vec<(u64, u64)>>::new();
            for (client, number, steps) in &answers {
                found.entry(client).or_default().push((number, steps));
            }
            found
        });

        for client in asking {
            client.join().expect("a client panicked");
        }
        jobs.close();
        for (worker, thread) in working.into_iter().enumerate() {
            println!("worker {worker} did {} jobs", thread.join().expect("a worker panicked"));
        }
        answers.close();
        collecting.join().expect("the collector panicked")
    });

    for client in 0..CLIENTS {
        let answers = &found[&client];
        let (number, most) = answers.iter().max_by_key(|answer| answer.1).expect("there are some");
        println!(
            "client {client}: {} answers; the longest way is that of {number}: {most}",
            answers.len()
        );
        assert_eq!(answers.len() as u64, QUESTIONS);
        assert!(answers.iter().all(|&(number, counted)| steps(number) == counted));
    }
    println!("never more than {} of 16 jobs waited", deepest.into_inner());
}
