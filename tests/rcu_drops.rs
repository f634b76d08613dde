//! Rcu: when and where replaced values are freed, whatever panics and whatever comes back. What is
//! forgotten: `rcu_forgotten.rs`.
#![cfg(feature = "alloc")]

use std::cell::RefCell;
use std::mem;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{self, ThreadId};

use untorn::rcu::{Guard, Policy, Rcu};

mod support;
use support::rcu::{Canary, POLICIES};
use support::register::panics;
use support::{Alive, Value, rounds};

/// Guards of each kind, and what `cached` keeps: the last to go takes the value with it.
#[test]
fn prompt_frees_with_the_store_or_with_the_last_guard() {
    static ALIVE: Alive = Alive::new();
    let cell = Arc::new(Rcu::with_policy(ALIVE.value(), Policy::Prompt));
    cell.store(ALIVE.value());
    assert_eq!(ALIVE.count(), 1, "nobody held it");
    for last in 0..7 {
        let mut reader = cell.reader();
        let mut owned = Rcu::reader_owned(&cell);
        let held = cell.read();
        let mapped = Guard::map(cell.read(), |value| value);
        let by_reader = reader.read();
        let by_owned = Rcu::read_owned(&cell);
        let _ = (reader.cached(), owned.cached());
        let old = cell.swap(ALIVE.value());
        let mut lets_go: Vec<Box<dyn FnOnce() + '_>> = vec![
            Box::new(|| drop(held)),
            Box::new(|| drop(mapped)),
            Box::new(|| thread::scope(|scope| scope.spawn(|| drop(by_reader)).join().unwrap())),
            Box::new(|| drop(by_owned)),
            Box::new(|| drop(old)),
            // One moves on to the current value, the other is content with none.
            Box::new(|| _ = reader.cached()),
            Box::new(|| owned.release()),
        ];
        lets_go.rotate_left(last);
        for let_go in lets_go {
            assert_eq!((cell.pending(), ALIVE.count()), (1, 2));
            let_go();
        }
        assert_eq!((cell.pending(), ALIVE.count()), (0, 1));
    }
    cell.update(|_| ALIVE.value());
    assert_eq!(ALIVE.count(), 1, "update lets go of what it replaced");
    assert!(cell.compare_exchange(&cell.read(), ALIVE.value()).is_ok());
    assert_eq!(ALIVE.count(), 1, "the guard was a temporary of the statement before");
    let stale = cell.swap(ALIVE.value());
    drop(cell.compare_exchange(&stale, ALIVE.value()).expect_err("replaced"));
    assert_eq!(ALIVE.count(), 2, "neither the value that comes back nor another is lost");
}

#[test]
fn a_batch_is_freed_when_it_is_full_beside_what_is_held() {
    for batch in [0, 1, 2, 7, 100] {
        let alive = Alive::new();
        let cell = Rcu::with_policy(alive.value(), Policy::Batch(batch));
        let limit = batch.max(1) as usize - 1;
        for held in [0, 1, 9] {
            let guards: Vec<_> = (0..held).map(|_| cell.swap(alive.value())).collect();
            let mut most = 0;
            for _ in 0..3 * batch + 10 {
                cell.store(alive.value());
                assert_eq!(alive.count(), cell.pending() + 1);
                most = most.max(cell.pending());
            }
            assert_eq!(most, held + limit, "full, and no fuller");
            drop(guards);
            (0..=batch).for_each(|_| cell.store(alive.value()));
            assert!(cell.pending() <= limit, "the next batch takes with it what was held");
        }
    }
}

#[test]
fn manual_frees_nothing_by_itself() {
    let alive = Alive::new();
    let cell = Rcu::with_policy(alive.value(), Policy::Manual);
    for _ in 0..1_000 {
        cell.store(alive.value());
        drop(cell.swap(alive.value()));
        cell.update(|_| alive.value());
    }
    let mut reader = cell.reader();
    let _ = reader.cached();
    let held = cell.read();
    cell.store(alive.value());
    drop(held);
    reader.release();
    assert_eq!((cell.pending(), alive.count()), (3_001, 3_002));
    assert_eq!(cell.try_reclaim(), 3_001);
    assert_eq!((cell.try_reclaim(), cell.pending(), alive.count()), (0, 0, 1));
    cell.store(alive.value());
    cell.synchronize().expect("no filter on system calls");
    assert_eq!((cell.pending(), alive.count()), (0, 1));
}

#[test]
fn a_stalled_reader_keeps_one_value_whatever_came_and_went() {
    for policy in [Policy::Prompt, Policy::Batch(8), Policy::Manual] {
        let alive = Alive::new();
        let cell = Rcu::with_policy(alive.value(), policy);
        (0..5).for_each(|_| cell.store(alive.value()));
        let stalled = cell.read();
        for _ in 0..rounds(5_000).max(20) {
            cell.store(alive.value());
        }
        cell.try_reclaim();
        assert_eq!((cell.pending(), alive.count()), (1, 2));
        drop(stalled);
        cell.try_reclaim();
        assert_eq!(alive.count(), 1);
    }
}

