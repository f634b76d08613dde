//! Who has a slot of the sharded counters, and when it is free again. One test: the slots are those of
//! the process.
#![cfg(feature = "std")]

use std::cell::Cell;
use std::sync::{Barrier, mpsc};
use std::thread;

use untorn::ShardedCounter;
use untorn::counter::LocalCounter;

static ONE: ShardedCounter<1> = ShardedCounter::new();
static TWO: ShardedCounter<2> = ShardedCounter::new();
static ADDS: ShardedCounter<2> = ShardedCounter::new();

/// Whether the lowest slot is free.
fn first_is_free() -> bool {
    ONE.local().has_slot()
}

/// How many of the two lowest slots are free.
fn free_of_two() -> usize {
    let locals = [TWO.local(), TWO.local()];
    locals.iter().filter(|local| local.has_slot()).count()
}

/// Runs `part` on a thread of its own, to its very end.
fn on_a_thread(part: impl FnOnce() + Send + 'static) {
    thread::spawn(part).join().expect("the part passes");
}

/// Adds one so many times when the thread ends.
struct Last(Cell<u64>);

/// Where threads that end with many adds meet the main one.
static MEETING: Barrier = Barrier::new(2);
const MANY: u64 = if cfg!(miri) { 100 } else { 100_000 };

impl Drop for Last {
    fn drop(&mut self) {
        if self.0.get() == MANY {
            MEETING.wait();
        }
        (0..self.0.get()).for_each(|_| ADDS.increment());
    }
}

thread_local! {
    static LAST: Last = const { Last(Cell::new(0)) };
}

#[test]
fn slots_are_given_back_in_every_state() {
    a_thread_keeps_its_slot_while_it_lives();
    adds_of_destructors_count();
    a_panic_gives_the_slot_back();
    a_thread_changes_to_a_lower_slot();
    handles_move_between_threads();
    a_forgotten_handle_keeps_its_slot();
}

fn a_thread_keeps_its_slot_while_it_lives() {
    assert!(first_is_free());
    let (done, wait) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        ONE.increment();
        tell.send(()).unwrap();
        wait.recv().unwrap();
        ONE.increment();
    });
    told.recv().unwrap();
    assert!(!first_is_free());
    ONE.local().add(10);
    done.send(()).unwrap();
    thread.join().unwrap();
    assert!(first_is_free());
    assert_eq!(ONE.take(), 12);
}

fn adds_of_destructors_count() {
    // The destructors of a thread run in an order of the system's choice: both are tried.
    for first_counts in [true, false] {
        let ends_with = |adds| {
            move || {
                if first_counts {
                    ADDS.add(1_000);
                }
                LAST.with(|last| last.0.set(adds));
                if !first_counts {
                    ADDS.add(1_000);
                }
            }
        };
        on_a_thread(ends_with(2));
        assert_eq!(free_of_two(), 2);
        assert_eq!(ADDS.take(), 1_002);

        // Meanwhile the slot may have its next owner: us.
        let thread = thread::spawn(ends_with(MANY));
        MEETING.wait();
        let local = ADDS.local();
        assert!(local.has_slot());
        (0..MANY).for_each(|_| local.increment());
        thread.join().unwrap();
        assert_eq!(ADDS.take(), 1_000 + 2 * MANY);
    }
    // The thread's first add is that of a destructor.
    on_a_thread(|| LAST.with(|last| last.0.set(2)));
    assert_eq!(free_of_two(), 2);
    assert_eq!(ADDS.take(), 2);
}

fn a_panic_gives_the_slot_back() {
    let thread = thread::spawn(|| {
        ONE.increment();
        // No message: nothing went wrong.
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(thread.join().is_err());
    assert!(first_is_free());
    assert_eq!(ONE.take(), 1);
}

fn a_thread_changes_to_a_lower_slot() {
    let first = ONE.local();
    assert!(first.has_slot());
    on_a_thread(move || {
        TWO.increment();
        assert_eq!(free_of_two(), 0, "we have the second");
        ONE.increment(); // finds no slot
        drop(first);
        assert!(first_is_free());
        ONE.increment(); // finds the first, and gives back the second
        assert!(!first_is_free());
        assert_eq!(free_of_two(), 1);
        TWO.increment();
    });
    assert_eq!((ONE.take(), TWO.take(), free_of_two()), (2, 2, 2));
}

fn handles_move_between_threads() {
    let local: LocalCounter<'static> = ONE.local();
    local.increment();
    on_a_thread(move || {
        ONE.increment();
        local.increment();
    });
    assert!(first_is_free());
    assert_eq!(ONE.take(), 3);
}

fn a_forgotten_handle_keeps_its_slot() {
    std::mem::forget(ONE.local());
    assert!(!first_is_free());
    ONE.increment();
    on_a_thread(|| ONE.increment());
    assert_eq!(ONE.take(), 2, "exact all the same");
}
