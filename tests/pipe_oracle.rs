//! The pipe beside the system's, on random scripts: both must answer alike.
// Miri has no pipes of the system.
#![cfg(all(feature = "std", not(miri)))]
#![allow(clippy::incompatible_msrv, reason = "tests run on the current stable")]

use std::io::{ErrorKind, IoSlice, IoSliceMut, Read, Result, Write};
use std::thread;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::pipe::{Reader, Writer, pipe};

/// A capacity that a pipe of the system does not reach, however badly small writes fill its pages.
const CAPACITY: usize = 8 << 10;

#[derive(Clone, Debug)]
enum Call {
    Write(usize),
    WriteVectored(Vec<usize>),
    Read(usize),
    ReadVectored(Vec<usize>),
    /// A read where nothing is, which for a pipe of the system would never end.
    ReadNothing,
    DropWriter,
    DropReader,
}

fn len() -> impl Strategy<Value = usize> {
    prop_oneof![1 => Just(0), 6 => 0..20_usize, 2 => 0..6_000_usize]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = prop_oneof![
        8 => len().prop_map(Call::Write),
        2 => vec(len(), 0..4).prop_map(Call::WriteVectored),
        8 => len().prop_map(Call::Read),
        2 => vec(len(), 0..4).prop_map(Call::ReadVectored),
        1 => Just(Call::ReadNothing),
        1 => Just(Call::DropWriter),
        1 => Just(Call::DropReader),
    ];
    vec(call, 0..60)
}

/// What a call came to, as both must have it.
fn outcome<T>(result: Result<T>) -> std::result::Result<T, ErrorKind> {
    result.map_err(|error| error.kind())
}

/// The next `len` bytes of the stream.
fn next_bytes(written: &mut usize, len: usize) -> Vec<u8> {
    let start = *written;
    *written += len;
    (start..start + len).map(|at| (at % 251) as u8).collect()
}

fn write_to(writer: &mut impl Write, bytes: &[Vec<u8>]) -> std::result::Result<usize, ErrorKind> {
    let buffers: Vec<_> = bytes.iter().map(|bytes| IoSlice::new(bytes)).collect();
    outcome(match &*buffers {
        [only] => writer.write(only),
        several => writer.write_vectored(several),
    })
}

fn read_from(
    reader: &mut impl Read,
    lens: &[usize],
) -> std::result::Result<(usize, Vec<Vec<u8>>), ErrorKind> {
    let mut places: Vec<_> = lens.iter().map(|&len| vec![0; len]).collect();
    let mut slices: Vec<_> = places.iter_mut().map(|place| IoSliceMut::new(place)).collect();
    let read = outcome(match &mut *slices {
        [only] => reader.read(only),
        several => reader.read_vectored(several),
    })?;
    Ok((read, places))
}

/// One thread: no call that would wait, but for those whose timeout is tried.
fn on_one_thread(calls: &[Call]) -> std::result::Result<(), TestCaseError> {
    let (writer, reader) = pipe(CAPACITY);
    let (their_reader, their_writer) = std::io::pipe().expect("a pipe of the system");
    let (mut writers, mut readers) = (Some((writer, their_writer)), Some((reader, their_reader)));
    let (mut inside, mut written) = (0, 0);
    for call in calls {
        let (write, read) = match call {
            Call::Write(len) => (Some(vec![*len]), None),
            Call::WriteVectored(lens) => (Some(lens.clone()), None),
            Call::Read(len) => (None, Some(vec![*len])),
            Call::ReadVectored(lens) => (None, Some(lens.clone())),
            Call::ReadNothing => {
                if let (Some((ours, _)), true) = (&mut readers, inside == 0 && writers.is_some()) {
                    ours.set_timeout(Some(Duration::from_micros(100)));
                    prop_assert_eq!(outcome(ours.read(&mut [0])), Err(ErrorKind::TimedOut));
                    prop_assert_eq!(outcome(ours.try_read(&mut [0])), Err(ErrorKind::WouldBlock));
                    ours.set_timeout(None);
                }
                continue;
            }
            Call::DropWriter => {
                writers = None;
                continue;
            }
            Call::DropReader => {
                (readers, inside) = (None, 0);
                continue;
            }
        };
        if let (Some(lens), Some((ours, theirs))) = (write, &mut writers) {
            let len = lens.iter().sum::<usize>();
            if readers.is_some() && inside + len > CAPACITY {
                continue;
            }
            let bytes: Vec<_> = lens.iter().map(|&len| next_bytes(&mut written, len)).collect();
            let result = write_to(ours, &bytes);
            prop_assert_eq!(result, write_to(theirs, &bytes));
            inside += result.unwrap_or(0);
            prop_assert_eq!(ours.len(), inside);
        }
        if let (Some(lens), Some((ours, theirs))) = (read, &mut readers) {
            if inside == 0 && writers.is_some() && lens.iter().any(|&len| len != 0) {
                continue;
            }
            let result = read_from(ours, &lens);
            prop_assert_eq!(&result, &read_from(theirs, &lens));
            inside -= result.map_or(0, |(read, _)| read);
            prop_assert_eq!(ours.len(), inside);
        }
    }
    Ok(())
}

