//! Every registered contender keeps its contract, and broken ones are found out.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use untorn_bench::contenders::std::MutexDeque;
use untorn_bench::crew::Crew;
use untorn_bench::registry::{Selection, select, shapes};
use untorn_bench::report::Progress;
use untorn_bench::runner::{Amount, FEWEST_ROUNDS, Plan, check, run};
use untorn_bench::shapes::cell::{self, Cell, Value};
use untorn_bench::shapes::counter::{self, Count, add};
use untorn_bench::shapes::lock::{self, Guarded, Lock};
use untorn_bench::shapes::pointer::{self, Pointer};
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
    let Selection { shapes: chosen, probes } = select(&[], &["rtrb".to_owned()]).unwrap();
    assert!(probes.is_empty(), "it is asked nothing else");
    let names = |shape: &Shape| shape.contenders.iter().map(|c| c.name).collect::<Vec<_>>();
    let shapes: Vec<&str> = chosen.iter().map(|shape| shape.name).collect();
    let expected =
        ["spsc-stream", "spsc-roundtrip", "spsc-burst", "queue-uncontended", "queue-empty"];
    assert_eq!(shapes, expected, "the shapes that it enters by that name, and no other");
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
struct Torn(Mutex<[Value<8>; 2]>);

impl Cell<8> for Torn {
    const NAME: &'static str = "torn";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Value<8>) -> Self {
        Self(Mutex::new([value; 2]))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    fn read(reader: &mut Self::Reader<'_>) -> Value<8> {
        let [new, old] = *reader.0.lock().unwrap();
        std::array::from_fn(|word| if word < 4 { new[word] } else { old[word] })
    }

    fn write(writer: &mut Self::Writer<'_>, value: Value<8>) {
        let mut values = writer.0.lock().unwrap();
        *values = [value, values[0]];
    }
}

/// Is torn from the 1500th write on.
struct TearsLater(Mutex<Value<8>>);

impl Cell<8> for TearsLater {
    const NAME: &'static str = "tears-later";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Value<8>) -> Self {
        Self(Mutex::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    fn read(reader: &mut Self::Reader<'_>) -> Value<8> {
        *reader.0.lock().unwrap()
    }

    fn write(writer: &mut Self::Writer<'_>, value: Value<8>) {
        let mut value = value;
        value[7] = value[7].min(1500);
        *writer.0.lock().unwrap() = value;
    }
}

/// Reads what was current one write ago.
struct Stale(Mutex<[Value<8>; 2]>);

impl Cell<8> for Stale {
    const NAME: &'static str = "stale";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Value<8>) -> Self {
        Self(Mutex::new([value; 2]))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    fn read(reader: &mut Self::Reader<'_>) -> Value<8> {
        reader.0.lock().unwrap()[1]
    }

    fn write(writer: &mut Self::Writer<'_>, value: Value<8>) {
        let mut values = writer.0.lock().unwrap();
        *values = [value, values[0]];
    }
}

/// Has one reader, and what is broken in `C` with it.
struct OneReader<C>(C);

impl<C: Cell<8>> Cell<8> for OneReader<C> {
    const NAME: &'static str = C::NAME;
    const PACKAGE: &'static str = C::PACKAGE;
    const MOST_READERS: usize = 1;
    type Writer<'a> = C::Writer<'a>;
    type Reader<'a> = C::Reader<'a>;

    fn new(value: Value<8>) -> Self {
        Self(C::new(value))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        assert!(readers <= 1, "it has one reader");
        self.0.ends(readers)
    }

    fn read(reader: &mut Self::Reader<'_>) -> Value<8> {
        C::read(reader)
    }

    fn write(writer: &mut Self::Writer<'_>, value: Value<8>) {
        C::write(writer, value);
    }
}

/// Shows a value that is half of one and half of the one before.
struct Mixed(Mutex<[Value<8>; 2]>);

impl Pointer<Value<8>> for Mixed {
    const NAME: &'static str = "mixed";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Value<8>) -> Self {
        Self(Mutex::new([value; 2]))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&Value<8>) -> R) -> R {
        let [new, old] = *reader.0.lock().unwrap();
        look(&std::array::from_fn(|word| if word < 4 { new[word] } else { old[word] }))
    }

    fn publish(writer: &mut Self::Writer<'_>, value: Value<8>) {
        let mut values = writer.0.lock().unwrap();
        *values = [value, values[0]];
    }
}

