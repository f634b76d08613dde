//! The queues between many threads under criterion.

mod common;

fn main() {
    common::run(&["mpmc-stream", "queue-uncontended", "queue-empty"]);
}
