//! Queues and pipes that lose, repeat, reorder, lie or do not wake are found out.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use untorn_bench::contenders::handover::Moved;
use untorn_bench::contenders::pipes::End;
use untorn_bench::contenders::std::MutexDeque;
use untorn_bench::shapes::blocking::{self, Blocking};
use untorn_bench::shapes::bytes::{self, Pipe};
use untorn_bench::shapes::handover::{self, Handover};
use untorn_bench::shapes::mpmc::{self, Mpmc, shared};
use untorn_bench::shapes::spsc::batch::{self, BATCH, Batched, in_a_row};
use untorn_bench::shapes::spsc::{self, Item, Spsc};

const OPERATIONS: u64 = 2_000;
/// How long a check of a contender that is stuck goes on.
const PATIENCE: Duration = Duration::from_secs(1);

#[track_caller]
fn assert_found(result: Result<(), String>, expected: &str) {
    let why = result.expect_err("the contract was kept");
    assert!(why.contains(expected), "found something else: {why}");
}

/// Where a queue was made. What goes wrong elsewhere alone is not seen by checks on one thread.
#[derive(Clone, Copy)]
struct Home(ThreadId);

impl Home {
    fn here() -> Self {
        Self(thread::current().id())
    }

    fn is_elsewhere(self) -> bool {
        thread::current().id() != self.0
    }
}

/// Gives items out that are half of one and half of the one before.
struct Torn;

#[derive(Clone, Copy, Default)]
struct Pair([u64; 2]);

impl Item for Pair {
    fn of(number: u64) -> Self {
        Self([number; 2])
    }

    fn number(&self) -> Result<u64, String> {
        let [left, right] = self.0;
        if left == right { Ok(left) } else { Err(format!("{left} beside {right}")) }
    }
}

impl Spsc<Pair> for Torn {
    const NAME: &'static str = "torn";
    const PACKAGE: &'static str = "none";
    type Tx = <MutexDeque as Spsc>::Tx;
    type Rx = <MutexDeque as Spsc>::Rx;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        <MutexDeque as Spsc>::ring(capacity)
    }

    fn try_push(tx: &mut Self::Tx, item: Pair) -> bool {
        <MutexDeque as Spsc>::try_push(tx, item.0[0])
    }

    fn try_pop(rx: &mut Self::Rx) -> Option<Pair> {
        let number: u64 = <MutexDeque as Spsc>::try_pop(rx)?;
        Some(Pair([number, number.saturating_sub(1)]))
    }
}

#[test]
fn a_torn_item_is_found_out() {
    assert_found(spsc::contract::<Torn, Pair>(OPERATIONS), "1000000 beside 999999");
}

/// Takes a batch for which there is not room enough.
const OVERFULL: u8 = 0;
/// Shows all but the last item of a batch.
const SHORT: u8 = 1;
/// Swaps two items of each batch.
const SWAPS: u8 = 2;
/// Loses the last batch.
const LOSES: u8 = 3;
/// As it should be.
const SOUND: u8 = 4;

/// A deque of batches, broken in one way.
struct Batches<const HOW: u8>;

#[derive(Clone)]
struct BatchesEnd {
    items: Arc<Mutex<VecDeque<u64>>>,
    capacity: usize,
    home: Home,
}

impl<const HOW: u8> Batched for Batches<HOW> {
    const NAME: &'static str = "batches";
    const PACKAGE: &'static str = "none";
    type Tx = BatchesEnd;
    type Rx = BatchesEnd;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let end = BatchesEnd { items: Arc::default(), capacity, home: Home::here() };
        (end.clone(), end)
    }

    fn try_push(tx: &mut Self::Tx, first: u64) -> bool {
        let mut items = tx.items.lock().unwrap();
        let needed = if HOW == OVERFULL { 1 } else { BATCH };
        let fits = items.len() + needed <= tx.capacity;
        let lost = HOW == LOSES && tx.home.is_elsewhere() && first == 31 * BATCH as u64;
        if fits && !lost {
            let mut batch = in_a_row(first);
            if HOW == SWAPS {
                batch.swap(3, 4);
            }
            items.extend(batch);
        }
        fits
    }

    fn try_pop(rx: &mut Self::Rx, look: impl FnMut(u64)) -> bool {
        let mut items = rx.items.lock().unwrap();
        let enough = items.len() >= BATCH;
        if enough {
            let shown = if HOW == SHORT { BATCH - 1 } else { BATCH };
            items.drain(..BATCH).take(shown).for_each(look);
        }
        enough
    }
}

