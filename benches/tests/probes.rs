//! The probes: what they say of contenders whose answer is known. No test asserts a time.

use std::sync::{Arc, Mutex};

use untorn_bench::contenders::blocking::MpscUnbounded;
use untorn_bench::probes::tries::{self, Retried};
use untorn_bench::probes::{Answer, Depth, Entrant, answer, backlog, garbage};
use untorn_bench::registry::probes;
use untorn_bench::shapes::blocking::Blocking;
use untorn_bench::shapes::cell::Value;
use untorn_bench::shapes::pointer::{Pointee, Pointees, Pointer};

const CHECKS: u64 = 1_000;

fn entrant(probe: &str, name: &str) -> Entrant {
    let probe = probes().into_iter().find(|known| known.name == probe).expect("a probe");
    *probe.entrants.iter().find(|entrant| entrant.name == name).expect("an entrant")
}

#[track_caller]
fn answered(entrant: &Entrant) -> Answer {
    let answer = answer(entrant, Depth::Quick, CHECKS);
    answer.unwrap_or_else(|why| panic!("{}: {why}", entrant.name))
}

#[test]
fn every_answer_fits_its_question() {
    for probe in probes().into_iter().filter(|probe| !probe.name.starts_with("frozen")) {
        for entrant in &probe.entrants {
            let numbers = answered(entrant).numbers;
            assert_eq!(numbers.len(), probe.columns.len(), "{} in {}", entrant.name, probe.name);
        }
    }
}

#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_stopped_writer_holds_up_the_readers_of_locks() {
    for (probe, name) in [
        ("frozen-cell", "mutex"),
        ("frozen-cell", "seqlock"),
        ("frozen-cell", "untorn-seqlock"),
        ("frozen-cell", "untorn-seqlock-writer"),
        ("frozen-pointer", "mutex"),
        ("frozen-pointer", "parking-lot"),
    ] {
        let Answer { numbers, remark } = answered(&entrant(probe, name));
        assert_eq!(remark, "WAITS", "{name} in {probe}");
        assert!(numbers[1] > Some(1.0), "not before it has the lock: {numbers:?}");
    }
}

/// The machine may be so busy that no reader runs for a while, so it may try again.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn a_stopped_writer_does_not_hold_up_those_without() {
    for (probe, name) in [
        ("frozen-cell", "untorn-snapshot"),
        ("frozen-pointer", "untorn-rcu-reader"),
        ("frozen-pointer", "untorn-latest"),
        ("frozen-pointer", "triple-buffer"),
    ] {
        let free = (0..3).any(|_| {
            let Answer { numbers, remark } = answered(&entrant(probe, name));
            remark == "never waits" && numbers[1].is_none() && numbers[0] > Some(20.0)
        });
        assert!(free, "{name} in {probe}");
    }
}

#[test]
fn what_a_reader_keeps_is_counted() {
    let kept = |name| answered(&entrant("garbage", name)).numbers;
    // Its reader has a share of the one value that it looks at.
    assert_eq!(kept("mutex"), [Some(1.0), Some(0.0)]);
    // The other two of three buffers, whatever they hold.
    assert_eq!(kept("triple-buffer"), [Some(2.0), Some(2.0)]);
    // An epoch does not end while a reader is in it.
    assert!(kept("crossbeam-epoch")[0] >= Some(900.0));
}

#[test]
fn a_writer_that_waits_for_the_reader_is_said_to() {
    let Answer { numbers, remark } = answered(&entrant("garbage", "rwlock"));
    assert_eq!(numbers, [None, Some(0.0)]);
    assert_eq!(remark, "WAITS for the reader after 0 publishes");
}

/// Frees nothing.
struct Hoards<T>(Mutex<Vec<Arc<T>>>);

impl<T: Pointee> Pointer<T> for Hoards<T> {
    const NAME: &'static str = "hoards";
    const PACKAGE: &'static str = "none";
    type Writer<'a> = &'a Self;
    type Reader<'a> = &'a Self;

    fn new(value: T) -> Self {
        Self(Mutex::new(vec![Arc::new(value)]))
    }

    fn ends(&mut self, readers: usize) -> (Self::Writer<'_>, Vec<Self::Reader<'_>>) {
        (self, vec![self; readers])
    }

