//! A configuration in shared memory, changed while four workers run; and why fields that belong together
//! go through a [`Snapshot`] instead.
//!
//! `cargo run --example shared_config`

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use untorn::shared::{Field, Layout, LayoutError};
use untorn::{SharedBuffer, Snapshot};

const LOOKS: usize = 100_000;

/// The fields, and what a program needs to open them.
struct Config {
    layout: Layout,
    max_workers: Field<u32>,
    batch_size: Field<u32>,
    timeout: Field<u32>,
    active_workers: Field<u32>,
}

impl Config {
    fn new() -> Result<Self, LayoutError> {
        let mut layout = Layout::with_len(1024);
        let max_workers = layout.field("max workers")?;
        let batch_size = layout.field("batch size")?;
        let timeout = layout.field("timeout")?;
        let active_workers = layout.field("active workers")?;
        layout.describe(batch_size, "jobs");
        layout.describe(timeout, "milliseconds, 50 a job");
        layout.describe(active_workers, "written by the workers");
        Ok(Self { layout: layout.build(), max_workers, batch_size, timeout, active_workers })
    }
}

/// Takes batches until one has been of the size that the configuration ends with.
fn work(config: &Config, shared: &SharedBuffer, name: usize) {
    shared.view(config.active_workers).add(1);
    let (mut batches, mut last) = (0, 0);
    while last != 200 {
        let size = shared.view(config.batch_size).load(); // may be another each time
        if size != last {
            println!("worker {name}: batches of {size} from now on");
        }
        (batches, last) = (batches + 1, size);
        thread::sleep(Duration::from_millis(1));
    }
    println!("worker {name}: {batches} batches");
    shared.view(config.active_workers).sub(1);
    shared.view(config.active_workers).notify_all();
}

/// Looks for a configuration that there never was, while another thread writes: 50 ms a job is what
/// `write` stores. Returns the first one, if a number of looks finds one.
fn mixed(write: impl Fn(u32) + Sync, look: impl Fn() -> (u32, u32)) -> Option<(u32, u32)> {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for jobs in (100..200).cycle() {
                if stop.load(Relaxed) {
                    break;
                }
                write(jobs);
            }
        });
        let mut looks = std::iter::repeat_with(look).take(LOOKS);
        let mixed = looks.find(|&(batch, timeout)| timeout != 50 * batch);
        stop.store(true, Relaxed);
        mixed
    })
}

fn main() -> Result<(), LayoutError> {
    let config = &Config::new()?;
    print!("{}", config.layout);

    let shared = &SharedBuffer::new(config.layout.clone());
    shared.view(config.max_workers).store(4);
    shared.view(config.batch_size).store(100);
    shared.view(config.timeout).store(5000);

    thread::scope(|scope| {
        for name in 1..=shared.view(config.max_workers).load() as usize {
            scope.spawn(move || work(config, shared, name));
        }
        thread::sleep(Duration::from_millis(20));
        println!("main: batch size is {}", shared.view(config.batch_size).exchange(200));
        println!("main: batch size is {}", shared.view(config.batch_size).load());
        // Until the last worker has signed off.
        let active = shared.view(config.active_workers);
        loop {
            match active.load() {
                0 => break,
                some => _ = active.wait(some),
            }
        }
    });

    // Each field is whole. The two together are not: a reader comes between the writer's two stores, or
    // the writer between the reader's two loads.
    let (batch, timeout) = (shared.view(config.batch_size), shared.view(config.timeout));
    batch.store(100);
    let write = |jobs| {
        batch.store(jobs);
        timeout.store(50 * jobs);
    };
    let found = mixed(write, || {
        let batch = batch.load();
        thread::yield_now(); // what a busy machine does now and then by itself
        (batch, timeout.load())
    });
    let (jobs, ms) = found.expect("the two loads are no unit");
    println!("two fields: {jobs} jobs and {ms} ms, where {} belong to them", 50 * jobs);

    let snapshot = Snapshot::new([100_u32, 5000]);
    let found = mixed(
        |jobs| snapshot.publish([jobs, 50 * jobs]),
        || {
            let [batch, timeout] = snapshot.read();
            (batch, timeout)
        },
    );
    assert_eq!(found, None, "a read is one published value");
    println!("one snapshot: {LOOKS} looks, nothing mixed");
    Ok(())
}
