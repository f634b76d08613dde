//! Progress: the public contract.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::thread;

use untorn::Progress;
use untorn::progress::{AddError, Tally};

mod support;
use support::rounds;

fn tally(total: u32, completed: u32, failed: u32) -> Tally {
    Tally { total, completed, failed }
}

#[test]
fn every_ticket_is_counted_and_one_call_is_told_of_the_finish() {
    let tasks = rounds(20_000) as u32;
    let progress = Progress::new(tasks);
    let told = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Ok(ticket) = progress.ticket() {
                    let finished = if ticket_is_bad() { ticket.fail() } else { ticket.complete() };
                    told.fetch_add(usize::from(finished), Relaxed);
                }
            });
        }
    });
    fn ticket_is_bad() -> bool {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        COUNT.fetch_add(1, Relaxed) % 4 == 3
    }
    assert_eq!(told.into_inner(), 1);
    assert_eq!(progress.snapshot(), tally(tasks, tasks - tasks / 4, tasks / 4));
    assert!(progress.is_finished());
}

#[test]
fn never_more_done_than_there_is() {
    let progress = Progress::open();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = Tally::default();
                while !done.load(Relaxed) {
                    let now = progress.snapshot();
                    assert!(now.completed + now.failed <= now.total, "{now:?}");
                    assert!(
                        last.total <= now.total
                            && last.completed <= now.completed
                            && last.failed <= now.failed,
                        "back from {last:?} to {now:?}"
                    );
                    last = now;
                }
            });
        }
        let workers = [false, true].map(|fails| {
            let progress = &progress;
            scope.spawn(move || {
                for n in 0..rounds(20_000) as u32 {
                    progress.add(n % 3).unwrap();
                    let counted =
                        if fails { progress.fail(n % 3) } else { progress.complete(n % 3) };
                    assert_eq!(counted, Ok(false), "it is not sealed");
                }
            })
        });
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        done.store(true, Relaxed);
    });
    assert!(progress.seal());
    let Tally { total, completed, failed } = progress.snapshot();
    assert_eq!((completed, failed), (total / 2, total / 2));
}

#[test]
fn the_seal_races_the_last_task() {
    for _ in 0..rounds(2_000).max(4) {
        let (progress, start) = (Progress::open(), Barrier::new(3));
        progress.add(2).unwrap();
        let told = thread::scope(|scope| {
            let complete = || {
                start.wait();
                progress.complete(1).unwrap()
            };
            let seal = || {
                start.wait();
                progress.seal()
            };
            let threads = [scope.spawn(complete), scope.spawn(complete), scope.spawn(seal)];
            threads.map(|thread| usize::from(thread.join().unwrap()))
        });
        assert_eq!(told.iter().sum::<usize>(), 1);
        assert!(!progress.seal(), "told already");
    }
}

#[test]
fn what_is_refused_changes_nothing() {
    let progress = Progress::new(3);
    progress.complete(1).unwrap();
    let ticket = progress.ticket().unwrap();
    for asked in [2, 3, u32::MAX] {
        for refused in [progress.complete(asked), progress.fail(asked)] {
            let error = refused.unwrap_err();
            assert_eq!((error.asked, error.left, error.total), (asked, 1, 3));
        }
    }
    assert_eq!(progress.snapshot(), tally(3, 1, 0));
    assert_eq!(progress.add(1), Err(AddError::Sealed { added: 1, total: 3 }));
    assert_eq!(progress.fail(1), Ok(false));
    assert_eq!(
        progress.ticket().unwrap_err().to_string(),
        "1 task was asked for, but only 0 of 3 are left"
    );
    assert!(ticket.complete());
    assert_eq!((progress.complete(0), progress.fail(0)), (Ok(false), Ok(false)));
    assert_eq!(progress.snapshot(), tally(3, 2, 1));

    let progress = Progress::open();
    progress.add(u32::MAX - 1).unwrap();
    let error = progress.add(2).unwrap_err();
    assert_eq!(error, AddError::Overflow { added: 2, total: u32::MAX - 1 });
    assert_eq!(error.to_string(), "a total of 4294967294 and 2 is more than 4294967295");
    progress.add(1).unwrap();
    progress.seal();
    let error = progress.add(2).unwrap_err();
    assert_eq!(error.to_string(), "the total is final at 4294967295, 2 cannot be added");
}

