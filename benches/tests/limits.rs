//! The limits file: what is read, what is refused, and how a ratio is judged.

use std::time::Duration;

use untorn_bench::limits::{Limit, Metric, Verdict, parse, verdict, weigh};
use untorn_bench::record::Series;
use untorn_bench::shapes::Sample;

fn limit(times: f64, known_miss: bool) -> Limit {
    Limit {
        line: 1,
        known_miss,
        path: "lock/1-thread".to_owned(),
        metric: Metric::Nanos,
        ours: "untorn-spin".to_owned(),
        theirs: "mutex".to_owned(),
        times,
    }
}

#[test]
fn good_lines_are_read() {
    let text = "# a comment\n\n  lock/1-thread[ns]:untorn-spin<=mutex*0.7\n\
                ! cell-read/64B-quiet[instr]:untorn-seqlock <= seqlock * 1.5\n";
    let limits = parse("limits.txt", text).unwrap();
    assert_eq!(limits.len(), 2);
    assert_eq!(limits[0], Limit { line: 3, ..limit(0.7, false) });
    assert_eq!(limits[0].to_string(), "lock/1-thread[ns]:untorn-spin<=mutex*0.7");
    assert!(limits[1].known_miss);
    assert_eq!((limits[1].line, limits[1].metric), (4, Metric::Instructions));
    assert_eq!(limits[1].theirs, "seqlock");
}

#[test]
fn the_committed_lines_are_read() {
    let text = include_str!("../limits.txt");
    assert!(!parse("limits.txt", text).unwrap().is_empty());
}

