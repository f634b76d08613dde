//! The locks against a plain value, on random scripts of calls.
#![cfg(feature = "std")]

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::mutex::{MappedMutexGuard, MutexGuard};
use untorn::{Mutex, SpinLock};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_lock_is_the_value(values in vec(any::<String>(), 0..50)) {
        let lock = SpinLock::new(String::new());
        let mut expected = String::new();
        for value in values {
            let mut held = lock.lock();
            prop_assert!(lock.try_lock().is_none());
            held.push_str(&value);
            drop(held);
            expected.push_str(&value);
            prop_assert_eq!(&*lock.try_lock().expect("free"), &expected);
        }
        prop_assert_eq!(lock.into_inner(), expected);
    }

    /// Every way to take the lock, to narrow the guard and to let it go.
    #[test]
    fn the_mutex_is_the_value(values in vec((any::<u8>(), 0..6), 0..50)) {
        let lock = Mutex::new((0_usize, Vec::new()));
        let mut expected = Vec::new();
        for (value, way) in values {
            let held = match way % 4 {
                0 => lock.lock(),
                1 => lock.try_lock().expect("free"),
                2 => lock.try_lock_for(Duration::ZERO).expect("free"),
                _ => lock.try_lock_until(Instant::now()).expect("free"),
            };
            prop_assert!(lock.try_lock().is_none());
            let mut list = MutexGuard::map(held, |pair| {
                pair.0 += 1;
                &mut pair.1
            });
            list.push(0);
            match MappedMutexGuard::try_map(list, |list| list.get_mut(usize::from(value))) {
                Ok(mut item) => *item = value,
                Err(mut list) => *list.last_mut().expect("just pushed") = value,
            }
            expected.push(0);
            let last = expected.len() - 1;
            expected[last.min(value.into())] = value;
            prop_assert_eq!(&lock.try_lock_for(Duration::MAX).expect("free").1, &expected);
        }
        prop_assert_eq!(lock.into_inner(), (expected.len(), expected));
    }
}
