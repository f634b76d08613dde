//! SharedBuffer: edges E1 to E4, on a buffer on the heap. What is between processes is not modelled; the
//! mutex is the same code there.
#![cfg(loom)]

use std::time::Duration;

use loom::cell::UnsafeCell;
use loom_tests::{Arc, explore, explore_bounded, spawn};
use untorn::SharedBuffer;
use untorn::shared::{Field, Layout, MutexHeld, MutexWord, SpinHeld, SpinWord, View};
use untorn::wait::Outcome;

/// One integer, and beside the buffer plain memory whose races loom sees.
struct Mail {
    buffer: SharedBuffer,
    flag: Field<u8>,
    plain: Plain,
}

/// Plain memory.
struct Plain(UnsafeCell<u32>);

// SAFETY: loom checks that accesses are ordered, which is what the tests are for.
unsafe impl Sync for Plain {}
// SAFETY: as above.
unsafe impl Send for Plain {}

impl Plain {
    fn get(&self) -> u32 {
        // SAFETY: loom fails the model if a write is concurrent.
        self.0.with(|value| unsafe { *value })
    }

    fn set(&self, to: u32) {
        // SAFETY: loom fails the model if an access is concurrent.
        self.0.with_mut(|value| unsafe { *value = to });
    }
}

impl Mail {
    fn new() -> Self {
        let mut layout = Layout::builder();
        let flag = layout.field("flag").expect("it is the first");
        let buffer = SharedBuffer::new(layout.build());
        Self { buffer, flag, plain: Plain(UnsafeCell::new(0)) }
    }

    fn flag(&self) -> View<'_, u8> {
        self.buffer.view(self.flag)
    }
}

/// One thread writes plain memory and raises the flag by `send`; the other looks by `receive`, and if
/// that says that the flag is up, finds what was written.
fn message(
    start: u8,
    send: impl Fn(View<'_, u8>) -> u8 + Copy + Send + Sync + 'static,
    receive: impl Fn(View<'_, u8>) -> bool + Copy + Send + Sync + 'static,
) {
    explore([None, Some(7)], move || {
        let mail = Arc::new(Mail::new());
        mail.flag().store(start);
        let sender = spawn({
            let mail = Arc::clone(&mail);
            move || {
                mail.plain.set(7);
                send(mail.flag());
            }
        });
        let receiver = spawn(move || receive(mail.flag()).then(|| mail.plain.get()));
        sender.join();
        receiver.join()
    });
}

#[test]
fn e1_every_operation_sends() {
    let loaded = |flag: View<'_, u8>| flag.load() == 1;
    message(0, |flag| flag.store(1), loaded);
    message(0, |flag| flag.exchange(1), loaded);
    message(0, |flag| flag.compare_exchange(0, 1).unwrap_or_default(), loaded);
    message(0, |flag| flag.add(1), loaded);
    message(2, |flag| flag.sub(1), loaded);
    message(3, |flag| flag.and(1), loaded);
    message(0, |flag| flag.or(1), loaded);
    message(3, |flag| flag.xor(2), loaded);
}

#[test]
fn e1_every_operation_receives() {
    let stored = |flag: View<'_, u8>| flag.store(1);
    message(0, stored, |flag| flag.load() == 1);
    message(0, stored, |flag| flag.exchange(9) == 1);
    message(0, stored, |flag| flag.compare_exchange(1, 9) == Ok(1));
    message(0, stored, |flag| flag.add(0) == 1);
    message(0, stored, |flag| flag.sub(0) == 1);
    message(0, stored, |flag| flag.and(255) == 1);
    message(0, stored, |flag| flag.or(0) == 1);
    message(0, stored, |flag| flag.xor(0) == 1);
}

/// A comparison that fails receives, too.
#[test]
fn e1_a_refused_exchange_receives() {
    message(0, |flag| flag.store(1), |flag| flag.compare_exchange(9, 8) == Err(1));
}

/// A wait ends because it was notified, or because the flag is up before.
#[test]
fn e1_a_notified_wait() {
    explore([(Outcome::Woken, 7), (Outcome::NotEqual, 7)].map(printed), || {
        let mail = Arc::new(Mail::new());
        let sender = spawn({
            let mail = Arc::clone(&mail);
            move || {
                mail.plain.set(7);
                mail.flag().store(1);
                mail.flag().notify(1);
            }
        });
        let receiver = spawn(move || printed((mail.flag().wait(0), mail.plain.get())));
        sender.join();
        receiver.join()
    });
}

/// Outcomes have no order.
fn printed(outcome: impl std::fmt::Debug) -> String {
    format!("{outcome:?}")
}

/// Two locks, and what they guard.
struct Locks {
    buffer: SharedBuffer,
    spin: Field<SpinWord>,
    mutex: Field<MutexWord>,
    plain: Plain,
}

impl Locks {
    fn new() -> Arc<Self> {
        let mut layout = Layout::builder();
        let spin = layout.field("spin").expect("it is the first");
        let mutex = layout.field("mutex").expect("the name is free");
        let buffer = SharedBuffer::new(layout.build());
        Arc::new(Self { buffer, spin, mutex, plain: Plain(UnsafeCell::new(0)) })
    }

    fn spin(&self) -> SpinHeld<'_> {
        self.buffer.spin_lock(self.spin).lock()
    }

    fn mutex(&self) -> MutexHeld<'_> {
        self.buffer.mutex(self.mutex).lock()
    }

    /// Adds one, and says what there is then.
    fn bump(&self) -> u32 {
        self.plain.set(self.plain.get() + 1);
        self.plain.get()
    }
}

