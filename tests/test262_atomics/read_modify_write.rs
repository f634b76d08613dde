//! The folders of the operations on a value: what they return, and what they leave behind, in views of
//! every width. Numbers are chopped to the width of the view, and sums wrap around.

use untorn::SharedBuffer;
use untorn::shared::{ArrayView, Field, Layout, SharedInteger, View};

/// An integer of a view, made from any number.
trait Integer: SharedInteger {
    fn chopped(number: i64) -> Self;
}

macro_rules! integers {
    ($($integer:ty),+) => {$(
        impl Integer for $integer {
            fn chopped(number: i64) -> Self {
                number as Self
            }
        }
    )+};
}

integers!(i8, u8, i16, u16, i32, u32, i64, u64);

/// Numbers that fit some widths and not others, at their limits, and negative ones.
const NUMBERS: [i64; 22] = [
    0,
    1,
    -1,
    5,
    -5,
    10,
    37,
    100,
    127,
    128,
    255,
    256,
    12_345,
    32_767,
    65_535,
    123_456_789,
    i32::MAX as i64,
    i32::MIN as i64,
    u32::MAX as i64,
    0x3333_3333_5555_5555,
    i64::MAX,
    i64::MIN,
];

/// Runs `test` on twenty integers that begin 32 bytes into a buffer of a kilobyte.
fn with_view<T: Integer>(test: impl FnOnce(ArrayView<'_, T>)) {
    let mut layout = Layout::with_len(1024);
    let field: Field<[T]> = layout.array_at("view", 32, 20).expect("aligned for any width");
    let buffer = SharedBuffer::new(layout.build());
    test(buffer.array(field));
}

/// An operation with one operand.
trait Operation {
    /// The operation itself.
    fn apply<T: Integer>(place: View<'_, T>, operand: T) -> T;

    /// What it leaves behind, without a limit to the width.
    fn model(before: i64, operand: i64) -> i64;
}

/// The old value comes back, the new one is there, and the neighbours are what they were.
fn good_view<O: Operation, T: Integer>() {
    with_view::<T>(|view| {
        view.iter().for_each(|place| _ = place.store(T::chopped(77)));
        for before in NUMBERS {
            for operand in NUMBERS {
                view.at(8).store(T::chopped(before));
                let old = O::apply(view.at(8), T::chopped(operand));
                assert_eq!(old, T::chopped(before), "{before}, {operand}");
                let expected = T::chopped(O::model(before, operand));
                assert_eq!(view.at(8).load(), expected, "{before}, {operand}");
            }
        }
        let others = view.iter().enumerate().filter(|(index, _)| *index != 8);
        others.for_each(|(_, place)| assert_eq!(place.load(), T::chopped(77)));
        // The first and the last place are as good as any.
        for place in [view.at(0), view.at(view.len() - 1)] {
            place.store(T::chopped(37));
            assert_eq!(O::apply(place, T::chopped(0)), T::chopped(37));
            assert_eq!(place.load(), T::chopped(O::model(37, 0)));
        }
    });
}

/// One test for each file of an operation's folder.
macro_rules! operations {
    ($($operation:ident: $model:expr;)+) => {$(
        mod $operation {
            use super::{Integer, Operation, View, good_view, with_view};

            struct This;

            impl Operation for This {
                fn apply<T: Integer>(place: View<'_, T>, operand: T) -> T {
                    place.$operation(operand)
                }

                fn model(before: i64, operand: i64) -> i64 {
                    let model: fn(i64, i64) -> i64 = $model;
                    model(before, operand)
                }
            }

            /// Works in views of 8, 16 and 32 bits, at every place.
            #[test]
            fn good_views() {
                good_view::<This, i8>();
                good_view::<This, u8>();
                good_view::<This, i16>();
                good_view::<This, u16>();
                good_view::<This, i32>();
                good_view::<This, u32>();
            }

            /// Works in views of 64 bits.
            #[test]
            fn bigint_good_views() {
                good_view::<This, i64>();
                good_view::<This, u64>();
            }

            /// Returns what was there before, each time.
            #[test]
            fn expected_return_value() {
                with_view::<i32>(|view| {
                    let (place, operand) = (view.at(0), 0b1_0000_0001_0000_1000);
                    let mut expected = 0b1_0000_0000;
                    place.store(expected);
                    for _ in 0..3 {
                        assert_eq!(This::apply(place, operand), expected);
                        expected = This::model(expected.into(), operand.into()) as i32;
                    }
                    assert_eq!(place.load(), expected);
                });
            }
        }
    )+};
}

operations! {
    add: i64::wrapping_add;
    sub: i64::wrapping_sub;
    and: |before, operand| before & operand;
    or: |before, operand| before | operand;
    xor: |before, operand| before ^ operand;
    exchange: |_, operand| operand;
}

/// Runs a test on views of each width.
macro_rules! each_width {
    ($test:ident) => {
        $test::<i8>();
        $test::<u8>();
        $test::<i16>();
        $test::<u16>();
        $test::<i32>();
        $test::<u32>();
        $test::<i64>();
        $test::<u64>();
    };
}

mod compare_exchange {
    use super::{Integer, NUMBERS, with_view};

    fn good_view<T: Integer>() {
        with_view::<T>(|view| {
            let place = view.at(8);
            for before in NUMBERS.map(T::chopped) {
                for expected in NUMBERS.map(T::chopped) {
                    place.store(before);
                    let result = place.compare_exchange(expected, T::chopped(10));
                    let (equal, after) = (before == expected, place.load());
                    assert_eq!(result, if equal { Ok(before) } else { Err(before) });
                    assert_eq!(after, if equal { T::chopped(10) } else { before });
                }
            }
        });
    }

    /// Exchanges if the value is the expected one, leaves it if not, and returns the old one both times.
    #[test]
    fn good_views() {
        each_width!(good_view);
    }
}

mod store {
    use super::{Integer, NUMBERS, with_view};

    fn good_view<T: Integer>() {
        with_view::<T>(|view| {
            for place in [view.at(0), view.at(3), view.at(view.len() - 1)] {
                for number in NUMBERS.map(T::chopped) {
                    assert_eq!((place.store(number), place.load()), (number, number));
                }
            }
        });
    }

    /// Stores at every place, what is stored being chopped to the width.
    #[test]
    fn good_views() {
        each_width!(good_view);
    }

    /// Returns the new value, and not what was there before.
    #[test]
    fn expected_return_value() {
        with_view::<i32>(|view| {
            view.at(0).store(5);
            let number = 0b1_0000_0010_0000_0100_0000_1000;
            assert_eq!(view.at(0).store(number), number);
            assert_eq!(view.at(0).load(), number);
        });
    }
}

mod load {
    use super::{Integer, NUMBERS, with_view};

    fn good_view<T: Integer>() {
        with_view::<T>(|view| {
            view.iter().for_each(|place| assert_eq!(place.load(), T::chopped(0)));
            for (place, number) in view.iter().zip(NUMBERS) {
                place.store(T::chopped(number));
            }
            for (place, number) in view.iter().zip(NUMBERS) {
                assert_eq!(place.load(), T::chopped(number));
                assert_eq!(place.load(), T::chopped(number));
            }
        });
    }

    /// Loads from every place what is there, and leaves it there.
    #[test]
    fn good_views() {
        each_width!(good_view);
    }
}