#[test]
fn broken_batches_are_found_out() {
    assert_eq!(batch::contract::<Batches<SOUND>>(OPERATIONS), Ok(()));
    let overfull = batch::contract::<Batches<OVERFULL>>(OPERATIONS);
    assert_found(overfull, "128 items went in where 64 fit");
    assert_found(batch::contract::<Batches<SHORT>>(OPERATIONS), "63 items came out of a batch");
    assert_found(batch::contract::<Batches<SWAPS>>(OPERATIONS), "expected 3, popped 4");
    let loses = batch::contract::<Batches<LOSES>>(OPERATIONS);
    assert_found(loses, "batch 31 of 32 was pushed and never came out");
}

/// Drops an item now and then.
const FORGETS: u8 = 10;
/// Gives an item out twice now and then.
const REPEATS: u8 = 11;
/// Gives out the latest item first.
const OVERTAKES: u8 = 12;
/// Says that it is empty now and then.
const SAYS_EMPTY: u8 = 13;
/// Says that it is full now and then.
const SAYS_FULL: u8 = 14;
/// Has room for one more.
const ROOMY: u8 = 15;

/// A queue for many threads, broken in one way where many are at work.
struct Many<const HOW: u8>;

#[derive(Clone)]
struct ManyEnd {
    items: Arc<Mutex<VecDeque<u64>>>,
    capacity: usize,
    calls: Arc<AtomicU64>,
    home: Home,
}

thread_local! {
    /// Whether this thread pushed before, and popped before.
    static DID: Cell<(bool, bool)> = const { Cell::new((false, false)) };
}

impl ManyEnd {
    /// Now and then, where many threads are at work.
    fn errs(&self) -> bool {
        self.calls.fetch_add(1, Relaxed) % 10 == 9 && self.home.is_elsewhere()
    }
}

impl<const HOW: u8> Mpmc for Many<HOW> {
    const NAME: &'static str = "many";
    const PACKAGE: &'static str = "none";
    type Tx = ManyEnd;
    type Rx = ManyEnd;

    fn queue(capacity: usize, producers: usize, consumers: usize) -> (Vec<ManyEnd>, Vec<ManyEnd>) {
        let (items, calls, home) = (Arc::default(), Arc::default(), Home::here());
        let capacity = if HOW == ROOMY { capacity + 1 } else { capacity };
        shared(&ManyEnd { items, capacity, calls, home }, producers, consumers)
    }

    fn try_push(tx: &mut ManyEnd, item: u64) -> bool {
        let (_, popped) = DID.replace((true, DID.get().1));
        let mut items = tx.items.lock().unwrap();
        let lies = HOW == SAYS_FULL && popped && items.len() > 500 && tx.errs();
        let fits = items.len() < tx.capacity && !lies;
        if fits && !(HOW == FORGETS && tx.errs()) {
            items.push_back(item);
        }
        fits
    }

    fn try_pop(rx: &mut ManyEnd) -> Option<u64> {
        let (pushed, _) = DID.replace((DID.get().0, true));
        let mut items = rx.items.lock().unwrap();
        match HOW {
            SAYS_EMPTY if pushed && rx.errs() => None,
            REPEATS if rx.errs() => items.front().copied(),
            OVERTAKES if rx.home.is_elsewhere() => items.pop_back(),
            _ => items.pop_front(),
        }
    }
}

