//! The pipe and the ring under the traits of asynchronous crates, used as their users do.
#![cfg(all(feature = "async", feature = "futures-io", feature = "tokio"))]

use std::io::{Error, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use futures_util::stream::FusedStream;
use futures_util::{SinkExt, StreamExt, future, stream};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use untorn::pipe::pipe;
use untorn::spsc::{Closed, TryPopError, ring};

mod support;
use support::threads::Random;
use support::{PATIENCE, rounds};

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = runtime.expect("a runtime");
    runtime.block_on(async {
        tokio::time::timeout(PATIENCE, future).await.expect("a wake-up was lost")
    })
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8).collect()
}

/// Both ends are tasks of one thread, so that every hand-over is a wake-up.
#[test]
fn tokio_copies_through_it() {
    for capacity in [1, 3, 1_000, 1 << 16] {
        let bytes = pattern(rounds(capacity * 20).clamp(100, 300_000));
        let (mut writer, mut reader) = pipe(capacity);
        let mut copied = Vec::new();
        block_on(async {
            let writing = async {
                let mut source = &bytes[..];
                let count = tokio::io::copy(&mut source, &mut writer).await;
                // Ends the stream, though the writer lives on.
                writer.shutdown().await.expect("nothing to wait for");
                count
            };
            let reading = tokio::io::copy(&mut reader, &mut copied);
            let (written, read) = future::join(writing, reading).await;
            assert_eq!((written.unwrap(), read.unwrap()), (bytes.len() as u64, bytes.len() as u64));
        });
        assert!(copied == bytes);
        assert_eq!(Write::write(&mut writer, b"x").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}

#[test]
fn tokio_copies_by_the_memory_of_the_pipe() {
    let bytes = pattern(rounds(100_000).max(100));
    let (mut writer, mut reader) = pipe(77);
    let mut copied = Vec::new();
    block_on(async {
        let writing = async {
            for piece in bytes.chunks(1_001) {
                tokio::io::AsyncWriteExt::write_all(&mut writer, piece).await.unwrap();
            }
            drop(writer);
        };
        future::join(writing, tokio::io::copy_buf(&mut reader, &mut copied)).await.1.unwrap();
    });
    assert!(copied == bytes);
}

#[test]
fn futures_copy_through_it() {
    for capacity in [1, 3, 1_000] {
        let bytes = pattern(rounds(capacity * 20).max(100));
        let (mut writer, reader) = pipe(capacity);
        let mut copied = Vec::new();
        block_on(async {
            let writing = async {
                let count = futures_util::io::copy(&bytes[..], &mut writer).await;
                futures_util::AsyncWriteExt::close(&mut writer).await.unwrap();
                count
            };
            let reading = futures_util::io::copy_buf(reader, &mut copied);
            let (written, read) = future::join(writing, reading).await;
            assert_eq!((written.unwrap(), read.unwrap()), (bytes.len() as u64, bytes.len() as u64));
        });
        assert!(copied == bytes);
    }
}

/// A thread makes room while a task writes several buffers at once: they arrive as one.
#[test]
fn several_buffers_arrive_as_one() {
    let bytes = pattern(rounds(1_000_000).max(1_000));
    for by_tokio in [false, true] {
        let (mut writer, mut reader) = pipe(64);
        let mut source = Random(1 + u64::from(by_tokio));
        thread::scope(|scope| {
            let sent = &bytes;
            scope.spawn(move || {
                block_on(async {
                    let mut left = &sent[..];
                    while !left.is_empty() {
                        let first = &left[..left.len().min(source.below(70) as usize)];
                        let rest = &left[first.len()..];
                        let buffers = [first, &rest[..rest.len().min(30)]].map(IoSlice::new);
                        let written = if by_tokio {
                            tokio::io::AsyncWriteExt::write_vectored(&mut writer, &buffers).await
                        } else {
                            let writer = &mut writer;
                            futures_util::AsyncWriteExt::write_vectored(writer, &buffers).await
                        };
                        left = &left[written.expect("the reader lives")..];
                    }
                });
            });
            let (mut seen, mut place) = (0, [0; 7]);
            loop {
                let read = Read::read(&mut reader, &mut place).unwrap();
                if read == 0 {
                    break;
                }
                assert_eq!(place[..read], sent[seen..][..read], "at {seen}");
                seen += read;
            }
            assert_eq!(seen, sent.len());
        });
    }
}

/// Nothing is lent by a read, and no more consumed than was lent.
#[test]
fn a_read_lends_nothing_to_a_task() {
    let mut context = Context::from_waker(Waker::noop());
    let (mut writer, mut reader) = pipe(8);
    writer.try_write(b"abc").unwrap();
    let mut place = [0];
    let mut one = tokio::io::ReadBuf::new(&mut place);
    let read = tokio::io::AsyncRead::poll_read(Pin::new(&mut reader), &mut context, &mut one);
    assert!(matches!(read, Poll::Ready(Ok(()))));
    tokio::io::AsyncBufRead::consume(Pin::new(&mut reader), 8);
    assert_eq!(reader.len(), 2);
    assert!(matches!(reader.poll_fill_buf(&mut context), Poll::Ready(Ok(b"bc"))));
    writer.try_write(b"d").unwrap();
    futures_util::AsyncBufReadExt::consume_unpin(&mut reader, 8);
    assert!(matches!(reader.poll_fill_buf(&mut context), Poll::Ready(Ok(b"d"))));
}

/// Each end is a thread and a task in turn, and so is the other.
#[test]
fn an_end_picks_with_every_call() {
    let (mut writer, mut reader) = pipe(5);
    let bytes = pattern(rounds(20_000).max(50) / 10 * 10);
    let sent = bytes.clone();
    let writing = thread::spawn(move || {
        for (turn, piece) in sent.chunks(10).enumerate() {
            if turn % 2 == 0 {
                Write::write_all(&mut writer, piece).unwrap();
            } else {
                block_on(tokio::io::AsyncWriteExt::write_all(&mut writer, piece)).unwrap();
            }
        }
    });
    let (mut read, mut place) = (Vec::new(), [0; 10]);
    for turn in 0..bytes.len() / 10 {
        match turn % 3 {
            0 => Read::read_exact(&mut reader, &mut place).unwrap(),
            1 => drop(
                block_on(tokio::io::AsyncReadExt::read_exact(&mut reader, &mut place)).unwrap(),
            ),
            _ => {
                block_on(futures_util::AsyncReadExt::read_exact(&mut reader, &mut place)).unwrap();
            }
        }
        read.extend_from_slice(&place);
    }
    writing.join().unwrap();
    assert!(read == bytes);
    assert_eq!(Read::read(&mut reader, &mut place).unwrap(), 0);
}

#[test]
fn lines_of_a_thread_are_read_by_a_task() {
    let (mut writer, reader) = pipe(16);
    let writing = thread::spawn(move || {
        for number in 0..rounds(2_000) {
            writeln!(writer, "line {number}").unwrap();
        }
        writer.close_with_error(Error::other("no more paper"));
    });
    block_on(async {
        let mut lines = reader.lines();
        for number in 0..rounds(2_000) {
            assert_eq!(lines.next_line().await.unwrap(), Some(format!("line {number}")));
        }
        assert_eq!(lines.next_line().await.unwrap_err().to_string(), "no more paper");
    });
    writing.join().unwrap();
}

/// A read whose task gives up has read nothing.
#[test]
fn nothing_is_lost_by_a_cancelled_read() {
    let (mut writer, mut reader) = pipe(4);
    block_on(async {
        let mut place = [0; 4];
        let late = tokio::io::AsyncReadExt::read(&mut reader, &mut place);
        assert!(tokio::time::timeout(Duration::from_millis(5), late).await.is_err());
        Write::write_all(&mut writer, b"abc").unwrap();
        let count = tokio::io::AsyncReadExt::read(&mut reader, &mut place).await.unwrap();
        assert_eq!(place[..count], *b"abc");

        Write::write_all(&mut writer, b"full").unwrap();
        let late = tokio::io::AsyncWriteExt::write(&mut writer, b"x");
        assert!(tokio::time::timeout(Duration::from_millis(5), late).await.is_err());
        assert_eq!(reader.len(), 4, "nothing was written");
        drop(reader);
        let error = tokio::io::AsyncWriteExt::write(&mut writer, b"x").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn an_empty_buffer_is_ready_at_once() {
    let mut context = Context::from_waker(Waker::noop());
    let (mut writer, mut reader) = pipe(1);
    let mut nothing = tokio::io::ReadBuf::new(&mut []);
    let read = tokio::io::AsyncRead::poll_read(Pin::new(&mut reader), &mut context, &mut nothing);
    assert!(matches!(read, Poll::Ready(Ok(()))));
    assert!(matches!(reader.poll_read(&mut context, &mut []), Poll::Ready(Ok(0))));
    writer.try_write(b"x").unwrap();
    assert!(matches!(writer.poll_write(&mut context, &[]), Poll::Ready(Ok(0))));
    assert!(matches!(writer.poll_write_vectored(&mut context, &[]), Poll::Ready(Ok(0))));
    assert!(writer.poll_write(&mut context, b"y").is_pending());
}

/// Through a ring, from a stream into the sink and from the stream into another sink.
#[test]
fn values_are_forwarded() {
    for capacity in [1, 2, 64] {
        let (producer, consumer) = ring(capacity);
        let (second, collected) = ring(capacity);
        let count = rounds(20_000).max(100);
        block_on(async {
            let first = stream::iter(0..count).map(Ok).forward(producer);
            let second = consumer.map(Ok).forward(second);
            let collected = collected.collect::<Vec<_>>();
            let (first, second, collected) = future::join3(first, second, collected).await;
            assert_eq!((first, second), (Ok(()), Ok(())));
            assert!(collected.into_iter().eq(0..count));
        });
    }
}

#[test]
fn what_is_fed_is_seen_after_a_flush() {
    let (mut producer, mut consumer) = ring(4);
    block_on(async {
        producer.feed(1).await.unwrap();
        producer.feed(2).await.unwrap();
        assert_eq!(consumer.try_pop(), Err(TryPopError::Empty));
        SinkExt::flush(&mut producer).await.unwrap();
        assert_eq!(consumer.try_pop(), Ok(1));
        producer.feed(3).await.unwrap();
        SinkExt::<u8>::close(&mut producer).await.unwrap();
        SinkExt::<u8>::close(&mut producer).await.unwrap();
        assert_eq!(producer.send(4).await, Err(Closed(())));
        assert!(producer.try_push(4).is_err() && producer.push(4).is_err());
        assert!(!consumer.is_terminated(), "two values are left");
        assert_eq!(StreamExt::by_ref(&mut consumer).collect::<Vec<_>>().await, [2, 3]);
        assert!(consumer.is_terminated());
        assert_eq!(consumer.next().await, None);
    });
    drop(producer);

    let (mut producer, consumer) = ring(4);
    drop(consumer);
    assert_eq!(block_on(producer.send(1)), Err(Closed(())));
}

#[test]
#[should_panic = "`start_send` without `poll_ready`"]
fn a_sink_that_is_not_ready_takes_nothing() {
    let (mut producer, _consumer) = ring(1);
    producer.start_send_unpin(1).unwrap();
    producer.start_send_unpin(2).unwrap();
}
