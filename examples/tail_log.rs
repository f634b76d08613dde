//! A blocking program writes its log into a pipe, and a task reads it: no thread waits on the reading side,
//! and a log that nobody reads holds its writer up, instead of taking all memory.
//!
//! `cargo run --example tail_log --features tokio`

use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use tokio::io::AsyncBufReadExt;
use tokio::runtime;
use tokio::time::timeout;
use untorn::pipe::{Reader, Writer, pipe};

/// Longer than one entry, shorter than two: the log is waited for.
const CAPACITY: usize = 64;
/// When the reader says that it has heard nothing.
const QUIET: Duration = Duration::from_millis(50);

/// Knows nothing of tasks. Each entry is written whole, or not at all.
fn work(mut log: Writer) -> io::Result<()> {
    for job in 1..=12 {
        if job == 7 {
            // A job that takes long.
            thread::sleep(4 * QUIET);
        }
        let level = if job % 3 == 0 { "WARN" } else { "INFO" };
        log.write_atomic(format!("{level} job {job} is done, {} to go\n", 12 - job).as_bytes())?;
    }
    log.write_all(b"INFO going down")?;
    log.close_with_error(io::Error::other("the power is off"));
    Ok(())
}

/// Knows nothing of threads. Returns when the log ends, and how.
async fn tail(log: Reader) -> (usize, io::Result<()>) {
    let (mut lines, mut count) = (log.lines(), 0);
    loop {
        // A read that is given up loses nothing.
        match timeout(QUIET, lines.next_line()).await {
            Err(_) => println!("... nothing for {QUIET:?}"),
            Ok(Ok(Some(line))) => {
                count += 1;
                if let Some(warning) = line.strip_prefix("WARN ") {
                    println!("warning: {warning}");
                }
            }
            Ok(Ok(None)) => return (count, Ok(())),
            Ok(Err(error)) => return (count, Err(error)),
        }
    }
}

fn main() -> io::Result<()> {
    let (writer, reader) = pipe(CAPACITY);
    let working = thread::spawn(|| work(writer));
    let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
    let (count, end) = runtime.block_on(tail(reader));
    working.join().expect("no panic")?;
    println!("{count} whole lines, and then: {}", end.expect_err("that is how it ends"));
    Ok(())
}
