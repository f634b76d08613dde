//! One value of 64 bytes that some threads read and one writes.
//!
//! Contract: a read is one value that was written, never a mix of two; one reader never goes back
//! in time; who has written reads that value or a later one.
//!
//! Two shapes share the trait: [`read`](mod@read) and [`write`](mod@write).

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};

use super::{Patience, together};

/// The value.
pub type Payload = [u64; 8];

/// A cell with one writer and at least one reader.
pub trait Cell: 'static {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// What the one writing thread holds while it writes.
    type Writer<'a>: Send;
    /// What a reading thread holds while it reads.
    type Reader<'a>: Send;

    /// A cell that holds `value`.
    fn new(value: Payload) -> Self;
    /// Prepares to write, and to read.
    fn ends(&mut self) -> (Self::Writer<'_>, Self::Reader<'_>);
    /// The value.
    fn read(reader: &mut Self::Reader<'_>) -> Payload;
    /// Stores `value`: readers that begin after it see it, or a later one.
    fn write(writer: &mut Self::Writer<'_>, value: Payload);
}

/// A cell that any number of threads can read: every [`Cell`] whose reader can be cloned.
pub trait ManyReaders: Cell {
    /// One more reader.
    fn another<'a>(reader: &Self::Reader<'a>) -> Self::Reader<'a>;
}

impl<C: Cell> ManyReaders for C
where
    for<'a> C::Reader<'a>: Clone,
{
    fn another<'a>(reader: &Self::Reader<'a>) -> Self::Reader<'a> {
        reader.clone()
    }
}

/// The number that all words of a value hold.
fn whole(value: &Payload) -> Result<u64, String> {
    if value.iter().all(|&word| word == value[0]) {
        Ok(value[0])
    } else {
        Err(format!("a read was torn: {value:?}"))
    }
}

/// Checks, with two readers and the writer's own, that no read is torn and none goes back in time.
///
/// # Errors
///
/// Says what was read.
pub fn contract<C: ManyReaders>(operations: u64) -> Result<(), String> {
    alone::<C>()?;
    let mut cell = C::new([0; 8]);
    let (writer, reader) = cell.ends();
    let (own, second) = (C::another(&reader), C::another(&reader));
    between_threads::<C>(writer, Some(own), [reader, second], operations)
}

/// The same with one reader, for cells that have no more.
///
/// # Errors
///
/// Says what was read.
pub fn contract_of_one_reader<C: Cell>(operations: u64) -> Result<(), String> {
    alone::<C>()?;
    let mut cell = C::new([0; 8]);
    let (writer, reader) = cell.ends();
    between_threads::<C>(writer, None, [reader], operations)
}

/// What was written is read, where nothing runs beside it.
fn alone<C: Cell>() -> Result<(), String> {
    const WRITES: u64 = 100;
    let mut cell = C::new([0; 8]);
    let (mut writer, mut reader) = cell.ends();
    if whole(&C::read(&mut reader))? != 0 {
        return Err("a new cell does not hold its value".to_owned());
    }
    for k in 1..=WRITES {
        C::write(&mut writer, [k; 8]);
        read_back::<C>(&mut reader, k)?;
    }
    Ok(())
}

fn read_back<C: Cell>(reader: &mut C::Reader<'_>, written: u64) -> Result<(), String> {
    let seen = whole(&C::read(reader))?;
    if seen == written {
        Ok(())
    } else {
        Err(format!("{written} was written, and {seen} read back"))
    }
}

