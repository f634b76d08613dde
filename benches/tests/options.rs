//! The options of a run, through the program itself. No test asserts a time.

mod common;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use common::{assert_refused, scratch, text, versus};
use untorn_bench::assertion::{Assertion, Place};
use untorn_bench::env::package_version;
use untorn_bench::record::Record;
use untorn_bench::report::{compare, json, readme};
use untorn_bench::runner::{Amount, FEWEST_ROUNDS, Plan};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/record.json");

fn fixture() -> Record {
    json::load(FIXTURE.as_ref()).unwrap()
}

/// The shortest run that measures.
const SHORT: [&str; 4] = ["counter", "--only=untorn", "--seconds=0.1", "--quick"];

fn saved_run(name: &str, more: &[&str]) -> (Record, String) {
    let saved = scratch(name);
    let arguments = [&SHORT, more, &["--save", saved.to_str().unwrap()]].concat();
    let output = versus(&arguments);
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}{complained}");
    (json::load(&saved).unwrap(), said)
}

#[test]
fn any_number_of_threads_can_be_measured() {
    let (record, said) = saved_run("threads.json", &["--threads", "3"]);
    let paths: Vec<String> = record.regimes.iter().map(|regime| regime.path()).collect();
    assert_eq!(paths, ["counter/3-threads"]);
    assert!(said.contains("counter/3-threads"), "{said}");
    let (record, _) = saved_run("threads.json", &["--threads", "2"]);
    assert_eq!(record.regimes.len(), 1);
    assert!(record.regimes[0].question.contains("two threads"), "the listed regime is kept");
}

#[test]
fn a_bad_number_of_threads_is_refused() {
    for bad in ["0", "-1", "x", "1000000"] {
        assert_refused(&["--threads", bad], 2, &[bad, "--threads", "from 1 to 256"]);
    }
    assert_refused(&["spsc-stream", "--threads", "2"], 2, &["`spsc-stream`", "counter, lock"]);
    assert_refused(&["--only", "rtrb", "--threads", "2"], 2, &["spsc-stream", "counter, lock"]);
}

#[test]
fn seconds_keep_nine_rounds() {
    let (record, said) = saved_run("seconds.json", &[]);
    assert_eq!(record.rounds, FEWEST_ROUNDS);
    assert!(record.regimes.iter().all(|r| r.cases.iter().all(|c| c.samples.len() == 9)), "{said}");
    for bad in ["0", "-1", "x", "nan", "inf", "1e9"] {
        assert_refused(&["--seconds", bad], 2, &[bad, "--seconds", "seconds above 0"]);
    }
    assert_refused(&["--seconds", "0.001"], 2, &["--seconds 0.001", "too little", "least"]);
}

#[test]
fn time_becomes_rounds_and_samples() {
    let plan = |seconds: u64, fixed| Plan::FULL.within(Duration::from_secs(seconds), 100, fixed);
    let sample = |plan: Plan| match plan.sample {
        Amount::Time(sample) => sample,
        Amount::Each(_) => panic!("a time was asked for"),
    };
    let scarce = plan(2, false).unwrap();
    assert_eq!(scarce.rounds, FEWEST_ROUNDS);
    assert!(sample(scarce) < Duration::from_millis(3));
    let middle = plan(30, false).unwrap();
    assert_eq!(middle.rounds, Plan::FULL.rounds);
    assert!(sample(middle) * 1500 <= Duration::from_secs(30));
    let ample = plan(600, false).unwrap();
    assert!(ample.rounds > 100 && sample(ample) < Duration::from_millis(55), "{ample:?}");
    assert_eq!(plan(600, true).unwrap().rounds, Plan::FULL.rounds, "as asked for");
    let least = Plan::FULL.within(Duration::from_millis(1), 100, false).unwrap_err();
    assert!(Plan::FULL.within(least, 100, false).is_ok());
}

#[test]
fn an_assertion_decides_how_the_program_ends() {
    let holds = versus(&[&SHORT[..], &["--assert", "counter:untorn<=mutex*1000"]].concat());
    assert_eq!(holds.status.code(), Some(0), "{}", text(&holds.stdout));
    assert_eq!(text(&holds.stdout).matches("mutex*1000: holds").count(), 3);
    let broken = ["--assert", "counter/1-thread[ns]:untorn<=mutex*0.0001"];
    let broken = versus(&[&SHORT[..], &broken].concat());
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stdout).contains("BROKEN by "), "{}", text(&broken.stdout));
}

