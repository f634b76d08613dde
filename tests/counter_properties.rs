//! The counters against a number, on random scripts of calls.

use proptest::collection::vec;
use proptest::prelude::*;
use untorn::counter::LocalCounter;
use untorn::{Counter, ShardedCounter};

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 4 } else { 256 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_counter_is_a_number(calls in vec((any::<bool>(), any::<u64>()), 0..100)) {
        let counter = Counter::new();
        let mut number = 0_u64;
        for (take, n) in calls {
            if take {
                prop_assert_eq!(counter.take(), std::mem::take(&mut number));
            } else {
                counter.add(n);
                number = number.wrapping_add(n);
            }
            prop_assert_eq!(counter.get(), number);
        }
    }

    /// Adds come from this thread, from handles, from whoever finds no slot, and from a thread that ends.
    #[test]
    fn the_sharded_counter_is_a_number(calls in vec((0..6_usize, any::<u64>()), 0..60)) {
        let counter = ShardedCounter::<2>::new();
        let mut locals: Vec<LocalCounter<'_>> = Vec::new();
        let mut number = 0_u64;
        for (call, n) in calls {
            match (call, locals.as_slice()) {
                (0, _) => counter.add(n),
                (1, _) => std::thread::scope(|scope| {
                    scope.spawn(|| counter.add(n));
                }),
                (2, [_, ..]) => locals[n as usize % locals.len()].add(n),
                (3, _) => locals.push(counter.local()),
                (4, _) => locals.truncate(n as usize % 4),
                (5, _) => prop_assert_eq!(counter.take(), std::mem::take(&mut number)),
                _ => {}
            }
            if call < 2 || call == 2 && !locals.is_empty() {
                number = number.wrapping_add(n);
            }
            prop_assert_eq!((counter.sum(), counter.try_exact(1)), (number, Some(number)));
        }
        drop(locals);
        prop_assert_eq!(counter.into_inner(), number);
    }
}
