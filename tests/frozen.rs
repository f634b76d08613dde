//! What a stalled writer may hold up, and what not: the writer is frozen in the worst place.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use untorn::mpmc::{PopTimeoutError, PushTimeoutError, Queue, TryPopError, TryPushError};
use untorn::rcu::Policy;
use untorn::{Latest, Rcu, SeqLock, Snapshot, pause_points};

mod support;
use support::tasks::{Wakes, block_on, poll};

/// Long enough that a thread is asleep in nearly every run.
const SOON: Duration = Duration::from_millis(20);

thread_local! {
    /// Where this thread is to stand still, once.
    static FREEZE: RefCell<Option<Freeze>> = const { RefCell::new(None) };
    /// Whether this thread is to be cut short by a panic at the next point, once.
    static CUT_SHORT: Cell<bool> = const { Cell::new(false) };
    /// What this thread does at each point that it passes.
    static MEANWHILE: Cell<fn(&str)> = const { Cell::new(|_| {}) };
}

struct Freeze {
    point: &'static str,
    reached: Sender<()>,
    go_on: Receiver<()>,
}

fn hook(point: &'static str) {
    assert!(!CUT_SHORT.take(), "cut short");
    MEANWHILE.get()(point);
    let chosen = FREEZE.with_borrow_mut(|freeze| freeze.take_if(|freeze| freeze.point == point));
    if let Some(freeze) = chosen {
        freeze.reached.send(()).expect("the test waits for it");
        freeze.go_on.recv().expect("the test lets it go on");
    }
}

/// Runs `write` on a thread until it stands still at `point`, then `observe`, then lets it finish.
fn while_frozen(point: &'static str, write: impl FnOnce() + Send, observe: impl FnOnce()) {
    pause_points::set_hook(hook);
    let (reached_sender, reached) = channel();
    let (go_on_sender, go_on) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            FREEZE.set(Some(Freeze { point, reached: reached_sender, go_on }));
            write();
        });
        reached.recv().expect("the writer passes the point");
        observe();
        go_on_sender.send(()).expect("the writer waits");
    });
}

fn readers_complete<const N: usize>() {
    let cell = Snapshot::<[u64; 8], N>::with_slots([1; 8]);
    while_frozen(
        "snapshot.publish.filled",
        || cell.publish([2; 8]),
        || {
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for _ in 0..100 {
                            assert_eq!(cell.try_read(), Some([1; 8]), "the first try succeeds");
                            assert_eq!(cell.read(), [1; 8]);
                        }
                    });
                }
            });
        },
    );
    assert_eq!(cell.read(), [2; 8]);
}

#[test]
fn a_writer_frozen_inside_publish_holds_up_no_reader() {
    readers_complete::<2>();
    readers_complete::<3>();
    readers_complete::<4>();
}

/// Nor does one hold up the readers of a register, whether they have news to fetch or not.
#[test]
fn a_writer_frozen_inside_publish_holds_up_no_reader_of_a_register() {
    let mut register = Latest::<_, 2>::new(String::from("first"));
    let (mut writer, [mut behind, mut ahead]) = register.split();
    writer.publish("second".into());
    assert_eq!(ahead.read(), "second");
    while_frozen(
        "latest.publish.filled",
        || writer.publish("third".into()),
        || {
            assert_eq!(behind.read(), "second");
            for _ in 0..100 {
                assert_eq!((behind.read().as_str(), ahead.read().as_str()), ("second", "second"));
            }
        },
    );
    assert_eq!((behind.read().as_str(), ahead.read().as_str()), ("third", "third"));
}

/// A publish that is cut short after its slot is filled is no publish, and loses nothing.
#[test]
fn a_publish_after_one_that_was_cut_short_goes_on() {
    pause_points::set_hook(hook);
    let mut register = Latest::<_, 1>::new(String::from("first"));
    let (mut writer, [mut reader]) = register.split();
    CUT_SHORT.set(true);
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        writer.publish("second".into());
    }));
    assert!(cut.is_err());
    assert_eq!(reader.read(), "first");
    writer.publish("third".into());
    assert_eq!(reader.read(), "third");
}

/// A thread that stands still just before it publishes stops neither readers nor other writers.
#[test]
fn a_writer_frozen_before_it_publishes_stops_nobody() {
    let cell = Rcu::with_policy(1, Policy::Prompt);
    while_frozen(
        "rcu.publish.ready",
        || cell.store(2),
        || {
            let reader = cell.reader();
            assert_eq!((*cell.read(), *reader.read()), (1, 1));
            cell.store(3);
            assert_eq!((*cell.read(), *reader.read()), (3, 3));
        },
    );
    // It lost the race, tried again, and came last.
    assert_eq!((*cell.read(), cell.pending()), (2, 0));
}

