//! Several ways to show a record.

mod progress;

pub mod compare;
pub mod json;
pub mod readme;
pub mod term;

pub use progress::Progress;

/// A ratio with as many digits as it is worth: three.
#[must_use]
pub fn times(ratio: f64) -> String {
    match ratio {
        r if r < 0.0995 => format!("{r:.3}x"),
        r if r < 9.95 => format!("{r:.2}x"),
        r => format!("{r:.1}x"),
    }
}

/// Who else was there, as a part of the line that says how it was measured. Above a tenth, numbers
/// are worth little: the threads of a pair then wait for a core in turn.
#[must_use]
pub fn company(others: Option<f64>) -> String {
    match others {
        Some(share) if share > 0.1 => {
            format!("others used {} of the machine: DISTURBED, measure again", percent(share))
        }
        Some(share) => format!("others used {} of the machine", percent(share)),
        None => "use by others unknown".to_owned(),
    }
}

/// A noise floor, or another share.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}