#[test]
fn e2_each_holder_of_a_spin_lock_sees_the_last_ones_work() {
    explore([(1, 2), (2, 1)], || {
        let locks = Locks::new();
        let count = |locks: Arc<Locks>| {
            move || {
                let _held = locks.spin();
                locks.bump()
            }
        };
        let (a, b) = (spawn(count(Arc::clone(&locks))), spawn(count(locks)));
        (a.join(), b.join())
    });
}

#[test]
fn e2_try_lock_of_a_spin_lock() {
    explore([None, Some(1), Some(2)], || {
        let locks = Locks::new();
        let holder = spawn({
            let locks = Arc::clone(&locks);
            move || {
                let _held = locks.spin();
                locks.bump();
            }
        });
        let trier = spawn(move || {
            let _held = locks.buffer.spin_lock(locks.spin).try_lock()?;
            Some(locks.bump())
        });
        holder.join();
        trier.join()
    });
}

/// Who spins with a timeout has the lock as any other. That it gives up is not to be seen here, where who
/// yields comes back when the holder is done.
#[test]
fn e2_lock_of_a_spin_lock_with_a_timeout() {
    explore([Some(1), Some(2)], || {
        let locks = Locks::new();
        let holder = spawn({
            let locks = Arc::clone(&locks);
            move || {
                let _held = locks.spin();
                locks.bump();
            }
        });
        let hasty = spawn(move || {
            let lock = locks.buffer.spin_lock(locks.spin);
            let _held = lock.lock_timeout(Duration::from_millis(1))?;
            Some(locks.bump())
        });
        holder.join();
        hasty.join()
    });
}

/// Force releases as a guard does: what its caller did is seen, and one is woken.
#[test]
fn e3_e4_force() {
    explore([(1, 2), (2, 1)], || {
        let locks = Locks::new();
        let forced = spawn({
            let locks = Arc::clone(&locks);
            move || {
                std::mem::forget(locks.mutex());
                let count = locks.bump();
                locks.buffer.mutex(locks.mutex).force_unlock();
                count
            }
        });
        let other = spawn(move || {
            let _held = locks.mutex();
            locks.bump()
        });
        (forced.join(), other.join())
    });
}

/// E3 and E4: the second one sleeps or finds the lock free. A wake that got lost is a deadlock.
#[test]
fn e3_e4_each_holder_of_a_mutex_sees_the_last_ones_work() {
    explore([(1, 2), (2, 1)], || {
        let locks = Locks::new();
        let count = |locks: Arc<Locks>| {
            move || {
                let _held = locks.mutex();
                locks.bump()
            }
        };
        let (a, b) = (spawn(count(Arc::clone(&locks))), spawn(count(locks)));
        (a.join(), b.join())
    });
}

#[test]
fn e3_try_lock_of_a_mutex() {
    explore([None, Some(1), Some(2)], || {
        let locks = Locks::new();
        let holder = spawn({
            let locks = Arc::clone(&locks);
            move || {
                let _held = locks.mutex();
                locks.bump();
            }
        });
        let trier = spawn(move || {
            let _held = locks.buffer.mutex(locks.mutex).try_lock()?;
            Some(locks.bump())
        });
        holder.join();
        trier.join()
    });
}

/// Who gives up leaves nobody asleep: the lock is free in the end, and whoever had it saw the last work.
#[test]
fn e4_a_waiting_thread_gives_up() {
    explore([None, Some(1), Some(2)], || {
        let locks = Locks::new();
        let holder = spawn({
            let locks = Arc::clone(&locks);
            move || {
                let _held = locks.mutex();
                locks.bump();
            }
        });
        let hasty = spawn({
            let locks = Arc::clone(&locks);
            move || {
                let lock = locks.buffer.mutex(locks.mutex);
                let _held = lock.lock_timeout(Duration::from_millis(1))?;
                Some(locks.bump())
            }
        });
        holder.join();
        let seen = hasty.join();
        assert!(!locks.buffer.mutex(locks.mutex).is_locked());
        seen
    });
}

/// E4 with two sleepers: who was woken wakes the next.
#[test]
fn e4_two_sleepers_are_woken_in_turn() {
    explore_bounded(2, [3], || {
        let locks = Locks::new();
        let threads = [(); 3].map(|()| {
            let locks = Arc::clone(&locks);
            spawn(move || {
                let _held = locks.mutex();
                locks.bump();
            })
        });
        threads.into_iter().for_each(loom_tests::Thread::join);
        let _held = locks.mutex();
        locks.plain.get()
    });
}