/// One writer, which may have a reader of its own, beside threads that read.
fn between_threads<'a, C: Cell>(
    writer: C::Writer<'a>,
    own: Option<C::Reader<'a>>,
    readers: impl IntoIterator<Item = C::Reader<'a>>,
    operations: u64,
) -> Result<(), String> {
    let all_written = AtomicBool::new(false);
    let given_up = AtomicBool::new(false);
    let readers: Vec<_> = readers.into_iter().collect();
    let threads = 1 + readers.len();
    let ends = Mutex::new((Some((writer, own)), readers));
    let ends = || ends.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    together(threads, |index| {
        let result = if index == 0 {
            let (mut writer, mut own) = ends().0.take().ok_or("the writing end is taken")?;
            let written = write_all::<C>(&mut writer, own.as_mut(), operations, &given_up);
            all_written.store(true, Release);
            written
        } else {
            let mut reader = ends().1.pop().ok_or("the reading ends are taken")?;
            read_until_done::<C>(&mut reader, operations, &all_written)
        };
        if result.is_err() {
            given_up.store(true, Relaxed);
        }
        result
    })
}

fn write_all<C: Cell>(
    writer: &mut C::Writer<'_>,
    mut own: Option<&mut C::Reader<'_>>,
    operations: u64,
    given_up: &AtomicBool,
) -> Result<(), String> {
    /// How often the writer reads its own value back.
    const WRITES_PER_LOOK: u64 = 16;
    for k in 1..=operations {
        C::write(writer, [k; 8]);
        if k % WRITES_PER_LOOK == 0 {
            if let Some(reader) = own.as_deref_mut() {
                read_back::<C>(reader, k)?;
            }
            // On one core the readers would otherwise see the last value alone.
            std::thread::yield_now();
        }
        if given_up.load(Relaxed) {
            break;
        }
    }
    Ok(())
}

fn read_until_done<C: Cell>(
    reader: &mut C::Reader<'_>,
    last: u64,
    all_written: &AtomicBool,
) -> Result<(), String> {
    let mut before = 0;
    let mut patience = Patience::new();
    loop {
        // Looked at before the read: all that was written must be there for it.
        let all_written = all_written.load(Acquire);
        let seen = whole(&C::read(reader))?;
        if seen < before {
            return Err(format!("a reader saw {before} and later {seen}"));
        }
        if all_written {
            return if seen == last {
                Ok(())
            } else {
                Err(format!("after the last write, of {last}, a reader saw {seen}"))
            };
        }
        if seen != before {
            patience = Patience::new();
        }
        before = seen;
        patience.pause("a reader sees no new value")?;
    }
}

/// Reads are counted.
pub mod read {
    use std::hint::black_box;
    use std::time::Duration;

    use crossbeam_utils::CachePadded;

    use super::{Cell, ManyReaders, contract, contract_of_one_reader};
    use crate::crew::{Crew, Part, Stop, pace};
    use crate::shapes::{ANY, Contender, Regime, Shape};

    const REGIMES: &[Regime] = &[
        Regime {
            name: "64B-quiet",
            question: "What does reading 64 bytes cost when nobody writes?",
            threads: 1,
            lanes: 1,
        },
        Regime {
            name: "64B-1-writer",
            question: "What does reading 64 bytes cost while one thread writes about a million \
                       times a second?",
            threads: 2,
            lanes: 1,
        },
        Regime {
            name: "64B-2-readers",
            question: "What does reading 64 bytes cost when two threads read without pause?",
            threads: 2,
            lanes: 2,
        },
    ];

    /// The shape, with these contenders.
    #[must_use]
    pub fn shape(contenders: Vec<Contender>) -> Shape {
        let operation = "one read of 64 bytes; wall time over the reads of all readers";
        Shape { name: "cell-read", operation, regimes: REGIMES, contenders }
    }

    /// Enters `C`.
    #[must_use]
    pub fn entry<C: ManyReaders>() -> Contender {
        let (name, package) = (C::NAME, C::PACKAGE);
        let (contract, sample) = (contract::<C>, sample::<C>);
        Contender { name, package, contract, sample, most_lanes: ANY }
    }

