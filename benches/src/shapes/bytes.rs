//! A stream of bytes from one thread to one other, through [`Write`] and [`Read`].
//!
//! Contract: the bytes come out in their order and none is lost; a write waits for room and a read for
//! bytes, and neither says that there is nothing to do; a read after the last byte says 0 when the
//! writing end is gone.

use std::hint::black_box;
use std::io::{self, ErrorKind, Read, Write};
use std::thread;
use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::{ALWAYS, Contender, PATIENCE, Regime, Sample, Shape, within};
use crate::crew::{Crew, Part, Wait};

/// How many bytes fit. A pipe of Linux has room for as many.
pub const CAPACITY: usize = 64 * 1024;
const LARGEST_CHUNK: usize = 64 * 1024;

/// A pipe with one thread at either end.
pub trait Pipe: 'static {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// The end that writes.
    type Writer: Write + Send + 'static;
    /// The end that reads.
    type Reader: Read + Send + 'static;

    /// An empty pipe with room for that many bytes, if it can be chosen.
    fn pipe(capacity: usize) -> (Self::Writer, Self::Reader);
}

/// An end that says when there is nothing to do, waited for as every end of a queue is here. It must
/// say 0 when the other end is gone.
#[derive(Debug)]
pub struct Spun<E>(pub E);

impl<E> Spun<E> {
    #[inline]
    fn spin(&mut self, mut work: impl FnMut(&mut E) -> io::Result<usize>) -> io::Result<usize> {
        let mut wait = Wait::new();
        loop {
            match work(&mut self.0) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => wait.pause(),
                result => return result,
            }
        }
    }
}

impl<E: Read> Read for Spun<E> {
    #[inline]
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.spin(|end| end.read(bytes))
    }
}

impl<E: Write> Write for Spun<E> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spin(|end| end.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const REGIMES: &[Regime] = &[
    regime(512, "512B", "How long do 512 bytes take from one thread to the other?"),
    regime(4096, "4KiB", "How long do 4 KiB take?"),
    regime(
        LARGEST_CHUNK,
        "64KiB",
        "How long do 64 KiB take, which is as much as there is room for?",
    ),
];

const fn regime(chunk: usize, name: &'static str, question: &'static str) -> Regime {
    Regime::of_lanes(1, name, question).beside(1).of_bytes(chunk)
}

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "one chunk, written by one thread and read by the other into as large a buffer";
    Shape { name: "bytes", operation, regimes: REGIMES, contenders }
}

/// Enters `P`.
#[must_use]
pub fn entry<P: Pipe>() -> Contender {
    let (name, package) = (P::NAME, P::PACKAGE);
    let (contract, sample) = (contract::<P>, sample::<P>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

/// Checks order, completeness and the end.
///
/// # Errors
///
/// Says what broke.
pub fn contract<P: Pipe>(operations: u64) -> Result<(), String> {
    contract_within::<P>(operations, PATIENCE)
}

/// [`contract`] with another limit to its patience.
///
/// # Errors
///
/// As there; the threads of a contender that is stuck are left behind.
pub fn contract_within<P: Pipe>(operations: u64, patience: Duration) -> Result<(), String> {
    // As many bytes as go round a small pipe many times, and a large one twice.
    let total = usize::try_from(operations).unwrap_or(usize::MAX).saturating_mul(64);
    within(patience, move |_| {
        for (capacity, written, read) in [(7, 5, 3), (4096, 100, 4096), (CAPACITY, 4096, 100)] {
            all_come_out::<P>(capacity, total / 64, written, read)?;
        }
        all_come_out::<P>(CAPACITY, total, CAPACITY + 1, CAPACITY)
    })
}

/// The byte in that place of the stream: no length that matters is a multiple of the period.
fn byte(place: usize) -> u8 {
    (place % 251) as u8
}

/// Writes that many bytes in pieces, and reads them in others, to the end.
fn all_come_out<P: Pipe>(
    capacity: usize,
    total: usize,
    written: usize,
    read: usize,
) -> Result<(), String> {
    let (mut writer, mut reader) = P::pipe(capacity);
    let writing = thread::spawn(move || {
        let bytes: Vec<u8> = (0..total).map(byte).collect();
        let result = bytes.chunks(written).try_for_each(|piece| writer.write_all(piece));
        result.map_err(|error| format!("a write failed: {error}"))
    });
    let mut buffer = vec![0; read];
    let mut place = 0;
    loop {
        match reader.read(&mut buffer) {
            // Before the writing thread is waited for, which may wait for the rest to be read.
            Ok(0) if place < total => {
                return Err(format!("a read said 0 after {place} of {total} bytes"));
            }
            Ok(0) => break,
            Ok(some) => {
                for &seen in &buffer[..some] {
                    if seen != byte(place) || place == total {
                        return Err(format!("byte {place} of {total} is {seen}"));
                    }
                    place += 1;
                }
            }
            Err(error) => return Err(format!("a read failed: {error}")),
        }
    }
    writing.join().map_err(|_| "the writing thread panicked".to_owned())?
}

fn sample<P: Pipe>(regime: &Regime, chunks: u64, crew: &Crew) -> Sample {
    let (writer, reader) = P::pipe(CAPACITY);
    // Padded and borrowed for the reasons given in the stream of `spsc`.
    let (mut writer, mut reader) = (CachePadded::new(writer), CachePadded::new(reader));
    let (writer, reader): (&mut P::Writer, &mut P::Reader) = (&mut writer, &mut reader);
    let size = regime.bytes;
    let writing = Part::counted(move || {
        let chunk = vec![7; size];
        for _ in 0..chunks {
            writer.write_all(black_box(&chunk)).expect("the reading end is there");
        }
    });
    let reading = Part::counted(move || {
        let mut buffer = vec![0; size];
        let mut left = chunks * size as u64;
        while left > 0 {
            let read = reader.read(&mut buffer).expect("the writing end is there");
            assert_ne!(read, 0, "the writing end is there");
            black_box(&buffer);
            left -= read as u64;
        }
    });
    crew.time(vec![writing, reading]).into()
}
