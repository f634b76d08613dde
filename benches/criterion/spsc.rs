//! The queues between two threads under criterion.

mod common;

fn main() {
    common::run(&[
        "spsc-stream",
        "spsc-roundtrip",
        "spsc-burst",
        "spsc-batch",
        "spsc-blocking",
        "blocking-pingpong",
    ]);
}
