//! Latest: the public contract, for the register that is lent and for the one on the heap. What becomes
//! of its values: `latest_drops.rs`.

use std::cell::Cell;
use std::mem;
#[cfg(feature = "alloc")]
use std::panic::catch_unwind;

use untorn::Latest;
#[cfg(feature = "alloc")]
use untorn::latest::{MAX_READERS, channel};

mod support;
use support::register::for_each_form;
use support::rounds;

fn reads_are_whole_and_never_go_back<const R: usize>() {
    let last = rounds(50_000) as u64;
    for_each_form::<_, R>(
        || vec![0; 9],
        |mut writer, readers| {
            // The writer goes within, also when it panics: the readers wait for that.
            std::thread::scope(move |scope| {
                for mut reader in readers {
                    scope.spawn(move || {
                        let (mut seen, mut closed) = (0, false);
                        while !closed {
                            closed = reader.is_closed();
                            let value = reader.read();
                            assert_eq!(*value, [value[0]; 9]);
                            assert!(value[0] >= seen);
                            seen = value[0];
                        }
                        assert_eq!(seen, last, "the last value is there when the writer is gone");
                    });
                }
                for i in 1..=last {
                    if i % 2 == 0 {
                        writer.publish(vec![i; 9]);
                    } else {
                        writer.publish_with(|value| value.fill(i));
                    }
                }
                drop(writer);
            });
        },
    );
}

#[test]
fn no_readers() {
    reads_are_whole_and_never_go_back::<0>();
}

#[test]
fn one_reader() {
    reads_are_whole_and_never_go_back::<1>();
}

#[test]
fn three_readers() {
    reads_are_whole_and_never_go_back::<3>();
}

#[test]
fn every_publish_is_seen_by_a_later_read() {
    for_each_form::<_, 2>(
        || 0,
        |mut writer, mut readers| {
            for value in 1..100 {
                writer.publish(value);
                assert_eq!(*writer.latest(), value);
                for reader in &mut readers {
                    assert!(reader.has_news());
                    assert_eq!(*reader.held(), value - 1);
                    assert_eq!(*reader.read(), value);
                    assert!(!reader.has_news());
                    assert_eq!(*reader.held(), value);
                    assert_eq!(*reader.read(), value);
                }
            }
        },
    );
}

#[test]
fn what_a_reader_holds_stays_as_it_is() {
    for_each_form::<_, 2>(
        || String::from("first"),
        |mut writer, mut readers| {
            let (mut busy, mut idle) = (readers.remove(0), readers.remove(0));
            let first = busy.read().as_ptr();
            writer.publish("second".into());
            let second = idle.read();
            for number in 0..20 {
                writer.publish(number.to_string());
                assert_eq!(second, "second");
                assert_eq!(busy.held(), "first");
            }
            assert_eq!(busy.held().as_ptr(), first);
            assert_eq!(busy.read(), "19");
        },
    );
}

/// With every reader in a slot of its own, or gone, the writer still has one.
#[test]
fn no_reader_holds_up_the_writer() {
    fn check<const R: usize>() {
        for_each_form::<_, R>(
            || 0,
            |mut writer, readers| {
                let mut held = Vec::new();
                for (number, mut reader) in readers.into_iter().enumerate() {
                    writer.publish(number);
                    assert_eq!(*reader.read(), number);
                    if number % 2 == 0 {
                        held.push((number, reader));
                    }
                }
                for value in 0..3 * R + 3 {
                    writer.publish(value);
                    assert_eq!(*writer.latest(), value);
                }
                for (number, reader) in &mut held {
                    assert_eq!(*reader.held(), *number);
                    assert_eq!(*reader.read(), 3 * R + 2);
                }
            },
        );
    }
    check::<0>();
    check::<1>();
    check::<2>();
    check::<7>();
}