/// Tells on which thread it was dropped.
struct Traced(Sender<ThreadId>);

impl Drop for Traced {
    fn drop(&mut self) {
        self.0.send(thread::current().id()).expect("the test listens");
    }
}

#[test]
fn destructors_run_on_the_thread_that_the_policy_names() {
    fn next(dropped: &Receiver<ThreadId>) -> Option<ThreadId> {
        dropped.try_recv().ok()
    }
    fn elsewhere(run: impl FnOnce() + Send) -> Option<ThreadId> {
        let run = || {
            run();
            thread::current().id()
        };
        Some(thread::scope(|scope| scope.spawn(run).join().unwrap()))
    }
    let me = Some(thread::current().id());
    let (sender, dropped) = channel();
    let value = || Traced(sender.clone());

    let cell = Rcu::with_policy(value(), Policy::Prompt);
    let storing = elsewhere(|| cell.store(value()));
    assert_eq!(next(&dropped), storing);
    let held = cell.read();
    elsewhere(|| cell.store(value()));
    assert_eq!(next(&dropped), None);
    let dropping = elsewhere(|| drop(held));
    assert_eq!(next(&dropped), dropping);

    let cell = Rcu::with_policy(value(), Policy::Batch(2));
    let held = cell.read();
    cell.store(value());
    elsewhere(|| drop(held));
    assert_eq!(next(&dropped), None, "readers run no destructors");
    let storing = elsewhere(|| cell.store(value()));
    assert_eq!((next(&dropped), next(&dropped), next(&dropped)), (storing, storing, None));

    let cell = Rcu::with_policy(value(), Policy::Manual);
    elsewhere(|| cell.store(value()));
    assert_eq!(next(&dropped), None);
    cell.try_reclaim();
    assert_eq!((next(&dropped), next(&dropped)), (me, None));
}

#[test]
fn a_destructor_that_panics_keeps_no_other_from_running() {
    let check = |reclaim: &dyn Fn(&Rcu<Value<'_>>)| {
        for which in 0..5 {
            let alive = Alive::new();
            let cell = Rcu::with_policy(alive.value(), Policy::Manual);
            for number in 0..5 {
                cell.store(if number == which { alive.panicking_value() } else { alive.value() });
            }
            cell.store(alive.value());
            let current = cell.read();
            assert!(panics(|| reclaim(&cell)), "it goes on from the call that reclaimed");
            assert_eq!((cell.pending(), alive.count()), (0, 1), "the others were freed");
            cell.store(alive.value());
            assert_eq!(cell.try_reclaim(), 0);
            drop(current);
            assert_eq!((cell.try_reclaim(), alive.count()), (1, 1), "the cell is as good as new");
        }
    };
    check(&|cell| _ = cell.try_reclaim());
    check(&|cell| _ = cell.synchronize());
}

#[test]
fn a_destructor_that_panics_in_a_store_or_with_a_guard_loses_nothing() {
    let alive = Alive::new();
    let cell = Rcu::with_policy(alive.panicking_value(), Policy::Prompt);
    assert!(panics(|| cell.store(alive.value())));
    assert_eq!((Guard::version(&cell.read()), alive.count()), (1, 1), "the new value is there");
    cell.store(alive.panicking_value());
    let held = cell.read();
    cell.store(alive.value());
    assert!(panics(|| drop(held)));
    assert_eq!((Guard::version(&cell.read()), cell.pending(), alive.count()), (3, 0, 1));
    drop(cell);

    // With the cell: the first, one in the middle, the current value.
    for which in 0..3 {
        let value = |number| if number == which { alive.panicking_value() } else { alive.value() };
        let cell = Rcu::with_policy(value(0), Policy::Manual);
        cell.store(value(1));
        cell.store(value(2));
        assert!(panics(|| drop(cell)));
        assert_eq!(alive.count(), 0);
    }
}

/// Uses the cell that it was in while it is dropped.
struct Reentrant {
    generation: u32,
    _alive: Value<'static>,
}

static REENTRANT: [OnceLock<Rcu<Reentrant>>; POLICIES.len()] = [const { OnceLock::new() }; 6];
static REENTRANT_ALIVE: Alive = Alive::new();
static WHICH: AtomicU32 = AtomicU32::new(0);
static VISITS: AtomicU32 = AtomicU32::new(0);

impl Reentrant {
    fn new(generation: u32) -> Self {
        Self { generation, _alive: REENTRANT_ALIVE.value() }
    }
}

impl Drop for Reentrant {
    fn drop(&mut self) {
        let cell = REENTRANT[WHICH.load(Relaxed) as usize].get().expect("in use");
        VISITS.fetch_add(1, Relaxed);
        let seen = cell.read();
        assert!(cell.reader().read().generation >= seen.generation);
        if self.generation > 0 {
            // The copies of the first generation have successors of their own, until the last.
            cell.store(Self::new(self.generation - 1));
            drop(seen);
            cell.update(|current| Self::new(current.generation));
            cell.try_reclaim();
        }
    }
}

