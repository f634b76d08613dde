//! The pipe between two threads: streams, waiting, timeouts and being woken.
#![cfg(feature = "std")]

use std::io::{
    BufRead, BufReader, Error, ErrorKind, IoSlice, IoSliceMut, Read, Result, Write, copy,
};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

use untorn::pipe::{Reader, Writer, pipe};

mod support;
use support::tasks::Wakes;
use support::threads::Random;
use support::{PATIENCE, rounds};

/// Long enough that the other side is asleep, not spinning, in nearly every run.
const NAP: Duration = Duration::from_millis(30);

/// Capacities at, below and above powers of two, and of the slices of a large copy.
const CAPACITIES: [usize; 8] = [1, 2, 3, 4, 7, 100, 1 << 12, (1 << 16) + 1];

/// Bytes that are told apart at every distance that is no multiple of 251.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn the_calls_of_buf_read_work_across_the_edge_of_the_memory() {
    for capacity in [1, 2, 5, 64] {
        let (mut writer, reader) = pipe(capacity);
        let writing = thread::spawn(move || {
            (0..rounds(3_000)).try_for_each(|number| writeln!(writer, "{number}"))
        });
        let mut reader = reader;
        let mut bytes = Vec::new();
        assert_eq!(reader.read_until(b'\n', &mut bytes).unwrap(), 2);
        for (line, number) in reader.lines().zip(1..) {
            assert_eq!(line.unwrap(), number.to_string());
        }
        writing.join().unwrap().unwrap();
    }
}

/// Through every capacity, in pieces of every size, by every pair of calls.
#[test]
fn a_stream_arrives_whole() {
    type Copying = fn(Writer, &[u8]) -> Result<()>;
    type Collecting = fn(Reader) -> Result<Vec<u8>>;
    let writers: [Copying; 4] = [
        |mut writer, bytes| writer.write_all(bytes),
        |mut writer, bytes| bytes.chunks(37).try_for_each(|piece| writer.write_all(piece)),
        |mut writer, mut bytes| writer.fill_from(&mut bytes).map(drop),
        |mut writer, bytes| {
            let piece = writer.capacity().min(1_000);
            bytes.chunks(piece).try_for_each(|piece| writer.write_atomic(piece))
        },
    ];
    let readers: [Collecting; 4] = [
        |mut reader| {
            let mut bytes = Vec::new();
            reader.read_to_end(&mut bytes).map(|_| bytes)
        },
        |reader| {
            let mut bytes = Vec::new();
            BufReader::with_capacity(41, reader).read_to_end(&mut bytes).map(|_| bytes)
        },
        |mut reader| {
            let mut bytes = Vec::new();
            reader.drain_to(&mut bytes).map(|_| bytes)
        },
        |mut reader| {
            let mut bytes = Vec::new();
            copy(&mut reader, &mut bytes).map(|_| bytes)
        },
    ];
    for capacity in CAPACITIES {
        let bytes = pattern(rounds(capacity * 20).clamp(100, 200_000));
        for writing in writers {
            for reading in readers {
                let (writer, reader) = pipe(capacity);
                let bytes = &bytes;
                let read = thread::scope(|scope| {
                    let read = scope.spawn(move || reading(reader));
                    writing(writer, bytes).unwrap();
                    read.join().unwrap().unwrap()
                });
                assert!(read == *bytes, "capacity {capacity}");
            }
        }
    }
}

/// The reader makes room while several buffers are being written: whatever is written is the beginning of
/// them, without a gap.
#[test]
fn several_buffers_arrive_as_one() {
    let bytes = pattern(rounds(3_000_000).max(1_000));
    for capacity in [1, 3, 64, 4_000] {
        let (mut writer, mut reader) = pipe(capacity);
        let mut source = Random(capacity as u64);
        let sent = &bytes[..bytes.len().min(capacity * 40_000)];
        thread::scope(|scope| {
            scope.spawn(move || {
                let mut left = sent;
                while !left.is_empty() {
                    let mut rest = left;
                    let mut piece = || {
                        let most = rest.len().min(capacity + 3);
                        let (piece, after) = rest.split_at(source.below(most as u64 + 1) as usize);
                        rest = after;
                        IoSlice::new(piece)
                    };
                    let buffers = [piece(), piece(), piece()];
                    left = &left[writer.write_vectored(&buffers).expect("the reader lives")..];
                }
            });
            let (mut seen, mut source) = (0, Random(!capacity as u64));
            let mut place = vec![0; capacity + 3];
            loop {
                let read = reader
                    .read(&mut place[..1 + source.below(capacity as u64 + 3) as usize])
                    .unwrap();
                if read == 0 {
                    break;
                }
                assert!(place[..read] == sent[seen..][..read], "at {seen}, capacity {capacity}");
                seen += read;
            }
            assert_eq!(seen, sent.len());
        });
    }
}

