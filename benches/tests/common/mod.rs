//! The program as it is typed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_versus"));
    // Records of a test must not pass for those of a measurement.
    program.env("CARGO_TARGET_DIR", scratch("target"));
    program.args(arguments);
    program
}

pub(crate) fn versus(arguments: &[&str]) -> Output {
    program(arguments).output().expect("the program runs")
}

/// A file for this test program alone.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let tests =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("versus").join(env!("CARGO_CRATE_NAME"));
    std::fs::create_dir_all(&tests).expect("the folder can be made");
    tests.join(name)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

#[track_caller]
pub(crate) fn assert_refused(arguments: &[&str], code: i32, expected: &[&str]) {
    let output = versus(arguments);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for expected in expected {
        assert!(said.contains(expected), "{expected} is missing in: {said}");
    }
}
