//! SpinLock: edge E1.
#![cfg(loom)]

use loom_tests::{Arc, explore, spawn};
use untorn::SpinLock;

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
