//! Who enters where. One line here adds a contender to every command and every report.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use crossbeam_utils::atomic::AtomicCell;

use crate::contenders::{
    arc_swap as swap, cells, crossbeam, hazarc, latest, queues, rcu, reclaim, rtrb,
    spin as spinning, std as standard, untorn as ours, waiting as sleeping,
};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use crate::probes::frozen::{pointee as frozen_pointee, value as frozen_value};
use crate::probes::{Probe, garbage, tries};
use crate::shapes::cell::{Value, read as cell_read, write as cell_write};
use crate::shapes::counter::{add as counter, read as counter_read};
use crate::shapes::lock::{Guarded, bare as lock, section as lock_section};
use crate::shapes::pointer::{publish, read as pointer_read};
use crate::shapes::spsc::{roundtrip as spsc_roundtrip, stream as spsc_stream};
use crate::shapes::waiting::{changed, notify, wake};
use crate::shapes::{BASELINE, Contender, Regime, Shape, cell, pointer, yardstick};

/// A shape with the types that enter it.
macro_rules! register {
    ($shape:ident: $($contender:ty),+ $(,)?) => {
        $shape::shape(vec![$($shape::entry::<$contender>()),+])
    };
}

/// A shape that every counter enters.
macro_rules! every_counter {
    ($shape:ident) => {
        register!($shape:
            std::sync::Mutex<u64>,
            untorn::Counter,
            AtomicU64,
            untorn::ShardedCounter,
            parking_lot::Mutex<u64>,
            parking_lot_0_12::Mutex<u64>,
            contatori::counters::unsigned::Unsigned,
            fast_counter::ConcurrentCounter,
        )
    };
}

/// A shape that every lock enters.
macro_rules! every_lock {
    ($shape:ident) => {
        register!($shape:
            std::sync::Mutex<Guarded>,
            untorn::SpinLock<Guarded>,
            untorn::Mutex<Guarded>,
            parking_lot::Mutex<Guarded>,
            parking_lot_0_12::Mutex<Guarded>,
            usync::Mutex<Guarded>,
            spin::mutex::SpinMutex<Guarded>,
            spinning::Ticket,
            spinning_top::Spinlock<Guarded>,
            spinning_top::BackoffSpinlock<Guarded>,
        )
    };
}

/// A shape that every queue enters.
macro_rules! every_queue {
    ($shape:ident) => {
        register!($shape:
            standard::MutexDeque,
            ours::Ring,
            ours::LineRing,
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

/// A shape that everything enters which threads sleep on, and those that are named.
macro_rules! every_wait {
    ($shape:ident $(, $also:ty)*) => {
        register!($shape:
            sleeping::Guarded,
            sleeping::Word,
            sleeping::Told<untorn::wait::EventCount>,
            sleeping::ParkingLot,
            AtomicU32,
            sleeping::Told<event_listener::Event>
            $(, $also)*
        )
    };
}

/// What `$into` enters of the cells that are named; `W` stands for the number of words.
macro_rules! register_cells {
    ($into:ident: $($contender:ty),+ $(,)?) => {
        vec![$({
            enum Entrant {}
            impl cell::Sizes for Entrant {
                type Of<const W: usize> = $contender;
            }
            $into::entry::<Entrant>()
        }),+]
    };
}

/// What `$into` enters of every cell, and of those that differ from another there alone.
macro_rules! every_cell {
    ($into:ident $(, $also:ty)*) => {
        register_cells!($into:
            std::sync::Mutex<Value<W>>,
            untorn::SeqLock<Value<W>>,
            untorn::Snapshot<Value<W>>,
            rcu::Cached<Value<W>>,
            latest::Latest<Value<W>>,
            seqlock::SeqLock<Value<W>>,
            arc_swap::ArcSwap<Value<W>>,
            std::sync::RwLock<Value<W>>,
            parking_lot::RwLock<Value<W>>,
            parking_lot_0_12::RwLock<Value<W>>,
            AtomicCell<Value<W>>,
            swap::Cached<Value<W>>,
            hazarc::Loaded<Value<W>>,
            hazarc::Cached<Value<W>>,
            cells::Shift<Value<W>>,
            cells::LeftRight<Value<W>>,
            cells::TripleBuffer<Value<W>>
            $(, $also)*
        )
    };
}

/// What `$into` enters of the pointers that are named; `T` stands for the type of the value.
macro_rules! register_pointers {
    ($into:ident: $($contender:ty),+ $(,)?) => {
        vec![$({
            enum Entrant {}
            impl pointer::Pointees for Entrant {
                type Of<T: pointer::Pointee> = $contender;
            }
            $into::entry::<Entrant>()
        }),+]
    };
}

/// What `$into` enters of every pointer, and of those that differ from another there alone.
macro_rules! every_pointer {
    ($into:ident $(, $also:ty)*) => {
        register_pointers!($into:
            std::sync::Mutex<Arc<T>>,
            untorn::Rcu<T>,
            rcu::Handle<T>,
            rcu::Cached<T>,
            latest::Latest<T>,
            arc_swap::ArcSwap<T>,
            swap::Full<T>,
            swap::Cached<T>,
            std::sync::RwLock<T>,
            parking_lot::RwLock<T>,
            hazarc::Loaded<T>,
            hazarc::Cached<T>,
            cells::Shift<T>,
            reclaim::Epoch<T>,
            reclaim::Seize<T>,
            reclaim::Haphazard<T>,
            cells::LeftRight<T>,
            cells::TripleBuffer<T>
            $(, $also)*
        )
    };
}

/// All shapes with all contenders.
#[must_use]
pub fn shapes() -> Vec<Shape> {
    vec![
        every_counter!(counter),
        every_counter!(counter_read),
        every_lock!(lock),
        every_lock!(lock_section),
        every_wait!(notify, sleeping::Told<tokio::sync::Notify>),
        every_wait!(changed),
        every_wait!(
            wake,
            sleeping::Parked,
            sleeping::Told<tokio::sync::Notify>,
            untorn::Watch<untorn::Snapshot<u32>>,
            tokio::sync::watch::Sender<u32>
        ),
        every_queue!(spsc_stream),
        every_queue!(spsc_roundtrip),
        cell_read::shape(every_cell!(cell_read))
            .with(&[yardstick::plain_copy(), yardstick::private_counters()]),
        cell_write::shape(every_cell!(cell_write, ours::KeptWriter<W>)),
        pointer_read::shape(every_pointer!(pointer_read)).with(&[yardstick::private_counters()]),
        publish::shape(every_pointer!(publish, rcu::Prompt<T>)),
    ]
}

/// All probes with all who are asked.
#[must_use]
pub fn probes() -> Vec<Probe> {
    vec![
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        frozen_value::probe(every_cell!(frozen_value, ours::KeptWriter<W>)),
        #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
        frozen_pointee::probe(every_pointer!(frozen_pointee)),
        garbage::probe(every_pointer!(garbage, rcu::Prompt<T>)),
        tries::probe(vec![
            tries::entry::<untorn::Snapshot<Value<8>, 2>>(),
            tries::entry::<untorn::Snapshot<Value<8>, 3>>(),
            tries::entry::<untorn::Snapshot<Value<8>, 4>>(),
            tries::entry::<untorn::SeqLock<Value<8>>>(),
        ]),
    ]
}

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
