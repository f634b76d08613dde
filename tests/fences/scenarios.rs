//! What must hold in a process whose kernel refuses.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use untorn::rcu::{Guard, Policy, Rcu, Stuck};
use untorn::spsc::ring;
use untorn::{SeqLock, Snapshot};

use crate::process::{refuse_membarrier, thread_number, wait_until_asleep};
use crate::support::Alive;
use crate::support::rcu::{Canary, POLICIES};
use crate::support::tasks::block_on;

/// Whether this build asks the kernel to fence at all.
const ASYMMETRIC: bool = cfg!(not(untorn_symmetric));

/// Has the process decide how it fences, and rely on it.
fn rely_on_membarrier() {
    let cell = Rcu::with_policy(0, Policy::Prompt);
    let reader = cell.reader();
    assert_eq!(*reader.read(), 0);
    cell.store(1);
    assert_eq!(cell.pending(), 0);
}

/// Readers of all kinds and two who store; returns what is left over when all have stopped.
fn busy(policy: Policy, alive: &Alive, steps: u64) -> Rcu<Canary<'_>> {
    let cell = Rcu::with_policy(Canary::new(0, alive), policy);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (mut reader, mut last) = (cell.reader(), 0);
                while !done.load(Relaxed) {
                    let guard = cell.read();
                    assert_eq!(guard.number(), Guard::version(&guard));
                    let cached = reader.cached().number();
                    assert!(last <= guard.number() && guard.number() <= cached);
                    last = cached;
                    assert_eq!(guard.number(), Guard::version(&guard));
                }
            });
        }
        let storing = || {
            for _ in 0..steps {
                cell.update(|value| Canary::new(value.number() + 1, alive));
            }
        };
        let other = scope.spawn(storing);
        storing();
        other.join().unwrap();
        done.store(true, Relaxed);
    });
    assert_eq!(cell.read().number(), 2 * steps);
    cell
}

pub(crate) fn refused_at_start_everything_is_freed() {
    refuse_membarrier();
    for policy in POLICIES {
        let alive = Alive::new();
        let cell = busy(policy, &alive, 2_000);
        cell.try_reclaim();
        assert_eq!((cell.pending(), alive.count()), (0, 1));
        // One that holds something is waited for, and one that is idle is in nobody's way.
        let (holding, idle, done) = (Barrier::new(2), Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                let guard = cell.read();
                holding.wait();
                thread::sleep(Duration::from_millis(5));
                drop(guard);
                idle.wait();
                done.wait();
            });
            holding.wait();
            cell.store(Canary::new(0, &alive));
            assert_eq!((cell.synchronize(), cell.pending()), (Ok(()), 0));
            idle.wait();
            assert_eq!(alive.count(), 1);
            cell.store(Canary::new(0, &alive));
            cell.try_reclaim();
            assert_eq!((cell.pending(), alive.count()), (0, 1));
            done.wait();
        });
    }
}

