//! Every primitive under load from several threads, in a program with a plain `main`.
//!
//! `cargo test` runs it for a moment. It prints its seed; `STRESS_SEED` repeats a run's choices, though
//! not its schedule, and `STRESS_ROUNDS` makes it longer.
//!
//! `.ci/run tsan` runs it under ThreadSanitizer. A standard library that is not itself instrumented has
//! fences that the sanitizer cannot see: where threads are joined, where the last `Arc` goes, and in
//! the test harness. Each would be a false alarm. So there is a `main`, threads report their end through
//! an atomic and are never joined, and what they share is leaked.

use std::sync::atomic::{
    AtomicBool, AtomicUsize,
    Ordering::{Acquire, Relaxed, Release},
};
use std::thread;
use std::time::{Duration, SystemTime};

use untorn::mutex::MutexGuard;
use untorn::rcu::{Guard, Policy, Rcu};
use untorn::spsc::{TryPopError, TryPushError};
use untorn::{Latest, Mutex, SeqLock, Snapshot, SpinLock, latest};

mod counting;
mod flows;
mod queues;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../support/rings.rs"]
mod rings;
mod sharing;
mod waits;

use rings::{Line, Row, Shape};

fn main() {
    let number = |name: &str| {
        std::env::var(name).ok().map(|text| {
            text.parse::<u64>().unwrap_or_else(|error| panic!("{name}={text}: {error}"))
        })
    };
    let seed = number("STRESS_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        now.map_or(1, |now| now.as_nanos() as u64)
    });
    let rounds = number("STRESS_ROUNDS").unwrap_or(if cfg!(miri) { 1 } else { 20 });
    println!("STRESS_SEED={seed} STRESS_ROUNDS={rounds}");
    let mut random = Random(seed | 1);
    for _ in 0..rounds {
        counting::counter(&mut random);
        counting::sharded_counter(&mut random);
        counting::progress(&mut random);
        spin_lock(&mut random);
        mutex(&mut random);
        sharing::locks(&mut random);
        cells(&mut random);
        latest_on_the_heap(&mut random);
        latest_lent(&mut random);
        read_copy_update(&mut random);
        polling_ring::<Row>(&mut random);
        waiting_ring::<Row>(&mut random);
        polling_ring::<Line>(&mut random);
        waiting_ring::<Line>(&mut random);
        flows::overwriting(&mut random);
        flows::shared_ring(&mut random);
        queues::queue(&mut random);
        waits::words(&mut random);
        waits::events(&mut random);
    }
    println!("stress: every invariant held");
}

/// Marsaglia's xorshift ("Xorshift RNGs", 2003): enough to vary sizes and orders.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn steps(&mut self) -> u64 {
        if cfg!(miri) { 10 } else { 500 + self.below(2_000) }
    }
}

type Part = Box<dyn FnOnce() + Send>;

/// Runs all parts at the same time, and returns when every one has ended.
fn together(parts: Vec<Part>) {
    /// Reports the end of a part, also of one that panics.
    struct End(&'static AtomicUsize, &'static AtomicBool);

    impl Drop for End {
        fn drop(&mut self) {
            self.1.fetch_or(thread::panicking(), Relaxed);
            // Release: all that the part did happens-before `together` returns.
            self.0.fetch_sub(1, Release);
        }
    }

    let running: &AtomicUsize = leak(AtomicUsize::new(parts.len()));
    let panicked: &AtomicBool = leak(AtomicBool::new(false));
    for part in parts {
        let end = End(running, panicked);
        std::mem::forget(thread::spawn(move || {
            let _end = end;
            part();
        }));
    }
    // Acquire: pairs with the Release of every part.
    while running.load(Acquire) != 0 {
        thread::yield_now();
    }
    assert!(!panicked.load(Relaxed), "a part panicked");
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn spin_lock(random: &mut Random) {
    // Plain memory under the lock: a missing edge is a data race that the sanitizer can see.
    let (lock, steps) = (leak(SpinLock::new(Vec::new())), random.steps());
    let part = |id: i32| -> Part {
        Box::new(move || {
            for step in 0..steps {
                if step % 2 == 0 {
                    if let Some(mut list) = lock.try_lock() {
                        list.push(id);
                    }
                } else {
                    lock.lock().push(id);
                }
            }
        })
    };
    together(vec![part(0), part(1), part(2)]);
    assert!(lock.lock().len() as u64 >= 3 * (steps / 2));
}

/// More threads than cores, some of which give up, and holders that go away in the middle.
fn mutex(random: &mut Random) {
    let (lock, taken) = (leak(Mutex::new(Vec::new())), leak(AtomicUsize::new(0)));
    let (steps, patience) = (random.steps(), Duration::from_micros(random.below(200)));
    let part = |id: u64| -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            for step in 0..steps {
                let guard = match (step + id) % 3 {
                    0 => lock.try_lock_for(patience),
                    1 => lock.try_lock(),
                    _ => Some(lock.lock()),
                };
                let Some(mut list) = guard else { continue };
                list.push(id);
                taken.fetch_add(1, Relaxed);
                if step % 16 == id {
                    thread::yield_now();
                    let mut last = MutexGuard::map(list, |list| list.last_mut().expect("pushed"));
                    *last += 1;
                }
            }
        })
    };
    together((0..6).map(part).collect());
    assert_eq!(lock.lock().len(), taken.load(Relaxed));
    assert!(lock.lock().len() as u64 >= 6 * (steps / 3));
}

