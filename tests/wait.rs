//! Waiting for words, with threads: the public contract.
#![cfg(feature = "std")]

use std::fmt::Debug;
use std::ptr;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicPtr, AtomicU8,
    AtomicU16, AtomicU32, AtomicU64, AtomicUsize,
};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use untorn::wait::{self, Outcome, Waitable, notify, notify_all, wait_timeout, waiting};

mod support;
use support::threads::{Random, until};
use support::{PATIENCE, rounds};

const NAP: Duration = Duration::from_millis(30);

/// What holds for a word of any width, which holds `value` and not `other`.
fn any_word<A>(word: A, value: A::Value, other: A::Value)
where
    A: Waitable<Value: Debug + Send> + Send + Sync + 'static,
{
    assert_eq!(wait::wait(&word, other), Outcome::NotEqual);
    assert_eq!(wait_timeout(&word, other, Duration::ZERO), Outcome::NotEqual);
    assert_eq!(wait_timeout(&word, value, Duration::ZERO), Outcome::TimedOut);
    assert_eq!(wait::wait_deadline(&word, value, Instant::now()), Outcome::TimedOut);
    assert_eq!((notify(&word, 1), notify_all(&word), waiting(&word)), (0, 0, 0));

    let word = Arc::new(word);
    let sleeping = thread::spawn({
        let word = Arc::clone(&word);
        move || wait::wait(&*word, value)
    });
    until(|| waiting(&*word) == 1);
    assert_eq!(notify(&*word, 2), 1);
    assert_eq!(sleeping.join().unwrap(), Outcome::Woken);
    assert_eq!(waiting(&*word), 0);
}

/// Also such values as another width or another sign would mistake for each other.
#[test]
fn every_width() {
    any_word(AtomicBool::new(false), false, true);
    any_word(AtomicBool::new(true), true, false);
    any_word(AtomicI8::new(-1), -1, 0);
    any_word(AtomicU8::new(u8::MAX), u8::MAX, 0);
    any_word(AtomicI16::new(-1), -1, 0xFF);
    any_word(AtomicU16::new(u16::MAX), u16::MAX, 0xFF);
    any_word(AtomicI32::new(-1), -1, 0xFFFF);
    any_word(AtomicU32::new(u32::MAX), u32::MAX, 0xFFFF);
    any_word(AtomicI64::new(-1), -1, 0xFFFF_FFFF);
    any_word(AtomicU64::new(1 << 32), 1 << 32, 0);
    any_word(AtomicU64::new(u64::MAX), u64::MAX, 0xFFFF_FFFF);
    any_word(AtomicIsize::new(isize::MIN), isize::MIN, 0);
    any_word(AtomicUsize::new(usize::MAX), usize::MAX, 0);
}

#[test]
fn pointers_can_be_waited_for() {
    static PLACES: [u64; 2] = [0; 2];
    static POINTER: AtomicPtr<u64> = AtomicPtr::new(ptr::null_mut());
    let [first, second] = PLACES.each_ref().map(|place| ptr::from_ref(place).cast_mut());
    POINTER.store(first, Relaxed);
    assert_eq!(wait::wait(&POINTER, second), Outcome::NotEqual);
    assert_eq!(wait::wait(&POINTER, ptr::null_mut()), Outcome::NotEqual);
    let sleeping = thread::spawn(|| wait::wait(&POINTER, ptr::from_ref(&PLACES[0]).cast_mut()));
    until(|| waiting(&POINTER) == 1);
    assert_eq!(notify_all(&POINTER), 1);
    assert_eq!(sleeping.join().unwrap(), Outcome::Woken);
}

/// Neighbouring bytes share a cache line and all wider words, and are none the wiser.
#[test]
fn neighbours_are_not_woken() {
    let bytes: Arc<[AtomicU8; 16]> = Arc::default();
    let (sender, woken) = mpsc::channel();
    for index in 0..bytes.len() {
        let (bytes, sender) = (Arc::clone(&bytes), sender.clone());
        thread::spawn(move || _ = sender.send((index, wait::wait(&bytes[index], 0))));
    }
    bytes.iter().for_each(|byte| until(|| waiting(byte) == 1));
    for index in [3, 0, 15, 1, 2, 8] {
        assert_eq!(notify_all(&bytes[index]), 1);
        assert_eq!(woken.recv_timeout(PATIENCE), Ok((index, Outcome::Woken)));
    }
    assert_eq!(bytes.iter().map(|byte| waiting(byte)).sum::<usize>(), 10);
    assert_eq!(bytes.iter().map(|byte| notify_all(byte)).sum::<usize>(), 10);
}