/// A cell with ten values to be freed, after `read` has read it on a thread of its own that then
/// stands still, and after the kernel refuses; what `look` says of it.
fn with_idle_reader(
    policy: Policy,
    read: impl FnOnce(&Rcu<Canary<'_>>, &dyn Fn()) + Send,
    look: impl FnOnce(&Rcu<Canary<'_>>, &Alive),
) {
    rely_on_membarrier();
    let alive = Alive::new();
    let cell = Rcu::with_policy(Canary::new(0, &alive), policy);
    let (idle_sender, idle) = channel();
    let (go_on, go_on_receiver) = channel::<()>();
    thread::scope(|scope| {
        let cell = &cell;
        scope.spawn(move || {
            read(cell, &|| {
                idle_sender.send(()).expect("the test waits for it");
                go_on_receiver.recv().expect("the test lets it go on");
            });
        });
        idle.recv().expect("the reader stands still");
        refuse_membarrier();
        (1..=10).for_each(|number| cell.store(Canary::new(number, &alive)));
        look(cell, &alive);
        go_on.send(()).expect("the reader waits");
    });
    assert_eq!(cell.read().number(), 10);
    drop(cell);
    assert_eq!(alive.count(), 0, "with the cell everything goes");
}

/// The reader holds nothing, but could be about to.
fn nothing_is_freed(cell: &Rcu<Canary<'_>>, alive: &Alive) {
    for _ in 0..3 {
        assert!(!ASYMMETRIC || cell.try_reclaim() == 0);
        let left = (cell.pending(), alive.count());
        assert!(!ASYMMETRIC || left == (10, 11), "{left:?}");
    }
}

pub(crate) fn refused_later_nothing_is_freed_beside_a_thread() {
    with_idle_reader(
        Policy::Prompt,
        |cell, stand_still| {
            assert_eq!(cell.read().number(), 0);
            stand_still();
        },
        nothing_is_freed,
    );
}

pub(crate) fn refused_later_nothing_is_freed_beside_a_handle() {
    with_idle_reader(
        Policy::Batch(0),
        |cell, stand_still| {
            let reader = cell.reader();
            // A handle that never read fences first, and is in nobody's way.
            assert_eq!(reader.read().number(), 0);
            stand_still();
            assert_eq!(reader.read().number(), 10);
        },
        nothing_is_freed,
    );
}

pub(crate) fn refused_later_nothing_is_freed_beside_one_that_caches() {
    with_idle_reader(
        Policy::Manual,
        |cell, stand_still| {
            let mut reader = cell.reader();
            assert_eq!(reader.cached().number(), 0);
            stand_still();
            assert_eq!(reader.cached().number(), 10);
        },
        nothing_is_freed,
    );
}

pub(crate) fn refused_later_who_asks_is_told() {
    with_idle_reader(
        Policy::Manual,
        |cell, stand_still| {
            let guard = cell.read();
            stand_still();
            assert_eq!(guard.number(), 0);
        },
        |cell, alive| {
            if ASYMMETRIC {
                let refused = cell.synchronize().expect_err("it cannot be known");
                assert!(refused.to_string().contains("membarrier"), "{refused}");
                let others = || cell.synchronize().map_err(|Stuck { .. }| alive.count());
                let told = thread::scope(|scope| {
                    let threads = [scope.spawn(others), scope.spawn(others)];
                    threads.map(|thread| thread.join().unwrap())
                });
                assert_eq!(told, [Err(11), Err(11)]);
            }
        },
    );
}

/// Has a thread sleep in `synchronize` because the main thread holds a value, and the kernel refuse
/// then. What `wake` does must wake it; what it was told.
fn while_asleep(
    policy: Policy,
    wake: impl for<'a> FnOnce(&Rcu<Canary<'a>>, &'a Alive, Guard<'_, Canary<'a>>),
) -> (Result<(), Stuck>, usize) {
    rely_on_membarrier();
    let alive = Alive::new();
    let cell = Rcu::with_policy(Canary::new(0, &alive), policy);
    let held = cell.read();
    let sleeper = AtomicI32::new(0);
    thread::scope(|scope| {
        let (cell, alive, sleeper) = (&cell, &alive, &sleeper);
        let asleep = scope.spawn(move || {
            sleeper.store(thread_number(), Relaxed);
            cell.store(Canary::new(1, alive));
            cell.synchronize()
        });
        while sleeper.load(Relaxed) == 0 {
            thread::yield_now();
        }
        wait_until_asleep(sleeper.load(Relaxed));
        refuse_membarrier();
        assert_eq!((held.number(), alive.count()), (0, 2));
        wake(cell, alive, held);
        (asleep.join().unwrap(), alive.count())
    })
}

/// Its value is never freed: who sleeps for it must not sleep for ever.
pub(crate) fn refused_later_who_sleeps_is_told() {
    let (told, _) = while_asleep(Policy::Prompt, |cell, alive, held| {
        // The sleeper has read, so it is a reader of which nothing is known.
        cell.store(Canary::new(2, alive));
        if ASYMMETRIC {
            std::mem::forget(held);
        }
    });
    assert_eq!(told.is_err(), ASYMMETRIC);
}

/// The last pass before the refusal has fenced: then to let go is enough.
pub(crate) fn refused_later_who_lets_go_is_heard() {
    let (told, alive) = while_asleep(Policy::Manual, |_, _, held| drop(held));
    assert!(told.is_err() || alive == 1, "{told:?} with {alive} values alive");
}

/// Now a fence would be needed: the sleeper must hear of the one that was refused to who lets go.
pub(crate) fn refused_later_who_lets_go_of_older_values_is_heard() {
    let (told, alive) = while_asleep(Policy::Manual, |cell, alive, held| {
        cell.store(Canary::new(2, alive));
        drop(held);
    });
    assert!(told.is_err() || alive == 1, "{told:?} with {alive} values alive");
}

pub(crate) fn refused_later_reads_and_stores_go_on() {
    rely_on_membarrier();
    refuse_membarrier();
    for policy in POLICIES {
        let alive = Alive::new();
        let cell = busy(policy, &alive, 2_000);
        cell.try_reclaim();
        assert_eq!(cell.pending() + 1, alive.count());
        drop(cell);
        assert_eq!(alive.count(), 0);
    }
}

/// More writers than cores, so that many sleep; each write counts.
fn cells_lose_no_wake() {
    const STEPS: u64 = 20_000;
    let lock = SeqLock::new([0_u64; 4]);
    let cell = Snapshot::<[u64; 4], 3>::with_slots([0; 4]);
    let writers = 4.max(2 * thread::available_parallelism().map_or(2, usize::from)) as u64;
    thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                for step in 0..STEPS {
                    lock.update(|words| *words = words.map(|word| word + 1));
                    cell.publish([step; 4]);
                    if step % 100 == 0 {
                        // Held across a sleep, so that others sleep, too.
                        let mut held = lock.writer();
                        thread::yield_now();
                        held.update(|words| *words = words.map(|word| word + 1));
                    }
                }
            });
        }
    });
    assert_eq!(lock.read(), [writers * (STEPS + STEPS / 100); 4]);
    assert_eq!(cell.read(), [STEPS - 1; 4]);
}

