//! Latest: edges E1 (publish to read), E2 (read to reuse), E3 (leave to count) and E4 (last value).
//!
//! Loom tracks the slots: a value that is changed under a reader fails the model. That a slot is
//! reused shows in what `publish_with` is given.
#![cfg(loom)]

use loom_tests::{Arc, explore, spawn};
use untorn::latest::{Reader, Writer, channel};

type Readers<T> = Vec<Reader<'static, T>>;

/// A register of numbers without empty slots, so that no publish clones.
fn filled(readers: usize) -> (Writer<'static, usize>, Readers<usize>) {
    let (mut writer, readers) = channel(0, readers);
    writer.fill();
    (writer, readers)
}

/// Publishes `value` over an older one, and returns that.
fn replace(writer: &mut Writer<'_, usize>, value: usize) -> usize {
    let mut older = usize::MAX;
    writer.publish_with(|slot| older = core::mem::replace(slot, value));
    older
}

/// E1: what is read was published, and nobody goes back in time.
#[test]
fn e1_a_reader_sees_the_value_and_never_goes_back() {
    explore([(0, 0), (0, 1), (1, 1)], || {
        let (mut writer, mut readers) = channel(0, 1);
        let mut reader = readers.remove(0);
        let writing = spawn(move || {
            writer.publish(1);
            writer
        });
        let reading = spawn(move || {
            let seen = (*reader.read(), *reader.read());
            (seen, reader)
        });
        let _writer = writing.join();
        reading.join().0
    });
}

/// E1 with two readers: the second joins what the first has joined.
#[test]
fn e1_both_readers_see_the_value() {
    explore([(0, 0), (0, 1), (1, 0), (1, 1)], || {
        let (mut writer, mut readers) = channel(0, 2);
        let writing = spawn(move || {
            writer.publish(1);
            writer
        });
        let reading = [readers.remove(0), readers.remove(0)].map(|mut reader| {
            spawn(move || {
                let seen = *reader.read();
                assert_eq!(*reader.held(), seen);
                (seen, reader)
            })
        });
        let _writer = writing.join();
        let [(a, _a), (b, _b)] = reading.map(|reading| reading.join());
        (a, b)
    });
}

/// E2: the third publish goes into the first slot if it sees that the reader has left that. The outcome
/// is whether it did, and what the reader saw. A reader that is in the second slot has always left the
/// first: the writer would find no other (E3).
#[test]
fn e2_a_slot_is_reused_after_its_reader() {
    let expected = [(false, 0), (true, 1), (true, 2), (false, 2), (true, 3), (false, 3)];
    explore(expected, || {
        let (mut writer, mut readers) = filled(1);
        let mut reader = readers.remove(0);
        let writing = spawn(move || {
            replace(&mut writer, 1);
            replace(&mut writer, 2);
            let older = replace(&mut writer, 3);
            (older == 0, writer)
        });
        let reading = spawn(move || {
            assert_eq!(*reader.held(), 0);
            (*reader.read(), reader)
        });
        let (reused, _writer) = writing.join();
        (reused, reading.join().0)
    });
}

/// E2, where the reader leaves for good.
#[test]
fn e2_a_slot_is_reused_after_its_reader_was_dropped() {
    explore([false, true], || {
        let (mut writer, mut readers) = filled(1);
        let reader = readers.remove(0);
        let writing = spawn(move || {
            replace(&mut writer, 1);
            replace(&mut writer, 2);
            let older = replace(&mut writer, 3);
            (older == 0, writer)
        });
        let reading = spawn(move || {
            assert_eq!(*reader.held(), 0);
            drop(reader);
        });
        let (reused, _writer) = writing.join();
        reading.join();
        reused
    });
}

/// E2, where two readers leave one slot: the writer waits for both.
#[test]
fn e2_a_slot_is_reused_after_both_readers() {
    explore([false, true], || {
        let (mut writer, mut readers) = filled(2);
        let reading = [readers.remove(0), readers.remove(0)].map(|reader| {
            spawn(move || {
                assert_eq!(*reader.held(), 0);
                drop(reader);
            })
        });
        let writing = spawn(move || {
            (1..=3).for_each(|value| assert_eq!(replace(&mut writer, value), 0));
            // The first slot's turn: either both have left it, or the second slot's comes.
            let older = replace(&mut writer, 4);
            assert!(older <= 1);
            (older == 0, writer)
        });
        let (reused, _writer) = writing.join();
        reading.into_iter().for_each(|reading| reading.join());
        reused
    });
}

/// E3: a reader that moves about never seems to be in two slots, or the writer would find none and
/// panic.
#[test]
fn e3_the_writer_never_runs_out_of_slots() {
    explore(
        [(0, 0), (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (2, 2), (2, 3), (3, 3)],
        || {
            let (mut writer, mut readers) = filled(1);
            let mut reader = readers.remove(0);
            let writing = spawn(move || {
                (1..=3).for_each(|value| writer.publish(value));
                writer
            });
            let reading = spawn(move || ((*reader.read(), *reader.read()), reader));
            let _writer = writing.join();
            reading.join().0
        },
    );
}

/// E4: a reader that sees the writer gone sees the last value.
#[test]
fn e4_the_last_value_is_there_when_the_writer_is_gone() {
    explore([(false, 0), (false, 1), (true, 1)], || {
        let (mut writer, mut readers) = channel(0, 1);
        let mut reader = readers.remove(0);
        let writing = spawn(move || {
            writer.publish(1);
            drop(writer);
        });
        let reading = spawn(move || (reader.is_closed(), *reader.read()));
        writing.join();
        reading.join()
    });
}

/// Drops: each value once, whoever goes first. Loom reports an `Arc` that is lost or dropped twice.
#[test]
fn each_value_is_dropped_once() {
    explore([0, 1, 2], || {
        let (mut writer, mut readers) = channel(Arc::new(0), 1);
        let mut reader = readers.remove(0);
        let writing = spawn(move || {
            writer.publish(Arc::new(1));
            writer.publish(Arc::new(2));
            drop(writer);
        });
        let reading = spawn(move || {
            let seen = **reader.read();
            drop(reader);
            seen
        });
        writing.join();
        reading.join()
    });
}
