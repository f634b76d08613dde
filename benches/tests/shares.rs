//! Locks whose turns are shared out as they let their threads have them.

use std::cell::Cell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use untorn_bench::crew::Crew;
use untorn_bench::registry::{regime, select};
use untorn_bench::shapes::Sample;
use untorn_bench::shapes::lock::{Guarded, LONGEST, Lock, bare};

#[test]
fn every_turn_of_every_lane_is_counted() {
    const EACH: u64 = 200;
    let names = ["lock", "lock-section"].map(str::to_owned);
    for shape in select(&names, &[]).unwrap().shapes {
        for regime in shape.regimes {
            for contender in &shape.contenders {
                let sample = (contender.sample)(regime, EACH, &Crew::of_this_machine());
                let all = EACH * regime.lanes as u64;
                let name = format!("{} in {}/{}", contender.name, shape.name, regime.name);
                if regime.lanes == 1 {
                    assert_eq!((sample.operations(all), sample.share()), (all, None), "{name}");
                } else {
                    assert_eq!(sample.lanes.len(), regime.lanes, "{name}");
                    // On a busy machine a lock that hands itself on in turn may crawl.
                    let cut_short = sample.elapsed >= LONGEST;
                    assert!(sample.operations(all) >= all || cut_short, "{name}: {sample:?}");
                    assert!((0.0..=1.0).contains(&sample.share().unwrap()), "{name}");
                }
            }
        }
    }
}

fn two_threads<L: Lock>(each: u64) -> Sample {
    let (_, regime) = regime("lock/2-threads").unwrap();
    (bare::entry::<L>().sample)(regime, each, &Crew::of_this_machine())
}

/// Sends all but the first thread to bed after each turn.
struct Favours(Mutex<Guarded>, AtomicBool);

thread_local! {
    static FIRST: Cell<bool> = const { Cell::new(false) };
}

impl Lock for Favours {
    const NAME: &'static str = "favours";
    const PACKAGE: &'static str = "none";

    fn new() -> Self {
        Self(Mutex::default(), AtomicBool::new(false))
    }

    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        if !self.1.swap(true, Relaxed) {
            FIRST.set(true);
        }
        let result = f(&mut self.0.lock().unwrap());
        thread::sleep(Duration::from_millis(if FIRST.get() { 1 } else { 100 }));
        result
    }
}

#[test]
fn a_lock_that_favours_a_thread_has_a_small_share_and_a_good_time() {
    let sample = two_threads::<Favours>(100);
    assert!(sample.share().unwrap() < 0.5, "{sample:?}");
    assert!(sample.operations(200) >= 200, "the other was not waited for: {sample:?}");
}

/// Takes long over each turn.
struct Crawls(Mutex<Guarded>);

impl Lock for Crawls {
    const NAME: &'static str = "crawls";
    const PACKAGE: &'static str = "none";

    fn new() -> Self {
        Self(Mutex::default())
    }

    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        let mut guarded = self.0.lock().unwrap();
        thread::sleep(Duration::from_millis(4));
        f(&mut guarded)
    }
}

#[test]
fn a_lock_that_crawls_is_cut_short() {
    let sample = two_threads::<Crawls>(1_000_000);
    assert!(sample.operations(2_000_000) < 10_000, "{sample:?}");
}
