//! The locks over a word of a SharedBuffer on the heap: the public contract.
#![cfg(feature = "std")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use untorn::SharedBuffer;
use untorn::shared::{Field, Layout, MutexWord, SpinWord};

mod support;
use support::rounds;

/// Two locks, and two words that only a holder moves, in two steps.
struct Guarded {
    buffer: SharedBuffer,
    spin: Field<SpinWord>,
    mutex: Field<MutexWord>,
    pair: Field<[u64]>,
}

impl Guarded {
    fn new() -> Self {
        let mut layout = Layout::builder();
        let spin = layout.field("spin").unwrap();
        let mutex = layout.field("mutex").unwrap();
        let pair = layout.array("pair", 2).unwrap();
        Self { buffer: SharedBuffer::new(layout.build()), spin, mutex, pair }
    }

    /// What no two holders may do at once: a second one would see the words differ, or undo a step.
    fn step(&self) {
        let pair = self.buffer.array(self.pair).atomics();
        let [left, right] = [0, 1].map(|index| pair[index].load(Relaxed));
        assert_eq!(left, right, "two holders");
        pair[0].store(left + 1, Relaxed);
        pair[1].store(right + 1, Relaxed);
    }

    fn steps(&self) -> u64 {
        self.buffer.array(self.pair).at(1).load()
    }
}

#[test]
fn one_holder_at_a_time() {
    let guarded = Guarded::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let lock = guarded.buffer.spin_lock(guarded.spin);
                for round in 0..rounds(5_000) {
                    let _held = if round % 2 == 0 {
                        lock.lock()
                    } else {
                        lock.lock_timeout(support::PATIENCE).expect("a turn within a minute")
                    };
                    guarded.step();
                }
            });
        }
    });
    assert_eq!(guarded.steps(), 4 * rounds(5_000) as u64);
    let lock = guarded.buffer.mutex(guarded.mutex);
    thread::scope(|scope| {
        for worker in 0..4 {
            let guarded = &guarded;
            scope.spawn(move || {
                for round in 0..rounds(5_000) {
                    let _held = match (worker + round) % 3 {
                        0 => lock.lock(),
                        1 => std::iter::repeat_with(|| lock.try_lock()).flatten().next().unwrap(),
                        _ => lock.lock_timeout(support::PATIENCE).expect("a turn within a minute"),
                    };
                    guarded.step();
                }
            });
        }
    });
    assert_eq!(guarded.steps(), 8 * rounds(5_000) as u64);
    assert!(!lock.is_locked());
}

/// More threads than cores, each of them asleep most of the time, some giving up: nobody is forgotten.
#[test]
fn no_wake_is_lost_to_who_gives_up() {
    let guarded = Guarded::new();
    let lock = guarded.buffer.mutex(guarded.mutex);
    let taken: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u64)
            .map(|worker| {
                let guarded = &guarded;
                scope.spawn(move || {
                    let mut taken = 0;
                    for round in 0..rounds(2_000) as u64 {
                        let held = if worker % 2 == 0 {
                            Some(lock.lock())
                        } else {
                            lock.lock_timeout(Duration::from_micros((worker + round) % 50))
                        };
                        if let Some(_held) = held {
                            guarded.step();
                            taken += 1;
                            if round % 64 == 0 {
                                thread::yield_now();
                            }
                        }
                    }
                    taken
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(guarded.steps(), taken);
    assert!(taken >= 4 * rounds(2_000) as u64, "who waits without an end gets its turn");
}

#[test]
fn a_held_lock_is_seen_and_a_timeout_is_not_early() {
    let guarded = Guarded::new();
    let (spin, mutex) =
        (guarded.buffer.spin_lock(guarded.spin), guarded.buffer.mutex(guarded.mutex));
    let (spun, held) = (spin.lock(), mutex.lock());
    assert!(spin.try_lock().is_none() && mutex.try_lock().is_none());
    assert_eq!(
        format!("{spin:?} {mutex:?}"),
        "SpinView { held: true, .. } MutexView { held: true, .. }"
    );
    assert_eq!(
        format!("{spun:?} {held:?}"),
        "SpinHeld { held: true, .. } MutexHeld { held: true, .. }"
    );
    let (timeout, start) = (Duration::from_millis(5), Instant::now());
    assert!(mutex.lock_timeout(timeout).is_none());
    assert!(start.elapsed() >= timeout);
    assert!(mutex.lock_deadline(start).is_none());
    let start = Instant::now();
    assert!(spin.lock_timeout(timeout).is_none());
    assert!(start.elapsed() >= timeout);
    assert!(spin.lock_deadline(start).is_none());
    drop((spun, held));
    assert!(!spin.is_locked() && !mutex.is_locked());
    assert!(mutex.lock_deadline(start).is_some(), "a free lock needs no time");
    assert!(mutex.lock_timeout(Duration::MAX).is_some());
    assert!(spin.lock_deadline(start).is_some());
    assert!(spin.lock_timeout(Duration::MAX).is_some());
}

#[test]
fn who_has_time_gets_its_turn() {
    let guarded = Guarded::new();
    let (spin, mutex) =
        (guarded.buffer.spin_lock(guarded.spin), guarded.buffer.mutex(guarded.mutex));
    for by_deadline in [false, true] {
        let (spun, held) = (spin.lock(), mutex.lock());
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(5));
                drop(spun);
                thread::sleep(Duration::from_millis(5));
                drop(held);
            });
            let deadline = Instant::now() + support::PATIENCE;
            if by_deadline {
                assert!(spin.lock_deadline(deadline).is_some());
                assert!(mutex.lock_deadline(deadline).is_some());
            } else {
                assert!(spin.lock_timeout(support::PATIENCE).is_some());
                assert!(mutex.lock_timeout(support::PATIENCE).is_some());
            }
        });
    }
}

