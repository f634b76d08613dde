//! `--assert`: ratios that a run must show.
//!
//! The median ratio of A's time to B's, give or take the A/A floor of the regime, is held against
//! k. It holds if all of that range is at most k, and is broken if all of it is more. In between,
//! the floor decides: up to the highest that [`limits`](crate::limits) accept the benefit of the
//! doubt is given, and above it nothing was shown.

use std::fmt;

use crate::limits::{HIGHEST_FLOOR, number, sides};
use crate::record::{Record, RegimeRecord};
use crate::registry::Unknown;
use crate::report::{percent, times};
use crate::shapes::Shape;
use crate::stats;

/// `SHAPE/REGIME[ns]:A<=B*k`; without a regime, it is about all of the shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Assertion {
    shape: String,
    regime: Option<String>,
    ours: String,
    theirs: String,
    times: f64,
}

impl std::str::FromStr for Assertion {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "expected SHAPE/REGIME[ns]:A<=B*k or SHAPE:A<=B*k".to_owned();
        let (place, rest) = text.split_once(':').ok_or_else(form)?;
        let (ours, theirs, factor) = sides(rest, "<=").ok_or_else(form)?;
        let path = match place.split_once('[') {
            None | Some((_, "ns]")) => place.trim_end_matches("[ns]").trim(),
            Some((_, metric)) => {
                let metric = metric.trim_end_matches(']');
                return Err(format!("unknown metric `{metric}`; known: ns"));
            }
        };
        let times = number(factor).map_err(|why| why.to_string())?;
        let (shape, regime) = match path.split_once('/') {
            Some((shape, regime)) => (shape, Some(regime.to_owned())),
            None => (path, None),
        };
        if [shape, ours, theirs].contains(&"") || regime.as_deref() == Some("") {
            return Err(form());
        }
        let (shape, ours, theirs) = (shape.to_owned(), ours.to_owned(), theirs.to_owned());
        Ok(Self { shape, regime, ours, theirs, times })
    }
}

/// A regime, with the names of those who enter.
#[derive(Debug)]
pub struct Place {
    shape: String,
    regime: String,
    names: Vec<String>,
}

impl Place {
    /// All regimes of these shapes.
    #[must_use]
    pub fn all_of(shapes: &[Shape]) -> Vec<Self> {
        let regimes = shapes.iter().flat_map(|s| s.regimes.iter().map(move |regime| (s, regime)));
        let place = |(shape, regime): (&Shape, _)| {
            let entrants = shape.contenders.iter().filter(|contender| contender.enters(regime));
            let names = entrants.map(|contender| contender.name.to_owned()).collect();
            Self { shape: shape.name.to_owned(), regime: regime.name.to_owned(), names }
        };
        regimes.map(place).collect()
    }

    /// All regimes of a record.
    #[must_use]
    pub fn recorded(record: &Record) -> Vec<Self> {
        let place = |regime: &RegimeRecord| {
            let cases = regime.cases.iter().map(|case| case.name.clone());
            let invalid = regime.invalid.iter().map(|invalid| invalid.name.clone());
            let (shape, name) = (regime.shape.clone(), regime.regime.clone());
            Self { shape, regime: name, names: cases.chain(invalid).collect() }
        };
        record.regimes.iter().map(place).collect()
    }

    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    fn path(&self) -> String {
        format!("{}/{}", self.shape, self.regime)
    }
}

impl Assertion {
    /// Where it is to be judged: wherever both enter.
    ///
    /// # Errors
    ///
    /// If that is nowhere among `places`, because of a name that is unknown there.
    pub fn places<'a>(&self, places: &'a [Place]) -> Result<Vec<&'a Place>, Unknown> {
        let mut found: Vec<&Place> = places.iter().filter(|p| p.shape == self.shape).collect();
        if found.is_empty() {
            let known = places.iter().map(|place| place.shape.as_str());
            return Err(Unknown::new("shape that is measured", &self.shape, known));
        }
        if let Some(regime) = &self.regime {
            let known: Vec<&str> = found.iter().map(|place| place.regime.as_str()).collect();
            if !known.contains(&regime.as_str()) {
                return Err(Unknown::new("regime that is measured", regime, known));
            }
            found.retain(|place| place.regime == *regime);
        }
        for name in [&self.ours, &self.theirs] {
            let known: Vec<String> = found.iter().flat_map(|place| place.names.clone()).collect();
            found.retain(|place| place.has(name));
            if found.is_empty() {
                return Err(Unknown::new("contender that is measured there", name, known));
            }
        }
        Ok(found)
    }

    /// Who is compared.
    #[must_use]
    pub fn names(&self) -> [&str; 2] {
        [&self.ours, &self.theirs]
    }

    /// What the record says about it in that place.
    #[must_use]
    pub fn judge(&self, place: &Place, record: &Record) -> Judged {
        let found = record.regimes.iter().find(|regime| regime.path() == place.path());
        let (holds, said) = match found {
            None => (false, "NOT SHOWN: the run was stopped before".to_owned()),
            Some(regime) => self.weigh(regime),
        };
        let Self { ours, theirs, times, .. } = self;
        Judged { holds, text: format!("{}:{ours}<={theirs}*{times}: {said}", place.path()) }
    }

    fn weigh(&self, regime: &RegimeRecord) -> (bool, String) {
        let case = |name: &str| regime.case(name).ok_or_else(|| name.to_owned());
        let (ours, theirs) = match (case(&self.ours), case(&self.theirs)) {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (Err(name), _) | (_, Err(name)) => {
                return (false, format!("NOT SHOWN: {name} was not timed"));
            }
        };
        let ratio = stats::ratio(&ours.samples, &theirs.samples);
        let floor = regime.floor_or_all();
        let shown = format!("{}, floor {}", times(ratio), percent(floor));
        if ratio * (1.0 + floor) <= self.times {
            (true, format!("holds: {shown}"))
        } else if ratio * (1.0 - floor) > self.times {
            let by = percent(ratio / self.times - 1.0);
            (false, format!("BROKEN by {by}: {shown}"))
        } else if floor <= HIGHEST_FLOOR {
            (true, format!("holds within the floor: {shown}"))
        } else {
            (false, format!("NOT SHOWN: {shown}, which is too high to tell"))
        }
    }
}

/// An assertion in one regime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Whether the record shows that it holds.
    pub holds: bool,
    text: String,
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