#[test]
fn broken_queues_between_many_threads_are_found_out() {
    assert_eq!(mpmc::contract::<Many<SOUND>>(OPERATIONS), Ok(()));
    assert_found(mpmc::contract::<Many<ROOMY>>(OPERATIONS), "a queue of 1 took 2 items");
    assert_found(mpmc::contract::<Many<FORGETS>>(OPERATIONS), "was pushed and never came out");
    assert_found(mpmc::contract::<Many<REPEATS>>(OPERATIONS), "came out twice");
    assert_found(mpmc::contract::<Many<OVERTAKES>>(OPERATIONS), "came out after a later one");
    let empty = mpmc::contract::<Many<SAYS_EMPTY>>(OPERATIONS);
    assert_found(empty, "empty, says a queue with an item inside");
    let full = mpmc::contract::<Many<SAYS_FULL>>(OPERATIONS);
    assert_found(full, "full, says a queue with room for one");
}

/// Wakes nobody.
const MUTE: u8 = 20;
/// Waits without sleep.
const BUSY: u8 = 21;
/// Does not wait for an item.
const HASTY: u8 = 22;

/// Both ends of a queue whose waits are broken in one way.
struct Sleeping<const HOW: u8>;

struct SleepingEnd {
    items: Mutex<VecDeque<u64>>,
    changed: Condvar,
    capacity: usize,
    home: Home,
}

impl<const HOW: u8> Blocking for Sleeping<HOW> {
    const NAME: &'static str = "sleeping";
    const PACKAGE: &'static str = "none";
    type Tx = Arc<SleepingEnd>;
    type Rx = Arc<SleepingEnd>;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let capacity = if HOW == ROOMY { capacity + 1 } else { capacity };
        let (items, changed, home) = (Mutex::default(), Condvar::new(), Home::here());
        let end = Arc::new(SleepingEnd { items, changed, capacity, home });
        (Arc::clone(&end), end)
    }

    fn push(tx: &mut Self::Tx, item: u64) {
        let full = |items: &mut VecDeque<u64>| items.len() == tx.capacity;
        let mut items = tx.changed.wait_while(tx.items.lock().unwrap(), full).unwrap();
        if !(HOW == FORGETS && item == 1500) {
            items.push_back(item);
        }
        if HOW != MUTE {
            tx.changed.notify_one();
        }
    }

    fn pop(rx: &mut Self::Rx) -> u64 {
        while HOW == BUSY && rx.items.lock().unwrap().is_empty() {}
        let hasty = HOW == HASTY && rx.home.is_elsewhere();
        let empty = |items: &mut VecDeque<u64>| !hasty && items.is_empty();
        let mut items = rx.changed.wait_while(rx.items.lock().unwrap(), empty).unwrap();
        rx.changed.notify_one();
        items.pop_front().unwrap_or_default()
    }
}

#[test]
fn ends_that_do_not_sleep_or_wake_as_they_should_are_found_out() {
    assert_eq!(blocking::contract::<Sleeping<SOUND>>(OPERATIONS), Ok(()));
    assert_found(blocking::contract::<Sleeping<ROOMY>>(OPERATIONS), "a queue of 1 took 2 items");
    let forgets = blocking::contract::<Sleeping<FORGETS>>(OPERATIONS);
    assert_found(forgets, "expected 1500, popped 1501");
    let hasty = blocking::contract::<Sleeping<HASTY>>(OPERATIONS);
    assert_found(hasty, "7 went in, and 0 came out");
    let mute = blocking::contract_within::<Sleeping<MUTE>>(OPERATIONS, PATIENCE);
    assert_found(mute, "stuck: a thread sleeps on");
}

#[test]
#[cfg(target_os = "linux")]
fn a_wait_that_keeps_its_core_is_found_out() {
    // Where others use the machine, it may not get enough of it to be seen.
    let seen = (0..20).any(|_| {
        let busy = blocking::contract::<Sleeping<BUSY>>(OPERATIONS);
        busy.is_err_and(|why| why.contains("kept its core busy"))
    });
    assert!(seen);
}

/// Changes a byte on the way.
const CHANGES: u8 = 30;
/// Says too early that it is over.
const ENDS_EARLY: u8 = 31;
/// Never says that it is over.
const NEVER_ENDS: u8 = 32;
/// Says that there is nothing now, and does not wait.
const WAITS_NOT: u8 = 33;
/// Gives a byte out that nobody wrote, at the end.
const GOES_ON: u8 = 34;

/// The baseline's pipe, broken in one way.
struct Leaky<const HOW: u8>;

