//! Mutex: edges E1 to E3, and the wakes of invariants I3 and I4.
#![cfg(loom)]

use std::time::Duration;

use loom_tests::{Arc, Thread, explore, explore_bounded, spawn, yield_now};
use untorn::Mutex;
use untorn::pause_points::refuse_heavy_fences;

/// A timeout that passes in the model as soon as somebody slept.
const SOON: Duration = Duration::from_millis(1);

type Lock = Arc<Mutex<i32>>;

/// Takes the lock `rounds` times and adds one; the last value it left.
fn adds(lock: &Lock, rounds: usize) -> Thread<i32> {
    let lock = Arc::clone(lock);
    spawn(move || {
        let add = || {
            let mut value = lock.lock();
            *value += 1;
            *value
        };
        (1..rounds).for_each(|_| _ = add());
        add()
    })
}

/// Adds one, and lets others run while it holds the lock; the value it left.
fn lingers(lock: &Lock) -> Thread<i32> {
    let lock = Arc::clone(lock);
    spawn(move || {
        let mut value = lock.lock();
        yield_now();
        *value += 1;
        *value
    })
}

/// Tries to take the lock for a while; the value it found.
fn tries(lock: &Lock) -> Thread<Option<i32>> {
    let lock = Arc::clone(lock);
    spawn(move || lock.try_lock_for(SOON).map(|value| *value))
}

/// E1 and E2. The value is tracked by loom: two holders at once, or one that does not see the last
/// one's work, fail the model; a wake that got lost is a deadlock.
#[test]
fn e1_e2_each_holder_sees_the_last_ones_work() {
    explore([(1, 2), (2, 1)], || {
        let lock = Arc::new(Mutex::new(0));
        let (a, b) = (adds(&lock, 1), adds(&lock, 1));
        (a.join(), b.join())
    });
}

/// `try_lock` takes a free lock with the same edge, and never waits.
#[test]
fn e1_try_lock() {
    explore([None, Some(0), Some(1)], || {
        let lock = Arc::new(Mutex::new(0));
        let holder = adds(&lock, 1);
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
        let lock: &'static Mutex<i32> = Box::leak(Box::new(Mutex::new(0)));
        let mut guard = lock.lock();
        *guard += 1;
        let other = spawn(move || *lock.lock() += 1);
        let releaser = spawn(move || drop(guard));
        releaser.join();
        other.join();
        *lock.lock()
    });
}

/// Of a part: the lock stays held as long as the narrowed guard.
#[test]
fn e1_mapped() {
    explore([(1, 1)], || {
        let lock = Arc::new(Mutex::new((0, 0)));
        let add = |which: fn(&mut (i32, i32)) -> &mut i32| {
            let lock = Arc::clone(&lock);
            spawn(move || {
                let mut part = untorn::mutex::MutexGuard::map(lock.lock(), which);
                assert!(lock.try_lock().is_none(), "a part holds the whole");
                *part += 1;
            })
        };
        let threads = [add(|pair| &mut pair.0), add(|pair| &mut pair.1)];
        threads.into_iter().for_each(Thread::join);
        *lock.lock()
    });
}

/// E3 where a thread takes the lock again and again: a sleeper was woken, finds the lock taken, and
/// has to be woken a second time.
#[test]
fn e3_a_sleeper_that_came_too_late_is_woken_again() {
    explore([3], || {
        let lock = Arc::new(Mutex::new(0));
        let threads = [adds(&lock, 2), adds(&lock, 1)];
        threads.into_iter().map(Thread::join).max().unwrap_or(0)
    });
}

/// E2 with two sleepers: one is woken at a time, and the last one is not forgotten.
#[test]
fn e2_two_sleepers_are_woken_in_turn() {
    explore_bounded(2, [3], || {
        let lock = Arc::new(Mutex::new(0));
        let threads = [adds(&lock, 1), adds(&lock, 1), adds(&lock, 1)];
        threads.into_iter().map(Thread::join).max().unwrap_or(0)
    });
}

/// A timed wait ends with the lock or without it, and the lock is as good as before.
#[test]
fn e1_e2_a_timed_wait_ends() {
    explore([None, Some(0), Some(1)], || {
        let lock = Arc::new(Mutex::new(0));
        let (holder, trier) = (lingers(&lock), tries(&lock));
        holder.join();
        let found = trier.join();
        assert!(lock.try_lock().is_some(), "nobody holds it");
        found
    });
}

/// A thread gives up beside a sleeper and a holder: nobody sleeps for ever. In the model a timed sleep
/// is not one that could be chosen to be woken, so that the wake is passed on (I3) is shown by the
/// explicit-state model and by `who_gives_up_takes_no_wake_along` of the tests.
#[test]
fn who_gives_up_disturbs_nobody() {
    explore_bounded(2, [(None, 2), (Some(0), 2), (Some(1), 2), (Some(2), 2)], || {
        let lock = Arc::new(Mutex::new(0));
        let (holder, trier, sleeper) = (lingers(&lock), tries(&lock), adds(&lock, 1));
        let last = holder.join().max(sleeper.join());
        (trier.join(), last)
    });
}

/// Where the kernel refuses the heavy fence, nobody sleeps for good.
#[test]
fn refused_fences_cost_slices_only() {
    refuse_heavy_fences(true);
    explore([3], || {
        let lock = Arc::new(Mutex::new(0));
        let threads = [adds(&lock, 2), adds(&lock, 1)];
        threads.into_iter().map(Thread::join).max().unwrap_or(0)
    });
}

/// The same for who gives up.
#[test]
fn refused_fences_and_a_timed_wait() {
    refuse_heavy_fences(true);
    explore_bounded(1, [(None, 2), (Some(0), 2), (Some(1), 2), (Some(2), 2)], || {
        let lock = Arc::new(Mutex::new(0));
        let (holder, trier, sleeper) = (lingers(&lock), tries(&lock), adds(&lock, 1));
        let last = holder.join().max(sleeper.join());
        (trier.join(), last)
    });
}
