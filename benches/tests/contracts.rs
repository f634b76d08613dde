//! Every registered contender keeps its contract, and broken ones are found out.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use untorn_bench::contenders::std::MutexDeque;
use untorn_bench::crew::Crew;
use untorn_bench::registry::{select, shapes};
use untorn_bench::report::Progress;
use untorn_bench::runner::{Amount, FEWEST_ROUNDS, Plan, check, run};
use untorn_bench::shapes::cell::{self, Cell, Payload};
use untorn_bench::shapes::counter::{self, Count};
use untorn_bench::shapes::lock::{self, Guarded, Lock};
use untorn_bench::shapes::spsc::{self, Spsc, stream};
use untorn_bench::shapes::{BASELINE, Shape};

const OPERATIONS: u64 = 2_000;

#[test]
fn every_contender_keeps_its_contract() {
    for shape in shapes() {
        for contender in &shape.contenders {
            let kept = check(contender, OPERATIONS);
            assert_eq!(kept, Ok(()), "{} in {}", contender.name, shape.name);
        }
    }
}

#[test]
fn every_shape_has_the_baseline_and_no_name_twice() {
    for shape in shapes() {
        assert!(shape.contender(BASELINE).is_some(), "{} has no baseline", shape.name);
        let mut names: Vec<&str> = shape.contenders.iter().map(|c| c.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), shape.contenders.len(), "{} has a name twice", shape.name);
    }
}

#[test]
fn naming_contenders_keeps_the_baseline() {
    let chosen = select(&[], &["rtrb".to_owned()]).unwrap();
    let names = |shape: &Shape| shape.contenders.iter().map(|c| c.name).collect::<Vec<_>>();
    assert_eq!(chosen.len(), 2, "both queue shapes, and no other");
    assert!(chosen.iter().all(|shape| names(shape) == [BASELINE, "rtrb"]));
}

/// Forgets every hundredth add.
struct Forgetful(AtomicU64, AtomicU64);

impl Count for Forgetful {
    const NAME: &'static str = "forgetful";
    const PACKAGE: &'static str = "none";

    fn new() -> Self {
        Self(AtomicU64::new(0), AtomicU64::new(0))
    }

    fn add(&self) {
        if self.1.fetch_add(1, Relaxed) % 100 != 99 {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Locks to look and to store, and lets go in between.
struct LetsGo(Mutex<Guarded>);

impl Lock for LetsGo {
    const NAME: &'static str = "lets-go";
    const PACKAGE: &'static str = "none";

    fn new() -> Self {
        Self(Mutex::default())
    }

    fn with<R>(&self, f: impl FnOnce(&mut Guarded) -> R) -> R {
        let seen = self.0.lock().unwrap();
        let mut copy = Guarded { left: seen.left, right: seen.right };
        drop(seen);
        let result = f(&mut copy);
        *self.0.lock().unwrap() = copy;
        result
    }
}

/// Says that it took item 1500, and drops it.
struct Lossy;

impl Spsc for Lossy {
    const NAME: &'static str = "lossy";
    const PACKAGE: &'static str = "none";
    type Tx = <MutexDeque as Spsc>::Tx;
    type Rx = <MutexDeque as Spsc>::Rx;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        MutexDeque::ring(capacity)
    }

    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        item == 1500 || MutexDeque::try_push(tx, item)
    }

    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        MutexDeque::try_pop(rx)
    }
}

/// Holds twice as much as it was asked to, and claims to be exact.
struct Roomy;

impl Spsc for Roomy {
    const NAME: &'static str = "roomy";
    const PACKAGE: &'static str = "none";
    type Tx = <MutexDeque as Spsc>::Tx;
    type Rx = <MutexDeque as Spsc>::Rx;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        MutexDeque::ring(2 * capacity)
    }

    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        MutexDeque::try_push(tx, item)
    }

    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        MutexDeque::try_pop(rx)
    }
}

/// Loses only what is pushed while the queue runs between threads, and the very last item at that.
struct LosesTheLast;

impl Spsc for LosesTheLast {
    const NAME: &'static str = "loses-the-last";
    const PACKAGE: &'static str = "none";
    type Tx = <MutexDeque as Spsc>::Tx;
    type Rx = <MutexDeque as Spsc>::Rx;

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        MutexDeque::ring(capacity)
    }

    fn try_push(tx: &mut Self::Tx, item: u64) -> bool {
        item == 9_999 || MutexDeque::try_push(tx, item)
    }

    fn try_pop(rx: &mut Self::Rx) -> Option<u64> {
        MutexDeque::try_pop(rx)
    }
}

/// Keeps two values and reads half of each.
struct Torn(Mutex<[Payload; 2]>);

