//! The raw locks under the traits of `lock_api`, used as its users do.
#![cfg(all(feature = "std", any(feature = "lock_api_04", feature = "lock_api_05")))]

mod support;

macro_rules! contract {
    ($version:ident) => {
        mod $version {
            use std::thread;
            use std::time::{Duration, Instant};

            use $version::{Mutex, MutexGuard};
            use static_assertions::{assert_impl_all, assert_not_impl_any, const_assert};
            use untorn::interop::$version::{RawMutex, RawSpinLock};

            use crate::support::{PATIENCE, rounds};

            assert_impl_all!(RawMutex: Send, Sync, Unpin);
            assert_impl_all!(RawSpinLock: Send, Sync, Unpin);
            assert_impl_all!(MutexGuard<'static, RawMutex, u8>: Send, Sync);
            assert_not_impl_any!(MutexGuard<'static, RawSpinLock, std::rc::Rc<u8>>: Send, Sync);
            const_assert!(size_of::<RawSpinLock>() == 1);

            static SLEEPING: Mutex<RawMutex, [u64; 2]> = Mutex::new([0; 2]);
            static SPINNING: Mutex<RawSpinLock, [u64; 2]> = Mutex::new([0; 2]);

            fn one_holder_at_a_time<R: $version::RawMutex + Sync>(lock: &Mutex<R, [u64; 2]>) {
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| {
                            for turn in 0..rounds(2_000) {
                                let mut pair = lock.lock();
                                assert_eq!(pair[0], pair[1]);
                                pair[0] += 1;
                                if turn % 64 == 0 {
                                    thread::yield_now();
                                }
                                pair[1] += 1;
                            }
                        });
                    }
                });
                assert_eq!(*lock.lock(), [4 * rounds(2_000) as u64; 2]);
            }

            fn takes_what_is_free<R: $version::RawMutex>() {
                let lock = Mutex::<R, _>::new(1);
                let guard = lock.try_lock().expect("free");
                assert!(lock.is_locked());
                assert!(lock.try_lock().is_none());
                drop(guard);
                assert!(!lock.is_locked());
                assert_eq!(lock.try_lock().map(|value| *value), Some(1));
            }

            #[test]
            fn locks_hold() {
                one_holder_at_a_time(&SLEEPING);
                one_holder_at_a_time(&SPINNING);
            }

            #[test]
            fn try_lock_fails_while_held_and_only_then() {
                takes_what_is_free::<RawMutex>();
                takes_what_is_free::<RawSpinLock>();
            }

            #[test]
            fn timeouts_are_never_early_and_take_what_is_free() {
                let (lock, timeout) = (Mutex::<RawMutex, _>::new(1), Duration::from_millis(5));
                let held = lock.lock();
                let start = Instant::now();
                assert!(lock.try_lock_for(timeout).is_none());
                assert!(start.elapsed() >= timeout);
                let deadline = Instant::now() + timeout;
                assert!(lock.try_lock_until(deadline).is_none());
                assert!(Instant::now() >= deadline);
                thread::scope(|scope| {
                    let waiting = scope.spawn(|| lock.try_lock_for(PATIENCE).map(|value| *value));
                    thread::sleep(timeout);
                    drop(held);
                    assert_eq!(waiting.join().unwrap(), Some(1));
                });
                assert!(lock.try_lock_until(deadline).is_some(), "free, if late");
            }

            #[test]
            fn debug_says_whether_it_is_held() {
                let lock = Mutex::<RawMutex, _>::new(1);
                let _held = lock.lock();
                // SAFETY: the raw lock is only printed.
                let raw = unsafe { lock.raw() };
                assert_eq!(format!("{raw:?}"), "RawMutex { held: true }");
                let lock = Mutex::<RawSpinLock, _>::new(1);
                // SAFETY: as above.
                let raw = unsafe { lock.raw() };
                assert_eq!(format!("{raw:?}"), "RawSpinLock { held: false }");
            }
        }
    };
}

#[cfg(feature = "lock_api_04")]
contract!(lock_api_04);
#[cfg(feature = "lock_api_05")]
contract!(lock_api_05);
