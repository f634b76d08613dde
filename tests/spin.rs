//! SpinLock: the public contract.

use std::panic::{AssertUnwindSafe, catch_unwind};

use untorn::SpinLock;
use untorn::spin::{MappedSpinLockGuard, SpinLockGuard};

mod support;
use support::rounds;

#[test]
fn one_holder_at_a_time() {
    // Two words that only a holder moves, in two steps: a second holder would see them differ.
    let lock = SpinLock::new([0_u64, 0]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..rounds(5_000) {
                    let mut pair = lock.lock();
                    assert_eq!(pair[0], pair[1]);
                    pair[0] += 1;
                    pair[1] += 1;
                }
            });
        }
    });
    assert_eq!(lock.into_inner(), [4 * rounds(5_000) as u64; 2]);
}

#[test]
fn try_lock_fails_while_held_and_only_then() {
    let lock = SpinLock::new(1);
    let guard = lock.try_lock().expect("free");
    assert!(lock.try_lock().is_none());
    assert_eq!(format!("{lock:?}"), "SpinLock { held: true, .. }");
    drop(guard);
    assert_eq!(*lock.try_lock().expect("free again"), 1);
    assert_eq!(format!("{lock:?}"), "SpinLock { held: false, .. }");
}

#[test]
fn a_panic_releases_the_lock() {
    let lock = SpinLock::new(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut value = lock.lock();
        *value = 2;
        panic!("while it is held");
    }));
    assert!(panicked.is_err());
    assert_eq!(*lock.lock(), 2, "not poisoned, and what was done stays done");
}

#[test]
fn a_forgotten_guard_keeps_the_lock() {
    let mut lock = SpinLock::new(1);
    std::mem::forget(lock.lock());
    assert!(lock.try_lock().is_none());
    *lock.get_mut() += 1;
    assert_eq!(lock.into_inner(), 2);
}

#[test]
fn a_guard_may_be_released_by_another_thread() {
    let lock = SpinLock::new(String::from("a"));
    let guard = lock.lock();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut guard = guard;
            guard.push('b');
        });
    });
    assert_eq!(*lock.lock(), "ab");
}

#[test]
fn a_narrowed_guard_holds_the_whole_lock() {
    let lock = SpinLock::new((vec![1, 2, 3], 4));
    let list = SpinLockGuard::map(lock.lock(), |pair| &mut pair.0);
    let none = MappedSpinLockGuard::try_map(list, |list| list.get_mut(3));
    let list = none.expect_err("there is no fourth");
    let mut rest = MappedSpinLockGuard::map(list, |list| &mut list[1..]);
    rest[0] = 9;
    assert_eq!(format!("{rest:?}"), "[9, 3]");
    assert!(lock.try_lock().is_none(), "a part is held, and with it the whole");
    let last = MappedSpinLockGuard::try_map(rest, |rest| rest.last_mut()).expect("there is one");
    assert_eq!(format!("{last}"), "3");
    drop(last);
    let back = SpinLockGuard::try_map(lock.lock(), |_| None::<&mut i32>).expect_err("nothing");
    assert_eq!(*back, (vec![1, 9, 3], 4));
    drop(back);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        SpinLockGuard::map(lock.lock(), |_| -> &mut i32 { panic!("while it is narrowed") })
    }));
    assert!(panicked.is_err());
    assert!(lock.try_lock().is_some());
}

#[test]
fn holds_unsized_values() {
    let lock = SpinLock::new([1, 2, 3]);
    let slice: &SpinLock<[i32]> = &lock;
    slice.lock()[1] = 9;
    assert_eq!(slice.lock().iter().sum::<i32>(), 13);
    assert_eq!(format!("{:?} {}", lock.lock(), SpinLock::new(5).lock()), "[1, 9, 3] 5");
}
