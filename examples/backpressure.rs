//! A slow consumer stops a fast producer: the ring is the only memory between them.
//!
//! `cargo run --example backpressure`

use std::thread;
use std::time::{Duration, Instant};

use untorn::spsc;

const CAPACITY: usize = 4;
const JOBS: usize = 20;
const WORK: Duration = Duration::from_millis(10);

fn main() {
    let (mut producer, mut consumer) = spsc::ring::<Vec<u8>>(CAPACITY);
    let start = Instant::now();

    let consuming = thread::spawn(move || {
        let (mut jobs, mut most) = (0, 0);
        while let Ok(job) = consumer.pop() {
            // In the ring, plus the one in hand.
            most = most.max(consumer.len() + 1);
            thread::sleep(WORK);
            jobs += 1;
            drop(job);
        }
        (jobs, most)
    });

    let mut waited = Duration::ZERO;
    for job in 1..=JOBS {
        let asked = Instant::now();
        producer.push(vec![0; 1024 * 1024]).expect("the consumer lives");
        let wait = asked.elapsed();
        waited += wait;
        if wait > WORK / 2 {
            println!("job {job}: the ring was full, waited {} ms", wait.as_millis());
        } else {
            println!("job {job}: pushed at once");
        }
    }
    drop(producer);

    let (jobs, most) = consuming.join().expect("the consumer does not panic");
    println!("{jobs} of {JOBS} jobs done in {} ms", start.elapsed().as_millis());
    println!("the producer stood still for {} ms", waited.as_millis());
    println!(
        "never more than {most} jobs of 1 MiB between the two (capacity {CAPACITY}, one in hand)"
    );
    assert_eq!(jobs, JOBS);
    assert!(most <= CAPACITY + 1, "memory stays flat");
}