/// Where a reader must not stand still: everything is kept until it goes on, and nobody waits for it.
#[test]
fn a_reader_frozen_as_it_picks_a_value_up_holds_back_reclaiming_alone() {
    let cell = Rcu::with_policy(0, Policy::Prompt);
    while_frozen(
        "rcu.read.announced",
        || assert_eq!(*cell.read(), 100),
        || {
            for value in 1..=100 {
                cell.store(value);
                assert_eq!(*cell.read(), value);
            }
            assert_eq!((cell.pending(), cell.try_reclaim()), (100, 0));
        },
    );
    // The reader freed them all when it dropped its guard.
    assert_eq!(cell.pending(), 0);
}

/// The difference that the documentation states: a sequence lock's readers do wait for its writer.
#[test]
fn a_writer_frozen_inside_write_turns_readers_of_a_seqlock_away() {
    let cell = SeqLock::new([1_u64; 8]);
    while_frozen(
        "seqlock.write.odd",
        || cell.write([2; 8]),
        || {
            assert_eq!(cell.try_read(), None);
            assert!(cell.try_writer().is_none());
        },
    );
    assert_eq!(cell.try_read(), Some([2; 8]));
}

/// A write that is cut short leaves the cell closed to readers, and the next one makes it whole.
#[test]
fn a_write_after_one_that_was_cut_short_makes_the_cell_whole() {
    pause_points::set_hook(hook);
    let cell = SeqLock::new([1_u64; 8]);
    CUT_SHORT.set(true);
    let cut = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cell.write([2; 8])));
    assert!(cut.is_err());
    assert_eq!(cell.try_read(), None);
    cell.write([3; 8]);
    assert_eq!(cell.try_read(), Some([3; 8]));
}

/// `update` runs its closure before the write begins, so a slow closure holds up no reader.
#[test]
fn a_slow_update_holds_up_no_reader() {
    let cell = SeqLock::new([1_u64; 8]);
    let (entered_sender, entered) = channel();
    let (go_on, go_on_receiver) = channel::<()>();
    thread::scope(|scope| {
        let cell = &cell;
        scope.spawn(move || {
            cell.update(|value| {
                entered_sender.send(()).unwrap();
                go_on_receiver.recv().unwrap();
                *value = [2; 8];
            });
        });
        entered.recv().unwrap();
        assert_eq!(cell.try_read(), Some([1; 8]));
        assert_eq!(cell.read(), [1; 8]);
        go_on.send(()).unwrap();
    });
    assert_eq!(cell.read(), [2; 8]);
}

/// What a queue says while a push stands still between its claim and its end: it is not empty, though
/// the first value is not there, and a second one behind it is.
#[test]
fn a_push_frozen_inside_makes_pops_busy_and_loses_no_wake() {
    let queue = Queue::new(4);
    while_frozen(
        "mpmc.push.claimed",
        || queue.try_push(1).unwrap(),
        || {
            assert_eq!(queue.try_pop(), Err(TryPopError::Busy));
            queue.try_push(2).unwrap();
            assert_eq!(queue.try_pop(), Err(TryPopError::Busy));
            assert_eq!((queue.len(), queue.is_empty()), (2, false));
            assert_eq!(queue.pop_timeout(SOON), Err(PopTimeoutError::Timeout));

            // A task asks to be polled again, and does not sleep.
            let (wakes, waker) = Wakes::new();
            let mut pop = queue.pop_async();
            assert!(poll(Pin::new(&mut pop), &waker).is_pending());
            assert_eq!(wakes.count(), 1);
            drop(pop);

            // Closing changes nothing of that: two values are to come.
            queue.close();
            assert_eq!(queue.try_pop(), Err(TryPopError::Busy));
            assert_eq!(queue.try_push(3), Err(TryPushError::Closed(3)));
        },
    );
    assert_eq!((queue.try_pop(), queue.try_pop()), (Ok(1), Ok(2)));
    assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
}

