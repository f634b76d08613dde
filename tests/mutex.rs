//! Mutex: the public contract.
#![cfg(feature = "std")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use untorn::Mutex;
use untorn::mutex::{MappedMutexGuard, MutexGuard};

mod support;
use support::{PATIENCE, rounds};

/// Long enough that a waiting thread is asleep.
const NAP: Duration = Duration::from_millis(20);

/// Takes the lock, and is sure to be woken for it: a sleeper that was forgotten would find the lock free
/// when its time is over.
fn woken<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    let start = Instant::now();
    let guard = lock.try_lock_for(PATIENCE).expect("nobody holds it for so long");
    assert!(start.elapsed() < PATIENCE, "a wake that got lost");
    guard
}

/// Two words that only a holder moves, in two steps: a second holder would see them differ.
fn step(pair: &mut [u64; 2]) {
    assert_eq!(pair[0], pair[1], "two holders, or one that sees half of another's turn");
    pair[0] += 1;
    pair[1] += 1;
}

#[test]
fn one_holder_at_a_time_with_more_threads_than_cores() {
    const THREADS: usize = 16;
    let lock = Mutex::new([0_u64; 2]);
    thread::scope(|scope| {
        for id in 0..THREADS {
            let lock = &lock;
            scope.spawn(move || {
                for turn in 0..rounds(5_000) {
                    let mut pair = lock.lock();
                    step(&mut pair);
                    if turn % 64 == id {
                        // Gives the core away: the others meet a held lock, and fall asleep.
                        thread::yield_now();
                    }
                }
            });
        }
    });
    assert_eq!(lock.into_inner(), [(THREADS * rounds(5_000)) as u64; 2]);
}

/// Every way to take the lock, in every mixture: nobody is lost.
#[test]
fn one_holder_at_a_time_with_timeouts_of_every_length() {
    let (lock, taken) = (Mutex::new([0_u64; 2]), AtomicUsize::new(0));
    thread::scope(|scope| {
        for id in 0..8_u64 {
            let (lock, taken) = (&lock, &taken);
            scope.spawn(move || {
                for turn in 0..rounds(2_000) as u64 {
                    let guard = match (turn + id) % 4 {
                        0 => Some(lock.lock()),
                        1 => lock.try_lock(),
                        2 => lock.try_lock_for(Duration::from_micros(turn % 90)),
                        _ => lock.try_lock_until(Instant::now() + Duration::from_micros(turn % 9)),
                    };
                    if let Some(mut pair) = guard {
                        step(&mut pair);
                        taken.fetch_add(1, Relaxed);
                        if turn % 32 == id {
                            thread::sleep(Duration::from_micros(50));
                        }
                    }
                }
            });
        }
    });
    assert_eq!(lock.into_inner(), [taken.into_inner() as u64; 2]);
}

/// Two threads that can only go on in turns, and look for theirs all the time. (Whether wakes get lost
/// is seen below, where nobody else comes by who would make up for one.)
#[test]
fn a_long_handshake_by_turns() {
    let (lock, each) = (Mutex::new(0_usize), rounds(100_000));
    thread::scope(|scope| {
        for me in 0..2 {
            let lock = &lock;
            scope.spawn(move || {
                let mut turns = 0;
                while turns < each {
                    let mut turn = woken(lock);
                    if *turn % 2 == me {
                        *turn += 1;
                        turns += 1;
                    }
                }
            });
        }
    });
    assert_eq!(lock.into_inner(), 2 * each);
}

/// Sleepers in a row, each released by the one before, and nobody else who would wake them by chance.
#[test]
fn sleepers_wake_each_other_one_by_one() {
    const SLEEPERS: usize = 8;
    for _ in 0..rounds(500).min(5) {
        let lock = Mutex::new(0);
        let (arrived, held) = (AtomicUsize::new(0), lock.lock());
        thread::scope(|scope| {
            for id in 0..SLEEPERS {
                let (lock, arrived) = (&lock, &arrived);
                scope.spawn(move || {
                    arrived.fetch_add(1, Relaxed);
                    // Half of them would give up, but not before all is over.
                    let mut count = match id % 2 {
                        0 => lock.lock(),
                        _ => woken(lock),
                    };
                    *count += 1;
                });
            }
            while arrived.load(Relaxed) < SLEEPERS {
                thread::yield_now();
            }
            thread::sleep(NAP);
            drop(held);
        });
        assert_eq!(lock.into_inner(), SLEEPERS);
    }
}

/// A wake that comes just when the sleeper's time is over: who gives up then has to wake the other one,
/// for nobody else comes along.
#[test]
fn who_gives_up_takes_no_wake_along() {
    let micros = Duration::from_micros;
    for episode in 0..rounds(1_000).min(300) as u64 {
        let lock = Mutex::new(());
        let mut held = lock.lock();
        let deadline = Instant::now() + micros(1_500);
        thread::scope(|scope| {
            // First in the queue, so it is woken first.
            scope.spawn(|| drop(lock.try_lock_until(deadline)));
            thread::sleep(micros(300));
            scope.spawn(|| drop(woken(&lock)));
            // From well before the deadline to well after.
            let release = deadline + micros(episode % 100) - micros(30);
            while Instant::now() < release {
                std::hint::spin_loop();
            }
            drop(held);
            // Taken again before whom that woke can take it.
            held = lock.lock();
            thread::sleep(micros(300));
            drop(held);
        });
    }
}

