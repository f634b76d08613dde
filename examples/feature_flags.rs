//! Feature flags with versions: requests look at them all the time, and operators who edit the same
//! version do not overwrite each other.
//!
//! `cargo run --example feature_flags`

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use untorn::rcu::{Guard, Rcu};

/// What share of the users gets a feature, in percent.
type Flags = BTreeMap<&'static str, u64>;

fn share(flags: &Flags, name: &str) -> u64 {
    flags.get(name).copied().unwrap_or(0)
}

fn with(flags: &Flags, name: &'static str, percent: u64) -> Flags {
    let mut flags = flags.clone();
    flags.insert(name, percent);
    flags
}

/// Answers requests until the flag `drain` is up; returns how many, and how many had the new search.
fn serve(flags: &Rcu<Flags>) -> (u64, u64) {
    let mut reader = flags.reader();
    let (mut requests, mut new, mut last) = (0, 0, 0);
    loop {
        // One load and one comparison, unless the flags have changed. All answers below are of one
        // version: the reader keeps it until the next call.
        let flags = reader.cached();
        if share(flags, "drain") > 0 {
            return (requests, new);
        }
        let percent = share(flags, "search");
        assert!(percent >= last, "a reader does not go back in time");
        last = percent;
        new += u64::from(requests % 100 < percent);
        requests += 1;
    }
}

/// An operator's form: was filled in with what `seen` holds, and comes back some time later.
fn submit(flags: &Rcu<Flags>, seen: &Guard<'_, Flags>, name: &'static str, percent: u64) -> bool {
    let edited = with(seen, name, percent);
    let saved = flags.compare_exchange(seen, edited).is_ok();
    println!("{name} = {percent} on version {}: saved: {saved}", Guard::version(seen));
    saved
}

fn main() {
    let flags = &Rcu::new(Flags::from([("search", 0)]));

    // Both see version 0. Who comes second would undo what the first did, and is told so.
    let (alice, bob) = (flags.read(), flags.read());
    assert!(submit(flags, &alice, "dark-mode", 100));
    assert!(!submit(flags, &bob, "beta", 5));
    assert_eq!(share(&bob, "dark-mode"), 0); // what he saw has not changed under his eyes
    let bob = flags.read();
    assert!(submit(flags, &bob, "beta", 5));
    assert_eq!((share(&flags.read(), "dark-mode"), share(&flags.read(), "beta")), (100, 5));

    thread::scope(|scope| {
        let servers = [(); 2].map(|()| scope.spawn(|| serve(flags)));
        // Two ramps at a time. `update` starts again if the other came first: no step is lost.
        let ramps = ["search", "beta"].map(|name| {
            scope.spawn(move || {
                for _ in share(&flags.read(), name)..100 {
                    flags.update(|old| with(old, name, share(old, name) + 1));
                    thread::sleep(Duration::from_micros(200));
                }
            })
        });
        for ramp in ramps {
            ramp.join().expect("updates do not fail");
        }
        flags.update(|old| with(old, "drain", 1));
        for server in servers {
            let (requests, new) = server.join().expect("the flags only go up");
            println!("server: {requests} requests, {new} of them with the new search");
        }
    });
    let last = flags.read();
    assert_eq!((share(&last, "search"), share(&last, "beta")), (100, 100));
    println!("version {}: {:?}", Guard::version(&last), *last);
    assert_eq!(Guard::version(&last), 2 + 100 + 95 + 1);
}
