//! Who enters where. One line here adds a contender to every command and every report.

use std::error::Error;
use std::fmt;
use std::sync::atomic::AtomicU64;

use crate::contenders::{crossbeam, rtrb, std as standard, untorn as ours};
use crate::shapes::cell::{Payload, read as cell_read, write as cell_write};
use crate::shapes::lock::Guarded;
use crate::shapes::spsc::{roundtrip as spsc_roundtrip, stream as spsc_stream};
use crate::shapes::{BASELINE, Contender, Regime, Shape, counter, lock};

/// A shape with the types that enter it.
macro_rules! register {
    ($shape:ident: $($contender:ty),+ $(,)?) => {
        $shape::shape(vec![$($shape::entry::<$contender>()),+])
    };
}

/// All shapes with all contenders.
#[must_use]
pub fn shapes() -> Vec<Shape> {
    vec![
        register!(counter:
            std::sync::Mutex<u64>,
            untorn::Counter,
            AtomicU64,
            parking_lot::Mutex<u64>,
        ),
        register!(lock:
            std::sync::Mutex<Guarded>,
            untorn::SpinLock<Guarded>,
            parking_lot::Mutex<Guarded>,
        ),
        register!(spsc_stream:
            standard::MutexDeque,
            ours::Ring,
            rtrb::Ring,
            crossbeam::Array,
            crossbeam::Channel,
            standard::Mpsc,
        ),
        register!(spsc_roundtrip:
            standard::MutexDeque,
            ours::Ring,
            rtrb::Ring,
            crossbeam::Array,
            crossbeam::Channel,
            standard::Mpsc,
        ),
        register!(cell_read:
            std::sync::Mutex<Payload>,
            untorn::SeqLock<Payload>,
            untorn::Snapshot<Payload>,
            seqlock::SeqLock<Payload>,
            arc_swap::ArcSwap<Payload>,
            std::sync::RwLock<Payload>,
            parking_lot::RwLock<Payload>,
        ),
        register!(cell_write:
            std::sync::Mutex<Payload>,
            untorn::SeqLock<Payload>,
            ours::KeptWriter,
            untorn::Snapshot<Payload>,
            seqlock::SeqLock<Payload>,
            arc_swap::ArcSwap<Payload>,
            std::sync::RwLock<Payload>,
            parking_lot::RwLock<Payload>,
        ),
    ]
}

/// The named shapes (all, if none is named) with the named contenders (all, if none is named) and
/// the baseline.
///
/// # Errors
///
/// If a name is unknown, or nothing that was named fits together.
pub fn select(names: &[String], only: &[String]) -> Result<Vec<Shape>, Unknown> {
    let all = shapes();
    let shape_names = || all.iter().map(|shape| shape.name);
    if let Some(name) = names.iter().find(|name| !shape_names().any(|known| known == *name)) {
        return Err(Unknown::new("shape", name, shape_names()));
    }
    let mut known: Vec<&str> = Vec::new();
    for contender in all.iter().flat_map(|shape| &shape.contenders) {
        if !known.contains(&contender.name) {
            known.push(contender.name);
        }
    }
    if let Some(name) = only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(Unknown::new("contender", name, known));
    }
    let named = |contender: &Contender| only.iter().any(|name| name == contender.name);
    let mut chosen = all;
    chosen.retain(|shape| names.is_empty() || names.iter().any(|name| name == shape.name));
    let listed: Vec<&str> =
        chosen.iter().flat_map(|shape| &shape.contenders).map(|c| c.name).collect();
    if !only.is_empty() {
        chosen.retain(|shape| shape.contenders.iter().any(named));
        for shape in &mut chosen {
            shape.contenders.retain(|c| named(c) || c.name == BASELINE);
        }
    }
    if chosen.is_empty() {
        return Err(Unknown::new("contender of these shapes", &only.join(","), listed));
    }
    Ok(chosen)
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

/// A name that nothing has, with those that there are.
#[derive(Debug)]
pub struct Unknown {
    what: &'static str,
    name: String,
    known: Vec<String>,
}

impl Unknown {
    fn new<S: Into<String>>(
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
