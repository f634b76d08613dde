//! Watch: edges E1 and E2.
#![cfg(loom)]

use loom::cell::UnsafeCell;
use loom_tests::{Arc, explore, spawn};
use untorn::Watch;

/// A cell that publishes nothing by itself: what is seen is seen by the edges of `Watch`.
#[derive(Default)]
struct Plain(UnsafeCell<u32>);

// SAFETY: loom checks that nobody touches it at the wrong time.
unsafe impl Send for Plain {}
// SAFETY: as above.
unsafe impl Sync for Plain {}

impl Plain {
    fn write(&self, value: u32) {
        // SAFETY: loom checks that this is exclusive.
        self.0.with_mut(|place| unsafe { *place = value });
    }

    fn read(&self) -> u32 {
        // SAFETY: loom checks that nobody writes.
        self.0.with(|value| unsafe { *value })
    }
}

/// E1 and E2. A watcher that saw nothing is woken, or sees the publication counted; either way it
/// finds it in the cell.
#[test]
fn e1_e2_a_watcher_finds_what_was_announced() {
    explore([7], || {
        let watch = Arc::new(Watch::new(Plain::default()));
        let mut watcher = Watch::subscribe_owned(&watch);
        let reader = spawn(move || {
            watcher.changed();
            watcher.cell().read()
        });
        let writer = spawn(move || watch.publish_with(|cell| cell.write(7)));
        writer.join();
        reader.join()
    });
}

/// E1, without the sleep.
#[test]
fn e1_a_look_finds_what_was_announced() {
    explore([None, Some(7)], || {
        let watch = Arc::new(Watch::new(Plain::default()));
        let watcher = Watch::subscribe_owned(&watch);
        let reader = spawn(move || watcher.has_changed().then(|| watcher.cell().read()));
        let writer = spawn(move || watch.publish_with(|cell| cell.write(7)));
        writer.join();
        reader.join()
    });
}
