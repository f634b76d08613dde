//! The keys of SharedBuffer: those of another layout open nothing.
#![cfg(feature = "std")]

use untorn::SharedBuffer;
use untorn::shared::{Field, Layout, MutexWord, SpinWord};

/// Whether the key opened something, and did not panic.
fn opens<R>(open: impl FnOnce() -> R) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(open)).is_ok()
}

#[test]
fn a_key_of_another_layout_opens_nothing() {
    let mut ours = Layout::builder();
    ours.field::<u32>("a").unwrap();
    ours.array::<u32>("b", 2).unwrap();
    let buffer = SharedBuffer::new(ours.build());

    let mut theirs = Layout::builder();
    let at_zero = theirs.field::<i32>("signed").unwrap();
    let elsewhere = theirs.field::<u32>("moved").unwrap();
    let beyond = theirs.field::<u32>("beyond").unwrap();
    let mut cells = Layout::builder();
    cells.field::<u32>("a").unwrap();
    let narrow = cells.array::<u16>("b", 2).unwrap();
    assert!(!opens(|| buffer.view(at_zero)), "another type");
    assert!(!opens(|| buffer.view(elsewhere)), "an array is no integer");
    assert!(!opens(|| buffer.view(beyond)), "no such row");
    assert!(!opens(|| buffer.array(narrow)), "another width");
    let mut signed = Layout::builder();
    signed.field::<u32>("a").unwrap();
    let signed = signed.array::<i32>("b", 2).unwrap();
    assert!(!opens(|| buffer.array(signed)), "another sign");

    // One that names the same row, type and place is as good as ours.
    let mut twin = Layout::builder();
    let a = twin.field::<u32>("another name").unwrap();
    assert!(opens(|| buffer.view(a)));
    assert_eq!(format!("{a:?}"), "Field<u32> at 0");
}

/// What keeps a key to the right row and of the right type from bytes that are not its own.
#[test]
fn a_key_to_another_place_opens_nothing() {
    type Keys = (Field<u32>, Field<[u64]>, Field<MutexWord>, Field<SpinWord>);
    fn declare(start: usize) -> (Layout, Keys) {
        let mut layout = Layout::builder();
        let one = layout.field_at("one", start).unwrap();
        let many = layout.array("many", 4).unwrap();
        let keys = (one, many, layout.field("mutex").unwrap(), layout.field("spin").unwrap());
        (layout.build(), keys)
    }
    let (layout, ours) = declare(0);
    let buffer = SharedBuffer::new(layout);
    let open = |(one, many, mutex, spin): Keys| {
        [
            opens(|| buffer.view(one)),
            opens(|| buffer.array(many)),
            opens(|| buffer.mutex(mutex)),
            opens(|| buffer.spin_lock(spin)),
        ]
    };
    assert_eq!(open(ours), [true; 4]);
    assert_eq!(open(declare(8).1), [false; 4], "within the buffer");
    assert_eq!(open(declare(1 << 30).1), [false; 4], "far beyond its end");
}

/// A panic says what was asked for, and where in the program.
#[test]
fn a_wrong_key_is_found_quickly() {
    use std::panic::{Location, set_hook, take_hook};
    use std::sync::{Arc, Mutex};

    let mut layout = Layout::builder();
    layout.reserved(12).unwrap();
    let view = layout.field::<u32>("view").unwrap();
    let array = layout.array::<i64>("array", 2).unwrap();
    let mutex = layout.field::<MutexWord>("mutex").unwrap();
    let spin = layout.field::<SpinWord>("spin").unwrap();
    let buffer = SharedBuffer::new(Layout::with_len(64).build());

    let said = Arc::new(Mutex::new(Vec::new()));
    let old = take_hook();
    let ours = std::thread::current().id();
    set_hook({
        let said = Arc::clone(&said);
        Box::new(move |info| {
            if std::thread::current().id() == ours {
                let place = info.location().map(Location::file);
                said.lock().unwrap().push((
                    place.map(str::to_owned),
                    info.payload().downcast_ref::<String>().cloned(),
                ));
            } else {
                old(info);
            }
        })
    });
    let opened = [
        opens(|| buffer.view(view)),
        opens(|| buffer.array(array)),
        opens(|| buffer.mutex(mutex)),
        opens(|| buffer.spin_lock(spin)),
    ];
    drop(take_hook());
    assert_eq!(opened, [false; 4]);
    let said = said.lock().unwrap();
    let keys =
        [format!("{view:?}"), format!("{array:?}"), format!("{mutex:?}"), format!("{spin:?}")];
    assert_eq!(said.len(), keys.len());
    for ((place, message), key) in said.iter().zip(keys) {
        assert_eq!(place.as_deref(), Some(file!()));
        assert_eq!(*message, Some(format!("{key} is not of the layout of this buffer")));
    }
    assert_eq!(format!("{array:?}"), "Field<[i64]> at 16");
}

#[test]
#[should_panic(expected = "Field<u32> at 4 is not of this layout")]
fn only_own_fields_are_described() {
    let mut other = Layout::builder();
    other.field::<u32>("a").unwrap();
    let key = other.field::<u32>("b").unwrap();
    Layout::builder().describe(key, "of the other");
}

#[test]
#[should_panic(expected = "Field<i32> at 0 is not of this layout")]
fn only_fields_of_their_type_are_described() {
    let mut other = Layout::builder();
    let key = other.field::<i32>("a").unwrap();
    let mut layout = Layout::builder();
    layout.array::<u32>("b", 2).unwrap();
    layout.describe(key, "of the other");
}
