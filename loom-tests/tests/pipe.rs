//! The pipe: the note of an end that goes (I3, by E4 of the ring), and that no two ends wait for each other
//! (I2).
//!
//! The edges of the ring have their own checks, in `spsc`.
#![cfg(loom)]

use std::io::{ErrorKind, IoSlice, Read, Result, Write};

use loom_tests::{explore, explore_bounded, spawn, yield_now};
use untorn::pipe::{Reader, Writer, pipe};

fn kind<T>(result: Result<T>) -> std::result::Result<T, ErrorKind> {
    result.map_err(|error| error.kind())
}

/// A reader that finds the writer gone finds its error, and before that what was written: never an end.
#[test]
fn e4_the_note_of_a_writer_is_found() {
    let seen = |before: usize| (before, vec![b'a'], Err(ErrorKind::InvalidData));
    // How often it had to ask is what tells the interleavings apart.
    explore([seen(0), seen(1)], || {
        let (mut writer, mut reader) = pipe(1);
        let writing = spawn(move || {
            writer.try_write(b"a").expect("room for one");
            writer.close_with_error(ErrorKind::InvalidData.into());
        });
        let reading = spawn(move || {
            let (mut refused, mut bytes, mut place) = (0, Vec::new(), [0]);
            loop {
                match kind(reader.try_read(&mut place)) {
                    Ok(0) => return (refused, bytes, Ok(0)),
                    Ok(_) => bytes.push(place[0]),
                    Err(ErrorKind::WouldBlock) => {
                        refused = 1;
                        yield_now();
                    }
                    Err(kind) => return (refused, bytes, Err(kind)),
                }
            }
        });
        writing.join();
        reading.join()
    });
}

/// The same the other way round.
#[test]
fn e4_the_note_of_a_reader_is_found() {
    explore(
        [(Ok(1), ErrorKind::InvalidData), (Err(ErrorKind::InvalidData), ErrorKind::InvalidData)],
        || {
            let (mut writer, reader) = pipe(2);
            let reading = spawn(move || reader.close_with_error(ErrorKind::InvalidData.into()));
            let writing = spawn(move || {
                let first = kind(writer.try_write(b"a"));
                while !writer.is_closed() {
                    yield_now();
                }
                (first, kind(writer.try_write(b"a")).expect_err("nobody reads"))
            });
            reading.join();
            writing.join()
        },
    );
}

fn read_all(mut reader: Reader) -> (Vec<u8>, std::result::Result<usize, ErrorKind>) {
    let mut bytes = Vec::new();
    let end = kind(reader.read_to_end(&mut bytes));
    (bytes, end)
}

fn write_and_close(mut writer: Writer, bytes: &[u8]) -> Result<()> {
    writer.write_all(bytes)?;
    writer.close_with_error(ErrorKind::InvalidData.into());
    Ok(())
}

/// The reader sleeps, and the end of the stream wakes it, and then it finds the note. A wake-up that is lost
/// is a deadlock, which loom reports.
#[test]
fn e4_a_reader_that_sleeps_finds_the_note() {
    explore_bounded(2, [(b"a".to_vec(), Err(ErrorKind::InvalidData))], || {
        let (writer, reader) = pipe(1);
        let writing = spawn(move || write_and_close(writer, b"a").expect("the reader reads"));
        let reading = spawn(move || read_all(reader));
        writing.join();
        reading.join()
    });
}

/// A writer that needs all the room at once, and a reader that takes single bytes.
#[test]
fn i2_an_atomic_write_gets_its_room() {
    explore_bounded(2, [*b"abc"], || {
        let (mut writer, mut reader) = pipe(2);
        let writing = spawn(move || {
            writer.write_atomic(b"a").expect("the reader lives");
            writer.write_atomic(b"bc").expect("the reader lives");
            writer
        });
        let reading = spawn(move || {
            let mut bytes = [0; 3];
            for byte in bytes.chunks_mut(1) {
                reader.read_exact(byte).expect("three come");
            }
            (bytes, reader)
        });
        let _writer = writing.join();
        reading.join().0
    });
}

/// The end of a source is that of the source: a reader that goes between two looks of the writer is an error.
#[test]
fn e4_a_source_without_an_end_has_none() {
    explore_bounded(2, [Err(ErrorKind::BrokenPipe)], || {
        let (mut writer, reader) = pipe(2);
        let reading = spawn(move || drop(reader));
        let writing = spawn(move || kind(writer.fill_from(&mut std::io::repeat(b'a'))));
        reading.join();
        writing.join()
    });
}

/// The mirror image: what the writer wrote last reaches the sink, and then its note.
#[test]
fn e4_a_sink_gets_the_last_bytes_and_then_the_note() {
    explore_bounded(2, [(b"a".to_vec(), Err(ErrorKind::InvalidData))], || {
        let (writer, mut reader) = pipe(1);
        let writing = spawn(move || write_and_close(writer, b"a").expect("the reader reads"));
        let reading = spawn(move || {
            let mut sink = Vec::new();
            let end = kind(reader.drain_to(&mut sink));
            (sink, end)
        });
        writing.join();
        reading.join()
    });
}

/// Room that comes while several buffers are written is not for the next of them, but for the rest of the one
/// before.
#[test]
fn several_buffers_are_written_without_a_gap() {
    explore([b"ab".to_vec(), b"abc".to_vec(), b"abcd".to_vec()], || {
        let (mut writer, mut reader) = pipe(2);
        let reading = spawn(move || {
            let (mut bytes, mut place) = (Vec::new(), [0]);
            for _ in 0..2 {
                let read = reader.try_read(&mut place).unwrap_or(0);
                bytes.extend_from_slice(&place[..read]);
            }
            (bytes, reader)
        });
        let writing = spawn(move || {
            let buffers = [b"abc".as_slice(), b"d"].map(IoSlice::new);
            writer.write_vectored(&buffers).expect("the reader lives")
        });
        let written = writing.join();
        let (mut bytes, mut reader) = reading.join();
        reader.read_to_end(&mut bytes).expect("no error is left");
        assert_eq!(bytes.len(), written);
        bytes
    });
}
