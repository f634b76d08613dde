//! The locks: edge E1 of SpinLock, and E2 and E3 of the writers' lock, which sleeps.
#![cfg(loom)]

use loom_tests::{Arc, Thread, explore, explore_bounded, spawn};
use untorn::{SeqLock, SpinLock};

/// E1. The value is tracked by loom: two holders at once, or one that does not see the last one's
/// work, fail the model.
#[test]
fn e1_each_holder_sees_the_last_ones_work() {
    explore([(1, 2), (2, 1)], || {
        let lock = Arc::new(SpinLock::new(0));
        let count = |lock: Arc<SpinLock<i32>>| {
            move || {
                let mut value = lock.lock();
                *value += 1;
                *value
            }
        };
        let (a, b) = (spawn(count(Arc::clone(&lock))), spawn(count(Arc::clone(&lock))));
        (a.join(), b.join())
    });
}

/// `try_lock` takes a free lock with the same edge, and never waits.
#[test]
fn e1_try_lock() {
    // What the trying thread saw: taken, or the value before or after the other's work.
    explore([None, Some(0), Some(1)], || {
        let lock = Arc::new(SpinLock::new(0));
        let holder = spawn({
            let lock = Arc::clone(&lock);
            move || *lock.lock() += 1
        });
        let trier = spawn({
            let lock = Arc::clone(&lock);
            move || lock.try_lock().map(|value| *value)
        });
        holder.join();
        trier.join()
    });
}

/// A guard may be released by another thread than the one that took it.
#[test]
fn e1_released_elsewhere() {
    explore([2], || {
        let lock: &'static SpinLock<i32> = Box::leak(Box::new(SpinLock::new(0)));
        let mut guard = lock.lock();
        *guard += 1;
        let other = spawn(move || *lock.lock() += 1);
        let releaser = spawn(move || drop(guard));
        releaser.join();
        other.join();
        *lock.lock()
    });
}

/// Adds one to a cell whose writers take turns by the lock that sleeps.
fn bump(cell: &Arc<SeqLock<usize>>) -> Thread<()> {
    let cell = Arc::clone(cell);
    spawn(move || cell.update(|value| *value += 1))
}

/// E2 and E3. The second writer sleeps or sees the lock free; a wake that got lost is a deadlock.
#[test]
fn e2_e3_a_sleeping_writer_is_woken() {
    explore([2], || {
        let cell = Arc::new(SeqLock::new(0));
        let writers = [bump(&cell), bump(&cell)];
        writers.into_iter().for_each(Thread::join);
        cell.read()
    });
}

/// E3 with two sleepers: each release wakes one, and the last one is not forgotten.
#[test]
fn e3_two_sleepers_are_woken_in_turn() {
    explore_bounded(1, [3], || {
        let cell = Arc::new(SeqLock::new(0));
        let writers = [bump(&cell), bump(&cell), bump(&cell)];
        writers.into_iter().for_each(Thread::join);
        cell.read()
    });
}
