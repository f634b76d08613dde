//! Shapes as criterion groups, one for each regime, with the loops and threads of `versus`.
//!
//! criterion measures one contender after another. For comparisons `cargo versus` interleaves them;
//! this is for watching one of them over time.

use std::time::Duration;

use criterion::{Criterion, Throughput};
use untorn_bench::crew::Crew;
use untorn_bench::registry;
use untorn_bench::runner::check;
use untorn_bench::shapes::{Contender, Regime};

/// Operations of a contract check.
const CHECKS: u64 = 2_000;

/// Runs these shapes as the command line says.
pub(crate) fn run(shapes: &[&str]) {
    let names: Vec<String> = shapes.iter().map(|&name| name.to_owned()).collect();
    let shapes = registry::select(&names, &[]).expect("the shapes are registered").shapes;
    let crew = Crew::of_this_machine();
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for shape in shapes {
        let mut valid = Vec::new();
        for contender in shape.contenders {
            match check(&contender, CHECKS) {
                Ok(()) => valid.push(contender),
                Err(why) => {
                    eprintln!(
                        "SKIPPED: {} breaks the contract of {}: {why}",
                        contender.name, shape.name
                    );
                }
            }
        }
        for regime in shape.regimes {
            let mut group = criterion.benchmark_group(format!("{}/{}", shape.name, regime.name));
            group.throughput(Throughput::Elements(1));
            for contender in valid.iter().filter(|contender| contender.enters(regime)) {
                group.bench_function(contender.name, |bencher| {
                    bencher.iter_custom(|operations| sample(contender, regime, operations, &crew));
                });
            }
            group.finish();
        }
    }
    criterion.final_summary();
}

/// The time of that many operations of all lanes together.
fn sample(contender: &Contender, regime: &Regime, operations: u64, crew: &Crew) -> Duration {
    let lanes = regime.lanes as u64;
    let each = operations.div_ceil(lanes);
    let sample = (contender.sample)(regime, each, crew);
    // Some more of them may have been done, so that each lane had as many, or got its turns.
    sample.elapsed.mul_f64(operations as f64 / sample.operations(each * lanes) as f64)
}
