//! The layouts of SharedBuffer: what is refused, and with which words; the table.
#![cfg(feature = "std")]

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::shared::{Field, FieldError, Layout, LayoutBuilder, LayoutError, MutexWord, SpinWord};

#[test]
fn fields_go_to_the_next_aligned_offset() {
    let mut layout = Layout::builder();
    assert_eq!(layout.field::<u8>("a").unwrap().offset(), 0);
    assert_eq!(layout.field::<u16>("b").unwrap().offset(), 2);
    assert_eq!(layout.field::<i8>("c").unwrap().offset(), 4);
    assert_eq!(layout.field::<u64>("d").unwrap().offset(), 8);
    assert_eq!(layout.array::<u16>("e", 3).unwrap().offset(), 16);
    assert_eq!(layout.field::<MutexWord>("f").unwrap().offset(), 24);
    layout.reserved(3).unwrap();
    assert_eq!(layout.field::<SpinWord>("g").unwrap().offset(), 32);
    layout.align_to(64);
    assert_eq!(layout.field::<i64>("h").unwrap().offset(), 64);
    // Behind all others, wherever those are.
    layout.field_at::<u8>("i", 200).unwrap();
    layout.field_at::<u8>("j", 100).unwrap();
    assert_eq!(layout.field::<i32>("k").unwrap().offset(), 204);
    assert_eq!(layout.build().len(), 208);
}

#[test]
fn what_is_aligned_last_is_the_end() {
    let mut layout = Layout::builder();
    layout.field::<u8>("a").unwrap();
    layout.align_to(64);
    assert_eq!(layout.build().len(), 64);
    let mut layout = Layout::with_len(8);
    layout.field::<u8>("a").unwrap();
    layout.align_to(64);
    assert_eq!(layout.build().len(), 8, "a length that is given is not changed");
    let longest = isize::MAX as usize / 2;
    let mut layout = Layout::builder();
    layout.field_at::<u8>("a", longest - 2).unwrap();
    layout.align_to(64);
    assert_eq!(layout.build().len(), longest, "no layout is longer");
}

/// A message names the field, where it was to begin and how long it is, whatever is wrong with it.
#[test]
fn what_is_refused_says_why() {
    let mut layout = Layout::with_len(32);
    layout.field_at::<i32>("status", 8).unwrap();
    layout.reserved_at(16, 8).unwrap();
    let refused = [
        layout.field_at::<u64>("total", 12).unwrap_err(),
        layout.field_at::<u64>("total", 8).unwrap_err(),
        layout.field_at::<u8>("flag", 23).unwrap_err(),
        layout.reserved_at(7, 2).unwrap_err(),
        layout.field_at::<u16>("late", 32).unwrap_err(),
        layout.array_at::<u64>("long", 24, 2).unwrap_err(),
        layout.array_at::<u64>("longest", 0, usize::MAX).unwrap_err(),
        layout.field_at::<u8>("far", usize::MAX).unwrap_err(),
        layout.field_at::<i32>("status", 0).unwrap_err(),
        layout.array_at::<i32>("none", 4, 0).unwrap_err(),
        layout.reserved(0).unwrap_err(),
        layout.field::<u64>("next").and(layout.field::<u8>("last")).unwrap_err(),
    ];
    let max = usize::MAX;
    assert_eq!(
        refused.map(|error| error.to_string()),
        [
            "field `total` (8 bytes at 12) is not aligned to 8".to_owned(),
            "field `total` (8 bytes at 8) overlaps `status` (4 bytes at 8)".into(),
            "field `flag` (1 bytes at 23) overlaps `reserved` (8 bytes at 16)".into(),
            "field `reserved` (2 bytes at 7) overlaps `status` (4 bytes at 8)".into(),
            "field `late` (2 bytes at 32) ends beyond 32 bytes".into(),
            "field `long` (16 bytes at 24) ends beyond 32 bytes".into(),
            format!("field `longest` ({max} bytes at 0) ends beyond 32 bytes"),
            format!("field `far` (1 bytes at {max}) ends beyond 32 bytes"),
            "field `status` (4 bytes at 0) has the name of another".into(),
            "field `none` (0 bytes at 4) is empty".into(),
            "field `reserved` (0 bytes at 24) is empty".into(),
            "field `last` (1 bytes at 32) ends beyond 32 bytes".into(),
        ]
    );
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let mut layout = Layout::builder();
    let first: Field<u32> = layout.field("first").unwrap();
    let before = layout.clone().build();
    assert!(layout.field_at::<u64>("second", 0).is_err());
    assert!(layout.field::<u8>("first").is_err());
    assert!(layout.array::<u64>("huge", usize::MAX / 8).is_err());
    assert_eq!(layout.clone().build(), before);
    assert_eq!(layout.field::<u32>("second").unwrap().offset(), 4);
    assert_eq!(layout.build().find("first"), Ok(first));
}

