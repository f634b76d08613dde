//! EventCount: the hunt for a wake that is lost. Where one is, nobody else comes to the rescue: each
//! part of these programs waits for an answer before it goes on.
//!
//! The long one, ten million handshakes:
//! `cargo test --release --test event_count_hunt -- --ignored`
#![cfg(feature = "std")]

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::task::Waker;
use std::thread;
use std::time::{Duration, Instant};

use untorn::wait::EventCount;

mod support;
use support::tasks::{block_on, poll};
use support::threads::Random;
use support::{PATIENCE, rounds};

/// Two threads take turns, each with an event count of its own; one turn in `slow`, on average, a
/// thread dawdles before it looks, so that it meets the other at each point of its way to sleep.
fn handshakes(turns: usize, slow: u64) {
    let turn = AtomicUsize::new(0);
    let events = [EventCount::new(), EventCount::new()];
    let player = |us: usize| {
        let (turn, events) = (&turn, &events);
        move || {
            let mut random = Random(us as u64 + 1);
            for ours in (us..turns).step_by(2) {
                if random.below(slow) == 0 {
                    // Up to as long as it takes to wake the other.
                    (0..random.below(1_000)).for_each(|_| std::hint::spin_loop());
                }
                let come = || (turn.load(Acquire) == ours).then_some(());
                let came = events[us].wait_until_timeout(PATIENCE, come);
                assert!(came.is_some(), "the wake for turn {ours} was lost");
                turn.store(ours + 1, Release);
                events[1 - us].notify(1);
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(player(0));
        scope.spawn(player(1));
    });
    assert_eq!(turn.load(Relaxed), turns);
}

#[test]
fn no_wake_is_lost_in_many_handshakes() {
    handshakes(rounds(250_000), 3);
    handshakes(rounds(50_000), 1);
}

#[test]
#[ignore = "takes minutes"]
fn no_wake_is_lost_in_ten_million_handshakes() {
    handshakes(5_000_000, 3);
    handshakes(5_000_000, 100);
}

/// Several consumers and one notification for each item. A consumer that finds an item without having
/// slept may have been notified for it, or for another, which somebody else needs then.
///
/// The producer sends some items, not more than there are consumers, and waits until they are gone.
fn one_notification_an_item(batches: usize, consume: impl Fn(&Queue, &mut Random) -> bool + Sync) {
    const CONSUMERS: usize = 3;
    let queue = Queue::default();
    thread::scope(|scope| {
        for id in 0..CONSUMERS {
            let (queue, consume) = (&queue, &consume);
            scope.spawn(move || {
                let mut random = Random(id as u64 + 1);
                while consume(queue, &mut random) {
                    queue.consumed.fetch_add(1, Release);
                    queue.gone.notify_all();
                }
            });
        }
        let (mut random, mut sent) = (Random(99), 0);
        for _ in 0..batches {
            for _ in 0..=random.below(CONSUMERS as u64) {
                sent += 1;
                queue.send(false);
            }
            let all = || (queue.consumed.load(Acquire) == sent).then_some(());
            let gone = queue.gone.wait_until_timeout(PATIENCE, all);
            if gone.is_none() {
                // Lets everybody go, so that this fails and does not hang.
                (0..2 * CONSUMERS).for_each(|_| queue.send(true));
                queue.filled.notify_all();
                panic!("a notification was lost with {sent} items sent");
            }
        }
        (0..CONSUMERS).for_each(|_| queue.send(true));
    });
}

/// Items, each of which may be the last.
#[derive(Default)]
struct Queue {
    items: Mutex<VecDeque<bool>>,
    length: AtomicUsize,
    filled: EventCount,
    consumed: AtomicUsize,
    gone: EventCount,
}

impl Queue {
    fn send(&self, last: bool) {
        self.items.lock().unwrap().push_back(last);
        self.length.fetch_add(1, Relaxed);
        self.filled.notify(1);
    }

    /// Looks without the mutex first, as a lock-free queue would: with it, nothing could be missed.
    fn receive(&self) -> Option<bool> {
        if self.length.load(Relaxed) == 0 {
            return None;
        }
        let item = self.items.lock().unwrap().pop_front();
        self.length.fetch_sub(usize::from(item.is_some()), Relaxed);
        item
    }
}

#[test]
fn no_item_is_left_with_consumers_asleep() {
    one_notification_an_item(rounds(40_000), |queue, _| {
        !queue.filled.wait_until(|| queue.receive())
    });
}

/// The same for consumers that look now and then with little patience, and listen in all other ways.
#[test]
fn no_item_is_left_with_consumers_that_give_up() {
    one_notification_an_item(rounds(20_000), |queue, random| {
        loop {
            let item = match random.below(4) {
                0 => {
                    let timeout = Duration::from_micros(random.below(50));
                    queue.filled.wait_until_timeout(timeout, || queue.receive())
                }
                1 => {
                    // Notified or not, it looks once more.
                    let deadline = Instant::now() + Duration::from_micros(random.below(50));
                    let listener = queue.filled.listen();
                    let item = queue.receive();
                    if item.is_none() {
                        _ = listener.wait_deadline(deadline);
                    }
                    item.or_else(|| queue.receive())
                }
                2 => {
                    let listener = queue.filled.listen();
                    let item = queue.receive();
                    if item.is_none() {
                        block_on(listener, None);
                    }
                    item.or_else(|| queue.receive())
                }
                _ => {
                    // Polled, and dropped without a further look: what it was told, it must use.
                    let mut listener = queue.filled.listen();
                    let told = poll(Pin::new(&mut listener), Waker::noop()).is_ready();
                    drop(listener);
                    if told { queue.receive() } else { None }
                }
            };
            if let Some(last) = item {
                return !last;
            }
        }
    });
}
