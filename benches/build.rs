//! Tells the program what it was built with, so that no result goes about without it.

use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=../Cargo.lock");
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("-V").output().ok();
    let version = version.and_then(|output| String::from_utf8(output.stdout).ok());
    let version = version.as_deref().unwrap_or("rustc (unknown)").trim();
    println!("cargo::rustc-env=UNTORN_BENCH_RUSTC={version}");
    let profile = env::var("PROFILE").unwrap_or_default();
    println!("cargo::rustc-env=UNTORN_BENCH_PROFILE={profile}");
    // Flags are separated by a control character, because a path may hold a space.
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default().replace('\x1f', " ");
    println!("cargo::rustc-env=UNTORN_BENCH_RUSTFLAGS={flags}");
    let lock = fs::read_to_string("../Cargo.lock").unwrap_or_default();
    println!("cargo::rustc-env=UNTORN_BENCH_PACKAGES={}", direct_dependencies(&lock).join(";"));
}

/// Name and version of what this crate itself depends on. The lock file may hold two versions of
/// one crate; the list of our own entry says which is ours.
fn direct_dependencies(lock: &str) -> Vec<String> {
    let field = |entry: &str, key: &str| {
        let line = entry.lines().find(|line| line.starts_with(key))?;
        line.split('"').nth(1).map(str::to_owned)
    };
    let entries: Vec<&str> = lock.split("[[package]]").collect();
    let own = entries.iter().find(|entry| entry.contains("name = \"untorn-bench\""));
    let list = own.and_then(|entry| entry.split("dependencies = [").nth(1)).unwrap_or_default();
    let names = list.split('"').skip(1).step_by(2);
    let with_version = |name: &str| {
        if name.contains(' ') {
            return Some(name.to_owned());
        }
        let entry =
            entries.iter().find(|entry| field(entry, "name").is_some_and(|found| found == name))?;
        Some(format!("{name} {}", field(entry, "version")?))
    };
    names.filter_map(with_version).collect()
}