/// Threads that queue up one after the other are woken in that order, however many at a time.
#[test]
fn first_come_first_served() {
    const THREADS: usize = 40;
    let word: Arc<AtomicU32> = Arc::default();
    let (sender, woken) = mpsc::channel();
    for id in 0..THREADS {
        let (ours, sender) = (Arc::clone(&word), sender.clone());
        thread::spawn(move || _ = sender.send((id, wait::wait(&*ours, 0))));
        until(|| waiting(&*word) == id + 1);
    }
    let mut next = 0;
    for count in [1, 2, 5, 0, 1, 3, 10, 1, THREADS] {
        let expected = count.min(THREADS - next);
        assert_eq!(notify(&*word, count), expected);
        assert_eq!(waiting(&*word), THREADS - next - expected);
        let mut ids: Vec<_> = (0..expected)
            .map(|_| woken.recv_timeout(PATIENCE).expect("whoever is counted comes back"))
            .map(|(id, outcome)| (outcome == Outcome::Woken).then_some(id))
            .collect();
        // Who was woken together may run in any order.
        ids.sort_unstable();
        assert_eq!(ids, (next..next + expected).map(Some).collect::<Vec<_>>());
        next += expected;
    }
    assert_eq!(next, THREADS);
}

/// Whoever runs out of time leaves the queue from the middle, and the others keep their places.
#[test]
fn who_leaves_does_not_disturb_the_order() {
    static GONE: AtomicUsize = AtomicUsize::new(0);
    let word: Arc<AtomicU32> = Arc::default();
    let (sender, ended) = mpsc::channel();
    for id in 0..9 {
        let (ours, sender) = (Arc::clone(&word), sender.clone());
        let timeout = if id % 3 == 1 { 3 * NAP } else { PATIENCE };
        thread::spawn(move || {
            let outcome = wait_timeout(&*ours, 0, timeout);
            GONE.fetch_add(1, Relaxed);
            sender.send((id, outcome)).expect("the test listens");
        });
        // On a busy machine the time of one may be over before the next comes.
        until(|| waiting(&*word) + GONE.load(Relaxed) > id);
    }
    let mut gone: Vec<_> = (0..3).map(|_| ended.recv_timeout(PATIENCE).unwrap()).collect();
    gone.sort_unstable_by_key(|(id, _)| *id);
    assert_eq!(gone, [1, 4, 7].map(|id| (id, Outcome::TimedOut)));
    for id in [0, 2, 3, 5, 6, 8] {
        assert_eq!(notify(&*word, 1), 1);
        assert_eq!(ended.recv_timeout(PATIENCE), Ok((id, Outcome::Woken)));
    }
    assert_eq!(waiting(&*word), 0);
}

/// Whatever the schedule, as many waits end as woken as notifiers were told; and none of them as
/// anything else than woken or out of time.
#[test]
fn counts_are_exact_under_races() {
    static WORDS: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];
    const WAITERS: usize = 4;
    let running = AtomicUsize::new(WAITERS);
    let (woken, counted) = thread::scope(|scope| {
        let waiters: Vec<_> = (0..WAITERS)
            .map(|id| {
                let running = &running;
                scope.spawn(move || {
                    let (mut random, mut woken) = (Random(id as u64 + 1), [0; 2]);
                    for round in 0..rounds(10_000) {
                        // Many run out of time just when they are notified.
                        let timeout = Duration::from_micros(random.below(60));
                        match wait_timeout(&WORDS[round % 2], 0, timeout) {
                            Outcome::Woken => woken[round % 2] += 1,
                            Outcome::TimedOut => {}
                            Outcome::NotEqual => panic!("nobody changes the word"),
                        }
                    }
                    running.fetch_sub(1, Relaxed);
                    woken
                })
            })
            .collect();
        let notifiers: Vec<_> = (0..2)
            .map(|id| {
                let running = &running;
                scope.spawn(move || {
                    let (mut random, mut counted) = (Random(id + 77), [0; 2]);
                    while running.load(Relaxed) != 0 {
                        let index = random.below(2) as usize;
                        let most = random.below(4) as usize;
                        let count = notify(&WORDS[index], most);
                        assert!(count <= most);
                        counted[index] += count;
                        thread::yield_now();
                    }
                    counted
                })
            })
            .collect();
        let sum = |threads: Vec<thread::ScopedJoinHandle<'_, [usize; 2]>>| {
            threads
                .into_iter()
                .map(|thread| thread.join().expect("no panic"))
                .fold([0; 2], |[a, b], [c, d]| [a + c, b + d])
        };
        (sum(waiters), sum(notifiers))
    });
    assert_eq!(woken, counted);
    assert!(woken.iter().all(|count| *count > 0), "some were in time");
    assert_eq!(WORDS.each_ref().map(|word| waiting(word)), [0, 0]);
}

