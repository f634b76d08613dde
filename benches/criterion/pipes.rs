//! Streams of bytes, and large pieces of data, under criterion.

mod common;

fn main() {
    common::run(&["bytes", "handover"]);
}
