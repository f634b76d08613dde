//! Progress: edges E1 (done to reader), E2 (claim to claim), E3 (total to reader), E4 (last
//! task against seal), E5 (finish to who waits) and E6 (snapshot to snapshot).
#![cfg(loom)]

use loom_tests::{Arc, Thread, explore, explore_bounded, spawn};
use untorn::progress::Tally;
use untorn::{Counter, Progress};

/// A thread that does this with the progress.
fn with<T: 'static>(
    progress: &Arc<Progress>,
    body: impl FnOnce(&Progress) -> T + 'static,
) -> Thread<T> {
    let progress = Arc::clone(progress);
    spawn(move || body(&progress))
}

/// An open progress with so many tasks.
fn open(total: u32) -> Arc<Progress> {
    let progress = Progress::open();
    progress.add(total).expect("it is open");
    Arc::new(progress)
}

fn numbers(tally: Tally) -> (u32, u32, u32) {
    (tally.total, tally.completed, tally.failed)
}

/// E1 and E3. What a snapshot finds was so at one moment: each step of the other thread, and no mix.
#[test]
fn e1_e3_snapshots_are_moments() {
    explore([(0, 0, 0), (2, 0, 0), (2, 1, 0), (3, 1, 0), (3, 1, 1)], || {
        let progress = open(0);
        let worker = with(&progress, |progress| {
            progress.add(2).unwrap();
            // Not all of them: that would fence.
            progress.complete(1).unwrap();
            progress.add(1).unwrap();
            progress.fail(1).unwrap();
        });
        let reader = with(&progress, |progress| numbers(progress.snapshot()));
        worker.join();
        reader.join()
    });
}

/// E1 and E2 with two threads, each of which adds its task before it does it.
#[test]
fn e1_e2_never_more_done_than_there_is() {
    let all = (0..=2).flat_map(|total| (0..=total).map(move |done| (total, done)));
    explore_bounded(2, all, || {
        let progress = open(0);
        let work = |progress: &Progress| {
            progress.add(1).unwrap();
            progress.complete(1).expect("its task was added");
        };
        let (a, b) = (with(&progress, work), with(&progress, work));
        let reader = with(&progress, |progress| progress.snapshot());
        a.join();
        b.join();
        let tally = reader.join();
        (tally.total, tally.completed)
    });
}

/// E2. Who is refused, or claims after another, has seen a total that allows what is claimed.
#[test]
fn e2_claims_are_within_the_total() {
    // (whether the two tasks were claimed together, whether the one was)
    explore([(true, false), (false, true)], || {
        let progress = open(1);
        let two = with(&progress, |progress| {
            progress.add(1).unwrap();
            progress.complete(2).is_ok()
        });
        let one = with(&progress, |progress| match progress.complete(1) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!((error.left, error.total), (0, 2));
                false
            }
        });
        (two.join(), one.join())
    });
}

/// E4. Either the last task or the seal is told that it was the finish.
#[test]
fn e4_the_finish_is_announced_once() {
    explore([(true, false), (false, true)], || {
        let progress = open(1);
        let last = with(&progress, |progress| progress.complete(1).unwrap());
        let seal = with(&progress, |progress| progress.seal());
        let told = (last.join(), seal.join());
        assert!(progress.is_finished());
        told
    });
}

/// E4. The last task is done by a thread that did not see the other one being added.
#[test]
fn e4_the_last_sees_the_whole_total() {
    // (the first, the seal, the last)
    explore([(false, true, false), (false, false, true)], || {
        let progress = open(1);
        let first = with(&progress, |progress| {
            progress.add(1).unwrap();
            (progress.complete(1).unwrap(), progress.seal())
        });
        let last = with(&progress, |progress| progress.complete(1).unwrap());
        let (first, seal) = first.join();
        (first, seal, last.join())
    });
}

