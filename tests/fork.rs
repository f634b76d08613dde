//! Rcu, ShardedCounter: a child process inherits what other threads held at the fork as if it were held
//! for ever. Nothing is freed too early in it, it is documented what is not freed at all, and it counts
//! exactly.

#[cfg(not(all(target_os = "linux", not(miri))))]
fn main() {}

#[cfg(all(target_os = "linux", not(miri)))]
mod support;

#[cfg(all(target_os = "linux", not(miri)))]
fn main() {
    forks::a_child_keeps_what_another_thread_held();
    #[cfg(feature = "pause-points")]
    forks::a_child_of_a_thread_about_to_hold_something_frees_nothing();
    forks::children_of_any_moment_go_on();
    forks::a_child_counts_exactly_in_its_own_memory();
    println!("fork: every child went on");
}

#[cfg(all(target_os = "linux", not(miri)))]
mod forks {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
    use std::thread;

    use untorn::ShardedCounter;
    use untorn::rcu::{Guard, Policy, Rcu};

    use crate::support::rcu::{Canary, POLICIES};
    use crate::support::{Alive, PATIENCE};

    /// Runs `child` in a child process; it must come to its end, and without a panic.
    fn in_a_child(child: impl FnOnce()) {
        // SAFETY: the child does not return from here, and takes no lock that another thread may have
        // held: those of the allocator and of the standard output are in order after a fork.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: sets a timer; if the child hangs its signal ends it.
            unsafe { libc::alarm(PATIENCE.as_secs() as u32) };
            let failed = catch_unwind(AssertUnwindSafe(child)).is_err();
            // SAFETY: ends the process at once.
            unsafe { libc::_exit(i32::from(failed)) };
        }
        assert!(pid > 0, "fork: {}", std::io::Error::last_os_error());
        let mut status = 0;
        // SAFETY: writes the status of our own child.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert_eq!(status, 0, "the child failed, or hung");
    }

    pub(crate) fn a_child_keeps_what_another_thread_held() {
        for policy in POLICIES {
            let alive = Alive::new();
            let cell = Rcu::with_policy(Canary::new(0, &alive), policy);
            let (holding, let_go) = (Barrier::new(2), Barrier::new(2));
            let store = |numbers: std::ops::Range<u64>| {
                numbers.for_each(|number| cell.store(Canary::new(number, &alive)));
            };
            thread::scope(|scope| {
                scope.spawn(|| {
                    let first = cell.read();
                    let mut reader = cell.reader();
                    store(1..2);
                    assert_eq!(reader.cached().number(), 1);
                    holding.wait();
                    let_go.wait();
                    assert_eq!((first.number(), reader.cached().number()), (0, 3));
                });
                holding.wait();
                store(2..3);
                let own = cell.read();
                store(3..4);
                in_a_child(|| {
                    assert_eq!((own.number(), cell.read().number()), (2, 3));
                    store(4..50);
                    cell.try_reclaim();
                    assert_eq!((cell.pending(), alive.count()), (3, 4), "three are held");
                    drop(own);
                    cell.try_reclaim();
                    assert_eq!((cell.pending(), alive.count()), (2, 3), "two for ever");
                    // Threads of the child take slots of their own.
                    thread::scope(|scope| {
                        let guard = scope.spawn(|| cell.read()).join().unwrap();
                        store(50..60);
                        assert_eq!(guard.number(), 49);
                    });
                    cell.try_reclaim();
                    assert_eq!((cell.pending(), alive.count()), (2, 3));
                });
                let_go.wait();
            });
            cell.synchronize().expect("no filter on system calls");
            assert_eq!((cell.pending(), alive.count()), (0, 1), "the parent has lost nothing");
        }
    }

    /// The other thread stands between its announcement and its look at the cell, for ever.
    #[cfg(feature = "pause-points")]
    pub(crate) fn a_child_of_a_thread_about_to_hold_something_frees_nothing() {
        use std::cell::Cell;

        static REACHED: Barrier = Barrier::new(2);
        static GO_ON: Barrier = Barrier::new(2);
        thread_local! {
            static FREEZE: Cell<bool> = const { Cell::new(false) };
        }
        untorn::pause_points::set_hook(|point| {
            if point == "rcu.read.announced" && FREEZE.take() {
                REACHED.wait();
                GO_ON.wait();
            }
        });
        let alive = Alive::new();
        let cell = Rcu::with_policy(Canary::new(0, &alive), Policy::Prompt);
        let other = Rcu::with_policy(Canary::new(0, &alive), Policy::Prompt);
        thread::scope(|scope| {
            scope.spawn(|| {
                FREEZE.set(true);
                cell.read().number()
            });
            REACHED.wait();
            in_a_child(|| {
                for number in 1..=20 {
                    cell.store(Canary::new(number, &alive));
                    other.store(Canary::new(number, &alive));
                    assert_eq!(cell.read().number(), number);
                }
                assert_eq!((cell.try_reclaim(), cell.pending()), (0, 20), "all of this cell");
                assert_eq!((other.pending(), alive.count()), (0, 22), "and of no other");
            });
            GO_ON.wait();
        });
        cell.store(Canary::new(1, &alive));
        assert_eq!((cell.pending(), alive.count()), (0, 2));
    }

    pub(crate) fn children_of_any_moment_go_on() {
        for policy in [Policy::Prompt, Policy::Batch(4)] {
            let alive = Alive::new();
            let cell = Rcu::with_policy(Canary::new(0, &alive), policy);
            let done = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Relaxed) {
                        let version = Guard::version(&cell.read());
                        cell.update(|value| Canary::new(value.number() + 1, &alive));
                        assert!(Guard::version(&cell.read()) > version);
                    }
                });
                scope.spawn(|| {
                    let mut reader = cell.reader();
                    while !done.load(Relaxed) {
                        let (guard, cached) = (cell.read(), reader.cached().number());
                        assert!(guard.number() <= cached);
                    }
                });
                for _ in 0..30 {
                    in_a_child(|| {
                        let held = cell.read();
                        let number = held.number();
                        for _ in 0..50 {
                            cell.update(|value| Canary::new(value.number() + 1, &alive));
                            cell.try_reclaim();
                        }
                        assert_eq!((held.number(), cell.read().number()), (number, number + 50));
                        // More by what the other threads were about to store, or to free.
                        assert!(alive.count() > cell.pending());
                    });
                }
                done.store(true, Relaxed);
            });
            cell.synchronize().expect("no filter on system calls");
            assert_eq!((cell.pending(), alive.count()), (0, 1));
        }
    }

    /// Another thread has one of the two slots at the fork, and so has it for ever in the child.
    pub(crate) fn a_child_counts_exactly_in_its_own_memory() {
        static COUNTER: ShardedCounter<2> = ShardedCounter::new();
        let (counted, go_on) = (Barrier::new(2), Barrier::new(2));
        thread::scope(|scope| {
            scope.spawn(|| {
                COUNTER.increment();
                counted.wait();
                go_on.wait();
                COUNTER.increment();
            });
            counted.wait();
            COUNTER.increment();
            in_a_child(|| {
                assert_eq!(COUNTER.sum(), 2);
                assert!(!COUNTER.local().has_slot(), "one is lost, one our own");
                thread::scope(|scope| {
                    for _ in 0..4 {
                        scope.spawn(|| (0..1000).for_each(|_| COUNTER.increment()));
                    }
                    (0..1000).for_each(|_| COUNTER.increment());
                });
                assert_eq!((COUNTER.sum(), COUNTER.try_exact(1)), (5002, Some(5002)));
            });
            assert_eq!(COUNTER.sum(), 2, "the child counts in its own memory");
            go_on.wait();
        });
        assert_eq!(COUNTER.sum(), 3);
    }
}
