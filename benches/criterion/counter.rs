//! The counters under criterion.

mod common;

fn main() {
    common::run(&["counter", "counter-read"]);
}