/// A wait of the memory's former user, forgotten and still in the queue, takes nothing from the lock that
/// is there now.
#[test]
fn a_forgotten_wait_at_the_same_address_takes_no_wake() {
    const BUFFERS: usize = 64;
    let mut words = Layout::builder();
    let word = words.field::<u32>("word").unwrap();
    let beside = words.field::<u32>("beside").unwrap();
    let words = words.build();
    let mut locks = Layout::builder();
    let lock = locks.field::<MutexWord>("lock").unwrap();
    locks.field::<u32>("beside").unwrap();
    let locks = locks.build();
    let place = |buffer: &SharedBuffer| buffer.view(beside).atomic().as_ptr().addr();

    let former: Vec<_> = (0..BUFFERS).map(|_| SharedBuffer::new(words.clone())).collect();
    let places: Vec<_> = former.iter().map(place).collect();
    for buffer in former {
        std::mem::forget(buffer.view(word).wait_async(0));
    }
    let now: Vec<_> = (0..BUFFERS).map(|_| SharedBuffer::new(locks.clone())).collect();
    let Some(buffer) = now.into_iter().find(|buffer| places.contains(&place(buffer))) else {
        return; // an allocator that keeps freed memory back, as the checkers' do
    };
    let held = buffer.mutex(lock).lock();
    let (done, taken) = std::sync::mpsc::channel();
    // Not scoped, so that the failure is this test's and not a hang.
    let sleeper = thread::spawn({
        let buffer = buffer.clone();
        move || {
            drop(buffer.mutex(lock).lock());
            done.send(()).unwrap();
        }
    });
    thread::sleep(Duration::from_millis(50));
    drop(held);
    assert_eq!(taken.recv_timeout(support::PATIENCE), Ok(()), "the wake went elsewhere");
    sleeper.join().unwrap();
}

#[test]
fn a_panic_releases_the_locks() {
    let guarded = Guarded::new();
    let (spin, mutex) =
        (guarded.buffer.spin_lock(guarded.spin), guarded.buffer.mutex(guarded.mutex));
    assert!(catch_unwind(AssertUnwindSafe(|| spin.with(|| panic!("while it is held")))).is_err());
    assert!(catch_unwind(AssertUnwindSafe(|| mutex.with(|| panic!("while it is held")))).is_err());
    assert!(spin.try_lock().is_some() && mutex.try_lock().is_some());
}

#[test]
fn what_holds_a_lock_may_be_dropped_on_another_thread() {
    let guarded = Guarded::new();
    let spun = guarded.buffer.spin_lock(guarded.spin).lock();
    let held = guarded.buffer.mutex(guarded.mutex).lock();
    thread::scope(|scope| {
        scope.spawn(move || drop((spun, held)));
    });
    assert!(!guarded.buffer.spin_lock(guarded.spin).is_locked());
    assert!(!guarded.buffer.mutex(guarded.mutex).is_locked());
}

/// A holder that is gone is replaced by force, and who slept for it is woken.
#[test]
fn a_lock_whose_holder_is_gone_is_released_by_force() {
    let guarded = Guarded::new();
    let lock = guarded.buffer.mutex(guarded.mutex);
    std::mem::forget(lock.lock());
    std::mem::forget(guarded.buffer.spin_lock(guarded.spin).lock());
    let taken = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _held = lock.lock();
            taken.store(true, Relaxed);
        });
        thread::sleep(Duration::from_millis(10));
        assert!(!taken.load(Relaxed), "nobody released it");
        lock.force_unlock();
    });
    assert!(taken.load(Relaxed));
    guarded.buffer.spin_lock(guarded.spin).force_unlock();
    guarded.buffer.spin_lock(guarded.spin).with(|| guarded.step());
}
