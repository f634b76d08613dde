//! How much memory pipes, rings and queues take, and whether a blocked end takes processor time. A program
//! with a plain `main`: nothing else may allocate while it counts.

#[path = "../support/mod.rs"]
mod support;

mod allocator;
mod rings;

use std::io::{BufRead, ErrorKind, Read, Write};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use allocator::{Allocator, blocks, growth};
use support::rounds;
use untorn::pipe::{Reader, Writer, pipe};

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

const CAPACITY: usize = 1 << 16;
const PIECE: usize = 1 << 15;

fn main() {
    a_pipe_takes_what_its_capacity_says();
    the_peak_does_not_depend_on_what_passes();
    nothing_is_allocated_after_the_start();
    rings::nothing_is_allocated_after_the_start();
    #[cfg(all(target_os = "linux", not(miri)))]
    processor_time::a_blocked_end_takes_none();
    println!("flow_memory: flat");
}

fn a_pipe_takes_what_its_capacity_says() {
    for capacity in [1, 100, 1 << 10, 1 << 20] {
        let more = growth(|| drop(pipe(capacity)));
        let least = capacity.next_power_of_two();
        assert!((least..least + 1024).contains(&more), "{more} bytes for {capacity}");
    }
}

/// `total` bytes from thread to thread; how many came out.
fn pass(total: usize) -> usize {
    let (mut writer, mut reader) = pipe(CAPACITY);
    thread::scope(|scope| {
        scope.spawn(move || {
            let piece = [7; PIECE];
            (0..total / PIECE).for_each(|_| writer.write_all(&piece).expect("the reader lives"));
        });
        let mut passed = 0;
        loop {
            let here = reader.fill_buf().expect("no error is left");
            let len = here.len();
            let Some(first) = here.first() else { return passed };
            assert_eq!((first, here.last()), (&7, Some(&7)));
            passed += len;
            reader.consume(len);
        }
    })
}

fn the_peak_does_not_depend_on_what_passes() {
    let peak = |total: usize| growth(|| assert_eq!(pass(total), total));
    // Whatever is allocated once, by the first thread.
    peak(PIECE);
    let scale = if cfg!(miri) { 1 << 12 } else { 1 };
    let (less, more) = (peak((64 << 20) / scale), peak((1 << 30) / scale));
    // A thread's own bookkeeping may overlap with that of the one before.
    assert!(more.abs_diff(less) < 1 << 10, "{less} bytes for 64 MiB, {more} for 1 GiB");
    assert!(more < CAPACITY + (8 << 10), "{more} bytes for a capacity of {CAPACITY}");
}

/// Every call that moves bytes, with and without waiting, on this thread and between two.
fn nothing_is_allocated_after_the_start() {
    let (mut writer, mut reader) = pipe(100);
    let before = blocks();
    use_all_calls(&mut writer, &mut reader);
    assert_eq!(blocks() - before, 0, "blocks on one thread");

    let (mut writer, mut reader) = pipe(100);
    let (sent, mut read) = ([5; 1_000], [0; 1_000]);
    // A barrier allocates nothing: the other thread has started, and then has not begun to end.
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            barrier.wait();
            for _ in 0..rounds(1_000) {
                writer.write_all(&sent).expect("the reader lives");
            }
            // The reader is asleep by now.
            thread::sleep(Duration::from_millis(20));
            writer.write_all(&sent).expect("the reader lives");
            barrier.wait();
        });
        let before = blocks();
        barrier.wait();
        for _ in 0..=rounds(1_000) {
            reader.read_exact(&mut read).expect("a whole piece");
            assert_eq!(read, sent);
        }
        assert_eq!(blocks() - before, 0, "blocks between two threads");
        barrier.wait();
    });
}

fn use_all_calls(writer: &mut Writer, reader: &mut Reader) {
    let (sent, mut read) = ([5; 60], [0; 60]);
    reader.set_timeout(Some(Duration::from_micros(100)));
    writer.set_timeout(Some(Duration::from_micros(100)));
    for _ in 0..rounds(1_000).max(3) {
        writer.write_all(&sent).expect("room");
        writer.write_atomic(&sent[..40]).expect("room");
        let full = writer.write(b"x").map_err(|error| error.kind());
        assert_eq!(full, Err(ErrorKind::TimedOut));
        let full = writer.try_write(b"x").map_err(|error| error.kind());
        assert_eq!(full, Err(ErrorKind::WouldBlock));
        reader.read_exact(&mut read).expect("as much as that");
        assert_eq!(reader.fill_buf().expect("the rest").first(), Some(&5));
        let mut place = &mut read[..];
        reader.drain_to_at_most(&mut place, 40).expect("the rest");
        let empty = reader.fill_buf().map_err(|error| error.kind());
        assert_eq!(empty, Err(ErrorKind::TimedOut));
        writer.fill_from(&mut &sent[..]).expect("room");
        reader.read_exact(&mut read).expect("as much as that");
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
mod processor_time {
    use super::*;

    /// What this thread has used so far, in the program and in the kernel.
    fn used() -> Duration {
        // SAFETY: zeroes are a valid value of that struct of integers.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: the pointer is valid for the call.
        let failed = unsafe { libc::getrusage(libc::RUSAGE_THREAD, &raw mut usage) };
        assert_eq!(failed, 0);
        let time =
            |time: libc::timeval| Duration::new(time.tv_sec as u64, time.tv_usec as u32 * 1_000);
        time(usage.ru_utime) + time(usage.ru_stime)
    }

    pub(super) fn a_blocked_end_takes_none() {
        const WAIT: Duration = Duration::from_millis(500);
        let check = |what: &str, used: Duration| {
            println!("flow_memory: a {what} that waited {WAIT:?} used {used:?}");
            assert!(used < WAIT / 10, "a {what} that waits used {used:?}");
        };

        let (mut writer, mut reader) = pipe(4);
        let waiting = thread::spawn(move || {
            let before = used();
            reader.read_exact(&mut [0; 4]).expect("in the end they come");
            (used() - before, reader)
        });
        thread::sleep(WAIT);
        writer.write_all(b"1234").expect("the reader lives");
        let (time, mut reader) = waiting.join().expect("no panic");
        check("reader", time);

        writer.write_all(b"1234").expect("room");
        let waiting = thread::spawn(move || {
            let before = used();
            writer.write_all(b"5678").expect("in the end there is room");
            used() - before
        });
        thread::sleep(WAIT);
        reader.read_to_end(&mut Vec::new()).expect("all of it");
        check("writer", waiting.join().expect("no panic"));
    }
}
