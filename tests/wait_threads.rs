//! Waiting for words: what a thread brings along, and what it may do to the word.
#![cfg(feature = "std")]

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use untorn::wait::{self, Outcome, notify, notify_all, wait_timeout, waiting};

mod support;
use support::threads::until;
use support::{PATIENCE, rounds};

const NAP: Duration = Duration::from_millis(30);

/// The address is only a name, for `notify` and `waiting` alike.
#[test]
fn memory_that_is_gone_is_notified_in_vain() {
    let word = Box::new(AtomicU64::new(0));
    assert_eq!(wait_timeout(&*word, 0, Duration::from_millis(1)), Outcome::TimedOut);
    let gone = Box::into_raw(word).cast_const();
    // SAFETY: boxed above, and not touched again but for its address.
    drop(unsafe { Box::from_raw(gone.cast_mut()) });
    let addresses = [gone, ptr::null(), ptr::without_provenance(1), ptr::without_provenance(!0)];
    for address in addresses {
        assert_eq!((waiting(address), notify(address, 1), notify_all(address)), (0, 0, 0));
    }
}

/// A thread that is woken may free the word before whoever woke it has come back.
#[test]
fn who_is_woken_may_free_the_word() {
    let (sender, words) = mpsc::channel();
    let round = rounds(1_000);
    let sleeping = thread::spawn(move || {
        for _ in 0..round {
            let word = Box::new(AtomicU32::new(0));
            sender.send(ptr::from_ref(&*word).addr()).unwrap();
            assert_eq!(wait_timeout(&*word, 0, PATIENCE), Outcome::Woken);
        }
    });
    for address in words {
        let word = ptr::without_provenance::<AtomicU32>(address);
        until(|| notify(word, 1) == 1);
    }
    sleeping.join().unwrap();
}

/// The token of `std::thread::park` belongs to the user: a wait neither takes it nor is ended by it.
#[test]
fn the_token_of_a_thread_is_left_alone() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    static TIMED: AtomicBool = AtomicBool::new(false);
    fn has_a_token() -> bool {
        let start = Instant::now();
        thread::park_timeout(PATIENCE);
        start.elapsed() < PATIENCE
    }
    let sleeping = thread::spawn(|| {
        thread::current().unpark();
        let start = Instant::now();
        assert_eq!(wait_timeout(&WORD, 0, NAP), Outcome::TimedOut);
        assert!(start.elapsed() >= NAP);
        assert_eq!(wait::wait(&WORD, 1), Outcome::NotEqual);
        assert!(has_a_token(), "set before the waits");
        TIMED.store(true, Relaxed);
        assert_eq!(wait::wait(&WORD, 0), Outcome::Woken);
        assert!(has_a_token(), "set during the wait");
    });
    until(|| TIMED.load(Relaxed) && waiting(&WORD) == 1);
    for _ in 0..100 {
        sleeping.thread().unpark();
        thread::yield_now();
        assert_eq!(waiting(&WORD), 1);
    }
    assert_eq!(notify(&WORD, 1), 1);
    sleeping.join().unwrap();
}

/// A thread can wait until the very end: in the destructor of a thread-local, and while it unwinds.
#[test]
fn a_dying_thread_can_wait() {
    static WORD: AtomicU32 = AtomicU32::new(0);
    struct Last(Cell<Option<mpsc::Sender<(Outcome, Outcome)>>>);
    impl Drop for Last {
        fn drop(&mut self) {
            let outcomes = (wait::wait(&WORD, 0), wait_timeout(&WORD, 0, Duration::from_micros(1)));
            self.0.take().expect("set below").send(outcomes).expect("the test listens");
        }
    }
    thread_local! {
        static LAST: Last = const { Last(Cell::new(None)) };
    }
    let unwinds: [fn(); 2] = [|| (), || panic!("on purpose")];
    for unwind in unwinds {
        let (sender, outcomes) = mpsc::channel();
        let thread = thread::spawn(move || {
            let local = Last(Cell::new(Some(sender.clone())));
            LAST.with(|last| last.0.set(Some(sender)));
            unwind();
            drop(local);
        });
        for _ in 0..2 {
            until(|| notify(&WORD, 1) == 1);
            let expected = (Outcome::Woken, Outcome::TimedOut);
            assert_eq!(outcomes.recv_timeout(PATIENCE), Ok(expected));
        }
        _ = thread.join();
    }
}

/// A signal interrupts the sleep of a thread, and not its wait.
#[cfg(all(target_os = "linux", not(miri)))]
#[test]
fn a_signal_ends_no_wait() {
    use std::os::unix::thread::JoinHandleExt;

    static WORD: AtomicU32 = AtomicU32::new(0);
    static SIGNALS: AtomicUsize = AtomicUsize::new(0);
    static TIMED: AtomicBool = AtomicBool::new(false);
    extern "C" fn count(_: libc::c_int) {
        SIGNALS.fetch_add(1, Relaxed);
    }
    // SAFETY: all zero is a valid value: no flags, so that system calls are interrupted.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = count as extern "C" fn(libc::c_int) as usize;
    // SAFETY: the handler touches an atomic alone, and nobody else here uses this signal.
    assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, &action, ptr::null_mut()) }, 0);

    let sleeping = thread::spawn(|| {
        let start = Instant::now();
        let timed = (wait_timeout(&WORD, 0, NAP), start.elapsed());
        TIMED.store(true, Relaxed);
        (timed, wait::wait(&WORD, 0))
    });
    let interrupt = || {
        // SAFETY: the thread is not joined yet.
        assert_eq!(unsafe { libc::pthread_kill(sleeping.as_pthread_t(), libc::SIGUSR1) }, 0);
        thread::sleep(NAP / 100);
    };
    until(|| {
        interrupt();
        TIMED.load(Relaxed) && waiting(&WORD) == 1
    });
    for _ in 0..20 {
        interrupt();
        assert_eq!(waiting(&WORD), 1);
    }
    assert!(SIGNALS.load(Relaxed) > 20);
    assert_eq!(notify(&WORD, 1), 1);
    let ((timed, lapse), endless) = sleeping.join().unwrap();
    assert_eq!((timed, endless), (Outcome::TimedOut, Outcome::Woken));
    assert!(lapse >= NAP);
}