#[test]
fn a_layout_without_a_length_has_an_end_all_the_same() {
    let mut layout = Layout::builder();
    let longest = isize::MAX as usize / 2;
    for offset in [longest, usize::MAX] {
        assert_eq!(
            layout.field_at::<u8>("far", offset),
            Err(LayoutError::OutOfRange { field: "far".into(), offset, size: 1, len: longest })
        );
    }
    layout.field_at::<u8>("last", longest - 1).unwrap();
    assert!(matches!(layout.field::<u8>("more"), Err(LayoutError::OutOfRange { .. })));
    assert_eq!(layout.build().len(), longest);
}

/// One byte, one owner: kept as a map from each byte to the field that it belongs to.
struct Map {
    bytes: [Option<usize>; LEN],
    names: Vec<String>,
}

const LEN: usize = 64;

/// At most so many are declared.
const FIELDS: usize = if cfg!(miri) { 6 } else { 24 };

impl Map {
    /// What the builder must say to a field of `count` times `size` bytes at `offset`.
    fn judge(&self, name: &str, offset: usize, size: usize, count: usize) -> &'static str {
        let end = offset + size * count;
        match () {
            () if count == 0 => "empty",
            () if end > LEN => "out of range",
            () if offset % size != 0 => "misaligned",
            () if self.names.iter().any(|other| other == name) => "duplicate",
            () if self.bytes[offset..end].iter().any(Option::is_some) => "overlap",
            () => "fits",
        }
    }
}

fn place(
    layout: &mut LayoutBuilder,
    name: String,
    at: usize,
    size: usize,
    n: usize,
) -> &'static str {
    fn verdict<T: ?Sized>(result: Result<Field<T>, LayoutError>, at: usize) -> &'static str {
        match result {
            Ok(field) => {
                assert_eq!(field.offset(), at);
                "fits"
            }
            Err(LayoutError::Empty { .. }) => "empty",
            Err(LayoutError::OutOfRange { .. }) => "out of range",
            Err(LayoutError::Misaligned { .. }) => "misaligned",
            Err(LayoutError::Overlap { .. }) => "overlap",
            Err(LayoutError::DuplicateName { .. }) => "duplicate",
            Err(error) => panic!("{error}"),
        }
    }
    match (size, n) {
        (4, 1) => verdict(layout.field_at::<MutexWord>(name, at), at),
        (8, 1) => verdict(layout.field_at::<i64>(name, at), at),
        (1, _) => verdict(layout.array_at::<u8>(name, at, n), at),
        (2, _) => verdict(layout.array_at::<i16>(name, at, n), at),
        (4, _) => verdict(layout.array_at::<u32>(name, at, n), at),
        _ => verdict(layout.array_at::<u64>(name, at, n), at),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 1 } else { 512 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_builder_agrees_with_a_map_of_bytes(
        fields in vec((0..12_u8, 0..LEN + 8, 0..4_u32, 0..4_usize), 1..FIELDS),
    ) {
        let mut layout = Layout::with_len(LEN);
        let mut map = Map { bytes: [None; LEN], names: Vec::new() };
        for (name, offset, log, count) in fields {
            let (name, size) = (format!("field {name}"), 1_usize << log);
            let expected = map.judge(&name, offset, size, count);
            let before = layout.clone().build();
            prop_assert_eq!(place(&mut layout, name.clone(), offset, size, count), expected);
            if expected == "fits" {
                map.bytes[offset..offset + size * count].fill(Some(map.names.len()));
                map.names.push(name);
            } else {
                prop_assert_eq!(layout.clone().build(), before);
            }
        }
        // The table has each byte in one row.
        let text = layout.build().to_string();
        let mut end = 0;
        for row in text.lines().skip(2) {
            let mut numbers = row.split('|').skip(1).map(|cell| cell.trim().parse::<usize>());
            let (offset, size) = (numbers.next().unwrap().unwrap(), numbers.next().unwrap().unwrap());
            prop_assert_eq!(offset, end);
            end += size;
        }
        prop_assert_eq!(end, LEN);
    }
}

#[test]
fn the_table_shows_every_byte() {
    let mut layout = Layout::with_len(64);
    layout.field::<SpinWord>("lock").unwrap();
    layout.field_at::<u8>("flag", 6).unwrap();
    let cells = layout.array_at::<i64>("cells", 16, 3).unwrap();
    layout.describe(cells, "sums | in \\euros\\|,\none a worker");
    layout.reserved_at(8, 2).unwrap();
    assert_eq!(
        layout.build().to_string(),
        "\
| Offset | Size | Type      | Name  | Meaning                              |
|-------:|-----:|-----------|-------|--------------------------------------|
|      0 |    4 | spin lock | lock  | 0 = free, 1 = held                   |
|      4 |    2 | padding   |       |                                      |
|      6 |    1 | u8        | flag  |                                      |
|      7 |    1 | padding   |       |                                      |
|      8 |    2 | reserved  |       |                                      |
|     10 |    6 | padding   |       |                                      |
|     16 |   24 | [i64; 3]  | cells | sums \\| in \\\\euros\\\\\\|, one a worker |
|     40 |   24 | unused    |       |                                      |
"
    );
    // Without a word on meanings there is no column for them.
    let mut layout = Layout::builder();
    layout.field::<u32>("max workers").unwrap();
    assert_eq!(
        layout.build().to_string(),
        "\
| Offset | Size | Type | Name        |
|-------:|-----:|------|-------------|
|      0 |    4 | u32  | max workers |
"
    );
}