#[test]
fn timeouts_are_never_early_and_take_what_is_free() {
    let lock = Mutex::new(1);
    assert!(lock.try_lock_for(Duration::ZERO).is_some());
    assert!(lock.try_lock_until(Instant::now()).is_some(), "free, if late");
    let held = lock.lock();
    for micros in [0, 1, 10, 100, 1_000, 20_000] {
        let timeout = Duration::from_micros(micros);
        let start = Instant::now();
        assert!(lock.try_lock_for(timeout).is_none());
        assert!(start.elapsed() >= timeout, "{timeout:?} took {:?}", start.elapsed());
        let deadline = Instant::now() + timeout;
        assert!(lock.try_lock_until(deadline).is_none());
        assert!(Instant::now() >= deadline, "{timeout:?}");
    }
    drop(held);
    assert!(lock.try_lock().is_some(), "those who gave up left nothing behind");
}

#[test]
fn a_timeout_past_the_end_of_the_clock_waits_for_the_lock() {
    let lock = Mutex::new(1);
    let held = lock.lock();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| lock.try_lock_for(Duration::MAX).map(|value| *value));
        thread::sleep(NAP);
        assert!(!waiting.is_finished());
        drop(held);
        assert_eq!(waiting.join().unwrap(), Some(1));
    });
}

/// The processor time of this thread.
#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid for the call.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(failed, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A holder that stops, as a pre-empted one does, costs the others no processor time.
#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn who_waits_for_a_stopped_holder_sleeps() {
    let lock = Mutex::new(());
    let held = lock.lock();
    thread::scope(|scope| {
        let wait = |timed: bool| {
            let lock = &lock;
            scope.spawn(move || {
                let start = (Instant::now(), thread_time());
                if timed {
                    drop(lock.try_lock_for(PATIENCE));
                } else {
                    drop(lock.lock());
                }
                (start.0.elapsed(), thread_time() - start.1)
            })
        };
        let waiting = [wait(false), wait(true), wait(false)];
        thread::sleep(Duration::from_millis(300));
        drop(held);
        for thread in waiting {
            let (waited, used) = thread.join().unwrap();
            assert!(waited >= Duration::from_millis(100), "waited {waited:?}: it came too late");
            assert!(used < waited / 10, "used {used:?} of {waited:?}");
        }
    });
}

#[test]
fn try_lock_fails_while_held_and_only_then() {
    let lock = Mutex::new(1);
    let guard = lock.try_lock().expect("free");
    assert!(lock.try_lock().is_none());
    assert_eq!(format!("{lock:?}"), "Mutex { held: true, .. }");
    drop(guard);
    assert_eq!(*lock.try_lock().expect("free again"), 1);
    assert_eq!(format!("{lock:?}"), "Mutex { held: false, .. }");
}

#[test]
fn a_panic_releases_the_lock() {
    let lock = Mutex::new((1, 2));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        lock.lock().0 = 5;
        let _guard = lock.lock();
        panic!("while it is held");
    }));
    assert!(panicked.is_err());
    assert_eq!(lock.lock().0, 5, "not poisoned, and what was done stays done");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        MutexGuard::map(lock.lock(), |_| -> &mut i32 { panic!("while it is narrowed") })
    }));
    assert!(panicked.is_err());
    assert!(lock.try_lock().is_some());
    let part = MutexGuard::map(lock.lock(), |pair| &mut pair.1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        MappedMutexGuard::try_map(part, |_| -> Option<&mut i32> { panic!("while it is narrowed") })
    }));
    assert!(panicked.is_err());
    assert!(lock.try_lock().is_some());
}

#[test]
fn a_forgotten_guard_keeps_the_lock() {
    let mut lock = Mutex::new(1);
    std::mem::forget(lock.lock());
    assert!(lock.try_lock().is_none());
    *lock.get_mut() += 1;
    assert_eq!(lock.into_inner(), 2);
}

#[test]
fn a_guard_may_be_released_by_another_thread() {
    let lock = Mutex::new((String::from("a"), 1));
    let (whole, waits) = (lock.lock(), &lock);
    thread::scope(|scope| {
        let next = scope.spawn(move || {
            let part = MutexGuard::map(waits.lock(), |pair| &mut pair.0);
            scope.spawn(move || {
                let mut part = part;
                part.push('c');
            });
        });
        scope.spawn(move || {
            let mut whole = whole;
            whole.0.push('b');
        });
        next.join().unwrap();
    });
    assert_eq!(lock.lock().0, "abc");
}

#[test]
fn a_narrowed_guard_holds_the_whole_lock() {
    let lock = Mutex::new((vec![1, 2, 3], 4));
    let list = MutexGuard::map(lock.lock(), |pair| &mut pair.0);
    let none = MappedMutexGuard::try_map(list, |list| list.get_mut(3));
    let list = none.expect_err("there is no fourth");
    let mut rest = MappedMutexGuard::map(list, |list| &mut list[1..]);
    rest[0] = 9;
    assert_eq!(format!("{rest:?}"), "[9, 3]");
    assert!(lock.try_lock().is_none(), "a part is held, and with it the whole");
    let last = MappedMutexGuard::try_map(rest, |rest| rest.last_mut()).expect("there is one");
    assert_eq!(format!("{last}"), "3");
    drop(last);
    let back = MutexGuard::try_map(lock.lock(), |_| None::<&mut i32>).expect_err("nothing there");
    assert_eq!(*back, (vec![1, 9, 3], 4));
    drop(back);
    assert!(lock.try_lock().is_some());
}

#[test]
fn holds_unsized_values() {
    let lock = Mutex::new([1, 2, 3]);
    let slice: &Mutex<[i32]> = &lock;
    slice.lock()[1] = 9;
    assert_eq!(slice.try_lock_for(NAP).map(|slice| slice.iter().sum::<i32>()), Some(13));
    assert_eq!(format!("{:?} {}", lock.lock(), Mutex::from(5).lock()), "[1, 9, 3] 5");
    assert_eq!(*Mutex::<u8>::default().lock(), 0);
}
