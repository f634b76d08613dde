//! A global allocator that counts by the sharded counter, which its page advises against: what is
//! registered at the first add of a thread may allocate, and each allocation adds. Where the standard
//! library lets an allocator do that, as this one does, it neither recurses for ever nor loses a count.
#![cfg(feature = "std")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::thread;

use untorn::{Counter, ShardedCounter};

struct Counting;

static ALLOCATIONS: ShardedCounter = ShardedCounter::new();
static FREED: ShardedCounter<1> = ShardedCounter::new();
static EXPECTED: [Counter; 2] = [Counter::new(), Counter::new()];

// SAFETY: the system's allocator does the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.increment();
        EXPECTED[0].increment();
        // SAFETY: promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        FREED.increment();
        EXPECTED[1].increment();
        // SAFETY: promised by the caller.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn every_allocation_is_counted() {
    let threads: Vec<_> =
        (0..50_u64).map(|i| thread::spawn(move || (0..i).map(|n| n.to_string()).max())).collect();
    for (i, thread) in threads.into_iter().enumerate() {
        assert_eq!(thread.join().unwrap().is_some(), i > 0);
    }
    // The harness's own thread may be at it.
    let counts =
        || (ALLOCATIONS.try_exact(1), FREED.try_exact(1), EXPECTED.each_ref().map(Counter::get));
    let agree = (0..1_000_000).any(|_| {
        let (allocated, freed, expected) = counts();
        allocated == Some(expected[0]) && freed == Some(expected[1])
    });
    assert!(agree, "{:?}", counts());
    assert!(ALLOCATIONS.sum() >= 50);
}