/// A source without an end, and a reader that goes at any point: never the end, always an error. The model
/// check of this is in `loom-tests`.
#[test]
fn a_source_without_an_end_has_none() {
    for round in 0..rounds(2_000).max(4) {
        let (mut writer, mut reader) = pipe(1 << 10);
        thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..round % 50 {
                    reader.read_exact(&mut [0; 64]).unwrap();
                }
            });
            let result = writer.fill_from(&mut std::io::repeat(1).take(u64::MAX));
            assert_eq!(kind(result), Some(ErrorKind::BrokenPipe));
        });
    }
}

/// The mirror image: a writer that goes at any point, and a sink that gets everything before the error.
#[test]
fn a_drain_gets_the_last_bytes_and_then_the_note() {
    for round in 0..rounds(2_000).max(4) {
        let (mut writer, mut reader) = pipe(100);
        let bytes = pattern(round % 300);
        thread::scope(|scope| {
            let sent = &bytes;
            scope.spawn(move || {
                sent.chunks(7).for_each(|piece| writer.write_all(piece).unwrap());
                writer.close_with_error(ErrorKind::InvalidData.into());
            });
            let mut sink = Vec::new();
            assert_eq!(kind(reader.drain_to(&mut sink)), Some(ErrorKind::InvalidData));
            assert!(sink == bytes);
        });
    }
}

#[test]
fn an_atomic_write_waits_for_all_its_room_and_is_seen_at_once() {
    let (mut writer, mut reader) = pipe(8);
    assert_eq!(kind(writer.write_atomic(&[0; 9])), Some(ErrorKind::InvalidInput));
    writer.write_all(b"abc").unwrap();
    let writing = thread::spawn(move || writer.write_atomic(b"defghi"));
    thread::sleep(NAP);
    assert_eq!(reader.len(), 3, "there is room for five of the six");
    reader.read_exact(&mut [0]).unwrap();
    while reader.len() == 2 {
        thread::yield_now();
    }
    assert_eq!(reader.len(), 8, "all of it");
    writing.join().unwrap().unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "bcdefghi");
}

/// Records of random sizes through a pipe that they do not fit into evenly: whatever the reader sees is a
/// number of whole records.
#[test]
fn atomic_writes_are_never_seen_in_part() {
    let (mut writer, mut reader) = pipe(50);
    let writing = thread::spawn(move || {
        for number in 0..rounds(20_000) {
            // Its length, and then that many bytes.
            let len = (number * 7 % 23) as u8;
            let record = [&[len][..], &vec![len; len.into()]].concat();
            writer.write_atomic(&record).expect("the reader lives");
        }
    });
    let mut seen = Vec::new();
    loop {
        let here = reader.len();
        let (mut at, mut place) = (0, vec![0; here.max(1)]);
        let read = reader.read(&mut place).unwrap();
        if here == 0 {
            // Nothing was there when it was asked, so the reader took the first byte that came.
            if read == 0 {
                break;
            }
            let len = usize::from(place[0]);
            reader.read_exact(&mut vec![0; len]).unwrap();
            seen.push(len);
            continue;
        }
        assert_eq!(read, here);
        while at < here {
            let len = usize::from(place[at]);
            assert!(place[at..].len() > len, "part of a record");
            assert!(place[at + 1..][..len].iter().all(|byte| usize::from(*byte) == len));
            at += 1 + len;
            seen.push(len);
        }
    }
    assert!(seen.into_iter().eq((0..rounds(20_000)).map(|number| number * 7 % 23)));
    writing.join().unwrap();
}

#[test]
fn ends_that_sleep_are_woken() {
    let (mut writer, mut reader) = pipe(1);
    let reading = thread::spawn(move || {
        let mut byte = [0];
        reader.read_exact(&mut byte).map(|()| (byte, reader))
    });
    thread::sleep(NAP);
    writer.write_all(b"a").unwrap();
    let (byte, reader) = reading.join().unwrap().unwrap();
    assert_eq!(byte, *b"a");

    let writing = thread::spawn(move || writer.write_all(b"bc").map(|()| writer));
    thread::sleep(NAP);
    assert_eq!(reader.bytes().map(Result::unwrap).take(2).collect::<Vec<_>>(), b"bc");
    drop(writing.join().unwrap().unwrap());
}