#[test]
fn destructors_may_use_the_cell() {
    for (which, policy) in POLICIES.into_iter().enumerate() {
        WHICH.store(which as u32, Relaxed);
        VISITS.store(0, Relaxed);
        let cell = REENTRANT[which].get_or_init(|| Rcu::with_policy(Reentrant::new(4), policy));
        cell.store(Reentrant::new(0));
        while cell.pending() > 0 {
            cell.try_reclaim();
        }
        assert!(VISITS.load(Relaxed) > 5, "{policy:?}: {VISITS:?}");
        assert_eq!(REENTRANT_ALIVE.count(), which + 1, "each cell has its current value");
    }
}

static ENDING: OnceLock<Rcu<Canary<'static>>> = OnceLock::new();
static ENDING_ALIVE: Alive = Alive::new();
static LATE_READS: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// Keeps guards to the end of its thread, and reads once more then.
struct Late(RefCell<Vec<Guard<'static, Canary<'static>>>>);

impl Drop for Late {
    fn drop(&mut self) {
        let cell = ENDING.get().expect("in use");
        let guards: Vec<_> = (0..20).map(|_| cell.read()).collect();
        cell.store(Canary::new(guards[0].number() + 1, &ENDING_ALIVE));
        cell.update(|value| Canary::new(value.number() + 1, &ENDING_ALIVE));
        let mut numbers: Vec<u64> = self.0.take().iter().map(|guard| guard.number()).collect();
        numbers.push(guards[19].number());
        LATE_READS.lock().unwrap().extend(numbers);
    }
}

thread_local! {
    /// Made before its thread first reads, so that it is dropped after what the reader left there.
    static FIRST: Late = const { Late(RefCell::new(Vec::new())) };
    /// Made after that.
    static SECOND: Late = const { Late(RefCell::new(Vec::new())) };
}

#[test]
fn guards_in_thread_locals_and_reads_while_a_thread_ends() {
    let cell =
        ENDING.get_or_init(|| Rcu::with_policy(Canary::new(0, &ENDING_ALIVE), Policy::Prompt));
    let count = rounds(1_000).max(5);
    for _ in 0..count {
        let before = cell.read().number();
        thread::spawn(|| {
            let cell = ENDING.get().expect("in use");
            FIRST.with(|late| late.0.borrow_mut().push(cell.read()));
            SECOND.with(|late| late.0.borrow_mut().extend((0..9).map(|_| cell.read())));
            cell.store(Canary::new(cell.read().number() + 1, &ENDING_ALIVE));
        })
        .join()
        .unwrap();
        let mut reads = mem::take(&mut *LATE_READS.lock().unwrap());
        reads.sort_unstable();
        let expected: Vec<u64> = [&[before; 10][..], &[before + 1, before + 3]].concat();
        assert_eq!(reads, expected);
        assert_eq!(cell.read().number(), before + 5);
        assert_eq!((cell.pending(), ENDING_ALIVE.count()), (0, 1));
    }
}

/// Everything at once, and guards that travel: in the end every value was dropped, once.
#[test]
fn after_any_schedule_nothing_is_left() {
    for policy in POLICIES {
        let alive = Alive::new();
        for seed in 1..=3_u64 {
            let cell = Rcu::with_policy(Canary::new(0, &alive), policy);
            let (sender, receiver) = channel::<Guard<'_, Canary<'_>>>();
            let receiver = Mutex::new(receiver);
            thread::scope(|scope| {
                for thread in 0..4_u64 {
                    let (cell, alive, sender, receiver) =
                        (&cell, &alive, sender.clone(), &receiver);
                    scope.spawn(move || {
                        let mut reader = cell.reader();
                        let mut kept = Vec::new();
                        let mut state = seed * 0x9E37_79B9 + thread;
                        for step in 0..rounds(2_000).max(20) as u64 {
                            // Knuth's MMIX generator.
                            state = state
                                .wrapping_mul(6_364_136_223_846_793_005)
                                .wrapping_add(1_442_695_040_888_963_407);
                            match (state >> 33) % 12 {
                                0 | 1 => cell.store(Canary::new(step, alive)),
                                2 => kept.push(cell.swap(Canary::new(step, alive))),
                                3 => cell.update(|value| Canary::new(value.number(), alive)),
                                4 => kept.push(cell.read()),
                                5 => kept.push(reader.read()),
                                6 => _ = reader.cached().number(),
                                7 => _ = sender.send(cell.read()),
                                8 => kept.extend(receiver.lock().unwrap().try_recv()),
                                9 => _ = cell.try_reclaim(),
                                10 => reader = cell.reader(),
                                _ => kept.truncate(kept.len() / 2),
                            }
                            kept.iter().for_each(|guard| _ = guard.number());
                        }
                    });
                }
            });
            drop((sender, receiver));
            cell.synchronize().expect("no filter on system calls");
            assert_eq!((cell.pending(), alive.count()), (0, 1), "{policy:?}, seed {seed}");
            if seed % 2 == 0 {
                cell.store(Canary::new(0, &alive));
            }
            drop(cell);
            assert_eq!(alive.count(), 0, "{policy:?}, seed {seed}");
        }
    }
}