    /// Enters `C`, which has one reader, where one is enough.
    #[must_use]
    pub fn one_reader<C: Cell>() -> Contender {
        let (name, package) = (C::NAME, C::PACKAGE);
        let (contract, sample) = (contract_of_one_reader::<C>, sample_of_one_reader::<C>);
        Contender { name, package, contract, sample, most_lanes: 1 }
    }

    fn sample<C: ManyReaders>(regime: &Regime, each: u64, crew: &Crew) -> Duration {
        let mut cell = CachePadded::new(C::new([7; 8]));
        let (writer, reader) = cell.ends();
        let mut readers: Vec<_> = (1..regime.lanes).map(|_| C::another(&reader)).collect();
        readers.push(reader);
        time::<C>(regime, writer, readers, each, crew)
    }

    fn sample_of_one_reader<C: Cell>(regime: &Regime, each: u64, crew: &Crew) -> Duration {
        let mut cell = CachePadded::new(C::new([7; 8]));
        let (writer, reader) = cell.ends();
        time::<C>(regime, writer, vec![reader], each, crew)
    }

    fn time<'a, C: Cell>(
        regime: &Regime,
        writer: C::Writer<'a>,
        readers: Vec<C::Reader<'a>>,
        each: u64,
        crew: &Crew,
    ) -> Duration {
        let reading = |reader| {
            // Padded: two readers that keep something in their handles must not share a cache line.
            let mut reader = CachePadded::<C::Reader<'a>>::new(reader);
            Part::counted(move || {
                let reader: &mut C::Reader<'a> = &mut reader;
                for _ in 0..each {
                    // By reference: by value would add a copy to every contender's time.
                    black_box(&C::read(reader));
                }
            })
        };
        let mut writer = CachePadded::new(writer);
        let writing = move |stop: &Stop| {
            let writer: &mut C::Writer<'a> = &mut writer;
            let mut k = 0;
            while !stop.asked() {
                k += 1;
                C::write(writer, [k; 8]);
                pace();
            }
        };
        let mut parts: Vec<Part<'_>> = readers.into_iter().map(reading).collect();
        if regime.threads > regime.lanes {
            parts.push(Part::background(writing));
        }
        crew.time(parts)
    }
}

/// Writes are counted.
pub mod write {
    use std::time::Duration;

    use crossbeam_utils::CachePadded;

    use super::{Cell, ManyReaders, contract, contract_of_one_reader};
    use crate::crew::{Crew, Part};
    use crate::shapes::{Contender, Regime, Shape};

    const REGIMES: &[Regime] = &[Regime {
        name: "64B-single",
        question: "What does writing 64 bytes cost the only writer when nobody reads?",
        threads: 1,
        lanes: 1,
    }];

    /// The shape, with these contenders.
    #[must_use]
    pub fn shape(contenders: Vec<Contender>) -> Shape {
        let operation = "one write of 64 bytes";
        Shape { name: "cell-write", operation, regimes: REGIMES, contenders }
    }

    /// Enters `C`.
    #[must_use]
    pub fn entry<C: ManyReaders>() -> Contender {
        Contender { contract: contract::<C>, ..one_reader::<C>() }
    }

    /// Enters `C`, which has one reader.
    #[must_use]
    pub fn one_reader<C: Cell>() -> Contender {
        let (name, package) = (C::NAME, C::PACKAGE);
        let (contract, sample) = (contract_of_one_reader::<C>, sample::<C>);
        Contender { name, package, contract, sample, most_lanes: 1 }
    }

    /// There is one writer, so one lane.
    fn sample<C: Cell>(_: &Regime, each: u64, crew: &Crew) -> Duration {
        let mut cell = CachePadded::new(C::new([0; 8]));
        // The reader stays, and does not read.
        let (writer, _reader) = cell.ends();
        let mut writer = CachePadded::new(writer);
        crew.time(vec![Part::counted(move || {
            let writer: &mut C::Writer<'_> = &mut writer;
            (0..each).for_each(|k| C::write(writer, [k; 8]));
        })])
    }
}