/// The same for a pop that stands still: the queue is not full, and its slot is not free.
#[test]
fn a_pop_frozen_inside_makes_pushes_busy() {
    for capacity in [1, 2] {
        let queue = Queue::new(capacity);
        (0..capacity).for_each(|i| queue.try_push(i).unwrap());
        assert_eq!(queue.try_push(9), Err(TryPushError::Full(9)));
        while_frozen(
            "mpmc.pop.taken",
            || assert_eq!(queue.try_pop(), Ok(0)),
            || {
                assert_eq!(queue.try_push(9), Err(TryPushError::Busy(9)));
                assert!(!queue.is_full());
                assert_eq!(queue.len(), capacity - 1);
                assert_eq!(queue.push_timeout(9, SOON), Err(PushTimeoutError::Timeout(9)));
                let (wakes, waker) = Wakes::new();
                assert!(poll(Pin::new(&mut queue.push_async(9)), &waker).is_pending());
                assert_eq!(wakes.count(), 1);
                // The rest can be popped, and then it is empty.
                (1..capacity).for_each(|i| assert_eq!(queue.try_pop(), Ok(i)));
                assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
                assert!(queue.is_empty());
            },
        );
        assert_eq!(queue.try_push(9), Ok(()));
    }
}

/// A closed queue whose last value is being popped is empty, but not shut yet.
#[test]
fn a_last_pop_frozen_inside_makes_pops_of_a_closed_queue_busy() {
    let queue = Queue::new(1);
    queue.try_push(1).unwrap();
    while_frozen(
        "mpmc.pop.taken",
        || assert_eq!(queue.try_pop(), Ok(1)),
        || {
            assert_eq!(queue.try_pop(), Err(TryPopError::Empty));
            queue.close();
            assert!(queue.is_empty());
            assert_eq!(queue.try_pop(), Err(TryPopError::Busy));
            assert_eq!(queue.try_push(2), Err(TryPushError::Closed(2)));
        },
    );
    assert!(queue.is_empty());
    assert_eq!(queue.try_pop(), Err(TryPopError::Closed));
}

/// A batch beside somebody who makes room, or values, all the while ends when as many values as fit
/// have passed, so that those who sleep hear of them.
#[test]
fn a_batch_ends_after_as_many_values_as_fit() {
    static QUEUE: LazyLock<Queue<usize>> = LazyLock::new(|| Queue::new(2));
    pause_points::set_hook(hook);

    MEANWHILE.set(|point| {
        if point == "mpmc.push.claimed" {
            let _ = QUEUE.try_pop();
        }
    });
    let mut values = (0..10).collect();
    assert_eq!(QUEUE.try_push_many(&mut values), Ok(2));
    assert_eq!(values, [2, 3, 4, 5, 6, 7, 8, 9]);

    MEANWHILE.set(|_| {});
    assert_eq!((QUEUE.try_push(2), QUEUE.len()), (Ok(()), 2));
    MEANWHILE.set(|point| {
        if point == "mpmc.pop.taken" {
            let _ = QUEUE.try_push(3);
        }
    });
    let mut popped = Vec::with_capacity(100);
    assert_eq!(QUEUE.try_pop_many(&mut popped, 10), Ok(2));
    assert_eq!((popped, QUEUE.len()), (vec![1, 2], 1));
    MEANWHILE.set(|_| {});
}

/// Two sleep, a push stands still, another one is done behind it and has woken one of them for nothing.
/// When the first push goes on, both get their value: the wake was not lost.
#[test]
fn a_wake_for_a_value_behind_a_frozen_push_is_not_lost() {
    for tasks in [false, true] {
        let queue = Queue::new(4);
        let pop = || match tasks {
            true => block_on(queue.pop_async(), None).unwrap(),
            false => queue.pop(),
        };
        let mut popped = thread::scope(|scope| {
            let sleepers = [(); 2].map(|()| scope.spawn(pop));
            thread::sleep(SOON);
            while_frozen(
                "mpmc.push.claimed",
                || queue.try_push(1).unwrap(),
                || {
                    queue.try_push(2).unwrap();
                    thread::sleep(SOON);
                    // One that is told of the second, and goes: it hands that on.
                    assert_eq!(queue.pop_timeout(SOON), Err(PopTimeoutError::Timeout));
                },
            );
            sleepers.map(|sleeper| sleeper.join().unwrap())
        });
        popped.sort_unstable_by_key(|popped| popped.unwrap());
        assert_eq!(popped, [Ok(1), Ok(2)]);
    }
}

/// A sleeper that sees a peer in the middle naps, and burns no processor.
#[cfg(target_os = "linux")]
#[test]
fn a_pop_behind_a_frozen_push_sleeps() {
    let queue = Queue::new(1);
    while_frozen(
        "mpmc.push.claimed",
        || queue.try_push(1).unwrap(),
        || {
            let before = processor_time();
            assert_eq!(queue.pop_timeout(10 * SOON), Err(PopTimeoutError::Timeout));
            let used = processor_time() - before;
            assert!(used < SOON, "{used:?} of {:?}", 10 * SOON);
        },
    );
    assert_eq!(queue.try_pop(), Ok(1));
}

/// What this thread has used.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is writable, and the clock exists.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