/// Shows the value of the publish before.
struct Late(Mutex<[Value<8>; 2]>);

impl Pointer<Value<8>> for Late {
    const NAME: &'static str = "late";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: Value<8>) -> Self {
        Self(Mutex::new([value; 2]))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&Value<8>) -> R) -> R {
        let [_, old] = *reader.0.lock().unwrap();
        look(&old)
    }

    fn publish(writer: &mut Self::Writer<'_>, value: Value<8>) {
        let mut values = writer.0.lock().unwrap();
        *values = [value, values[0]];
    }
}

#[test]
fn a_contender_with_one_reader_enters_where_one_is_enough() {
    let names = ["cell-read", "pointer-read", "publish"].map(str::to_owned);
    let shapes = select(&names, &["triple-buffer".to_owned()]).unwrap().shapes;
    assert_eq!(shapes.len(), 3);
    for shape in &shapes {
        let contender = shape.contender("triple-buffer").unwrap();
        for regime in shape.regimes {
            let readers = if shape.name == "publish" { regime.others() } else { regime.lanes };
            assert_eq!(contender.enters(regime), readers <= 1, "{}/{}", shape.name, regime.name);
        }
    }
    let plan = Plan { rounds: FEWEST_ROUNDS, sample: Amount::Each(100), within: None };
    let mut progress = Progress::new(3, 3 * plan.steps(3));
    let only_pointers = &shapes[1..2];
    let records = run(only_pointers, &plan, OPERATIONS, &Crew::of_this_machine(), &mut progress);
    let timed = |index: usize| records[index].case("triple-buffer").is_some();
    assert!(timed(0) && timed(1) && !timed(2));
}

#[test]
fn a_yardstick_beats_nobody() {
    let names = ["cell-read".to_owned()];
    let mut shapes = select(&names, &["plain-copy".to_owned(), "private-counters".to_owned()]);
    let shapes = &mut shapes.as_mut().unwrap().shapes;
    let plan = Plan { rounds: FEWEST_ROUNDS, sample: Amount::Each(2_000), within: None };
    let mut progress = Progress::new(9, 9 * plan.steps(4));
    let records = run(shapes, &plan, OPERATIONS, &Crew::of_this_machine(), &mut progress);
    let timed = |regime: &str, name: &str| {
        let record = records.iter().find(|record| record.regime == regime).unwrap();
        assert_eq!(record.fastest().unwrap().name, BASELINE, "{regime}");
        assert!(record.best_peer().is_none() && record.losses().is_empty(), "{regime}");
        record.case(name).is_some()
    };
    for regime in ["8B-quiet", "64B-quiet", "256B-quiet", "1024B-quiet"] {
        assert!(timed(regime, "plain-copy"), "{regime}");
    }
    assert!(!timed("64B-1-writer", "plain-copy") && !timed("64B-2-readers", "plain-copy"));
    assert!(timed("64B-quiet", "private-counters") && timed("64B-2-readers", "private-counters"));
    assert!(!timed("8B-quiet", "private-counters") && !timed("64B-1-writer", "private-counters"));
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
    assert_found(spsc::contract::<Lossy, u64>(OPERATIONS), "1500");
    assert_found(spsc::contract::<LosesTheLast, u64>(10_000), "never came out");
    assert_found(spsc::contract::<Roomy, u64>(OPERATIONS), "a queue of 1 took 2 items");
    assert_found(cell::contract::<Torn, 8>(OPERATIONS), "torn");
    assert_found(cell::contract::<Stale, 8>(OPERATIONS), "was");
    assert_found(cell::contract::<TearsLater, 8>(OPERATIONS), "torn");
    assert_found(cell::contract::<OneReader<TearsLater>, 8>(OPERATIONS), "torn");
    assert_found(cell::contract::<OneReader<Stale>, 8>(OPERATIONS), "was");
    assert_found(pointer::contract::<Mixed>(OPERATIONS), "torn");
    assert_found(pointer::contract::<Late>(OPERATIONS), "was");
}

#[test]
fn a_broken_contender_is_reported_and_not_timed() {
    let mut chosen = select(&["spsc-stream".to_owned()], &["untorn".to_owned()]).unwrap().shapes;
    chosen[0].contenders.push(stream::entry_of_numbers::<Lossy>());
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
    let mut contender = add::entry::<Forgetful>();
    contender.contract = |_| panic!("out of memory");
    assert_eq!(check(&contender, 1), Err("panicked: out of memory".to_owned()));
}