#[test]
fn a_field_is_found_by_its_name_and_type() {
    let mut layout = Layout::builder();
    let lock = layout.field::<MutexWord>("lock").unwrap();
    layout.reserved(4).unwrap();
    let cells = layout.array::<u32>("cells", 4).unwrap();
    let layout = layout.build();
    assert_eq!(layout.find("lock"), Ok(lock));
    assert_eq!(layout.find_array("cells"), Ok(cells));
    let missing = |name: &str| FieldError::Missing { field: name.into() };
    assert_eq!(layout.find::<u32>("cell"), Err(missing("cell")));
    assert_eq!(layout.find::<u32>("reserved"), Err(missing("reserved")), "it has no name");
    let text = |error: FieldError| error.to_string();
    assert_eq!(text(layout.find::<u32>("lock").unwrap_err()), "field `lock` is mutex, not u32");
    assert_eq!(
        text(layout.find::<SpinWord>("lock").unwrap_err()),
        "field `lock` is mutex, not spin lock"
    );
    assert_eq!(
        text(layout.find::<u32>("cells").unwrap_err()),
        "field `cells` is [u32; 4], not u32"
    );
    assert_eq!(
        text(layout.find_array::<i32>("cells").unwrap_err()),
        "field `cells` is [u32; 4], not an array of i32"
    );
    assert_eq!(
        text(layout.find_array::<u32>("lock").unwrap_err()),
        "field `lock` is mutex, not an array of u32"
    );
}

/// Fingerprints tell layouts apart by all that decides what the bytes are, and by nothing else.
#[test]
fn fingerprints() {
    fn print(declare: impl FnOnce(&mut LayoutBuilder)) -> u64 {
        let mut layout = Layout::with_len(64);
        declare(&mut layout);
        layout.build().fingerprint()
    }
    let base = print(|layout| _ = layout.field::<u32>("count").unwrap());
    let same = print(|layout| {
        let count = layout.field::<u32>("count").unwrap();
        layout.describe(count, "of something");
    });
    assert_eq!(base, same);
    let others = [
        print(|layout| _ = layout.field::<u32>("counts").unwrap()),
        print(|layout| _ = layout.field::<i32>("count").unwrap()),
        print(|layout| _ = layout.field::<MutexWord>("count").unwrap()),
        print(|layout| _ = layout.array::<u32>("count", 1).unwrap()),
        print(|layout| _ = layout.field_at::<u32>("count", 4).unwrap()),
        print(|layout| {
            layout.field::<u32>("count").unwrap();
            layout.reserved(4).unwrap();
        }),
        {
            let mut layout = Layout::with_len(65);
            layout.field::<u32>("count").unwrap();
            layout.build().fingerprint()
        },
    ];
    for (index, other) in others.iter().enumerate() {
        assert_ne!(base, *other, "number {index}");
    }
    // The order of declaration is not part of it.
    let forth = print(|layout| {
        layout.field_at::<u8>("a", 0).unwrap();
        layout.field_at::<u8>("b", 1).unwrap();
    });
    let back = print(|layout| {
        layout.field_at::<u8>("b", 1).unwrap();
        layout.field_at::<u8>("a", 0).unwrap();
    });
    assert_eq!(forth, back);
}

/// A name may look like rows of its own, and is none.
#[test]
fn a_name_is_no_row() {
    let mut wide = Layout::builder();
    wide.field::<u64>("x").unwrap();
    wide.field::<u64>("y\n8 u32 z").unwrap();
    let mut narrow = Layout::with_len(16);
    narrow.field::<u64>("x\n8 u64 y").unwrap();
    narrow.field::<u32>("z").unwrap();
    assert_ne!(wide.build().fingerprint(), narrow.build().fingerprint());
    let reserved = |sizes: [usize; 2]| {
        let mut layout = Layout::with_len(64);
        layout.reserved_at(0, sizes[0]).unwrap();
        layout.reserved_at(16, sizes[1]).unwrap();
        layout.build().fingerprint()
    };
    assert_ne!(reserved([4, 8]), reserved([8, 4]));
}

/// Of every build of the crate on every machine: processes of different builds must agree.
#[test]
fn a_fingerprint_is_for_ever() {
    let mut layout = Layout::builder();
    layout.field::<MutexWord>("lock").unwrap();
    layout.array::<u64>("cells", 4).unwrap();
    layout.reserved(24).unwrap();
    let text = "64\n0 4 mutex 4 lock\n8 32 [u64; 4] 5 cells\n40 24 reserved 8 reserved";
    let fnv = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(layout.build().fingerprint(), fnv);
}

#[test]
#[should_panic(expected = "3 is no power of two")]
fn lines_are_powers_of_two() {
    Layout::builder().align_to(3);
}
