//! Cells that tell of each publication: the number is what a reader sees, and to publish is to wake.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use untorn::{Snapshot, Watch};

use crate::shapes::waiting::Waiting;

/// untorn's, around a snapshot.
impl Waiting for Watch<Snapshot<u32>> {
    const NAME: &'static str = "untorn-watch";
    const PACKAGE: &'static str = "untorn";

    fn new() -> Self {
        Self::new(Snapshot::new(0))
    }

    #[inline]
    fn store(&self, number: u32) {
        self.publish(number);
    }

    fn notify(&self) {}

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        let mut watcher = self.subscribe();
        loop {
            let number = self.cell().read();
            if number != old {
                return number;
            }
            watcher.changed();
        }
    }

    #[inline]
    fn wait_for(&self, old: u32, timeout: Duration) -> Option<u32> {
        let deadline = Instant::now() + timeout;
        let mut watcher = self.subscribe();
        loop {
            let number = self.cell().read();
            if number != old {
                return Some(number);
            }
            if !watcher.changed_deadline(deadline) {
                return None;
            }
        }
    }
}

/// `tokio::sync::watch`, whose futures are waited for by `pollster`, without a runtime.
impl Waiting for watch::Sender<u32> {
    const NAME: &'static str = "tokio-watch";
    const PACKAGE: &'static str = "tokio";
    const TIMED: bool = false;

    fn new() -> Self {
        Self::new(0)
    }

    #[inline]
    fn store(&self, number: u32) {
        self.send_replace(number);
    }

    fn notify(&self) {}

    #[inline]
    fn wait(&self, old: u32) -> u32 {
        let mut receiver = self.subscribe();
        let changed = pollster::block_on(receiver.wait_for(|number| *number != old));
        *changed.expect("the sender is there")
    }
}