pub(crate) fn refused_at_start_cells_lose_no_wake() {
    refuse_membarrier();
    cells_lose_no_wake();
}

pub(crate) fn refused_later_cells_lose_no_wake() {
    rely_on_membarrier();
    refuse_membarrier();
    cells_lose_no_wake();
}

/// One that went to sleep before the refusal, one that comes after it.
pub(crate) fn refused_later_a_sleeping_writer_wakes() {
    rely_on_membarrier();
    let lock = SeqLock::new(0_u64);
    let sleeper = AtomicI32::new(0);
    let write = |lock: &SeqLock<u64>| {
        sleeper.store(thread_number(), Relaxed);
        lock.update(|value| *value += 1);
    };
    let asleep = || {
        while sleeper.load(Relaxed) == 0 {
            thread::yield_now();
        }
        wait_until_asleep(sleeper.swap(0, Relaxed));
    };
    thread::scope(|scope| {
        let mut held = lock.writer();
        scope.spawn(|| write(&lock));
        asleep();
        refuse_membarrier();
        // This one sleeps in slices, and may be awake for a moment at any time.
        scope.spawn(|| write(&lock));
        while sleeper.load(Relaxed) == 0 {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(20));
        held.write(100);
    });
    assert_eq!(lock.read(), 102);
}

/// Both ends wait, as threads or as tasks, time and again: a value sent there and back is the only thing
/// that gets either on.
fn rings_lose_no_wake() {
    for tasks in [false, true] {
        let ((mut there, mut question), (mut back, mut answer)) = (ring(1), ring(1));
        thread::scope(|scope| {
            scope.spawn(move || {
                while let Ok(number) = question.pop() {
                    // So long that the other end is asleep, now and then.
                    if number % 16 == 0 {
                        thread::sleep(Duration::from_micros(100));
                    }
                    back.push(number).expect("the asker lives");
                }
            });
            for number in 0..if tasks { 200 } else { 50 } {
                there.push(number).expect("the answerer lives");
                let answered = match tasks {
                    true => block_on(answer.pop_async(), None).expect("no deadline"),
                    false => answer.pop(),
                };
                assert_eq!(answered, Ok(number));
            }
            drop(there);
        });
    }
}

pub(crate) fn refused_at_start_rings_lose_no_wake() {
    refuse_membarrier();
    rings_lose_no_wake();
}

pub(crate) fn refused_later_rings_lose_no_wake() {
    rely_on_membarrier();
    refuse_membarrier();
    rings_lose_no_wake();
}
