//! Rcu: edges E1 to E11.
//!
//! The payload is tracked by loom: to read it races with its destructor unless the edges order them,
//! so a version that is freed too early fails the model, and so does one that is never freed.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom_tests::{Arc, Thread, Tracked, Versions, explore, explore_bounded, spawn};
use untorn::pause_points::refuse_heavy_fences;
use untorn::rcu::{Policy, Rcu, Reader};

type Cell = Rcu<Tracked>;

/// Runs `scenario` on a cell that threads can hold, and frees that and all that it holds.
fn on_a_cell<R>(policy: Policy, scenario: impl FnOnce(&'static Cell) -> R) -> R {
    let cell: &'static Cell = Box::leak(Box::new(Rcu::with_policy(Tracked::new(0), policy)));
    let result = scenario(cell);
    // SAFETY: leaked above; the scenario has joined all threads that used it.
    drop(unsafe { Box::from_raw(std::ptr::from_ref(cell).cast_mut()) });
    result
}

fn storing(cell: &'static Cell, values: impl IntoIterator<Item = usize> + 'static) -> Thread<()> {
    spawn(move || values.into_iter().for_each(|value| cell.store(Tracked::new(value))))
}

/// A reader whose next read makes no fence.
fn awake(cell: &'static Cell) -> Reader<'static, Tracked> {
    let reader = cell.reader();
    drop(reader.read());
    reader
}

/// Stores, and then tries to free what was replaced.
fn reclaiming(cell: &'static Cell) -> Thread<usize> {
    spawn(|| {
        cell.store(Tracked::new(1));
        cell.try_reclaim()
    })
}

fn reading(reader: Reader<'static, Tracked>) -> Thread<usize> {
    spawn(move || reader.read().get())
}

/// E1, E2 and E3: a reader finds a value whole, and it is not freed under it, though the storing
/// thread frees as soon as it may.
#[test]
fn e1_e2_e3_a_value_is_not_freed_while_it_is_read() {
    explore([0, 1], || {
        on_a_cell(Policy::Prompt, |cell| {
            let reader = reading(cell.reader());
            let writer = storing(cell, [1]);
            let seen = reader.join();
            writer.join();
            seen
        })
    });
}

/// The same where the reader moves on, so that its slot goes from one version to the next.
#[test]
fn e3_a_slot_that_moved_on_releases_the_old_value() {
    explore_bounded(2, [(0, 0), (0, 1), (1, 1)], || {
        on_a_cell(Policy::Prompt, |cell| {
            let reader = cell.reader();
            let reader = spawn(move || (reader.read().get(), reader.read().get()));
            let writer = storing(cell, [1]);
            let seen = reader.join();
            writer.join();
            seen
        })
    });
}

/// E4: whoever comes last frees the old value, the storing thread or the reader. Nothing is left.
#[test]
fn e4_the_last_one_out_frees() {
    explore([0], || {
        on_a_cell(Policy::Prompt, |cell| {
            let reader = reading(cell.reader());
            let writer = storing(cell, [1]);
            reader.join();
            writer.join();
            cell.pending()
        })
    });
}

/// E5: a guard is dropped by another thread, and its slot used again by the owner's next read. The
/// scan that sees the slot's new content frees what that other thread has read.
#[test]
fn e5_a_guard_dropped_elsewhere() {
    explore_bounded(2, [(0, 0), (0, 1)], || {
        on_a_cell(Policy::Prompt, |cell| {
            let reader = cell.reader();
            let guard = reader.read();
            let elsewhere = spawn(move || guard.get());
            let reader = reading(reader);
            let writer = storing(cell, [1]);
            let seen = (elsewhere.join(), reader.join());
            writer.join();
            seen
        })
    });
}

/// E6: two threads store and reclaim; who finds the turn taken leaves its value to the other. Each
/// version is freed once, and none is left.
#[test]
fn e6_the_turn_is_handed_over() {
    explore_bounded(2, [(0, 1), (0, 2)], || {
        on_a_cell(Policy::Prompt, |cell| {
            let writers = [storing(cell, [1]), storing(cell, [2])];
            writers.into_iter().for_each(Thread::join);
            (cell.pending(), cell.read().get())
        })
    });
}

/// E2 and E7: a reader comes while a thread stores and scans.
#[test]
fn e2_e7_a_reader_comes_during_a_scan() {
    explore_bounded(2, [0, 1], || {
        on_a_cell(Policy::Prompt, |cell| {
            let reader = spawn(|| cell.reader().read().get());
            let writer = storing(cell, [1]);
            let seen = reader.join();
            writer.join();
            seen
        })
    });
}

/// E2 where another thread than the storing one reclaims: that thread's own fence counts.
#[test]
fn e2_a_third_thread_reclaims() {
    explore([(0, 0), (0, 1), (1, 0), (1, 1)], || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = reading(cell.reader());
            let writer = storing(cell, [1]);
            let other = spawn(|| cell.try_reclaim());
            let seen = (reader.join(), other.join());
            writer.join();
            seen
        })
    });
}