#[test]
fn publish_with_keeps_the_buffers() {
    for_each_form::<_, 1>(Vec::new, |mut writer, mut readers| {
        let mut seen = Vec::new();
        for round in 0..30_u8 {
            writer.publish_with(|bytes: &mut Vec<u8>| {
                bytes.clear();
                bytes.reserve_exact(64);
                bytes.extend([round; 64]);
            });
            let bytes = readers[0].read();
            assert_eq!(*bytes, [round; 64]);
            if !seen.contains(&bytes.as_ptr()) {
                seen.push(bytes.as_ptr());
            }
        }
        assert!(seen.len() <= 3, "one buffer a slot: {}", seen.len());
    });
}

#[test]
fn a_forgotten_reader_holds_up_nobody() {
    let mut register = Latest::<_, 3>::new(0);
    let (mut writer, readers) = register.split();
    for (number, mut reader) in readers.into_iter().enumerate() {
        writer.publish(number);
        assert_eq!(*reader.read(), number);
        mem::forget(reader);
    }
    for value in 0..20 {
        writer.publish(value);
        assert_eq!(*writer.latest(), value);
    }
}

#[test]
fn in_a_static_the_handles_go_anywhere() {
    static mut REGISTER: Latest<Vec<u32>, 1> = Latest::new(Vec::new());
    let register = &raw mut REGISTER;
    // SAFETY: nobody else uses it: this function runs once.
    let register: &'static mut Latest<Vec<u32>, 1> = unsafe { &mut *register };
    let (mut writer, [mut reader]) = register.split();
    let reading = std::thread::spawn(move || {
        while !reader.is_closed() {
            let value = reader.read();
            assert!(value.windows(2).all(|pair| pair[0] == pair[1]));
        }
        reader.read().len()
    });
    for value in 0..rounds(5_000) as u32 {
        writer.publish_with(|list| {
            list.clear();
            list.extend([value; 5]);
        });
    }
    writer.publish(vec![7; 7]);
    drop(writer);
    assert_eq!(reading.join().unwrap(), 7);
}

/// Sizes and alignments for which slots that are not side by side would show.
#[test]
fn slots_of_any_layout() {
    #[derive(Clone, PartialEq, Debug)]
    #[repr(align(512))]
    struct Wide(u8);

    fn check<T: Clone + PartialEq + std::fmt::Debug>(values: &[T]) {
        for_each_form::<_, 3>(
            || values[0].clone(),
            |mut writer, mut readers| {
                for (index, value) in values.iter().cycle().take(12).enumerate() {
                    writer.publish(value.clone());
                    assert_eq!(readers[index % 3].read(), value);
                }
            },
        );
    }
    check(&[(), ()]);
    check(&[[1_u8; 127], [2; 127], [3; 127]]);
    check(&[Wide(1), Wide(2), Wide(3), Wide(4)]);
}

#[cfg(feature = "alloc")]
#[test]
fn too_many_readers_are_refused_by_number() {
    for readers in [MAX_READERS + 1, usize::MAX] {
        let message = catch_unwind(|| channel(1, readers)).map(drop).unwrap_err();
        let message = message.downcast_ref::<String>().expect("a formatted message");
        assert!(message.contains(&format!("{readers} readers are too many")), "{message}");
    }
    // As many as can be counted have no room in memory if they are large.
    #[cfg(all(target_pointer_width = "64", not(miri)))]
    {
        let message = catch_unwind(|| channel([0_u8; 1 << 16], MAX_READERS)).map(drop).unwrap_err();
        let message = message.downcast_ref::<String>().expect("a formatted message");
        assert!(message.contains(&format!("no room for {MAX_READERS} readers")), "{message}");
    }
}

#[test]
fn prints_without_reading() {
    let mut register = Latest::<_, 2>::from(Cell::new(1));
    assert_eq!(format!("{register:?}"), "Latest { readers: 2, .. }");
    let (mut writer, [reader, _]) = register.split();
    writer.publish(Cell::new(2));
    assert_eq!(format!("{writer:?}"), "Writer { readers: 2, .. }");
    drop(writer);
    assert_eq!(format!("{reader:?}"), "Reader { has_news: true, closed: true, .. }");
    assert_eq!(Latest::<u8, 0>::default().into_inner(), 0);
}