fn cells(random: &mut Random) {
    let lock = leak(SeqLock::new([0_u64; 7]));
    let cell = leak(Snapshot::<[u64; 7], 3>::with_slots([0; 7]));
    let (done, steps) = (leak(AtomicBool::new(false)), random.steps());
    fn whole(value: [u64; 7]) -> u64 {
        assert_eq!(value, [value[0]; 7], "a torn read");
        value[0]
    }
    let reader = || -> Part {
        Box::new(|| {
            let (mut last_lock, mut last_cell) = (0, 0);
            while !done.load(Relaxed) {
                let (from_lock, from_cell) = (whole(lock.read()), whole(cell.read()));
                assert!(from_lock >= last_lock && from_cell >= last_cell, "back in time");
                (last_lock, last_cell) = (from_lock, from_cell);
                // Lets the writer in where there is one core.
                thread::yield_now();
            }
        })
    };
    let writer = Box::new(move || {
        for value in 1..=steps {
            lock.update(|words| *words = [value; 7]);
            cell.publish([value; 7]);
        }
        done.store(true, Relaxed);
    });
    together(vec![reader(), reader(), writer]);
    assert_eq!((whole(lock.read()), whole(cell.read())), (steps, steps));
}

/// A value whose parts agree, and whose memory is gone if it was dropped under a reader.
fn boxed(number: u64) -> Box<[u64; 3]> {
    Box::new([number; 3])
}

/// Reads until it sees the last of `steps` values.
fn follow(mut reader: latest::Reader<'static, Box<[u64; 3]>>, steps: u64) {
    let mut last = 0;
    while last < steps {
        let closed = reader.is_closed();
        let value = reader.read();
        assert_eq!(**value, [value[0]; 3], "a torn read");
        assert!(value[0] >= last, "back in time");
        assert!(!closed || value[0] == steps, "the last value is there when the writer is gone");
        last = value[0];
        // Lets the writer in where there is one core.
        thread::yield_now();
    }
    // The last handle frees the register, behind a fence of the standard library.
    std::mem::forget(reader);
}

fn latest_on_the_heap(random: &mut Random) {
    let (count, steps) = (1 + random.below(3) as usize, random.steps());
    let (mut writer, readers) = latest::channel(boxed(0), count);
    let writing = move || {
        (1..=steps).for_each(|step| writer.publish(boxed(step)));
    };
    let mut parts: Vec<Part> = vec![Box::new(writing)];
    for reader in readers {
        parts.push(Box::new(move || follow(reader, steps)));
    }
    together(parts);
}

/// In place, and with a reader that goes in the middle.
fn latest_lent(random: &mut Random) {
    let steps = random.steps();
    let register = Box::leak(Box::new(Latest::<_, 2>::new(boxed(0))));
    let (mut writer, [stays, mut leaves]) = register.split();
    let writing = move || {
        writer.fill();
        (1..=steps).for_each(|step| writer.publish_with(|value| **value = [step; 3]));
    };
    let leaving = move || {
        let first = leaves.read()[0];
        thread::yield_now();
        assert!(leaves.read()[2] >= first, "back in time");
    };
    together(vec![Box::new(writing), Box::new(move || follow(stays, steps)), Box::new(leaving)]);
}