impl Cell for Torn {
    const NAME: &'static str = "torn";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self(Mutex::new([value; 2]))
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this, this)
    }

    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        let [new, old] = *reader.0.lock().unwrap();
        std::array::from_fn(|word| if word < 4 { new[word] } else { old[word] })
    }

    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        let mut values = writer.0.lock().unwrap();
        *values = [value, values[0]];
    }
}

/// Is torn from the 1500th write on.
struct TearsLater(Mutex<Payload>);

impl Cell for TearsLater {
    const NAME: &'static str = "tears-later";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self(Mutex::new(value))
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this, this)
    }

    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        *reader.0.lock().unwrap()
    }

    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        let mut value = value;
        value[7] = value[7].min(1500);
        *writer.0.lock().unwrap() = value;
    }
}

/// Reads what was current one write ago.
struct Stale(Mutex<[Payload; 2]>);

impl Cell for Stale {
    const NAME: &'static str = "stale";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Payload) -> Self {
        Self(Mutex::new([value; 2]))
    }

    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>) {
        let this: &Self = self;
        (this, this)
    }

    fn read(reader: &mut Self::Reader<'_>) -> Payload {
        reader.0.lock().unwrap()[1]
    }

    fn write(writer: &mut Self::Writer<'_>, value: Payload) {
        let mut values = writer.0.lock().unwrap();
        *values = [value, values[0]];
    }
}

#[test]
fn a_cell_with_one_reader_enters_where_one_is_enough() {
    let shapes = select(&["cell-read".to_owned()], &["triple-buffer".to_owned()]).unwrap();
    let contender = shapes[0].contender("triple-buffer").unwrap();
    for regime in shapes[0].regimes {
        assert_eq!(contender.enters(regime), regime.lanes == 1, "{}", regime.name);
    }
    let plan = Plan { rounds: FEWEST_ROUNDS, sample: Amount::Each(100), within: None };
    let mut progress = Progress::new(3, 3 * plan.steps(3));
    let records = run(&shapes, &plan, OPERATIONS, &Crew::of_this_machine(), &mut progress);
    let timed = |index: usize| records[index].case("triple-buffer").is_some();
    assert!(timed(0) && timed(1) && !timed(2));
}

#[track_caller]
fn assert_found(result: Result<(), String>, expected: &str) {
    let why = result.expect_err("the contract was kept");
    assert!(why.contains(expected), "found something else: {why}");
}

#[test]
fn broken_contenders_are_found_out() {
    assert_found(counter::contract::<Forgetful>(OPERATIONS), "2000 adds were counted as 1980");
    assert_found(lock::contract::<LetsGo>(20_000), "");
    assert_found(spsc::contract::<Lossy>(OPERATIONS), "1500");
    assert_found(spsc::contract::<LosesTheLast>(10_000), "never came out");
    assert_found(spsc::contract::<Roomy>(OPERATIONS), "a queue of 1 took 2 items");
    assert_found(cell::contract::<Torn>(OPERATIONS), "torn");
    assert_found(cell::contract::<Stale>(OPERATIONS), "was");
    assert_found(cell::contract::<TearsLater>(OPERATIONS), "torn");
    assert_found(cell::contract_of_one_reader::<TearsLater>(OPERATIONS), "torn");
    assert_found(cell::contract_of_one_reader::<Stale>(OPERATIONS), "was");
}

#[test]
fn a_broken_contender_is_reported_and_not_timed() {
    let mut chosen = select(&["spsc-stream".to_owned()], &["untorn".to_owned()]).unwrap();
    chosen[0].contenders.push(stream::entry::<Lossy>());
    let plan = Plan { rounds: FEWEST_ROUNDS, sample: Amount::Each(100), within: None };
    let mut progress = Progress::new(1, plan.steps(3));
    let records = run(&chosen, &plan, OPERATIONS, &Crew::of_this_machine(), &mut progress);
    let timed: Vec<&str> = records[0].cases.iter().map(|case| case.name.as_str()).collect();
    assert!(timed.contains(&"mutex") && timed.contains(&"untorn"), "timed: {timed:?}");
    assert_eq!(timed.len(), 2);
    assert!(records[0].cases.iter().all(|case| case.samples.len() == FEWEST_ROUNDS));
    assert_eq!(records[0].twin.len(), FEWEST_ROUNDS);
    assert_eq!(records[0].invalid.len(), 1);
    assert_eq!(records[0].invalid[0].name, "lossy");
    assert!(records[0].invalid[0].why.contains("1500"), "{}", records[0].invalid[0].why);
}

#[test]
fn a_panic_breaks_the_contract() {
    let mut contender = counter::entry::<Forgetful>();
    contender.contract = |_| panic!("out of memory");
    assert_eq!(check(&contender, 1), Err("panicked: out of memory".to_owned()));
}