#[test]
fn bad_lines_are_named() {
    let cases = [
        ("lock/1-thread[ns]:untorn-spin<mutex*0.7", "expected SHAPE/REGIME[metric]:A<=B*k"),
        ("lock/1-thread[ns]:untorn-spin<=mutex", "expected SHAPE/REGIME[metric]:A<=B*k"),
        ("lock/1-thread:untorn-spin<=mutex*2", "expected SHAPE/REGIME[metric]:A<=B*k"),
        ("lock/1-thread[ms]:untorn-spin<=mutex*0.7", "unknown metric `ms`"),
        ("lock/1-thread[ns]:untorn-spin<=mutex*fast", "`fast` is not a number"),
        ("lock/1-thread[ns]:untorn-spin<=mutex*-1", "not a positive number"),
        ("lock/1-thread[ns]:untorn-spin<=mutex*NaN", "not a positive number"),
        ("lock/3-threads[ns]:untorn-spin<=mutex*0.7", "no regime is called `lock/3-threads`"),
        ("lock/1-thread[ns]:rtrb<=mutex*0.7", "no contender of this shape is called `rtrb`"),
        ("lock/2-threads[instr]:untorn-spin<=mutex*1", "one-thread regimes only"),
        ("lock/2-threads[ms]:untorn-spin<=mutex*1", "known: ns, instr, gain, share"),
        ("lock/2-threads[gain]:untorn-spin>=mutex*1", "no regime has one of its threads alone"),
        ("cell-read/64B-2-readers[gain]:seqlock<=mutex*1", "SHAPE/REGIME[gain]:A>=B*k"),
        ("cell-read/64B-2-readers[gain]:triple-buffer>=mutex*1", "called `triple-buffer`"),
        ("cell-read/64B-2-readers[ns]:seqlock>=mutex*1", "SHAPE/REGIME[metric]:A<=B*k"),
        ("lock/2-threads[share]:untorn-spin<=mutex*1", "SHAPE/REGIME[share]:A>=B*k"),
        ("lock/1-thread[share]:untorn-spin>=mutex*1", "threads of that regime all do the same"),
        ("counter/2-threads[share]:untorn>=mutex*1", "threads of that regime all do the same"),
    ];
    for (line, why) in cases {
        let text = format!("# first\n{line}\n");
        let error = parse("some.txt", &text).expect_err(line).to_string();
        assert!(error.starts_with("some.txt:2: "), "{error}");
        assert!(error.contains(line), "{error}");
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_ratio_holds_up_to_the_limit_plus_the_floor() {
    let must = limit(0.5, false);
    assert_eq!(verdict(&must, 0.5, 0.0), Verdict::Holds);
    assert_eq!(verdict(&must, 0.53, 0.04), Verdict::Holds);
    assert_eq!(verdict(&must, 0.55, 0.04), Verdict::Exceeded);
    assert_eq!(verdict(&must, f64::NAN, 0.04), Verdict::Exceeded);
    assert_eq!(verdict(&must, 0.1, 0.06), Verdict::Void);
    assert_eq!(verdict(&must, 0.1, f64::NAN), Verdict::Void);
    assert!(Verdict::Void.fails() && Verdict::Exceeded.fails());
}

#[test]
fn a_gain_holds_down_to_the_limit_less_the_floor() {
    let line = "cell-read/64B-2-readers[gain]:untorn-seqlock>=private-counters*0.95";
    let must = parse("limits.txt", line).unwrap().remove(0);
    assert_eq!((must.metric, must.to_string().as_str()), (Metric::Gain, line));
    assert_eq!(verdict(&must, 0.95, 0.0), Verdict::Holds);
    assert_eq!(verdict(&must, 3.0, 0.0), Verdict::Holds);
    assert_eq!(verdict(&must, 0.92, 0.04), Verdict::Holds);
    assert_eq!(verdict(&must, 0.90, 0.04), Verdict::Exceeded);
    assert_eq!(verdict(&must, f64::NAN, 0.04), Verdict::Exceeded);
    assert_eq!(verdict(&must, 0.95, 0.06), Verdict::Void);
}

#[test]
fn a_share_holds_down_to_the_limit_less_the_floor() {
    let line = "lock/2-threads[share]:untorn-spin>=parking-lot*1";
    let must = parse("limits.txt", line).unwrap().remove(0);
    assert_eq!((must.metric, must.to_string().as_str()), (Metric::Share, line));
    let judged = |values: [&[f64]; 4]| {
        let judged = weigh(&must, &values.map(<[f64]>::to_vec), 1);
        assert_eq!(judged.shortest, None, "it is no time");
        (judged.verdict, judged.ratio.unwrap(), judged.note)
    };
    let (verdict, ratio, note) = judged([&[0.4; 3], &[0.8; 3], &[0.4; 3], &[0.8; 3]]);
    assert_eq!((verdict, ratio), (Verdict::Exceeded, 0.5));
    assert_eq!(note, "shares 0.40 and 0.80");
    assert_eq!(judged([&[0.8; 3], &[0.8; 3], &[0.8; 3], &[0.82; 3]]).0, Verdict::Holds);
    assert_eq!(judged([&[0.9; 3], &[0.8; 3], &[0.8; 3], &[0.8; 3]]).0, Verdict::Void);
    // A thread that got nothing in most of the rounds: there is nothing less.
    assert_eq!(judged([&[0.0; 3], &[0.0; 3], &[0.0; 3], &[0.0; 3]]).0, Verdict::Holds);
}

#[test]
fn what_each_lane_did_makes_the_time_and_the_share() {
    let elapsed = Duration::from_nanos(1200);
    let mut series = Series { operations: 100, samples: Vec::new(), shares: Vec::new() };
    series.push(&Sample::from(elapsed));
    assert!(series.shares.is_empty(), "all did the same");
    series.push(&Sample { elapsed, lanes: vec![90, 30] });
    assert_eq!((&*series.samples, &*series.shares), (&[12.0, 10.0][..], &[0.3333][..]));
}

#[test]
fn threads_that_share_the_work_gain() {
    let series = |samples: &[f64]| {
        let (samples, shares) = (samples.to_vec(), Vec::new());
        Series { operations: 1, samples, shares }
    };
    let alone = series(&[10.0, 12.0, 10.0]);
    // Nanoseconds for each operation of all threads: half of them is twice as much done.
    assert_eq!(series(&[5.0, 6.0, 20.0]).gain_on(&alone), [2.0, 2.0, 0.5]);
}

#[test]
fn a_known_miss_does_not_fail() {
    let may = limit(0.5, true);
    assert_eq!(verdict(&may, 0.4, 0.01), Verdict::Holds);
    assert_eq!(verdict(&may, 0.9, 0.01), Verdict::KnownMiss);
    assert_eq!(verdict(&may, 0.4, 0.50), Verdict::KnownMiss);
    assert!(!Verdict::KnownMiss.fails());
}
