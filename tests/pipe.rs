//! The pipe: the public contract.
#![cfg(feature = "std")]

use std::io::{BufRead, Error, ErrorKind, IoSlice, IoSliceMut, Read, Result, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use untorn::pipe::{OnPanic, Reader, Writer, pipe, try_pipe};

/// Capacities at, below and above powers of two, and of the slices of a large copy.
const CAPACITIES: [usize; 8] = [1, 2, 3, 4, 7, 100, 1 << 12, (1 << 16) + 1];

fn for_each_pipe(check: impl Fn(usize, Writer, Reader)) {
    for capacity in CAPACITIES {
        let (writer, reader) = pipe(capacity);
        check(capacity, writer, reader);
    }
}

/// Bytes that are told apart at every distance that is no multiple of 251.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

fn kind<T>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn the_capacity_is_exact_and_the_order_kept() {
    for_each_pipe(|capacity, mut writer, mut reader| {
        let bytes = pattern(capacity + 1);
        for _ in 0..3 {
            assert!(writer.is_empty() && reader.is_empty());
            assert_eq!(writer.try_write(&bytes).unwrap(), capacity);
            assert_eq!((writer.len(), reader.len()), (capacity, capacity));
            assert_eq!(kind(writer.try_write(b"x")), Some(ErrorKind::WouldBlock));
            let mut place = vec![0; capacity + 1];
            assert_eq!(reader.try_read(&mut place).unwrap(), capacity);
            assert_eq!(place[..capacity], bytes[..capacity]);
            assert_eq!(kind(reader.try_read(&mut place)), Some(ErrorKind::WouldBlock));
        }
        assert_eq!((writer.capacity(), reader.capacity()), (capacity, capacity));
    });
}

#[test]
fn a_bad_capacity_is_named() {
    let error = try_pipe(0).unwrap_err();
    assert_eq!(error.to_string(), "capacity 0 is too small: a queue holds at least one element");
    assert_eq!(try_pipe(usize::MAX).unwrap_err().capacity(), usize::MAX);
    let panic = catch_unwind(|| pipe(0)).unwrap_err();
    let text = panic.downcast_ref::<String>().expect("a message");
    assert!(text.starts_with("cannot make a pipe: capacity 0 "), "{text}");
}

#[test]
fn what_is_left_is_read_before_the_end_which_stays() {
    for_each_pipe(|capacity, mut writer, mut reader| {
        let bytes = pattern(capacity);
        writer.write_all(&bytes).unwrap();
        drop(writer);
        assert!(reader.is_closed());
        let mut read = Vec::new();
        assert_eq!(reader.read_to_end(&mut read).unwrap(), capacity);
        assert_eq!(read, bytes);
        for _ in 0..3 {
            assert_eq!(reader.read(&mut [0; 4]).unwrap(), 0);
            assert_eq!(reader.try_read(&mut [0; 4]).unwrap(), 0);
            assert_eq!(reader.read_vectored(&mut [IoSliceMut::new(&mut [0; 4])]).unwrap(), 0);
            assert_eq!(reader.fill_buf().unwrap(), b"");
        }
    });
}

#[test]
fn a_write_without_a_reader_fails_at_once_even_if_there_is_room() {
    for_each_pipe(|_, mut writer, reader| {
        drop(reader);
        for _ in 0..3 {
            assert_eq!(kind(writer.write(b"x")), Some(ErrorKind::BrokenPipe));
            assert_eq!(kind(writer.try_write(b"x")), Some(ErrorKind::BrokenPipe));
            assert_eq!(kind(writer.write_atomic(b"x")), Some(ErrorKind::BrokenPipe));
            let vectored = writer.write_vectored(&[IoSlice::new(b""), IoSlice::new(b"x")]);
            assert_eq!(kind(vectored), Some(ErrorKind::BrokenPipe));
            assert_eq!(kind(writer.fill_from(&mut &b"x"[..])), Some(ErrorKind::BrokenPipe));
        }
        writer.flush().unwrap();
    });
}

#[test]
fn empty_buffers_never_wait_and_are_not_the_end() {
    for_each_pipe(|capacity, mut writer, mut reader| {
        let nothing = |writer: &mut Writer, reader: &mut Reader| {
            assert_eq!(reader.read(&mut []).unwrap(), 0);
            assert_eq!(reader.try_read(&mut []).unwrap(), 0);
            assert_eq!(reader.read_vectored(&mut []).unwrap(), 0);
            assert_eq!(reader.read_vectored(&mut [IoSliceMut::new(&mut [])]).unwrap(), 0);
            assert_eq!(reader.drain_to_at_most(&mut Vec::new(), 0).unwrap(), 0);
            assert_eq!(writer.write(b"").unwrap(), 0);
            assert_eq!(writer.try_write(b"").unwrap(), 0);
            assert_eq!(writer.write_vectored(&[]).unwrap(), 0);
            assert_eq!(writer.write_vectored(&[IoSlice::new(b"")]).unwrap(), 0);
            assert_eq!(writer.fill_from_at_most(&mut &b"x"[..], 0).unwrap(), 0);
            writer.write_atomic(b"").unwrap();
        };
        nothing(&mut writer, &mut reader);
        writer.write_all(&pattern(capacity)).unwrap();
        nothing(&mut writer, &mut reader);
        assert_eq!(reader.len(), capacity);
        reader.close_with_error(Error::other("gone"));
        assert_eq!(writer.write(b"").unwrap(), 0);
        assert_eq!(writer.write(b"x").unwrap_err().to_string(), "gone");
    });
}

#[test]
fn buffers_are_filled_and_written_one_after_the_other() {
    let (mut writer, mut reader) = pipe(10);
    // Somewhere in the middle, so that the bytes lie in two rows.
    writer.write_all(&pattern(6)).unwrap();
    reader.read_exact(&mut [0; 6]).unwrap();
    let buffers = [b"abc".as_slice(), b"", b"defg", b"hijkl", b"m"].map(IoSlice::new);
    assert_eq!(writer.write_vectored(&buffers).unwrap(), 10);
    let (mut first, mut second, mut third) = ([0; 4], [0; 5], [0; 9]);
    let mut places = [&mut first[..], &mut [], &mut second, &mut third].map(IoSliceMut::new);
    assert_eq!(reader.read_vectored(&mut places).unwrap(), 10);
    assert_eq!((&first, &second, third[0]), (b"abcd", b"efghi", b'j'));
}

#[test]
fn fill_buf_lends_the_memory_of_the_pipe() {
    let (mut writer, mut reader) = pipe(8);
    writer.write_all(b"abcdef").unwrap();
    let first = reader.fill_buf().unwrap().as_ptr();
    assert_eq!(reader.fill_buf().unwrap().as_ptr(), first, "asked twice, it is the same place");
    reader.consume(2);
    assert_eq!(reader.fill_buf().unwrap().as_ptr(), first.wrapping_add(2));
    reader.consume(4);
    // Once around: the same byte of memory.
    writer.write_all(b"ghijkl").unwrap();
    assert_eq!(reader.fill_buf().unwrap(), b"gh", "up to where the memory ends");
    reader.consume(2);
    let again = reader.fill_buf().unwrap();
    assert_eq!((again, again.as_ptr()), (&b"ijkl"[..], first));
    reader.consume(1_000);
    assert!(reader.is_empty(), "no more is taken than there is");
}

/// Bytes that came after the look, or lie past the end of the memory, nobody has seen.
#[test]
fn no_more_is_consumed_than_was_lent() {
    let (mut writer, mut reader) = pipe(8);
    writer.write_all(b"abc").unwrap();
    reader.consume(1_000);
    assert_eq!(reader.len(), 3, "nothing was lent");
    assert_eq!(reader.fill_buf().unwrap(), b"abc");
    writer.write_all(b"def").unwrap();
    reader.consume(1_000);
    assert_eq!(reader.fill_buf().unwrap(), b"def");
    // What is read is lent no more, by whichever call.
    assert_eq!(reader.try_read(&mut [0]).unwrap(), 1);
    writer.write_all(b"ghijk").unwrap();
    assert_eq!(reader.drain_to_at_most(&mut Vec::new(), 1).unwrap(), 1);
    reader.consume(1_000);
    assert_eq!(reader.fill_buf().unwrap(), b"gh", "up to where the memory ends");
    for _ in 0..2 {
        reader.consume(2);
    }
    assert_eq!(reader.len(), 3, "lent once, consumed once");
    writer.close();
    assert_eq!(reader.fill_buf().unwrap(), b"ijk");
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    reader.consume(3);
    assert_eq!((&*rest, reader.fill_buf().unwrap()), (&b"ijk"[..], &b""[..]));
}

#[test]
fn an_error_is_found_after_what_is_left() {
    let (mut writer, mut reader) = pipe(8);
    writer.write_all(b"left").unwrap();
    writer.close_with_error(Error::new(ErrorKind::InvalidData, "line 7"));
    let mut bytes = Vec::new();
    let error = reader.read_to_end(&mut bytes).unwrap_err();
    assert_eq!((bytes.as_slice(), error.to_string()), (&b"left"[..], "line 7".into()));
    for _ in 0..2 {
        assert_eq!(kind(reader.read(&mut [0])), Some(ErrorKind::InvalidData));
        assert_eq!(kind(reader.try_read(&mut [0])), Some(ErrorKind::InvalidData));
        assert_eq!(kind(reader.fill_buf()), Some(ErrorKind::InvalidData));
        assert_eq!(reader.read(&mut []).unwrap(), 0);
    }

    let (mut writer, reader) = pipe(8);
    reader.close_with_error(Error::from_raw_os_error(5));
    assert_eq!(writer.write(b"x").unwrap_err().raw_os_error(), Some(5));
    assert_eq!(kind(writer.write_atomic(b"x")), Some(Error::from_raw_os_error(5).kind()));
}

/// `write_all` and `read_exact` would try again for ever after the first of these, and after the others who
/// takes them for the pipe's own.
#[test]
fn an_error_that_asks_for_another_try_is_none() {
    let wrapped = |error: Error| {
        assert_eq!(error.kind(), ErrorKind::Other);
        let source = error.into_inner().and_then(|source| source.downcast::<Error>().ok());
        source.map(|source| source.kind())
    };
    for asking in [ErrorKind::Interrupted, ErrorKind::WouldBlock, ErrorKind::TimedOut] {
        let (mut writer, reader) = pipe(8);
        reader.close_with_error(asking.into());
        assert_eq!(wrapped(writer.write_all(b"x").unwrap_err()), Some(asking));
        assert_eq!(kind(writer.try_write(b"x")), Some(ErrorKind::Other));
        assert_eq!(kind(writer.fill_from(&mut &b"x"[..])), Some(ErrorKind::Other));

        let (mut writer, mut reader) = pipe(8);
        writer.close_with_error(asking.into());
        assert_eq!(wrapped(reader.try_read(&mut [0]).unwrap_err()), Some(asking));
        assert_eq!(kind(reader.try_read(&mut [0])), Some(ErrorKind::Other));
        assert_eq!(kind(reader.drain_to(&mut Vec::new())), Some(ErrorKind::Other));
    }
}

#[test]
fn a_closed_writer_writes_no_more() {
    for with_error in [false, true] {
        let (mut writer, mut reader) = pipe(8);
        writer.write_all(b"left").unwrap();
        if with_error {
            writer.close_with_error(Error::other("first"));
        }
        writer.close();
        assert!(writer.is_closed());
        writer.close_with_error(Error::other("too late"));
        assert_eq!(kind(writer.write(b"x")), Some(ErrorKind::BrokenPipe));
        assert_eq!(kind(writer.try_write(b"x")), Some(ErrorKind::BrokenPipe));
        assert_eq!(kind(writer.write_atomic(b"x")), Some(ErrorKind::BrokenPipe));
        assert_eq!(kind(writer.fill_from(&mut &b"x"[..])), Some(ErrorKind::BrokenPipe));
        assert_eq!((writer.write(b"").unwrap(), writer.len()), (0, 4));
        let mut bytes = Vec::new();
        let end = reader.read_to_end(&mut bytes).map_err(|error| error.to_string());
        assert_eq!(bytes, b"left");
        assert_eq!(end, if with_error { Err("first".into()) } else { Ok(4) });
        drop(writer);
        assert_eq!(reader.read(&mut [0]).is_err(), with_error);
    }
}

#[test]
fn a_panic_is_no_end_unless_that_is_wished() {
    let panicking = |choice: Option<OnPanic>, fail: bool| {
        let (mut writer, mut reader) = pipe(8);
        if let Some(choice) = choice {
            writer.set_on_panic(choice);
        }
        let panicked = catch_unwind(AssertUnwindSafe(move || {
            writer.write_all(b"half").unwrap();
            if fail {
                writer.close_with_error(Error::other("known"));
            } else {
                let _dropped = writer;
                std::panic::resume_unwind(Box::new("in the middle"));
            }
        }));
        assert_eq!(panicked.is_err(), !fail);
        let mut bytes = Vec::new();
        let end = reader.read_to_end(&mut bytes).map_err(|error| (error.kind(), error.to_string()));
        assert_eq!(bytes, b"half");
        end
    };
    let text = "the writer of the pipe was dropped by a panic".to_owned();
    assert_eq!(panicking(None, false), Err((ErrorKind::UnexpectedEof, text.clone())));
    assert_eq!(panicking(Some(OnPanic::Error), false), Err((ErrorKind::UnexpectedEof, text)));
    assert_eq!(panicking(Some(OnPanic::End), false), Ok(4));
    assert_eq!(panicking(None, true), Err((ErrorKind::Other, "known".into())));
}

#[test]
fn debug_prints_the_state_without_the_bytes() {
    let (mut writer, reader) = pipe(4);
    writer.write_all(b"abc").unwrap();
    assert_eq!(format!("{writer:?}"), "Writer { len: 3, capacity: 4, closed: false }");
    drop(writer);
    assert_eq!(format!("{reader:?}"), "Reader { len: 3, capacity: 4, closed: true }");
}
