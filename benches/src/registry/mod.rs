//! Who enters where. One line of the `lists` adds a contender to every command and every report.

mod lists;

use std::error::Error;
use std::fmt;

use crate::probes::Probe;
use crate::shapes::{BASELINE, Contender, Regime, Shape};

pub use lists::{probes, shapes};

/// What a run is about.
#[derive(Debug)]
pub struct Selection {
    /// What is timed.
    pub shapes: Vec<Shape>,
    /// What is asked without a clock.
    pub probes: Vec<Probe>,
}

/// The named shapes and probes (all, if none is named) with the named contenders (all, if none is
/// named) and the baseline.
///
/// # Errors
///
/// If a name is unknown, or nothing that was named fits together.
pub fn select(names: &[String], only: &[String]) -> Result<Selection, Unknown> {
    let Selection { mut shapes, mut probes } = Selection { shapes: shapes(), probes: probes() };
    let listed = |shapes: &[Shape], probes: &[Probe]| -> Vec<&'static str> {
        let timed = shapes.iter().flat_map(|shape| &shape.contenders).map(|c| c.name);
        let asked = probes.iter().flat_map(|probe| &probe.entrants).map(|e| e.name);
        timed.chain(asked).collect()
    };
    let known: Vec<&str> =
        shapes.iter().map(|s| s.name).chain(probes.iter().map(|p| p.name)).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Unknown::new("shape", name, known));
    }
    let known = listed(&shapes, &probes);
    if let Some(name) = only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Unknown::new("contender", name, known));
    }
    let chosen = |name: &str| names.is_empty() || names.iter().any(|chosen| chosen == name);
    shapes.retain(|shape| chosen(shape.name));
    probes.retain(|probe| chosen(probe.name));
    let known = listed(&shapes, &probes);
    if !only.is_empty() {
        let named = |name: &str| only.iter().any(|chosen| chosen == name);
        shapes.retain(|shape| shape.contenders.iter().any(|c| named(c.name)));
        probes.retain(|probe| probe.entrants.iter().any(|e| named(e.name)));
        let stays = |name: &str| named(name) || name == BASELINE;
        shapes.iter_mut().for_each(|shape| shape.contenders.retain(|c| stays(c.name)));
        probes.iter_mut().for_each(|probe| probe.entrants.retain(|e| stays(e.name)));
    }
    if shapes.is_empty() && probes.is_empty() {
        return Err(Unknown::new("contender of these shapes", &only.join(","), known));
    }
    Ok(Selection { shapes, probes })
}

impl Selection {
    /// Leaves a few for each shape and each probe, where there are many: the baseline, ours, the
    /// yardsticks, who is named, and the first of the others, with whom the lists begin because they
    /// are the best. Returns how many were left out.
    pub fn keep_leaders(&mut self, named: &[&str]) -> usize {
        let Self { shapes, probes } = self;
        let timed = shapes.iter_mut().map(|shape| {
            leaders(&mut shape.contenders, named, |c| (c.name, c.is_ours() || c.is_yardstick()))
        });
        let timed: usize = timed.sum();
        let asked = probes.iter_mut().map(|probe| {
            leaders(&mut probe.entrants, named, |entrant| (entrant.name, entrant.is_ours()))
        });
        timed + asked.sum::<usize>()
    }
}

/// Leaves eight of a list, but always those who are `said` to stay, and at least four of the others.
fn leaders<T>(
    list: &mut Vec<T>,
    named: &[&str],
    said: impl Fn(&T) -> (&'static str, bool),
) -> usize {
    const IN_ALL: usize = 8;
    const FEWEST_OTHERS: usize = 4;
    let stays = |entry: &T| {
        let (name, stays) = said(entry);
        stays || name == BASELINE || named.contains(&name)
    };
    let before = list.len();
    let mut places = IN_ALL.saturating_sub(list.iter().filter(|e| stays(e)).count());
    places = places.max(FEWEST_OTHERS);
    list.retain(|entry| {
        let leads = places > 0;
        stays(entry) || {
            places -= usize::from(leads);
            leads
        }
    });
    before - list.len()
}

/// The shape and the regime that `SHAPE/REGIME` names.
///
/// # Errors
///
/// If one of them is unknown.
pub fn regime(path: &str) -> Result<(Shape, &'static Regime), Unknown> {
    let all = shapes();
    let paths = || {
        let of = |shape: &Shape| {
            let name = shape.name;
            shape.regimes.iter().map(move |regime| format!("{name}/{}", regime.name))
        };
        all.iter().flat_map(of).collect::<Vec<_>>()
    };
    let unknown = || Unknown::new("regime", path, paths());
    let (shape, regime) = path.split_once('/').ok_or_else(unknown)?;
    let found = all.iter().position(|s| s.name == shape).ok_or_else(unknown)?;
    let regime = all[found].regimes.iter().find(|r| r.name == regime).ok_or_else(unknown)?;
    let mut all = all;
    Ok((all.swap_remove(found), regime))
}

/// The contender of that name in `shape`.
///
/// # Errors
///
/// If it does not enter that shape.
pub fn contender(shape: &Shape, name: &str) -> Result<Contender, Unknown> {
    let known = shape.contenders.iter().map(|contender| contender.name);
    shape.contender(name).ok_or_else(|| Unknown::new("contender of this shape", name, known))
}

/// The contender of that name in a regime of `shape`.
///
/// # Errors
///
/// If it does not enter that regime.
pub fn entrant(shape: &Shape, regime: &Regime, name: &str) -> Result<Contender, Unknown> {
    let entrants = || shape.contenders.iter().filter(|contender| contender.enters(regime));
    let found = entrants().find(|contender| contender.name == name).copied();
    let known = entrants().map(|contender| contender.name);
    found.ok_or_else(|| Unknown::new("contender of this shape", name, known))
}

/// Of these shapes, those whose regimes differ in the number of threads alone, with one regime of
/// that many.
///
/// # Errors
///
/// If a shape was named, and is not one of those.
pub fn with_threads(
    mut shapes: Vec<Shape>,
    named: &[String],
    threads: usize,
) -> Result<Vec<Shape>, Unknown> {
    let fits = |shape: &Shape| shape.threads_vary();
    let all = self::shapes();
    let known = all.iter().filter(|shape| fits(shape)).map(|shape| shape.name);
    let unfit = |shape: &Shape| !fits(shape) && named.iter().any(|name| name == shape.name);
    if let Some(shape) = shapes.iter().find(|shape| unfit(shape)) {
        return Err(Unknown::new("shape with any number of threads", shape.name, known));
    }
    let listed: Vec<&str> = shapes.iter().map(|shape| shape.name).collect();
    shapes.retain(fits);
    if shapes.is_empty() {
        return Err(Unknown::new("shape with any number of threads", &listed.join(","), known));
    }
    for shape in &mut shapes {
        shape.keep_threads(threads);
    }
    Ok(shapes)
}

/// A name that nothing has, with those that there are.
#[derive(Debug)]
pub struct Unknown {
    what: &'static str,
    name: String,
    known: Vec<String>,
}

impl Unknown {
    pub(crate) fn new<S: Into<String>>(
        what: &'static str,
        name: &str,
        known: impl IntoIterator<Item = S>,
    ) -> Self {
        let mut known: Vec<String> = known.into_iter().map(Into::into).collect();
        let mut seen = Vec::new();
        known.retain(|name| {
            !seen.contains(name) && {
                seen.push(name.clone());
                true
            }
        });
        Self { what, name: name.to_owned(), known }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {} is called `{}`; known: {}", self.what, self.name, self.known.join(", "))
    }
}

impl Error for Unknown {}
