//! One writer publishes a configuration, several readers use it without ever waiting for the writer.
//!
//! `cargo run --example snapshot_config`

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use bytemuck::NoUninit;
use untorn::Snapshot;

/// Fields that belong together: read one by one, a reader could see half of a change.
#[derive(Clone, Copy, NoUninit)]
#[repr(C)]
struct Config {
    version: u64,
    max_workers: u32,
    /// Always ten times `max_workers`.
    batch_size: u32,
}

impl Config {
    const fn new(version: u64, max_workers: u32) -> Self {
        Self { version, max_workers, batch_size: 10 * max_workers }
    }
}

static CONFIG: Snapshot<Config> = Snapshot::new(Config::new(0, 4));
static DONE: AtomicBool = AtomicBool::new(false);

fn main() {
    thread::scope(|scope| {
        for id in 1..=3 {
            scope.spawn(move || {
                let (mut reads, mut changes, mut version) = (0_u64, 0, u64::MAX);
                while !DONE.load(Relaxed) {
                    let config = CONFIG.read();
                    assert_eq!(config.batch_size, 10 * config.max_workers, "a torn read");
                    reads += 1;
                    if config.version != version {
                        version = config.version;
                        changes += 1;
                    }
                }
                println!("reader {id}: {reads} reads, {changes} versions seen, none torn");
            });
        }
        for version in 1..=5 {
            thread::sleep(Duration::from_millis(20));
            CONFIG.publish(Config::new(version, 4 + version as u32));
            println!("writer: published version {version}");
        }
        thread::sleep(Duration::from_millis(20));
        DONE.store(true, Relaxed);
    });

    let last = CONFIG.read();
    println!("last version {}: {} workers", last.version, last.max_workers);
}