/// E8: garbage is freed by whoever reclaims, and not while a reader reaches it.
#[test]
fn e8_garbage_waits_for_those_who_reach_it() {
    explore_bounded(2, [(None, 0), (Some(7), 0)], || {
        let versions = Versions::new();
        let reader = spawn(|| versions.look());
        let writer = spawn(|| versions.unlink());
        let seen = reader.join();
        writer.join();
        (seen, versions.end())
    });
}

/// E8, where another thread than the writer frees.
#[test]
fn e8_garbage_is_freed_by_another_thread() {
    explore_bounded(2, [(0, 0), (0, 1), (0, 2), (0, 3)], || {
        let versions = Versions::new();
        let other = spawn(|| versions.try_reclaim());
        let writer = spawn(|| versions.unlink());
        let freed = other.join();
        writer.join();
        (versions.end(), freed)
    });
}

/// E9: what a reader does with an old value happens-before what comes after `synchronize`, whoever
/// frees the value; and a thread that sleeps there is woken.
#[test]
fn e9_synchronize_waits_for_readers() {
    explore_bounded(2, [0, 1], || {
        on_a_cell(Policy::Manual, |cell| {
            let data = Arc::new(UnsafeCell::new(0));
            let reader = spawn({
                let (data, reader) = (Arc::clone(&data), cell.reader());
                move || {
                    let guard = reader.read();
                    let seen = guard.get();
                    if seen == 0 {
                        // SAFETY: version 0 is held, so the other thread waits.
                        data.with_mut(|data| unsafe { *data += 1 });
                    }
                    seen
                }
            });
            let writer = spawn(move || {
                cell.store(Tracked::new(1));
                cell.synchronize().expect("fences work here");
                // SAFETY: nobody holds version 0 any more.
                data.with_mut(|data| unsafe { *data += 1 });
            });
            let seen = reader.join();
            writer.join();
            seen
        })
    });
}

/// E9, where a third thread frees.
#[test]
fn e9_synchronize_hears_of_what_another_freed() {
    explore_bounded(2, [()], || {
        on_a_cell(Policy::Manual, |cell| {
            let data = Arc::new(UnsafeCell::new(0));
            let guard = cell.read();
            let reader = spawn({
                let data = Arc::clone(&data);
                move || {
                    // SAFETY: version 0 is held, so the other thread waits.
                    data.with_mut(|data| unsafe { *data += 1 });
                    drop(guard);
                }
            });
            cell.store(Tracked::new(1));
            let helper = spawn(|| cell.try_reclaim());
            let writer = spawn(move || {
                cell.synchronize().expect("fences work here");
                // SAFETY: nobody holds version 0 any more.
                data.with_mut(|data| unsafe { *data += 1 });
            });
            reader.join();
            helper.join();
            writer.join();
        })
    });
}

/// Nobody tells a thread in `synchronize` that a reader, seen as it was picking something up, has
/// settled on the new value and keeps it.
#[test]
fn e9_a_reader_that_keeps_the_new_value() {
    explore_bounded(2, [()], || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = cell.reader();
            let reader = spawn(move || {
                let guard = reader.read();
                (guard.get() != 0).then_some(guard)
            });
            let writer = spawn(move || {
                cell.store(Tracked::new(1));
                cell.synchronize().expect("fences work here");
            });
            writer.join();
            drop(reader.join());
        });
    });
}

/// E2 without fences but its own: a read in a block that nobody owns.
#[test]
fn e2_a_slot_used_once() {
    refuse_heavy_fences(true);
    explore_bounded(2, [(0, 0), (0, 1), (1, 0), (1, 1)], || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = spawn(|| cell.read().get());
            let writer = reclaiming(cell);
            (reader.join(), writer.join())
        })
    });
}