/// A turn that two threads hand to each other, with plain stores: a wake that is lost stops them.
#[test]
fn no_wake_is_lost_in_many_handshakes() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let last = rounds(60_000) as u32;
    let player = |remainder: u32| {
        move || {
            let mut turn = remainder;
            while turn < last {
                loop {
                    let now = TURN.load(Acquire);
                    if now == turn {
                        break;
                    }
                    let outcome = wait_timeout(&TURN, now, PATIENCE);
                    assert_ne!(outcome, Outcome::TimedOut, "a wake was lost at {turn}");
                }
                TURN.store(turn + 1, Release);
                notify_all(&TURN);
                turn += 2;
            }
        }
    };
    let players = [thread::spawn(player(0)), thread::spawn(player(1))];
    players.into_iter().for_each(|player| player.join().unwrap());
    assert_eq!(TURN.load(Relaxed), last);
}

#[test]
fn a_timeout_is_never_early() {
    let word = AtomicU8::new(0);
    for micros in [1, 10, 999, 1_000, 1_001, 5_500, 30_000] {
        let timeout = Duration::from_micros(micros);
        let start = Instant::now();
        assert_eq!(wait_timeout(&word, 0, timeout), Outcome::TimedOut);
        assert!(start.elapsed() >= timeout);
        let deadline = Instant::now() + timeout;
        assert_eq!(wait::wait_deadline(&word, 0, deadline), Outcome::TimedOut);
        assert!(Instant::now() >= deadline);
    }
}

#[test]
fn a_huge_timeout_does_not_overflow() {
    for huge in [Duration::MAX, Duration::from_secs(u64::MAX / 2), Duration::from_secs(1 << 40)] {
        let word: Arc<AtomicU32> = Arc::default();
        let sleeping = thread::spawn({
            let word = Arc::clone(&word);
            move || wait_timeout(&*word, 0, huge)
        });
        until(|| waiting(&*word) == 1);
        thread::sleep(NAP / 10);
        assert_eq!(notify(&*word, 1), 1);
        assert_eq!(sleeping.join().unwrap(), Outcome::Woken);
    }
}

/// Two hundred threads at three words: their nodes are on as many stacks, linked across each other.
#[test]
fn many_threads_wait_for_few_words() {
    let count = if cfg!(miri) { 12 } else { 200 };
    let words: Arc<[AtomicI16; 3]> = Arc::default();
    let threads: Vec<_> = (0..count)
        .map(|id| {
            let words = Arc::clone(&words);
            let part = move || wait_timeout(&words[id % 3], 0, PATIENCE);
            thread::Builder::new().stack_size(128 << 10).spawn(part).expect("room for a thread")
        })
        .collect();
    let there = || words.iter().map(|word| waiting(word)).sum::<usize>();
    until(|| there() == count);
    // From each word some, in turns.
    let (mut random, mut left) = (Random(5), count);
    while left > 0 {
        left -= notify(&words[random.below(3) as usize], random.below(20) as usize);
        assert_eq!(there(), left);
    }
    for thread in threads {
        assert_eq!(thread.join().unwrap(), Outcome::Woken);
    }
}

/// What came before the notification is seen after the wait, also where the word is not looked at.
#[test]
fn what_came_before_the_notification_is_seen() {
    static WORD: AtomicBool = AtomicBool::new(false);
    static NEWS: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];
    let last = rounds(5_000) as u64;
    let reading = thread::spawn(move || {
        for number in 1..=last {
            assert_eq!(wait_timeout(&WORD, false, PATIENCE), Outcome::Woken);
            // Relaxed: what is tested has to order them.
            assert_eq!(NEWS.each_ref().map(|news| news.load(Relaxed)), [number; 4]);
        }
    });
    for number in 1..=last {
        until(|| waiting(&WORD) == 1);
        NEWS.iter().for_each(|news| news.store(number, Relaxed));
        assert_eq!(notify(&WORD, 1), 1);
    }
    reading.join().unwrap();
}
