//! Waits that end too late, too early or with another number are found out.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use untorn_bench::contenders::waiting::Guarded;
use untorn_bench::shapes::waiting::{Waiting, contract, contract_within};

const OPERATIONS: u64 = 2_000;

/// Wakes nobody.
const MUTE: u8 = 0;
/// Forgets one notification of a hundred.
const FORGETFUL: u8 = 1;
/// Ends a wait at any notification, whether there was a change or not.
const NERVOUS: u8 = 2;
/// Goes to sleep even if the number has changed.
const BLIND: u8 = 3;
/// Does not wait until the time is over.
const IMPATIENT: u8 = 4;
/// Says that there was a change when the time is over.
const HOPEFUL: u8 = 5;
/// Cannot be woken while it waits for a time.
const FIRM: u8 = 6;
/// Begins with another number.
const USED: u8 = 7;
/// Tells of another number, from a hundred on.
const WRONG: u8 = 8;

/// The baseline, broken in one way.
struct Broken<const HOW: u8> {
    number: Guarded,
    notified: AtomicU32,
}

impl<const HOW: u8> Waiting for Broken<HOW> {
    const NAME: &'static str = "broken";
    const PACKAGE: &'static str = "none";

    fn new() -> Self {
        let number = Guarded::new();
        number.store(if HOW == USED { 9 } else { 0 });
        Self { number, notified: AtomicU32::new(0) }
    }

    fn store(&self, number: u32) {
        self.number.store(number);
    }

    fn notify(&self) {
        let before = self.notified.fetch_add(1, Relaxed);
        if HOW != MUTE && !(HOW == FORGETFUL && before % 100 == 99) {
            self.number.notify();
        }
    }

    fn wait(&self, old: u32) -> u32 {
        if HOW == WRONG {
            let number = self.number.wait(old);
            return if number > 100 { number + 1 } else { number };
        } else if HOW != NERVOUS {
            return self.number.wait(old);
        }
        let before = self.notified.load(Relaxed);
        loop {
            if let Some(changed) = self.number.wait_for(old, Duration::from_micros(50)) {
                return changed;
            }
            if self.notified.load(Relaxed) != before {
                return old;
            }
        }
    }

    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        match HOW {
            IMPATIENT => self.number.wait_for(old, timeout / 10),
            HOPEFUL => self.number.wait_for(old, timeout).or(Some(old)),
            FIRM => {
                std::thread::sleep(timeout);
                self.number.wait_for(old, Duration::ZERO)
            }
            _ => self.number.wait_for(old, timeout),
        }
    }

    fn come_late(&self, old: u32) {
        // The number that it sees is nobody's, and nobody changes it.
        let unseen = self.number.wait(old);
        if HOW == BLIND {
            self.number.wait(unseen);
        }
    }
}

#[track_caller]
fn assert_found<const HOW: u8>(expected: &str) {
    let why = contract::<Broken<HOW>>(OPERATIONS).expect_err("the contract was kept");
    assert!(why.contains(expected), "found something else: {why}");
}

#[track_caller]
fn assert_stuck<const HOW: u8>() {
    let patience = Duration::from_millis(500);
    let why = contract_within::<Broken<HOW>>(OPERATIONS, patience);
    assert_eq!(why, Err("stuck: a thread sleeps on".to_owned()));
}

#[test]
fn waits_that_do_not_end_are_found_out() {
    assert_stuck::<MUTE>();
    assert_stuck::<FORGETFUL>();
    assert_stuck::<BLIND>();
    assert_stuck::<FIRM>();
}

#[test]
fn waits_that_end_before_a_change_are_found_out() {
    assert_found::<NERVOUS>("a wait ended at 0 before the number changed");
    assert_found::<USED>("the number is 0, and a wait for 1 returned 9");
    assert_found::<WRONG>("100 became 101, and a wait ended at 102");
}

#[test]
fn waits_that_misjudge_the_time_are_found_out() {
    assert_found::<IMPATIENT>("ended too early");
    assert_found::<HOPEFUL>("a timed wait for 0 ended at 0");
}