#[test]
fn bad_assertions_are_refused_before_anything_is_measured() {
    let form = "expected SHAPE/REGIME[ns]:A<=B*k";
    let cases = [
        ("x", form),
        ("lock:mutex<=mutex", form),
        ("lock:<=mutex*1", form),
        ("lock[ms]:mutex<=mutex*1", "unknown metric `ms`"),
        ("lock/1-thread[instr]:mutex<=mutex*1", "unknown metric `instr`"),
        ("lock:mutex<=mutex*fast", "`fast` is not a number"),
        ("lock:mutex<=mutex*0", "not a positive number"),
        ("lokc:mutex<=mutex*1", "`lokc`; known: counter, counter-read, lock"),
        ("lock/9:mutex<=mutex*1", "`9`; known: 1-thread"),
        ("lock:rtrb<=mutex*1", "`rtrb`; known: mutex, untorn-spin"),
        ("cell-read/64B-2-readers:triple-buffer<=mutex*1", "`triple-buffer`; known: mutex"),
    ];
    for (line, why) in cases {
        assert_refused(&["--assert", line], 2, &[why]);
    }
    let both = ["counter", "--only=untorn", "--assert=counter:std-atomic<=mutex*1"];
    assert_refused(&both, 2, &["`std-atomic`; known: mutex, untorn"]);
}

/// What `line` comes to in a record whose only regime has untorn at half the time of a mutex.
fn judged(line: &str, floor: f64) -> (bool, String) {
    let mut record = fixture();
    record.regimes.truncate(1);
    record.regimes[0].floor = Some(floor);
    let places = Place::recorded(&record);
    let assertion: Assertion = line.parse().unwrap();
    let found = assertion.places(&places).unwrap();
    let judged = assertion.judge(found[0], &record);
    (judged.holds, judged.to_string())
}

#[test]
fn the_floor_gives_the_benefit_of_the_doubt_while_it_is_low() {
    let holds = |line, floor| {
        let (holds, said) = judged(line, floor);
        assert_eq!(holds, said.contains("holds"), "{said}");
        holds
    };
    assert!(holds("counter:untorn<=mutex*0.6", 0.01));
    assert!(holds("counter:untorn<=mutex*0.49", 0.04), "within the floor");
    assert!(!holds("counter:untorn<=mutex*0.49", 0.01));
    assert!(!holds("counter:untorn<=mutex*0.49", 0.4), "too noisy to tell");
    assert!(holds("counter:untorn<=mutex*5", 0.4), "clear in spite of the noise");
    assert!(!holds("counter:untorn<=mutex*0.1", 0.4), "clear in spite of the noise");
    assert!(judged("counter:untorn<=mutex*0.25", 0.01).1.contains("BROKEN by 100.0 %"));
}