/// Two who store and reclaim, three who read, each in its own way. A value that is freed under a reader
/// is plain memory that somebody else writes.
fn read_copy_update(random: &mut Random) {
    let policy = match random.below(4) {
        0 => Policy::Prompt,
        1 => Policy::Manual,
        _ => Policy::Batch(random.below(20) as u32),
    };
    let cell = leak(Rcu::with_policy(boxed(0), policy));
    let (done, steps) = (leak(AtomicUsize::new(0)), random.steps());
    fn whole(value: &[u64; 3], last: &mut u64) {
        assert_eq!(*value, [value[0]; 3], "torn, or freed");
        assert!(value[0] >= *last, "back in time");
        *last = value[0];
    }
    let writer = || -> Part {
        Box::new(move || {
            for step in 0..steps {
                cell.update(|value| boxed(value[0] + 1));
                if step % 16 == 0 {
                    cell.try_reclaim();
                }
            }
            if policy != Policy::Manual {
                cell.synchronize().expect("no filter on system calls");
            }
            done.fetch_add(1, Relaxed);
        })
    };
    let reader = |way: u64| -> Part {
        Box::new(move || {
            let mut reader = cell.reader();
            let (mut last, mut kept) = (0, Vec::new());
            while done.load(Relaxed) < 2 {
                match way {
                    0 => whole(&cell.read(), &mut last),
                    1 => whole(reader.cached(), &mut last),
                    _ => {
                        kept.push(reader.read());
                        whole(&kept[kept.len() - 1], &mut last);
                        if kept.len() > 10 {
                            kept.drain(..7).for_each(|guard| {
                                assert_eq!(guard[0], Guard::version(&guard), "kept as it was");
                            });
                        }
                    }
                }
                // Lets the writers in where there is one core.
                thread::yield_now();
            }
        })
    };
    together(vec![writer(), writer(), reader(0), reader(1), reader(2)]);
    assert_eq!(cell.read()[0], 2 * steps);
    cell.try_reclaim();
    assert_eq!(cell.pending(), 0);
}

fn polling_ring<R: Shape>(random: &mut Random) {
    let (capacity, steps) = (1 + random.below(9) as usize, random.steps());
    let (mut producer, mut consumer) = R::ring(capacity);
    let pushing = move || {
        for step in 0..steps {
            // A heap value: a slot read too early is memory that nobody wrote.
            let mut value = Box::new(step);
            while let Err(error) = producer.try_push(value) {
                value = match error {
                    TryPushError::Full(value) => value,
                    TryPushError::Closed(_) => panic!("the consumer left"),
                };
                thread::yield_now();
            }
        }
    };
    let popping = move || {
        let mut expected = 0;
        loop {
            match consumer.try_pop() {
                Ok(value) => {
                    assert_eq!(*value, expected);
                    expected += 1;
                }
                Err(TryPopError::Empty) => thread::yield_now(),
                Err(TryPopError::Closed) => break,
            }
        }
        assert_eq!(expected, steps);
        // The last end frees the storage, behind a fence of the standard library.
        std::mem::forget(consumer);
    };
    together(vec![Box::new(pushing), Box::new(popping)]);
}

fn waiting_ring<R: Shape>(random: &mut Random) {
    let (capacity, steps) = (1 + random.below(4) as usize, random.steps());
    // In one of three rounds the consumer leaves early, and what is inside goes with it.
    let leaves_early = random.below(3) == 0;
    let (mut producer, mut consumer) = R::ring(capacity);
    let pushing = move || {
        for step in 0..steps {
            let sent = if step % 5 == 0 {
                producer.push_timeout(Box::new(step), Duration::from_secs(60)).is_ok()
            } else {
                producer.push(Box::new(step)).is_ok()
            };
            if !sent {
                assert!(leaves_early, "the consumer stays to the end");
                break;
            }
        }
        if leaves_early {
            std::mem::forget(producer);
        }
    };
    let popping = move || {
        let last = if leaves_early { steps / 2 } else { steps };
        for expected in 0..last {
            assert_eq!(consumer.pop().map(|value| *value), Ok(expected));
        }
        if !leaves_early {
            assert!(consumer.pop().is_err());
            std::mem::forget(consumer);
        }
    };
    together(vec![Box::new(pushing), Box::new(popping)]);
}
