//! Latest: the public contract, for the register that is lent and for the one on the heap.

use std::cell::Cell;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use untorn::Latest;
#[cfg(feature = "alloc")]
use untorn::latest::channel;
use untorn::latest::{MAX_READERS, Reader, Writer};

mod support;
use support::{Alive, Value, rounds};

/// Runs `check` with `R` readers on a register of each form, each of which is gone afterwards.
fn for_each_form<T, const R: usize>(
    init: impl Fn() -> T,
    check: impl for<'a> Fn(Writer<'a, T>, Vec<Reader<'a, T>>),
) {
    let mut register = Latest::<T, R>::new(init());
    let (writer, readers) = register.split();
    check(writer, readers.into());
    drop(register);
    #[cfg(feature = "alloc")]
    {
        let (writer, readers) = channel(init(), R);
        check(writer, readers);
    }
}

fn panics<R>(run: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(run)).is_err()
}

fn reads_are_whole_and_never_go_back<const R: usize>() {
    let last = rounds(50_000) as u64;
    for_each_form::<_, R>(
        || vec![0; 9],
        |mut writer, readers| {
            std::thread::scope(|scope| {
                for mut reader in readers {
                    scope.spawn(move || {
                        let mut seen = 0;
                        while seen < last {
                            let closed = reader.is_closed();
                            let value = reader.read();
                            assert_eq!(*value, [value[0]; 9]);
                            assert!(value[0] >= seen);
                            assert!(!closed || value[0] == last, "the last value comes at the end");
                            seen = value[0];
                        }
                    });
                }
                for i in 1..=last {
                    if i % 2 == 0 {
                        writer.publish(vec![i; 9]);
                    } else {
                        writer.publish_with(|value| value.fill(i));
                    }
                }
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

/// With every reader in a slot of its own, or stuck there for ever, the writer still has one.
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
                    match number % 3 {
                        0 => mem::forget(reader),
                        1 => drop(reader),
                        _ => held.push((number, reader)),
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

/// Two readers and the writer go in every order, after every reader has read or not.
#[test]
fn each_value_is_dropped_once_whatever_goes_first() {
    const ORDERS: [[usize; 3]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in ORDERS {
        for publishes in 0..6 {
            for reads in 0..4 {
                let alive = Alive::new();
                for_each_form::<_, 2>(
                    || alive.value(),
                    |mut writer, mut readers| {
                        for _ in 0..publishes {
                            writer.publish(alive.value());
                        }
                        for (bit, reader) in readers.iter_mut().enumerate() {
                            if reads & (1 << bit) != 0 {
                                let _ = reader.read();
                            }
                        }
                        assert_eq!(alive.count(), 4.min(publishes + 1), "the slots are filled");
                        let mut writer = Some(writer);
                        let mut readers = [readers.pop(), readers.pop()];
                        for which in order {
                            match which {
                                0 => drop(writer.take()),
                                _ => readers[which - 1] = None,
                            }
                        }
                    },
                );
                assert_eq!(alive.count(), 0);
            }
        }
    }
}

#[test]
fn the_writer_drops_what_no_reader_can_see_when_it_goes() {
    let alive = Alive::new();
    for_each_form::<_, 2>(
        || alive.value(),
        |mut writer, mut readers| {
            // One reader in the first slot, one in the second, then two more values.
            writer.publish(alive.value());
            let _ = readers[0].read();
            writer.publish(alive.value());
            writer.publish(alive.value());
            assert_eq!(alive.count(), 4);
            drop(writer);
            assert_eq!(alive.count(), 3, "two that are held, and the last");
            assert!(readers[0].is_closed());
            let _ = readers[0].read();
            assert_eq!(alive.count(), 3, "destructors do not run in readers");
            readers.pop();
            assert_eq!(alive.count(), 3, "destructors do not run in readers");
        },
    );
    assert_eq!(alive.count(), 0);
}

#[test]
fn a_value_that_nobody_sees_goes_within_the_next_publishes() {
    const READERS: usize = 3;
    for_each_form::<_, READERS>(
        || Rc::new(0),
        |mut writer, mut readers| {
            for publishes in 0..10 {
                let value = Rc::new(publishes);
                let seen = Rc::downgrade(&value);
                writer.publish(value);
                for reader in &mut readers {
                    assert_eq!(**reader.read(), publishes);
                }
                writer.publish(Rc::new(100));
                assert!(seen.upgrade().is_some(), "the readers hold it");
                for reader in &mut readers {
                    assert_eq!(**reader.read(), 100);
                }
                (0..=READERS).for_each(|_| writer.publish(Rc::new(200)));
                assert!(seen.upgrade().is_none(), "gone after R + 1 more");
            }
        },
    );
}

#[test]
fn a_panicking_destructor_publishes_nothing_and_leaks_nothing() {
    let alive = Alive::new();
    for_each_form::<_, 1>(
        || alive.panicking_value(),
        |mut writer, mut readers| {
            writer.publish(alive.value());
            let published: *const Value<'_> = readers[0].read();
            writer.publish(alive.value());
            assert_eq!(alive.count(), 3);
            // The next slot in turn holds the first value, whose destructor panics.
            assert!(panics(|| writer.publish(alive.value())));
            assert_eq!(alive.count(), 2, "neither the old value is left nor the new one");
            assert!(!std::ptr::eq(writer.latest(), published));
            let last: *const Value<'_> = writer.latest();
            assert!(std::ptr::eq(readers[0].read(), last), "nothing was published");
            for _ in 0..9 {
                writer.publish(alive.value());
                assert!(std::ptr::eq(readers[0].read(), writer.latest()));
            }
            assert_eq!(alive.count(), 3);
        },
    );
    assert_eq!(alive.count(), 0);
}

#[test]
fn a_destructor_that_panics_with_the_writer_keeps_no_other_from_being_dropped() {
    let alive = Alive::new();
    for_each_form::<_, 1>(
        || alive.panicking_value(),
        |mut writer, mut readers| {
            writer.publish(alive.value());
            writer.publish(alive.value());
            let _ = readers[0].read();
            assert!(panics(|| drop(writer)));
            assert!(readers[0].is_closed());
            assert_eq!(alive.count(), 2);
        },
    );
    assert_eq!(alive.count(), 0);
}

/// Counts the clones that were made of it, and panics instead if told so.
struct Copied<'a> {
    number: u32,
    clones: &'a Cell<u32>,
    refuses: &'a Cell<bool>,
}

impl Clone for Copied<'_> {
    fn clone(&self) -> Self {
        assert!(!self.refuses.get(), "this clone panics");
        self.clones.set(self.clones.get() + 1);
        Self { ..*self }
    }
}

#[test]
fn publish_with_reuses_older_values_and_clones_only_into_empty_slots() {
    let (clones, refuses) = (Cell::new(0), Cell::new(false));
    for_each_form::<_, 2>(
        || Copied { number: 0, clones: &clones, refuses: &refuses },
        |mut writer, _readers| {
            clones.set(0);
            let mut given = Vec::new();
            for number in 1..=8 {
                writer.publish_with(|value| {
                    given.push(value.number);
                    value.number = number;
                });
            }
            // Three clones of what was current, then each slot in turn but the one that is held.
            assert_eq!(given, [0, 1, 2, 1, 2, 3, 4, 5]);
            assert_eq!(clones.get(), 3);
            assert_eq!(writer.latest().number, 8);
        },
    );
}

#[test]
fn after_fill_no_publish_clones() {
    let (clones, refuses) = (Cell::new(0), Cell::new(false));
    for_each_form::<_, 2>(
        || Copied { number: 0, clones: &clones, refuses: &refuses },
        |mut writer, mut readers| {
            clones.set(0);
            refuses.set(true);
            assert!(panics(|| writer.fill()), "a clone panics");
            assert!(panics(|| writer.publish_with(|_| unreachable!("there is no value for it"))));
            refuses.set(false);
            writer.fill();
            assert_eq!(clones.get(), 3, "all slots but the current one");
            writer.fill();
            for number in 1..10 {
                writer.publish_with(|value| value.number = number);
                assert_eq!(readers[0].read().number, number);
                writer.fill();
            }
            assert_eq!(clones.get(), 3);
        },
    );
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
fn a_panicking_closure_publishes_nothing_and_keeps_the_slot() {
    for_each_form::<_, 1>(
        || 0,
        |mut writer, mut readers| {
            writer.publish(1);
            assert_eq!(*readers[0].read(), 1);
            let broken = panics(|| {
                writer.publish_with(|value| {
                    *value = 13;
                    panic!("in the middle");
                });
            });
            assert!(broken);
            assert!(!readers[0].has_news());
            assert_eq!((*readers[0].read(), *writer.latest()), (1, 1));
            let mut given = 0;
            writer.publish_with(|value| given = std::mem::replace(value, 2));
            assert_eq!(given, 13, "the value as the closure left it");
            assert_eq!(*readers[0].read(), 2);
        },
    );
}

#[test]
fn a_register_can_be_split_again_even_after_handles_were_forgotten() {
    let alive = Alive::new();
    let mut register = Latest::<_, 2>::new((0, alive.value()));
    for round in 1..20 {
        let (mut writer, [mut kept, mut forgotten]) = register.split();
        assert_eq!((kept.read().0, kept.is_closed()), (round - 1, false));
        writer.publish((100, alive.value()));
        assert_eq!(forgotten.read().0, 100);
        writer.publish((round, alive.value()));
        assert_eq!(kept.read().0, round);
        mem::forget(forgotten);
        if round % 2 == 0 {
            mem::forget(writer);
        }
    }
    assert_eq!(register.get_mut().0, 19);
    assert!(alive.count() <= 4);
    assert_eq!(register.into_inner().0, 19);
    assert_eq!(alive.count(), 0);
}

#[test]
fn borrowed_for_ever_the_handles_go_anywhere() {
    static DONE: AtomicBool = AtomicBool::new(false);
    let register: &'static mut Latest<Vec<u32>, 1> = Box::leak(Box::new(Latest::new(Vec::new())));
    let (mut writer, [mut reader]) = register.split();
    let reading = std::thread::spawn(move || {
        while !DONE.load(Relaxed) {
            let value = reader.read();
            assert!(value.windows(2).all(|pair| pair[0] == pair[1]));
        }
    });
    for value in 0..rounds(5_000) as u32 {
        writer.publish_with(|list| {
            list.clear();
            list.extend([value; 5]);
        });
    }
    DONE.store(true, Relaxed);
    reading.join().unwrap();
    writer.publish(Vec::new());
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