/// A writer is not woken before that is worth it, and at the latest before the reader has to wait.
#[test]
fn a_writer_is_woken_when_that_is_worth_it() {
    // Of the capacity, of what is left to write, and what it is woken for.
    for (capacity, wanted, enough) in
        [(1_000, 900, 250), (1_000, 3, 3), (3, 3, 1), (1 << 16, 1 << 16, 1 << 12)]
    {
        let (mut writer, mut reader) = pipe(capacity);
        writer.write_all(&pattern(capacity)).unwrap();
        let (wakes, waker) = Wakes::new();
        let mut context = Context::from_waker(&waker);
        let bytes = pattern(wanted);
        assert!(writer.poll_write(&mut context, &bytes).is_pending());
        for (read, woken) in [(enough - 1, 0), (1, 1)] {
            reader.read_exact(&mut vec![0; read]).unwrap();
            assert_eq!(wakes.count(), woken, "{enough} of {capacity} for {wanted}");
        }
        let Poll::Ready(written) = writer.poll_write(&mut context, &bytes) else {
            panic!("there is room");
        };
        assert_eq!(written.unwrap(), enough);
    }
}

#[test]
fn a_timeout_is_never_early_and_loses_nothing() {
    let (mut writer, mut reader) = pipe(8);
    for timeout in [Duration::ZERO, NAP] {
        writer.set_timeout(Some(timeout));
        reader.set_timeout(Some(timeout));
        let timed_out = |call: &mut dyn FnMut() -> Result<usize>| {
            let start = Instant::now();
            assert_eq!(kind(call()), Some(ErrorKind::TimedOut));
            assert!((timeout..PATIENCE).contains(&start.elapsed()));
        };
        timed_out(&mut || reader.read(&mut [0; 4]));
        timed_out(&mut || reader.read_vectored(&mut [IoSliceMut::new(&mut [0; 4])]));
        timed_out(&mut || reader.fill_buf().map(<[u8]>::len));
        timed_out(&mut || reader.drain_to(&mut Vec::new()).map(|_| 0));
        assert_eq!(writer.write(b"12345678").unwrap(), 8);
        timed_out(&mut || writer.write(b"9"));
        timed_out(&mut || writer.write_vectored(&[IoSlice::new(b"9")]));
        timed_out(&mut || writer.fill_from(&mut &b"9"[..]).map(|_| 0));
        // Room for one, and two to write: what fits is written when the time is over.
        reader.read_exact(&mut [0]).unwrap();
        timed_out(&mut || writer.write_atomic(b"90").map(|()| 0));
        assert_eq!(writer.write(b"90").unwrap(), 1);
        let mut place = [0; 8];
        assert_eq!(reader.read(&mut place).unwrap(), 8);
        assert_eq!(place, *b"23456789");
    }
    writer.set_timeout(Some(Duration::MAX));
    writer.write_all(b"whole").unwrap();
    reader.set_timeout(Some(Duration::MAX));
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 5);
}

/// A write that waits for more room than there is writes what fits when the time is over.
#[test]
fn a_timed_write_settles_for_less() {
    let (mut writer, mut reader) = pipe(100);
    writer.write_all(&pattern(100)).unwrap();
    writer.set_timeout(Some(4 * NAP));
    let writing = thread::spawn(move || writer.write(&pattern(50)));
    thread::sleep(NAP);
    reader.read_exact(&mut [0; 7]).unwrap();
    assert_eq!(writing.join().unwrap().unwrap(), 7);
}

#[test]
fn an_end_that_goes_wakes_the_other() {
    let (writer, mut reader) = pipe(4);
    let reading = thread::spawn(move || reader.read(&mut [0; 4]));
    thread::sleep(NAP);
    drop(writer);
    assert_eq!(reading.join().unwrap().unwrap(), 0);

    let (mut writer, mut reader) = pipe(4);
    let reading = thread::spawn(move || reader.read(&mut [0; 4]));
    thread::sleep(NAP);
    writer.close_with_error(Error::other("no more"));
    assert_eq!(reading.join().unwrap().unwrap_err().to_string(), "no more");

    type Waiting = fn(&mut Writer) -> Result<()>;
    let calls: [Waiting; 3] = [
        |writer| writer.write_all(b"12345678"),
        |writer| writer.write_atomic(b"1234"),
        |writer| writer.fill_from(&mut &b"12345678"[..]).map(drop),
    ];
    for call in calls {
        let waiting = |close: fn(Reader)| {
            let (mut writer, reader) = pipe(4);
            writer.write_all(b"1").unwrap();
            let writing = thread::spawn(move || call(&mut writer));
            thread::sleep(NAP);
            close(reader);
            writing.join().unwrap().unwrap_err()
        };
        assert_eq!(waiting(drop).kind(), ErrorKind::BrokenPipe);
        let error = waiting(|reader| reader.close_with_error(Error::other("enough")));
        assert_eq!(error.to_string(), "enough");
    }
}
