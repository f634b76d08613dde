//! A few instructions that belong together, under a lock that never calls the operating system; and
//! the same work under a mutex, so that the choice can be made by looking.
//!
//! `cargo run --release --example spin_section`

use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use untorn::SpinLock;

const THREADS: usize = 4;
const TRANSFERS: usize = 100_000;

/// Two balances whose sum never changes: a thread that sees them in mid-transfer sees another sum.
struct Accounts {
    checking: i64,
    savings: i64,
}

impl Accounts {
    const TOTAL: i64 = 1_000;

    fn transfer(&mut self, amount: i64) {
        assert_eq!(self.checking + self.savings, Self::TOTAL, "seen in mid-transfer");
        self.checking -= amount;
        self.savings += amount;
    }
}

/// Runs `transfer` on every thread at once; the time it took.
fn run(transfer: impl Fn(i64) + Sync) -> Duration {
    let start = Instant::now();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (transfer, sign) = (&transfer, if thread % 2 == 0 { 1 } else { -1 });
            scope.spawn(move || (0..TRANSFERS).for_each(|_| transfer(sign)));
        }
    });
    start.elapsed()
}

fn main() {
    let new = || Accounts { checking: Accounts::TOTAL, savings: 0 };
    let (spin, mutex) = (SpinLock::new(new()), Mutex::new(new()));
    let spinning = run(|amount| spin.lock().transfer(amount));
    let sleeping = run(|amount| mutex.lock().expect("nobody panicked").transfer(amount));

    let accounts = spin.into_inner();
    println!("{} transfers by {THREADS} threads under each lock", THREADS * TRANSFERS);
    println!("checking {}, savings {}: nothing lost", accounts.checking, accounts.savings);
    println!("SpinLock: {} ms, Mutex: {} ms", spinning.as_millis(), sleeping.as_millis());
    println!("with more threads than cores, or longer sections, take the mutex");
    assert_eq!((accounts.checking, accounts.savings), (Accounts::TOTAL, 0));
}
