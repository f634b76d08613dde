//! The cells under criterion.

mod common;

fn main() {
    common::run(&["cell-read", "cell-write"]);
}
