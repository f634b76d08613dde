//! Latest: what becomes of its values, whoever goes first and whatever panics.

use std::cell::Cell;
use std::mem;
use std::rc::Rc;

use untorn::Latest;
#[cfg(feature = "alloc")]
use untorn::latest::channel;

mod support;
use support::register::{for_each_form, panics};
use support::{Alive, Value};

/// Two readers and the writer go in every order, after every reader has read or not.
#[test]
fn each_value_is_dropped_once_whatever_goes_first() {
    const ORDERS: [[usize; 3]; 6] =
        [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for order in ORDERS {
        for publishes in (0..6).step_by(if cfg!(miri) { 5 } else { 1 }) {
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

/// On the heap, the register is never freed; the writer goes on all the same, and drops what it can.
#[cfg(feature = "alloc")]
#[test]
#[cfg_attr(miri, ignore = "leaks on purpose")]
fn a_forgotten_end_leaks_the_register_and_nothing_else() {
    let alive = Alive::new();
    let (mut writer, mut readers) = channel(alive.value(), 2);
    mem::forget(readers.pop());
    (0..20).for_each(|_| writer.publish(alive.value()));
    let _ = readers[0].read();
    (0..20).for_each(|_| writer.publish(alive.value()));
    assert_eq!(alive.count(), 4);
    drop(writer);
    assert_eq!(alive.count(), 3, "what both readers hold, and the last");
    drop(readers);
    assert_eq!(alive.count(), 3, "the forgotten reader keeps the register");
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