/// The tickets of two threads, one of which gives up.
#[test]
fn the_last_of_two_tickets_finishes() {
    explore([(true, false), (false, true)], || {
        let progress = Arc::new(Progress::new(2));
        let completes = with(&progress, |progress| progress.ticket().unwrap().complete());
        let fails = with(&progress, |progress| progress.ticket().unwrap().fail());
        let told = (completes.join(), fails.join());
        assert_eq!(numbers(progress.snapshot()), (2, 1, 1));
        told
    });
}

/// What a reader finds finished, and sees of work that nothing else orders, when `body` is done by
/// another thread after that work.
fn seen_at_the_finish(body: fn(&Progress), progress: fn() -> Progress) {
    explore([(false, 0), (false, 1), (true, 1)], move || {
        let (progress, result) = (Arc::new(progress()), Arc::new(Counter::new()));
        let worker = with(&progress, {
            let result = Arc::clone(&result);
            move |progress| {
                result.increment();
                body(progress);
            }
        });
        let reader = with(&progress, move |progress| (progress.is_finished(), result.get()));
        worker.join();
        reader.join()
    });
}

#[test]
fn e1_the_last_task_publishes_what_was_done_for_it() {
    seen_at_the_finish(|progress| assert!(progress.complete(1).unwrap()), || Progress::new(1));
}

/// E3. All tasks were done before.
#[test]
fn e3_the_seal_publishes_what_was_done_before() {
    seen_at_the_finish(|progress| assert!(progress.seal()), Progress::open);
}

/// E5. Whoever waits is woken, whether the last task or the seal is the finish.
#[test]
fn e5_a_wait_ends_with_the_finish() {
    explore([(1, 1, 0)], || {
        let progress = open(1);
        let last = with(&progress, |progress| progress.complete(1).unwrap());
        let seal = with(&progress, |progress| progress.seal());
        let waiter = with(&progress, |progress| numbers(progress.wait()));
        assert!(last.join() != seal.join());
        waiter.join()
    });
}

/// E5. A wait that gives up, and a dropped ticket that is the finish.
#[test]
fn e5_a_dropped_ticket_ends_a_wait() {
    explore([None, Some((1, 0, 1))], || {
        let progress = Arc::new(Progress::new(1));
        let gives_up = with(&progress, |progress| drop(progress.ticket().unwrap()));
        let waiter = with(&progress, |progress| {
            let tally = progress.wait_timeout(core::time::Duration::from_secs(1));
            progress.wait();
            tally.map(numbers)
        });
        gives_up.join();
        waiter.join()
    });
}

/// E6. Two readers, of tasks that are added by one thread and done by another: each may miss either, but
/// not the one what the other has and the other what the one has.
#[test]
fn e6_snapshots_have_one_order() {
    let moments = [(2, 0), (3, 0), (2, 1), (3, 1)];
    let ordered = move |a: (u32, u32), b: (u32, u32)| {
        (a.0 <= b.0 && a.1 <= b.1) || (b.0 <= a.0 && b.1 <= a.1)
    };
    let allowed = moments.into_iter().flat_map(|a| moments.map(|b| (a, b)));
    explore_bounded(2, allowed.filter(|&(a, b)| ordered(a, b)), || {
        let progress = open(2);
        let adds = with(&progress, |progress| progress.add(1).unwrap());
        let completes = with(&progress, |progress| progress.complete(1).unwrap());
        let read = |progress: &Progress| {
            let tally = progress.snapshot();
            (tally.total, tally.completed)
        };
        let (a, b) = (with(&progress, read), with(&progress, read));
        adds.join();
        assert!(!completes.join());
        (a.join(), b.join())
    });
}

/// The finish is announced by one call, which may be the second seal; a completion of no tasks is none.
#[test]
fn one_of_two_seals_is_told_of_the_finish() {
    explore([(true, false), (false, true)], || {
        let progress = open(0);
        let first = with(&progress, |progress| progress.seal());
        let second = with(&progress, |progress| {
            assert!(!progress.complete(0).unwrap());
            progress.seal()
        });
        let nothing = with(&progress, |progress| progress.complete(0).unwrap());
        assert!(!nothing.join());
        (first.join(), second.join())
    });
}