    fn read<R>(reader: &mut Self::Reader<'_>, look: impl FnOnce(&T) -> R) -> R {
        let value = reader.0.lock().unwrap().last().unwrap().clone();
        look(&value)
    }

    fn publish(writer: &mut Self::Writer<'_>, value: T) {
        writer.0.lock().unwrap().push(Arc::new(value));
    }
}

enum OfHoards {}

impl Pointees for OfHoards {
    type Of<T: Pointee> = Hoards<T>;
}

#[test]
fn what_is_never_freed_is_counted() {
    let numbers = answered(&garbage::entry::<OfHoards>()).numbers;
    assert_eq!(numbers, [Some(1000.0), Some(1000.0)]);
}

#[test]
fn what_waits_for_a_slow_consumer_is_counted() {
    // One in the hands of each thread, or none.
    let bounded = 64.0..=66.0;
    for name in ["mutex", "untorn", "std-mpsc", "crossbeam-channel"] {
        let Answer { numbers, remark } = answered(&entrant("backlog", name));
        assert!(numbers.iter().flatten().all(|most| bounded.contains(most)), "{name}: {numbers:?}");
        assert_eq!(remark, "");
    }
    let Answer { numbers, remark } = answered(&entrant("backlog", "std-unbounded"));
    assert!(numbers[1] > Some(66.0), "{numbers:?}");
    assert_eq!(remark, "grows with what is sent");
}

/// Gives out each second item first.
struct Swaps;

impl<T: Send + 'static> Blocking<T> for Swaps {
    const NAME: &'static str = "swaps";
    const PACKAGE: &'static str = "none";
    type Tx = <MpscUnbounded as Blocking<T>>::Tx;
    type Rx = (<MpscUnbounded as Blocking<T>>::Rx, Option<T>);

    fn ring(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = MpscUnbounded::ring(capacity);
        (tx, (rx, None))
    }

    fn push(tx: &mut Self::Tx, item: T) {
        MpscUnbounded::push(tx, item);
    }

    fn pop((rx, kept): &mut Self::Rx) -> T {
        kept.take().unwrap_or_else(|| {
            *kept = Some(MpscUnbounded::pop(rx));
            MpscUnbounded::pop(rx)
        })
    }
}

#[test]
fn a_backlog_out_of_order_is_no_answer() {
    let said = answer(&backlog::entry::<Swaps>(), Depth::Quick, CHECKS).expect_err("it is broken");
    assert_eq!(said, "expected 0, popped 1");
}

/// Reads half of a value and half of the one before.
struct Torn(Mutex<[Value<8>; 2]>);

impl Retried for Torn {
    const NAME: &'static str = "torn";
    const PACKAGE: &'static str = "none";

    fn new(value: Value<8>) -> Self {
        Self(Mutex::new([value; 2]))
    }

    fn try_read(&self) -> Option<Value<8>> {
        let [new, old] = *self.0.lock().unwrap();
        Some(std::array::from_fn(|word| if word < 4 { new[word] } else { old[word] }))
    }

    fn write(&self, value: Value<8>) {
        let mut values = self.0.lock().unwrap();
        *values = [value, values[0]];
    }
}

/// Never says what it holds.
struct Mute;

impl Retried for Mute {
    const NAME: &'static str = "mute";
    const PACKAGE: &'static str = "none";

    fn new(_: Value<8>) -> Self {
        Self
    }

    fn try_read(&self) -> Option<Value<8>> {
        None
    }

    fn write(&self, _: Value<8>) {}
}

#[test]
fn broken_cells_are_found_out() {
    let why = |entrant: Entrant| answer(&entrant, Depth::Quick, CHECKS).expect_err("it is broken");
    let said = why(tries::entry::<Torn>());
    assert!(said.contains("torn"), "{said}");
    let said = why(tries::entry::<Mute>());
    assert!(said.contains("no read after"), "{said}");
}

#[test]
fn a_panic_is_no_answer() {
    let mut entrant = entrant("garbage", "mutex");
    entrant.ask = |_| panic!("out of memory");
    assert_eq!(answer(&entrant, Depth::Quick, 1), Err("panicked: out of memory".to_owned()));
}
