//! Who enters where. One line here adds a contender to every command and every report.

use std::error::Error;
use std::fmt;
use std::sync::atomic::AtomicU64;

use crossbeam_utils::atomic::AtomicCell;

use crate::contenders::{
    arc_swap as swap, cells, crossbeam, hazarc, queues, rtrb, spin as spinning, std as standard,
    untorn as ours,
};
use crate::shapes::cell::{Payload, read as cell_read, write as cell_write};
use crate::shapes::lock::Guarded;
use crate::shapes::spsc::{roundtrip as spsc_roundtrip, stream as spsc_stream};
use crate::shapes::{BASELINE, Contender, Regime, Shape, counter, lock};

/// A shape with the types that enter it. Those after a second name enter by that function of the
/// shape instead, as types that cannot do all that its regimes ask for.
macro_rules! register {
    ($shape:ident: $($contender:ty),+ $(,)? $(; $entry:ident: $($other:ty),+ $(,)?)?) => {
        $shape::shape(vec![
            $($shape::entry::<$contender>()),+
            $(, $($shape::$entry::<$other>()),+)?
        ])
    };
}

/// A shape that every queue enters.
macro_rules! every_queue {
    ($shape:ident) => {
        register!($shape:
            standard::MutexDeque,
            ours::Ring,
            rtrb::Ring,
            crossbeam::Array,
            crossbeam::Channel,
            standard::Mpsc,
            queues::Ringbuf,
            queues::Nexus,
            queues::Concurrent,
            queues::Flume,
            queues::Kanal,
        )
    };
}

/// A shape that every cell enters, and those that differ from another in this shape alone.
macro_rules! every_cell {
    ($shape:ident $(, $also:ty)*) => {
        register!($shape:
            std::sync::Mutex<Payload>,
            untorn::SeqLock<Payload>,
            untorn::Snapshot<Payload>,
            seqlock::SeqLock<Payload>,
            arc_swap::ArcSwap<Payload>,
            std::sync::RwLock<Payload>,
            parking_lot::RwLock<Payload>,
            parking_lot_0_12::RwLock<Payload>,
            AtomicCell<Payload>,
            swap::Cached,
            hazarc::Loaded,
            hazarc::Cached,
            cells::Shift,
            cells::LeftRight
            $(, $also)*;
            one_reader: cells::TripleBuffer,
        )
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
            parking_lot_0_12::Mutex<u64>,
        ),
        register!(lock:
            std::sync::Mutex<Guarded>,
            untorn::SpinLock<Guarded>,
            parking_lot::Mutex<Guarded>,
            parking_lot_0_12::Mutex<Guarded>,
            spin::mutex::SpinMutex<Guarded>,
            spinning::Ticket,
            spinning_top::Spinlock<Guarded>,
            spinning_top::BackoffSpinlock<Guarded>,
        ),
        every_queue!(spsc_stream),
        every_queue!(spsc_roundtrip),
        every_cell!(cell_read),
        every_cell!(cell_write, ours::KeptWriter),
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