/// E11: with fences that are none and cannot be had, a value is freed only if every reader was seen
/// with a newer one.
#[test]
fn e11_who_was_seen_with_the_current_version() {
    refuse_heavy_fences(true);
    let seen = [(0, 0), (0, 1), (1, 1)];
    explore(seen.into_iter().flat_map(|(a, b)| [(a, b, 0), (a, b, 1)]), || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = cell.reader();
            let reader = spawn(move || {
                let first = reader.read().get();
                let second = reader.read();
                (first, second.get())
            });
            let writer = reclaiming(cell);
            let (first, second) = reader.join();
            let freed = writer.join();
            (first, second, 1 - freed)
        })
    });
}

/// E3 for a value that is neither the oldest nor the newest: all that orders its last use before its
/// end is its reader's slot.
#[test]
fn e3_a_value_in_the_middle() {
    explore_bounded(2, [(1, 2), (2, 2)], || {
        on_a_cell(Policy::Prompt, |cell| {
            let oldest = cell.read();
            cell.store(Tracked::new(1));
            let reader = reading(cell.reader());
            let writer = storing(cell, [2]);
            let seen = reader.join();
            writer.join();
            drop(oldest);
            let last = cell.read().get();
            (seen, last)
        })
    });
}

/// E5 without fences: the slot's owner acquires what the other thread did, for the scan that finds
/// what the owner wrote there since.
#[test]
fn e5_without_fences() {
    refuse_heavy_fences(true);
    explore_bounded(2, [(0, 1, 0), (0, 1, 1)], || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = cell.reader();
            let guard = reader.read();
            cell.store(Tracked::new(1));
            let other = spawn(|| cell.try_reclaim());
            let owner = reading(reader);
            let elsewhere = spawn(move || guard.get());
            (elsewhere.join(), owner.join(), other.join())
        })
    });
}

/// E6 without fences: what a thread did that found the turn taken is seen by the next pass.
#[test]
fn e6_without_fences() {
    refuse_heavy_fences(true);
    explore([0], || {
        on_a_cell(Policy::Manual, |cell| {
            let other = spawn(|| cell.try_reclaim());
            let writer = reclaiming(cell);
            other.join();
            writer.join();
            cell.pending()
        })
    });
}

/// E10 without fences: a block without an owner shows what its last owner left in it.
#[test]
fn e10_without_fences() {
    refuse_heavy_fences(true);
    explore_bounded(2, [(0, 0), (0, 1), (1, 0), (1, 1)], || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = awake(cell);
            let reader = spawn(move || {
                let guard = reader.read();
                drop(reader);
                guard.get()
            });
            let writer = reclaiming(cell);
            (reader.join(), writer.join())
        })
    });
}

/// E12: a block asleep shows what its owner before the present one left in it.
#[test]
fn e12_asleep_under_a_new_owner() {
    refuse_heavy_fences(true);
    explore_bounded(1, [(0, 0), (0, 1), (1, 0), (1, 1)], || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = awake(cell);
            let first = spawn(move || {
                let guard = reader.read();
                drop(reader);
                guard.get()
            });
            let second = spawn(|| std::mem::forget(cell.reader()));
            let writer = reclaiming(cell);
            let seen = (first.join(), writer.join());
            second.join();
            seen
        })
    });
}

/// The same where the reader comes during the scan: without an owner, or not there yet, its block
/// needs no fence but that of the claim.
#[test]
fn e2_a_block_without_an_owner() {
    refuse_heavy_fences(true);
    explore_bounded(2, [(0, 0), (0, 1), (1, 0), (1, 1)], || {
        on_a_cell(Policy::Manual, |cell| {
            let reader = spawn(|| cell.reader().read().get());
            let writer = reclaiming(cell);
            (reader.join(), writer.join())
        })
    });
}

/// Fences that fail free nothing, and tell who waits.
#[test]
fn a_refused_fence_frees_nothing() {
    refuse_heavy_fences(true);
    explore([(0, true, 1)], || {
        on_a_cell(Policy::Manual, |cell| {
            // Idle, so it is not seen.
            let _reader = awake(cell);
            let writer = spawn(|| {
                cell.store(Tracked::new(1));
                (cell.try_reclaim(), cell.synchronize().is_err(), cell.pending())
            });
            writer.join()
        })
    });
}
