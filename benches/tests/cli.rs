//! The program itself: what it refuses, and one short run from measuring to the README.

mod common;

use std::fs;

use common::{assert_refused, scratch, text, versus};

#[test]
fn unknown_names_are_refused_with_the_known_ones() {
    assert_refused(&["countre"], 2, &["`countre`", "counter, counter-read, lock", "cell-write"]);
    assert_refused(&["counter", "lokc"], 2, &["`lokc`", "counter-read, lock"]);
    assert_refused(&["--only", "mutex,rtbr"], 2, &["`rtbr`", "rtrb", "untorn-snapshot"]);
    assert_refused(&["counter", "--only", "rtrb"], 2, &["`rtrb`", "untorn, std-atomic"]);
    assert_refused(&["exec", "counter/9", "untorn", "1"], 2, &["`counter/9`", "counter/1-thread"]);
    assert_refused(&["exec", "counter/1-thread", "rtrb", "1"], 2, &["`rtrb`", "std-atomic"]);
}

#[test]
fn too_few_rounds_are_refused() {
    assert_refused(&["--rounds", "8"], 2, &["at least 9 rounds"]);
    assert_refused(&["limits", "--rounds", "x"], 2, &["at least 9 rounds"]);
}

#[test]
fn all_shapes_are_listed() {
    let output = versus(&["list"]);
    let said = text(&output.stdout);
    assert!(output.status.success());
    for shape in untorn_bench::registry::shapes() {
        assert!(said.contains(shape.name) && said.contains(shape.regimes[0].question), "{said}");
    }
}

#[test]
fn a_quick_run_leaves_slow_peers_out_and_says_so() {
    let named = ["--assert", "queue-empty:tokio-mpsc<=mutex*1000"];
    let run = versus(&[&["queue-empty", "--quick"], &named[..]].concat());
    let said = text(&run.stdout);
    assert!(run.status.success(), "{said}{}", text(&run.stderr));
    // Eight of fourteen stay, and who was named is one of them.
    assert!(said.contains("a first look: 6 entries of slower peers were left out"), "{said}");
    for name in ["mutex", "untorn", "rtrb", "tokio-mpsc"] {
        assert!(said.contains(&format!("\n {name}")), "{name}: {said}");
    }
    assert!(!said.contains("flume"), "{said}");
}

#[test]
fn one_thread_regimes_can_be_run_alone_and_others_cannot() {
    let output = versus(&["exec", "cell-write/64B-single", "untorn-seqlock-writer", "1000"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_refused(&["exec", "counter/2-threads", "untorn", "1"], 1, &["one-thread regimes only"]);
}

#[test]
fn a_bad_limits_file_is_refused_by_line() {
    let file = scratch("bad-limits.txt");
    fs::write(&file, "# fine\nlock/1-thread[ns]:untorn-spin<=mutex\n").unwrap();
    let file = file.to_str().unwrap();
    assert_refused(&["limits", "--file", file], 1, &["bad-limits.txt:2", "untorn-spin<=mutex"]);
    assert_refused(&["limits", "--file", "no-such-file"], 1, &["no-such-file"]);
}

#[test]
fn a_short_run_leads_to_a_readme() {
    let (saved, readme) = (scratch("run.json"), scratch("README.md"));
    let (saved, readme) = (saved.to_str().unwrap(), readme.to_str().unwrap());
    fs::write(readme, "<!-- versus:begin -->\n<!-- versus:end -->\n").unwrap();

    let run = versus(&["cell-write", "--quick", "--only", "untorn-seqlock", "--save", saved]);
    let said = text(&run.stdout);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(said.starts_with("untorn "), "the environment comes first: {said}");
    assert!(said.contains("A/A floor") && said.contains("untorn-seqlock"), "{said}");
    assert!(scratch("target").join("versus/latest.json").exists());
    assert!(fs::read_to_string(saved).unwrap().contains("cargo versus cell-write --quick"));

    let command = ["readme", "--from", saved, "--readme", readme];
    let check = ["readme", "--from", saved, "--readme", readme, "--check"];
    assert_refused(&check, 1, &["out of date"]);
    assert!(versus(&command).status.success());
    assert!(versus(&check).status.success());
    let made = fs::read_to_string(readme).unwrap();
    assert!(made.contains("`cell-write/64B-single`") && made.contains("(run.json)"), "{made}");
    // Where it was saved has no bearing on the numbers, and is nobody's business.
    assert!(!made.contains("--save"), "{made}");
}
