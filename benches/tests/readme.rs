//! The README's table: made from a record alone, and checked against it.

use untorn_bench::record::Record;
use untorn_bench::report::{json, readme, term};

/// Two regimes: one won, one lost to a peer by half.
fn record() -> Record {
    json::load(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/record.json").as_ref()).unwrap()
}

const README: &str = "# title\n\n<!-- versus:begin -->\nold\n<!-- versus:end -->\n\nrest\n";

#[test]
fn the_table_replaces_what_stood_between_the_marks() {
    let new = readme::replaced(README, &record(), "benches/results/x.json").unwrap();
    assert!(new.starts_with("# title\n\n<!-- versus:begin -->\n| measure |"));
    assert!(new.ends_with("<!-- versus:end -->\n\nrest\n"));
    assert!(!new.contains("old"));
    let won = "| `counter/2-threads` | 0.50x (untorn) | 1.00x (parking-lot) | 1 | 1.0 % |\n";
    assert!(new.contains(won), "{new}");
    let lost =
        "| `spsc-stream/u64-cap1024` | 0.30x (untorn) **loses** | 0.20x (rtrb) | 1 | 2.0 % |\n";
    assert!(new.contains(lost), "{new}");
    assert!(new.contains("`cargo versus --rounds 9`"), "{new}");
    assert!(new.contains("(benches/results/x.json)"), "{new}");
    assert!(new.contains("Some CPU, 2 cores"), "{new}");
}

#[test]
fn writing_twice_changes_nothing() {
    let once = readme::replaced(README, &record(), "x.json").unwrap();
    assert_eq!(readme::replaced(&once, &record(), "x.json").unwrap(), once);
}

#[test]
fn no_time_is_shown() {
    let text = readme::rendered(&record(), "x.json");
    assert!(!text.split_whitespace().any(|word| word.starts_with("ns")), "{text}");
}

#[test]
fn a_readme_without_marks_is_refused() {
    for bad in ["", "<!-- versus:begin -->", "<!-- versus:end --> <!-- versus:begin -->"] {
        assert!(readme::replaced(bad, &record(), "x.json").is_err(), "{bad}");
    }
}

#[test]
fn the_report_begins_with_what_is_lost() {
    let text = term::report(&record());
    let lost = text.find("where untorn loses").unwrap();
    let first_table = text.find("counter/2-threads: ").unwrap();
    assert!(lost < first_table, "{text}");
    assert!(text.contains("1.50x the time of rtrb"), "{text}");
}

#[test]
fn a_tie_is_no_loss() {
    let mut record = record();
    record.regimes.retain(|regime| regime.shape == "spsc-stream");
    record.regimes[0].floor = Some(0.6);
    assert!(record.losses().is_empty());
    assert!(!readme::rendered(&record, "x.json").contains("**loses**"));
    assert!(term::report(&record).contains("tie with the fastest"));
}