/// How a writer and a reader, each on a thread of its own, go about it.
#[derive(Clone, Debug)]
struct Script {
    writes: Vec<usize>,
    reads: Vec<usize>,
    /// After those reads: whether the reader goes, or reads on to the end.
    reader_goes: bool,
    timeout: Option<Duration>,
    capacity: usize,
}

fn scripts() -> impl Strategy<Value = Script> {
    let len = || prop_oneof![1 => Just(0), 4 => 0..100_usize, 2 => 0..100_000_usize];
    let timeout =
        prop_oneof![Just(None), (0..300_u64).prop_map(|us| Some(Duration::from_micros(us)))];
    let capacity = prop_oneof![1..10_usize, 10..70_000_usize];
    (vec(len(), 0..8), vec(len(), 0..8), any::<bool>(), timeout, capacity).prop_map(
        |(mut writes, mut reads, reader_goes, timeout, capacity)| {
            // Not so much that the smallest capacities take for ever.
            writes.iter_mut().chain(&mut reads).for_each(|len| *len %= capacity * 20);
            Script { writes, reads, reader_goes, timeout, capacity }
        },
    )
}

/// Tries again after a timeout, as often as it takes.
struct Patient<T>(T);

impl<T> Patient<T> {
    fn again<R>(&mut self, mut call: impl FnMut(&mut T) -> Result<R>) -> Result<R> {
        loop {
            match call(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                result => return result,
            }
        }
    }
}

impl<T: Read> Read for Patient<T> {
    fn read(&mut self, place: &mut [u8]) -> Result<usize> {
        self.again(|reader| reader.read(place))
    }
}

impl<T: Write> Write for Patient<T> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.again(|writer| writer.write(bytes))
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}

type Outcome<T> = std::result::Result<T, ErrorKind>;

/// What the writer and the reader of a script came to.
fn on_two_threads(
    script: &Script,
    writer: impl Write + Send,
    reader: impl Read + Send,
) -> (Outcome<()>, Outcome<Vec<u8>>) {
    let writing = |mut writer: Box<dyn Write + Send>| {
        let mut written = 0;
        for &len in &script.writes {
            outcome(writer.write_all(&next_bytes(&mut written, len)))?;
        }
        Ok(())
    };
    let reading = |mut reader: Box<dyn Read + Send>| {
        let mut bytes = Vec::new();
        for &len in &script.reads {
            outcome(reader.by_ref().take(len as u64).read_to_end(&mut bytes))?;
        }
        if !script.reader_goes {
            outcome(reader.read_to_end(&mut bytes))?;
        }
        Ok(bytes)
    };
    thread::scope(|scope| {
        let (writer, reader) = (Box::new(writer), Box::new(reader));
        let read = scope.spawn(move || reading(reader));
        let written = writing(writer);
        (written, read.join().expect("the reader reports"))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn calls_that_need_not_wait_answer_like_those_of_the_system(calls in calls()) {
        on_one_thread(&calls)?;
    }

    #[test]
    fn streams_end_like_those_of_the_system(script in scripts()) {
        let (mut writer, mut reader): (Writer, Reader) = pipe(script.capacity);
        writer.set_timeout(script.timeout);
        reader.set_timeout(script.timeout);
        let (written, read) = on_two_threads(&script, Patient(writer), Patient(reader));
        let (reader, writer) = std::io::pipe().expect("a pipe of the system");
        let (their_written, their_read) = on_two_threads(&script, writer, reader);
        prop_assert!(read == their_read, "different bytes");
        // What the reader leaves inside may be more than the one holds and less than the other.
        let total: usize = script.writes.iter().sum();
        let left = total - read.map_or(0, |bytes| bytes.len());
        if !script.reader_goes || left > script.capacity.max(1 << 20) {
            prop_assert_eq!(written, their_written);
        } else if left > script.capacity {
            prop_assert_eq!(written, Err(ErrorKind::BrokenPipe));
        }
    }
}
