//! The lists: a line for each contender of each shape, and for each who is asked by a probe. The best
//! of the peers come first: a quick run leaves those out who come last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use crossbeam_utils::atomic::AtomicCell;

use crate::contenders::{
    arc_swap as swap, batches, blocking as ends, cells, crossbeam, handover as ways, hazarc,
    latest, pipes, queues, rcu, reclaim, rtrb, spin as spinning, std as standard, untorn as ours,
    untorn_mpmc as many, untorn_spsc as ring, waiting as sleeping,
};
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use crate::probes::frozen::{pointee as frozen_pointee, value as frozen_value};
use crate::probes::{Probe, backlog, garbage, tries};
use crate::shapes::blocking::{pingpong, stream as blocking_stream};
use crate::shapes::cell::{Value, read as cell_read, write as cell_write};
use crate::shapes::counter::{add as counter, read as counter_read};
use crate::shapes::lock::{Guarded, bare as lock, section as lock_section};
use crate::shapes::mpmc::{empty, stream as mpmc_stream, uncontended};
use crate::shapes::pointer::{publish, read as pointer_read};
use crate::shapes::spsc::{
    batch as spsc_batch, burst as spsc_burst, roundtrip as spsc_roundtrip, stream as spsc_stream,
};
use crate::shapes::waiting::{changed, notify, wake};
use crate::shapes::{Shape, bytes, cell, handover, pointer, yardstick};

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
            usync::Mutex<Guarded>,
            spinning_top::BackoffSpinlock<Guarded>,
            spin::mutex::SpinMutex<Guarded>,
            parking_lot_0_12::Mutex<Guarded>,
            spinning_top::Spinlock<Guarded>,
            spinning::Ticket,
        )
    };
}

/// A shape that every queue between two threads enters, and those that are named.
macro_rules! every_queue {
    ($shape:ident $(, $also:expr)*) => {
        $shape::shape(vec![
            $($also,)*
            $shape::entry::<standard::MutexDeque>(),
            $shape::entry::<ring::Ring>(),
            $shape::entry::<rtrb::Ring>(),
            $shape::entry::<queues::Ringbuf>(),
            $shape::entry::<queues::Nexus>(),
            $shape::entry::<crossbeam::Channel>(),
            $shape::entry::<queues::Concurrent>(),
            $shape::entry::<standard::Mpsc>(),
            $shape::entry::<crossbeam::Array>(),
            $shape::entry::<queues::Kanal>(),
            $shape::entry::<queues::Flume>(),
        ])
    };
}

/// A shape that every queue between many threads enters.
macro_rules! every_mpmc {
    ($shape:ident) => {
        register!($shape:
            standard::MutexDeque,
            many::Queue,
            crossbeam::Array,
            queues::Kanal,
            crossbeam::Channel,
            queues::Concurrent,
            queues::Flume,
            standard::Mpsc,
            queues::Thingbuf,
            queues::Tokio,
        )
    };
}

/// A shape that every queue enters, those between two threads among them.
macro_rules! queues_of_any {
    ($shape:ident) => {
        $shape::shape(vec![
            $shape::entry::<standard::MutexDeque>(),
            $shape::entry_of_two::<ring::Ring>(),
            $shape::entry_of_two::<ring::LineRing>(),
            $shape::entry_of_two::<rtrb::Ring>(),
            $shape::entry_of_two::<queues::Nexus>(),
            $shape::entry::<many::Queue>(),
            $shape::entry::<crossbeam::Array>(),
            $shape::entry::<queues::Kanal>(),
            $shape::entry_of_two::<queues::Ringbuf>(),
            $shape::entry::<queues::Concurrent>(),
            $shape::entry::<queues::Thingbuf>(),
            $shape::entry::<queues::Flume>(),
            $shape::entry::<standard::Mpsc>(),
            $shape::entry::<crossbeam::Channel>(),
            $shape::entry::<queues::Tokio>(),
        ])
    };
}

/// A shape that every queue enters whose ends can sleep.
macro_rules! every_blocking {
    ($shape:ident) => {
        register!($shape:
            standard::MutexDeque,
            ring::Ring,
            ring::LineRing,
            many::Queue,
            crossbeam::Channel,
            standard::Mpsc,
            queues::Kanal,
            queues::Thingbuf,
            queues::Flume,
            queues::Ringbuf,
            queues::Tokio,
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
            swap::Cached<Value<W>>,
            AtomicCell<Value<W>>,
            cells::TripleBuffer<Value<W>>,
            hazarc::Cached<Value<W>>,
            cells::Shift<Value<W>>,
            arc_swap::ArcSwap<Value<W>>,
            std::sync::RwLock<Value<W>>,
            parking_lot::RwLock<Value<W>>,
            parking_lot_0_12::RwLock<Value<W>>,
            hazarc::Loaded<Value<W>>,
            cells::LeftRight<Value<W>>
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
            swap::Cached<T>,
            cells::TripleBuffer<T>,
            parking_lot::RwLock<T>,
            hazarc::Cached<T>,
            hazarc::Loaded<T>,
            reclaim::Epoch<T>,
            cells::Shift<T>,
            reclaim::Haphazard<T>,
            std::sync::RwLock<T>,
            swap::Full<T>,
            reclaim::Seize<T>,
            cells::LeftRight<T>
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
        every_queue!(spsc_stream, spsc_stream::entry_of_numbers::<ring::LineRing>()),
        every_queue!(spsc_roundtrip, spsc_roundtrip::entry::<ring::LineRing>())
            .with(&[yardstick::atomic_pingpong()]),
        every_queue!(spsc_burst, spsc_burst::entry::<ring::LineRing>()),
        register!(spsc_batch:
            standard::MutexDeque,
            ring::Ring,
            rtrb::Ring,
            batches::RtrbSlices,
            queues::Ringbuf,
        ),
        every_blocking!(blocking_stream),
        every_blocking!(pingpong),
        register!(bytes:
            standard::MutexDeque,
            ring::Pipe,
            rtrb::Ring,
            queues::Ringbuf,
            pipes::Piper,
            pipes::System,
        ),
        every_mpmc!(mpmc_stream),
        queues_of_any!(uncontended),
        queues_of_any!(empty),
        register!(handover:
            ways::Place,
            ring::Shared,
            ring::Moved,
            rtrb::Ring,
            ways::Moved,
            ways::Cloned,
            ways::Recycled,
        ),
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
        backlog::probe(vec![
            backlog::entry::<standard::MutexDeque>(),
            backlog::entry::<ring::Ring>(),
            backlog::entry::<many::Queue>(),
            backlog::entry::<standard::Mpsc>(),
            backlog::entry::<crossbeam::Channel>(),
            backlog::entry::<ends::MpscUnbounded>(),
            backlog::entry::<ends::CrossbeamUnbounded>(),
            backlog::entry::<ends::FlumeUnbounded>(),
        ]),
        garbage::probe(every_pointer!(garbage, rcu::Prompt<T>)),
        tries::probe(vec![
            tries::entry::<untorn::Snapshot<Value<8>, 2>>(),
            tries::entry::<untorn::Snapshot<Value<8>, 3>>(),
            tries::entry::<untorn::Snapshot<Value<8>, 4>>(),
            tries::entry::<untorn::SeqLock<Value<8>>>(),
        ]),
    ]
}