#[test]
fn each_number_has_its_whole_range() {
    let progress = Progress::new(u32::MAX);
    assert_eq!(progress.complete(u32::MAX), Ok(true));
    assert_eq!(progress.snapshot(), tally(u32::MAX, u32::MAX, 0));
    let progress = Progress::new(u32::MAX);
    assert_eq!(progress.fail(u32::MAX - 1), Ok(false));
    assert_eq!(progress.snapshot().left(), 1);
    assert_eq!(progress.complete(1), Ok(true));
    assert_eq!(progress.snapshot(), tally(u32::MAX, 1, u32::MAX - 1));
}

#[test]
fn of_no_tasks_all_are_done() {
    assert!(Progress::new(0).is_finished());
    assert!(!Progress::new(0).seal(), "it was finished from the start");
    let progress = Progress::open();
    assert!(!progress.is_finished());
    assert!(progress.ticket().is_err());
    assert!(progress.seal());
    assert_eq!(progress.snapshot(), Tally::default());
}

#[cfg(feature = "alloc")]
#[test]
fn what_is_given_up_has_failed() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;

    let progress = Arc::new(Progress::new(4));
    drop(progress.ticket().unwrap());
    let ticket = Progress::ticket_owned(&progress).unwrap();
    let panicked = thread::spawn(move || {
        let _ticket = ticket;
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(panicked.join().is_err());
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ticket = progress.ticket().unwrap();
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    assert_eq!(progress.snapshot(), tally(4, 0, 3));
    Progress::ticket_owned(&progress).unwrap().complete();
    assert_eq!(progress.snapshot(), tally(4, 1, 3));
    assert_eq!(Arc::strong_count(&progress), 1, "each ticket let go");
}

#[test]
fn a_forgotten_ticket_is_never_counted() {
    let progress = Progress::new(2);
    std::mem::forget(progress.ticket().unwrap());
    assert_eq!(progress.complete(1), Ok(false));
    assert!(progress.complete(1).is_err());
    assert_eq!(progress.snapshot().left(), 1);
}

#[test]
fn lives_in_a_static_and_prints_its_tally() {
    static PROGRESS: Progress = Progress::new(3);
    PROGRESS.fail(1).unwrap();
    assert_eq!(format!("{PROGRESS:?}"), "Progress { total: 3, completed: 0, failed: 1, .. }");
    let shown = format!("{:?}", PROGRESS.ticket().unwrap());
    assert_eq!(shown, "Ticket { .. }");
}

#[test]
fn no_tasks_are_no_finish() {
    let nothing = Progress::new(0);
    assert!(nothing.is_finished());
    assert_eq!(
        (nothing.complete(0), nothing.fail(0), nothing.seal()),
        (Ok(false), Ok(false), false)
    );
    let open = Progress::open();
    assert_eq!(open.complete(0), Ok(false));
    assert!(open.seal(), "it is told, as it is the first call after the last task");
}

#[test]
fn who_finds_no_task_is_told_whether_more_may_come() {
    let progress = Progress::open();
    let sealed = |n| progress.complete(n).map_err(|error| (error.left, error.total, error.sealed));
    assert_eq!(sealed(1), Err((0, 0, false)));
    let error = progress.ticket().unwrap_err();
    assert_eq!(error.to_string(), "1 task was asked for, but only 0 of 0 so far are left");
    progress.add(2).unwrap();
    assert_eq!(sealed(3), Err((2, 2, false)));
    assert!(!progress.seal());
    assert_eq!(sealed(3), Err((2, 2, true)));
    assert_eq!(sealed(2), Ok(true));
    let error = progress.ticket().unwrap_err();
    assert_eq!(error.to_string(), "1 task was asked for, but only 0 of 2 are left");
}
