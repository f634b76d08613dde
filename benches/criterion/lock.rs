//! The locks under criterion.

mod common;

fn main() {
    common::run(&["lock", "lock-section"]);
}
