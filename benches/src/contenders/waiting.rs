//! What threads sleep on: condition variables, the futex, park, and events.

use std::sync::atomic::{AtomicU32, Ordering::Acquire, Ordering::Release, Ordering::SeqCst, fence};
use std::sync::{Condvar, Mutex, OnceLock};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use event_listener::{Event, Listener, listener};
use tokio::sync::Notify;
use untorn::wait::{self, EventCount, Outcome};

use crate::shapes::BASELINE;
use crate::shapes::waiting::Waiting;

/// The baseline: a mutex around the number, and a condition variable.
#[derive(Debug, Default)]
pub struct Guarded(Mutex<u32>, Condvar);

impl Waiting for Guarded {
    const NAME: &'static str = BASELINE;
    const PACKAGE: &'static str = "std";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn store(&self, number: u32) {
        *self.0.lock().expect("no holder panicked") = number;
    }

    #[inline]
    fn notify(&self) {
        self.1.notify_one();
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        let number = self.0.lock().expect("no holder panicked");
        *self.1.wait_while(number, |number| *number == old).expect("no holder panicked")
    }

    #[inline]
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        let number = self.0.lock().expect("no holder panicked");
        let waited = self.1.wait_timeout_while(number, timeout, |number| *number == old);
        let (number, _) = waited.expect("no holder panicked");
        (*number != old).then_some(*number)
    }
}

/// The same of `parking_lot`.
#[derive(Debug, Default)]
pub struct ParkingLot(parking_lot::Mutex<u32>, parking_lot::Condvar);

impl Waiting for ParkingLot {
    const NAME: &'static str = "parking-lot";
    const PACKAGE: &'static str = "parking_lot 0.13";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn store(&self, number: u32) {
        *self.0.lock() = number;
    }

    #[inline]
    fn notify(&self) {
        self.1.notify_one();
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        let mut number = self.0.lock();
        self.1.wait_while(&mut number, |number| *number == old);
        *number
    }

    #[inline]
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        let mut number = self.0.lock();
        let _ = self.1.wait_while_for(&mut number, |number| *number == old, timeout);
        (*number != old).then_some(*number)
    }
}

/// A number of its own, and something that tells of its changes.
#[derive(Debug, Default)]
pub struct Told<E> {
    number: AtomicU32,
    event: E,
}

impl<E> Told<E> {
    /// The number, if it is not `old`.
    #[inline]
    fn other_than(&self, old: u32) -> Option<u32> {
        Some(self.number.load(Acquire)).filter(|number| *number != old)
    }
}

/// `atomic_wait`, which is the system's futex.
impl Waiting for AtomicU32 {
    const NAME: &'static str = "atomic-wait";
    const PACKAGE: &'static str = "atomic-wait";
    const TIMED: bool = false;

    fn new() -> Self {
        Self::new(0)
    }

    #[inline]
    fn store(&self, number: u32) {
        Self::store(self, number, Release);
    }

    #[inline]
    fn notify(&self) {
        atomic_wait::wake_one(self);
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        loop {
            let number = self.load(Acquire);
            if number != old {
                return number;
            }
            atomic_wait::wait(self, old);
        }
    }

    #[inline]
    fn come_late(&self, old: u32) {
        atomic_wait::wait(self, old);
    }
}

/// `event_listener::Event`, with the listener on the stack.
impl Waiting for Told<Event> {
    const NAME: &'static str = "event-listener";
    const PACKAGE: &'static str = "event-listener";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn store(&self, number: u32) {
        self.number.store(number, Release);
    }

    #[inline]
    fn notify(&self) {
        self.event.notify(1);
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        loop {
            if let Some(number) = self.other_than(old) {
                return number;
            }
            listener!(self.event => listener);
            if let Some(number) = self.other_than(old) {
                return number;
            }
            listener.wait();
        }
    }

    #[inline]
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        let deadline = Instant::now() + timeout;
        loop {
            if let Some(number) = self.other_than(old) {
                return Some(number);
            }
            listener!(self.event => listener);
            if let Some(number) = self.other_than(old) {
                return Some(number);
            }
            if listener.wait_deadline(deadline).is_none() {
                return self.other_than(old);
            }
        }
    }

    #[inline]
    fn come_late(&self, old: u32) {
        listener!(self.event => listener);
        if self.other_than(old).is_none() {
            listener.wait();
        }
    }
}