struct LeakyReader<const HOW: u8> {
    end: End,
    read: usize,
}

struct LeakyWriter<const HOW: u8>(ManuallyDrop<End>);

impl<const HOW: u8> Read for LeakyReader<HOW> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read > 1000 {
            match HOW {
                ENDS_EARLY => return Ok(0),
                WAITS_NOT => return Err(ErrorKind::WouldBlock.into()),
                _ => {}
            }
        }
        let read = self.end.read(into)?;
        if HOW == CHANGES && (self.read..self.read + read).contains(&1234) {
            into[1234 - self.read] ^= 1;
        }
        self.read += read;
        Ok(if HOW == GOES_ON && read == 0 { 1 } else { read })
    }
}

impl<const HOW: u8> Write for LeakyWriter<HOW> {
    fn write(&mut self, from: &[u8]) -> io::Result<usize> {
        self.0.write(from)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<const HOW: u8> Drop for LeakyWriter<HOW> {
    fn drop(&mut self) {
        if HOW != NEVER_ENDS {
            // SAFETY: it is dropped here alone, and is not used any more.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        }
    }
}

impl<const HOW: u8> Pipe for Leaky<HOW> {
    const NAME: &'static str = "leaky";
    const PACKAGE: &'static str = "none";
    type Writer = LeakyWriter<HOW>;
    type Reader = LeakyReader<HOW>;

    fn pipe(capacity: usize) -> (Self::Writer, Self::Reader) {
        let (writer, end) = MutexDeque::pipe(capacity);
        (LeakyWriter(ManuallyDrop::new(writer)), LeakyReader { end, read: 0 })
    }
}

#[test]
fn broken_pipes_are_found_out() {
    assert_eq!(bytes::contract::<Leaky<SOUND>>(OPERATIONS), Ok(()));
    assert_found(bytes::contract::<Leaky<CHANGES>>(OPERATIONS), "byte 1234 of 2000 is");
    assert_found(bytes::contract::<Leaky<ENDS_EARLY>>(OPERATIONS), "a read said 0 after 100");
    assert_found(bytes::contract::<Leaky<WAITS_NOT>>(OPERATIONS), "a read failed: ");
    assert_found(bytes::contract::<Leaky<GOES_ON>>(OPERATIONS), "byte 2000 of 2000 is");
    let endless = bytes::contract_within::<Leaky<NEVER_ENDS>>(OPERATIONS, PATIENCE);
    assert_found(endless, "stuck: a thread sleeps on");
}

/// Hands over a word that was not made.
struct Damages;

impl Handover for Damages {
    const NAME: &'static str = "damages";
    const PACKAGE: &'static str = "none";
    type Tx = <Moved as Handover>::Tx;
    type Rx = <Moved as Handover>::Rx;

    fn ends() -> (Self::Tx, Self::Rx) {
        Moved::ends()
    }

    fn send(tx: &mut Self::Tx, mut make: impl FnMut(&mut [u64])) {
        Moved::send(tx, |words| {
            make(words);
            words[77] = 7;
        });
    }

    fn receive(rx: &mut Self::Rx, look: impl FnMut(&[u64])) {
        Moved::receive(rx, look);
    }
}

/// Hands over all but the last word.
struct Truncates;

impl Handover for Truncates {
    const NAME: &'static str = "truncates";
    const PACKAGE: &'static str = "none";
    type Tx = <Moved as Handover>::Tx;
    type Rx = <Moved as Handover>::Rx;

    fn ends() -> (Self::Tx, Self::Rx) {
        Moved::ends()
    }

    fn send(tx: &mut Self::Tx, make: impl FnMut(&mut [u64])) {
        Moved::send(tx, make);
    }

    fn receive(rx: &mut Self::Rx, mut look: impl FnMut(&[u64])) {
        Moved::receive(rx, |words| look(&words[..words.len() - 1]));
    }
}

#[test]
fn a_handover_that_changes_or_drops_words_is_found_out() {
    assert_found(handover::contract::<Damages>(OPERATIONS), "expected 77, and 7 came");
    assert_found(handover::contract::<Truncates>(OPERATIONS), "131072 words were sent, and 131071");
}
