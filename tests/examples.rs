//! The short examples run to their end and print what they are there to show.
//!
//! `cargo test` builds the examples beside the tests; they are started as programs of their own.
#![cfg(all(feature = "std", not(miri)))]

use std::path::PathBuf;
use std::process::Command;

fn run(example: &str) -> String {
    let mut path: PathBuf = std::env::current_exe().expect("a test has a path");
    path.pop();
    path.set_file_name("examples");
    path.push(format!("{example}{}", std::env::consts::EXE_SUFFIX));
    let output = Command::new(&path).output().unwrap_or_else(|error| {
        panic!("{}: {error}; `cargo test` without a target builds it", path.display())
    });
    let text = String::from_utf8(output.stdout).expect("the examples print text");
    assert!(
        output.status.success(),
        "{example} failed:\n{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// The number at the end of the line that starts with `label`.
fn number(text: &str, label: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    let line = line.unwrap_or_else(|| panic!("no line `{label}` in:\n{text}"));
    line.trim().parse().unwrap_or_else(|error| panic!("`{line}`: {error}"))
}

#[test]
fn counter_workers() {
    let text = run("counter_workers");
    assert_eq!(number(&text, "expected:"), 40_000);
    assert_eq!(number(&text, "Counter:"), 40_000);
    let kept = number(&text, "load, then store:");
    assert_eq!(number(&text, "lost by the latter:"), 40_000 - kept);
    assert!(kept < 40_000, "the broken variant loses updates");
    assert_eq!(text.matches("completed 10000 increments").count(), 4);
}

#[test]
fn snapshot_config() {
    let text = run("snapshot_config");
    assert_eq!(text.matches("none torn").count(), 3, "{text}");
    assert_eq!(text.matches("writer: published version").count(), 5, "{text}");
    assert!(text.ends_with("last version 5: 9 workers\n"), "{text}");
}

#[test]
fn latest_frame() {
    let text = run("latest_frame");
    assert!(text.starts_with("camera: 60 frames in 4 buffers\n"), "{text}");
    assert!(text.contains("both ended with the last one"), "{text}");
}

#[test]
fn routing_table() {
    let text = run("routing_table");
    assert!(text.starts_with("packets with a handle and without: ["), "{text}");
    let last = "356 tables replaced and freed, the last has 259 routes\n";
    assert!(text.ends_with(last), "{text}");
}

#[test]
fn feature_flags() {
    let text = run("feature_flags");
    assert!(text.contains("beta = 5 on version 0: saved: false\n"), "{text}");
    assert!(text.contains("beta = 5 on version 1: saved: true\n"), "{text}");
    assert_eq!(text.matches("server: ").count(), 2, "{text}");
    assert!(text.contains("\nversion 198: "), "{text}");
}

#[test]
fn backpressure() {
    let text = run("backpressure");
    assert!(text.contains("20 of 20 jobs done"), "{text}");
    assert!(text.contains("the ring was full, waited"), "{text}");
    assert!(text.contains("jobs of 1 MiB between the two (capacity 4, one in hand)"), "{text}");
}

#[test]
fn shared_config() {
    let text = run("shared_config");
    assert!(text.contains("|      4 |    4 | u32    | batch size     | jobs "), "{text}");
    assert_eq!(text.matches("batches of 200 from now on").count(), 4, "{text}");
    // The workers print too, and may come between these two.
    let (before, after) =
        (text.find("main: batch size is 100\n"), text.find("main: batch size is 200\n"));
    assert!(before.is_some() && before < after, "{text}");
    assert!(text.contains("two fields: "), "{text}");
    assert!(text.contains("one snapshot: 100000 looks, nothing mixed\n"), "{text}");
}

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
#[test]
fn shared_processes() {
    let text = run("shared_processes");
    assert!(text.contains("|     12 |   20 | reserved |"), "{text}");
    assert!(text.contains("first: counted 10000\n"), "{text}");
    assert!(text.contains("second: counted 10000\n"), "{text}");
    assert_eq!(number(&text, "expected:"), 20_000);
    assert_eq!(number(&text, "counter:"), 20_000);
    assert!(text.contains("truncating: Operation not permitted"), "{text}");
}

#[cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]
#[test]
fn shared_ring() {
    let text = run("shared_ring");
    assert!(text.contains("|    384 | 65536 | [u64; 8192] | readings.items"), "{text}");
    assert!(text.contains("2000000 readings of 16 bytes, "), "{text}");
    assert!(text.contains(" million a second; then: the other end has left\n"), "{text}");
    assert!(text.ends_with("and then: the process that had the other end has died\n"), "{text}");
}

#[test]
fn audio_ring() {
    let text = run("audio_ring");
    assert!(text.starts_with("200 callbacks in "), "{text}");
    assert!(text.contains(", 0 cracks\nallocations in the callback: 0\n"), "{text}");
}

#[test]
fn spin_section() {
    let text = run("spin_section");
    assert!(text.contains("400000 transfers by 4 threads under each lock"), "{text}");
    assert!(text.contains("checking 1000, savings 0: nothing lost"), "{text}");
    assert!(text.contains("SpinLock: ") && text.contains("Mutex: "), "{text}");
}

#[test]
fn park() {
    let text = run("park");
    assert!(text.starts_with("60 of 60 jobs done by 3 workers, then all went home\n"), "{text}");
    assert!(number(&text, "the submitter slept for ms:") > 0, "{text}");
    assert!((60..=1260).contains(&number(&text, "looks for work:")), "{text}");
}

#[test]
fn pipeline() {
    let text = run("pipeline");
    assert_eq!(number(&text, "malformed:"), 70, "{text}");
    let checked = "checked:    what arrived is what a plain loop over the file finds\n";
    assert!(text.ends_with(checked), "{text}");
    #[cfg(target_os = "linux")]
    {
        // Two megabytes pass, 64 KiB at a time; threads and the compressor take the rest.
        let memory = text.lines().find_map(|line| line.strip_prefix("memory:"));
        let memory = memory.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        assert!(memory.is_some_and(|kilobytes| kilobytes < 8 << 10), "{text}");
    }
}

#[test]
#[cfg(feature = "tokio")]
fn tail_log() {
    let text = run("tail_log");
    assert_eq!(text.matches("warning: job ").count(), 4, "{text}");
    assert!(text.contains("... nothing for 50ms\n"), "{text}");
    assert!(text.ends_with("12 whole lines, and then: the power is off\n"), "{text}");
}

#[test]
fn producer_consumer() {
    let text = run("producer_consumer");
    assert_eq!(
        text,
        "consumer first: 1 woken, Woken, received 42\n\
         producer first: 0 woken, NotEqual, received 43\n"
    );
}

#[test]
fn work_queue() {
    let text = run("work_queue");
    assert_eq!(
        text,
        "1000 jobs by 3 workers, 8 of them waiting at most\n\
         a job after the end was refused: true\n\
         longest sequence up to 1000: from 871, with 178 steps\n"
    );
}

#[test]
fn progress_workers() {
    let text = run("progress_workers");
    assert!(text.starts_with("10000 of 10000 done, 100 failed, by 4 workers\n"), "{text}");
    assert!(number(&text, "frames drawn before the end:") > 1, "{text}");
}