#[test]
fn a_saved_record_is_shown_again() {
    let output = versus(&["--from", FIXTURE, "--assert", "counter:untorn<=mutex*0.6"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("cargo versus --rounds 9") && said.contains("Some CPU"), "{said}");
    assert!(said.contains("1.50x the time of rtrb"), "{said}");
    let broken = versus(&["--from", FIXTURE, "--assert", "spsc-stream:untorn<=rtrb*1.2"]);
    assert_eq!(broken.status.code(), Some(1));
    assert!(text(&broken.stdout).contains("BROKEN by 25.0 %"), "{}", text(&broken.stdout));
    assert_refused(&["--from", "no-such-file"], 2, &["--from", "no-such-file"]);
    assert_refused(&["--from", FIXTURE, "--quick"], 2, &["--from", "--quick"]);
    assert_refused(&["counter", "--from", FIXTURE], 2, &["--from"]);
}

/// The fixture with the ring's ratio doubled, a contender gone, and another processor.
fn changed() -> PathBuf {
    let mut record = fixture();
    record.environment.cpu = "Another CPU".to_owned();
    record.regimes[0].cases.retain(|case| case.name != "parking-lot");
    for case in record.regimes[1].cases.iter_mut().filter(|case| case.name == "untorn") {
        case.to_baseline = case.to_baseline.map(|ratio| ratio * 2.0);
        // Not compared: a machine that is slower is no change.
        case.median *= 100.0;
    }
    let file = scratch("changed.json");
    json::save(&record, &file).unwrap();
    file
}

#[test]
fn ratios_are_compared_and_times_are_not() {
    let file = changed();
    let output = versus(&["--from", file.to_str().unwrap(), "--compare", FIXTURE]);
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    let said = said.split_once("beside the base of 2026-01-02").expect("a comparison").1;
    assert!(said.contains("processor: Some CPU then, Another CPU now"), "{said}");
    let line = |name: &str, after: &str| {
        let rest = said.split_once(after).unwrap().1;
        rest.lines().find(|line| line.trim().starts_with(name)).unwrap().to_owned()
    };
    let words = |line: String| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let ring = words(line("untorn", "spsc-stream/u64-cap1024"));
    assert_eq!(ring, ["untorn", "0.30x", "0.60x", "2.00x", "SLOWER"]);
    let counter = words(line("untorn", "counter/2-threads"));
    assert_eq!(counter, ["untorn", "0.50x", "0.50x", "1.00x"]);
    assert!(line("parking-lot", "counter/2-threads").ends_with("only in the base"));
    assert!(!said.contains("ns/op"), "{said}");
    assert_refused(&["--compare", "no-such-file"], 2, &["--compare", "no-such-file"]);
}

#[test]
fn what_is_within_the_floors_of_both_runs_is_not_marked() {
    let base = fixture();
    let mut now = fixture();
    now.regimes[1].floor = Some(0.6);
    now.regimes[1].cases[1].to_baseline = Some(0.48);
    assert!(!compare::compared(&now, &base).contains("SLOWER"));
    now.regimes[1].floor = Some(0.1);
    assert!(compare::compared(&now, &base).contains("SLOWER"));
    now.regimes[1].cases[1].to_baseline = Some(0.1);
    assert!(compare::compared(&now, &base).contains("faster"));
    now.regimes.truncate(1);
    assert!(compare::compared(&now, &base).contains("only in the base: spsc-stream/u64-cap1024"));
    assert!(compare::compared(&base, &now).contains("not in the base: spsc-stream/u64-cap1024"));
}

#[test]
fn a_run_can_be_compared() {
    let (_, said) = saved_run("compared.json", &["--compare", FIXTURE]);
    assert!(said.contains("beside the base") && said.contains("now / then"), "{said}");
    let (record, _) = saved_run("compared.json", &["--compare", FIXTURE]);
    assert!(!record.command.contains("--compare"), "no bearing on the numbers: {}", record.command);
}

#[test]
fn without_valgrind_that_is_said() {
    let arguments = [&SHORT[..], &["--instructions"]].concat();
    let output = common::program(&arguments).env("PATH", "").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    for said in [output.stdout, output.stderr] {
        assert!(text(&said).contains("valgrind is missing: instructions were NOT counted"));
    }
}

#[test]
fn with_valgrind_instructions_are_counted() {
    if !untorn_bench::instructions::available() {
        eprintln!("SKIPPED: valgrind is missing");
        return;
    }
    let (record, said) = saved_run("instructions.json", &["--instructions"]);
    assert!(said.contains("instr/op"), "{said}");
    for regime in &record.regimes {
        let counted = regime.cases.iter().all(|case| case.instructions.is_some());
        assert_eq!(counted, regime.regime == "1-thread", "{}", regime.path());
    }
}

#[test]
fn shares_are_shown_and_kept() {
    let saved = scratch("shares.json");
    let saved = saved.to_str().unwrap();
    let output =
        versus(&["lock", "--only=untorn-spin", "--quick", "--seconds=0.2", "--save", saved]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    let record = json::load(saved.as_ref()).unwrap();
    for regime in &record.regimes {
        let shares = if regime.regime == "1-thread" { 0 } else { record.rounds };
        assert!(regime.cases.iter().all(|case| case.shares.len() == shares), "{}", regime.path());
    }
    assert_eq!(said.matches("x mutex  share").count(), 2, "{said}");
    assert_eq!(said.matches("share: what the thread").count(), 2, "{said}");
}

#[test]
#[cfg(unix)]
fn ctrl_c_leaves_a_partial_report() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    let saved = scratch("partial.json");
    let arguments = ["counter", "lock", "--quick", "--rounds=60", "--only=untorn,untorn-spin"];
    let mut program = common::program(&arguments);
    program.arg("--save").arg(&saved).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(stderr.any(|line| line.unwrap().starts_with("[1/6]")), "the first regime ends");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    stderr.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said}");
    assert!(said.contains("PARTIAL: stopped after ") && said.contains("of 6 regimes"), "{said}");
    assert!(said.contains("counter/1-thread: "), "{said}");

    let record = json::load(&saved).unwrap();
    assert_eq!(record.stopped_of, Some(6));
    assert!((1..6).contains(&record.regimes.len()), "{} regimes", record.regimes.len());
    for regime in &record.regimes {
        let rounds = regime.twin.len();
        assert!(rounds > 0 && regime.cases.iter().all(|case| case.samples.len() == rounds));
    }
    let marks = format!("{}\n{}\n", readme::BEGIN, readme::END);
    let file = scratch("README.md");
    fs::write(&file, marks).unwrap();
    let (saved, file) = (saved.to_str().unwrap(), file.to_str().unwrap());
    assert_refused(&["readme", "--from", saved, "--readme", file], 1, &["PARTIAL"]);
    assert!(text(&versus(&["--from", saved]).stdout).contains("PARTIAL"));
}

#[test]
fn of_two_linked_versions_each_is_named() {
    assert!(package_version("parking_lot 0.12").unwrap().starts_with("0.12."));
    assert!(package_version("parking_lot 0.13").unwrap().starts_with("0.13."));
    assert_eq!(package_version("parking_lot 0.1"), None);
}
