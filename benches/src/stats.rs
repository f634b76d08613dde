//! Medians, spreads, paired ratios and the noise floor.
//!
//! Two contenders are compared round by round, and the median of those ratios is their ratio: what
//! disturbs a whole round then disturbs both, and cancels. The floor is what the same method says
//! about a contender and itself.

/// The middle value; the mean of the two middle ones for an even number; NaN for none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The distance between the quartiles.
#[must_use]
pub fn spread(values: &[f64]) -> f64 {
    quantile(values, 0.75) - quantile(values, 0.25)
}

/// The value below which that share lies, interpolated between neighbours; NaN for none.
#[must_use]
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = share.clamp(0.0, 1.0) * last as f64;
    let below = sorted[position.floor() as usize];
    let above = sorted[position.ceil() as usize];
    below + (above - below) * position.fract()
}

/// The median over rounds of `of / to`, round by round.
#[must_use]
pub fn ratio(of: &[f64], to: &[f64]) -> f64 {
    median(&ratios(of, to))
}

/// Whether `of` is slower than `to`: in three quarters of the rounds, by more than the floor, and by
/// more than the [`LEAST_FLOOR`].
#[must_use]
pub fn is_slower(of: &[f64], to: &[f64], floor: f64) -> bool {
    quantile(&ratios(of, to), 0.25) > 1.0 + floor.max(LEAST_FLOOR)
}

/// What no floor can be below. A contender and itself share their code and its place in memory; two
/// contenders do not, and where code happens to lie is worth this much either way.
pub const LEAST_FLOOR: f64 = 0.01;

/// `of / to`, round by round.
#[must_use]
pub fn ratios(of: &[f64], to: &[f64]) -> Vec<f64> {
    of.iter().zip(to).map(|(of, to)| of / to).collect()
}

/// How far from 1 the ratio of a contender to its twin is: what the method cannot tell apart.
#[must_use]
pub fn floor(one: &[f64], twin: &[f64]) -> f64 {
    (ratio(twin, one) - 1.0).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), 2.5);
        assert_eq!(median(&[7.0]), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_spread_ignores_one_outlier() {
        assert_eq!(spread(&[1.0, 2.0, 3.0, 4.0, 1000.0]), 2.0);
        assert_eq!(spread(&[5.0, 5.0, 5.0]), 0.0);
        assert_eq!(quantile(&[0.0, 10.0], 0.25), 2.5);
    }

    #[test]
    fn a_round_that_is_slow_for_both_does_not_change_the_ratio() {
        let base = [10.0, 10.0, 90.0];
        let half = [5.0, 5.0, 45.0];
        assert_eq!(ratio(&half, &base), 0.5);
        assert_eq!(ratio(&base, &half), 2.0);
    }

    #[test]
    fn slower_is_what_most_rounds_say_by_more_than_the_floor() {
        let base = [10.0; 8];
        let mostly = [12.0, 12.0, 12.0, 12.0, 12.0, 12.0, 12.0, 9.0];
        assert!(is_slower(&mostly, &base, 0.05));
        assert!(!is_slower(&mostly, &base, 0.25));
        let half = [12.0, 12.0, 12.0, 12.0, 9.0, 9.0, 9.0, 9.0];
        assert!(!is_slower(&half, &base, 0.0));
        assert!(!is_slower(&[10.05; 8], &base, 0.0), "below what any floor can tell");
    }

    #[test]
    fn the_floor_is_the_distance_of_a_twin_in_either_direction() {
        assert_eq!(floor(&[2.0, 2.0, 2.0], &[2.0, 2.0, 2.0]), 0.0);
        assert_eq!(floor(&[2.0, 2.0, 2.0], &[2.5, 2.5, 9.0]), 0.25);
        assert_eq!(floor(&[4.0, 4.0, 4.0], &[3.0, 3.0, 3.0]), 0.25);
    }
}
