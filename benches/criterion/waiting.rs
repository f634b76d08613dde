//! Waiting and notifying under criterion.

mod common;

fn main() {
    common::run(&["notify", "wait", "wake"]);
}
