//! The pointers under criterion.

mod common;

fn main() {
    common::run(&["pointer-read", "publish"]);
}