/// `std::thread::park`, with the thread that waits: always the same.
pub type Parked = Told<OnceLock<Thread>>;

impl Parked {
    /// From here on it is unparked, and if that was too late, it sees the number.
    #[inline]
    fn sleeper(&self) {
        if self.event.get().is_none() {
            self.event.get_or_init(thread::current);
            fence(SeqCst);
        }
    }
}

impl Waiting for Parked {
    const NAME: &'static str = "std-park";
    const PACKAGE: &'static str = "std";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn store(&self, number: u32) {
        self.number.store(number, Release);
    }

    #[inline]
    fn notify(&self) {
        fence(SeqCst);
        if let Some(thread) = self.event.get() {
            thread.unpark();
        }
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        self.sleeper();
        loop {
            if let Some(number) = self.other_than(old) {
                return number;
            }
            thread::park();
        }
    }

    #[inline]
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        self.sleeper();
        let begun = Instant::now();
        loop {
            let number = self.other_than(old);
            let left = timeout.saturating_sub(begun.elapsed());
            if number.is_some() || left.is_zero() {
                return number;
            }
            thread::park_timeout(left);
        }
    }
}

/// `tokio::sync::Notify`, whose futures are waited for by `pollster`, without a runtime.
impl Waiting for Told<Notify> {
    const NAME: &'static str = "tokio-notify";
    const PACKAGE: &'static str = "tokio";
    const TIMED: bool = false;

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn store(&self, number: u32) {
        self.number.store(number, Release);
    }

    #[inline]
    fn notify(&self) {
        self.event.notify_one();
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        loop {
            if let Some(number) = self.other_than(old) {
                return number;
            }
            // A notification that nobody waited for is kept for the next who does.
            pollster::block_on(self.event.notified());
        }
    }
}

/// untorn's wait and notify, on the number itself.
#[derive(Debug, Default)]
pub struct Word(AtomicU32);

impl Waiting for Word {
    const NAME: &'static str = "untorn-wait";
    const PACKAGE: &'static str = "untorn";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn store(&self, number: u32) {
        self.0.store(number, Release);
    }

    #[inline]
    fn notify(&self) {
        wait::notify(&self.0, 1);
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        loop {
            let number = self.0.load(Acquire);
            if number != old {
                return number;
            }
            let _ = wait::wait(&self.0, old);
        }
    }

    #[inline]
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        let deadline = Instant::now() + timeout;
        loop {
            let number = self.0.load(Acquire);
            if number != old {
                return Some(number);
            }
            if wait::wait_deadline(&self.0, old, deadline) == Outcome::TimedOut {
                return None;
            }
        }
    }

    #[inline]
    fn come_late(&self, old: u32) {
        let _ = wait::wait(&self.0, old);
    }
}

/// untorn's event count.
impl Waiting for Told<EventCount> {
    const NAME: &'static str = "untorn-event";
    const PACKAGE: &'static str = "untorn";

    fn new() -> Self {
        Self::default()
    }

    #[inline]
    fn store(&self, number: u32) {
        self.number.store(number, Release);
    }

    #[inline]
    fn notify(&self) {
        self.event.notify(1);
    }

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        self.event.wait_until(|| self.other_than(old))
    }

    #[inline]
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        self.event.wait_until_timeout(timeout, || self.other_than(old))
    }

    #[inline]
    fn come_late(&self, old: u32) {
        let listener = self.event.listen();
        if self.other_than(old).is_none() {
            listener.wait();
        }
    }
}
