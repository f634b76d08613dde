//! Auto traits and sizes of every public type, positive and negative. Most unsoundness that was ever
//! published in this field is a missing bound.

use std::cell::Cell;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use static_assertions::{assert_impl_all, assert_not_impl_any, const_assert, const_assert_eq};
use untorn::counter::LocalCounter;
use untorn::progress::{AddError, NoTaskLeft, Tally, Ticket};
use untorn::spin::{MappedSpinLockGuard, SpinLockGuard};
use untorn::{
    Counter, Latest, Progress, SeqLock, ShardedCounter, Snapshot, SpinLock, latest, seqlock,
};

/// Plain data that must stay on its thread.
type Local = PhantomData<Rc<u8>>;

assert_impl_all!(Counter: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
const_assert_eq!(size_of::<Counter>(), 8);
assert_impl_all!(ShardedCounter: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
// No two slots share a cache line, nor a pair of lines that is fetched as one.
const_assert_eq!(size_of::<ShardedCounter<15>>(), 16 * align_of::<ShardedCounter>());
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
const_assert_eq!(align_of::<ShardedCounter>(), 128);
// A handle stores without a read-modify-write: one thread at a time.
assert_impl_all!(LocalCounter<'static>: Send, Unpin, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(LocalCounter<'static>: Sync, Clone);

// A lock moves its value from thread to thread, so `Send` is what it needs.
assert_impl_all!(SpinLock<Cell<u8>>: Send, Sync, Unpin, UnwindSafe);
assert_not_impl_any!(SpinLock<Rc<u8>>: Send, Sync);
assert_not_impl_any!(SpinLock<u8>: RefUnwindSafe);
const_assert_eq!(size_of::<SpinLock<u8>>(), 2);
// A guard is a `&mut T`, and a shared one is a `&T`.
assert_impl_all!(SpinLockGuard<'static, u8>: Send, Sync);
assert_impl_all!(SpinLockGuard<'static, Cell<u8>>: Send);
assert_not_impl_any!(SpinLockGuard<'static, Cell<u8>>: Sync);
assert_not_impl_any!(SpinLockGuard<'static, Rc<u8>>: Send, Sync);
assert_not_impl_any!(SpinLockGuard<'static, std::sync::MutexGuard<'static, u8>>: Send);
assert_impl_all!(MappedSpinLockGuard<'static, [u8]>: Send, Sync);
assert_impl_all!(MappedSpinLockGuard<'static, Cell<u8>>: Send);
assert_not_impl_any!(MappedSpinLockGuard<'static, Cell<u8>>: Sync);
assert_not_impl_any!(MappedSpinLockGuard<'static, Rc<u8>>: Send, Sync);
assert_not_impl_any!(MappedSpinLockGuard<'static, std::sync::MutexGuard<'static, u8>>: Send);

// Cells hand out copies: `Send` is enough, and is needed.
assert_impl_all!(SeqLock<u64>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(SeqLock<Local>: Send, Sync);
assert_impl_all!(seqlock::Writer<'static, u64>: Send, Sync);
assert_not_impl_any!(seqlock::Writer<'static, Local>: Send, Sync);
assert_impl_all!(Snapshot<u64>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Snapshot<u64, 4>: Send, Sync);
assert_not_impl_any!(Snapshot<Local>: Send, Sync);
const_assert!(size_of::<SeqLock<[u64; 8]>>() <= 80);

// A register lends `&T` on several threads at once, and drops a value on one that did not make it.
assert_impl_all!(latest::Writer<'static, u8>: Send, Unpin, UnwindSafe, RefUnwindSafe);
assert_impl_all!(latest::Reader<'static, u8>: Send, Unpin, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(latest::Writer<'static, u8>: Sync, Clone);
assert_not_impl_any!(latest::Reader<'static, u8>: Sync, Clone);
assert_not_impl_any!(latest::Writer<'static, Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(latest::Reader<'static, Cell<u8>>: Send, Sync, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(latest::Writer<'static, std::sync::MutexGuard<'static, u8>>: Send);
assert_not_impl_any!(latest::Reader<'static, std::sync::MutexGuard<'static, u8>>: Send);
// Nobody but its owner gets at what is inside, until it is split.
assert_impl_all!(Latest<Cell<u8>, 2>: Send, Unpin, UnwindSafe);
assert_not_impl_any!(Latest<Rc<u8>, 2>: Send);
assert_not_impl_any!(Latest<u8, 2>: Sync, Clone);
// Two handles side by side share no cache line; nor do two slots, nor a slot and what names it.
const_assert!(align_of::<latest::Writer<'static, u8>>() >= 64);
const_assert!(align_of::<latest::Reader<'static, u8>>() >= 64);
const_assert!(size_of::<Latest<u8, 2>>() >= 5 * 64);

#[cfg(feature = "std")]
mod sleeping_lock {
    use std::fmt::{Debug, Display};
    use std::sync;

    use super::*;
    use untorn::Mutex;
    use untorn::mutex::{MappedMutexGuard, MutexGuard};

    // As for the lock that spins.
    assert_impl_all!(Mutex<Cell<u8>>: Send, Sync, Unpin, UnwindSafe, Debug, Default, From<Cell<u8>>);
    assert_impl_all!(Mutex<[u8]>: Send, Sync);
    assert_not_impl_any!(Mutex<Rc<u8>>: Send, Sync);
    assert_not_impl_any!(Mutex<sync::MutexGuard<'static, u8>>: Send, Sync);
    assert_not_impl_any!(Mutex<u8>: RefUnwindSafe, Clone);
    #[cfg(all(target_os = "linux", target_pointer_width = "64", not(untorn_condvar)))]
    const_assert_eq!(size_of::<Mutex<u64>>(), 16);

    assert_impl_all!(MutexGuard<'static, u8>: Send, Sync, Unpin, Debug, Display);
    assert_impl_all!(MutexGuard<'static, Cell<u8>>: Send);
    assert_not_impl_any!(MutexGuard<'static, Cell<u8>>: Sync);
    assert_not_impl_any!(MutexGuard<'static, Rc<u8>>: Send, Sync);
    assert_not_impl_any!(MutexGuard<'static, sync::MutexGuard<'static, u8>>: Send);
    assert_impl_all!(MappedMutexGuard<'static, [u8]>: Send, Sync, Unpin, Debug);
    assert_impl_all!(MappedMutexGuard<'static, Cell<u8>>: Send);
    assert_not_impl_any!(MappedMutexGuard<'static, Cell<u8>>: Sync);
    assert_not_impl_any!(MappedMutexGuard<'static, Rc<u8>>: Send, Sync);
    assert_not_impl_any!(MappedMutexGuard<'static, sync::MutexGuard<'static, u8>>: Send);
}

// Anybody may complete, add and wait; a ticket goes where its task goes.
assert_impl_all!(Progress: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_not_impl_any!(Progress: Clone);
assert_impl_all!(Ticket<&'static Progress>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
assert_impl_all!(Ticket<std::sync::Arc<Progress>>: Send, Sync, Unpin, UnwindSafe);
assert_not_impl_any!(Ticket<Rc<Progress>>: Send, Sync);
assert_not_impl_any!(Ticket<&'static Progress>: Clone);
assert_impl_all!(Tally: Send, Sync, Copy, Eq, std::hash::Hash, Default, std::fmt::Display);
assert_impl_all!(NoTaskLeft: std::error::Error, Send, Sync, Copy, Eq);
assert_impl_all!(AddError: std::error::Error, Send, Sync, Copy, Eq);
const_assert!(size_of::<Progress>() <= 40);
#[cfg(feature = "std")]
mod progress_waits {
    use super::*;
    use untorn::progress::{Finished, Pace, Report};

    assert_impl_all!(Finished<'static>: Send, Unpin, std::future::Future);
    assert_impl_all!(Pace<'static>: Send, Sync, Unpin);
    assert_not_impl_any!(Pace<'static>: Clone);
    assert_impl_all!(Report: Send, Sync, Copy, PartialEq);
}

#[cfg(feature = "alloc")]
mod queues {
    use std::error::Error;

    use super::*;
    use untorn::mpmc;
    use untorn::spsc::{
        CapacityError, Closed, Consumer, Lines, PopTimeoutError, Producer, PushTimeoutError,
        TryPopError, TryPushError,
    };

    // Values that must not move once they are pinned are moved, for they are never pinned here.
    assert_impl_all!(Producer<std::marker::PhantomPinned>: Unpin);
    assert_impl_all!(Consumer<std::marker::PhantomPinned>: Unpin);
    #[cfg(feature = "async")]
    assert_impl_all!(Consumer<Cell<u8>>: futures_util::stream::FusedStream);
    #[cfg(feature = "async")]
    assert_impl_all!(Producer<Cell<u8>>: futures_util::Sink<Cell<u8>>);

    // One end, one thread at a time: sent, never shared.
    assert_impl_all!(Producer<Cell<u8>>: Send, Unpin, UnwindSafe, RefUnwindSafe);
    assert_impl_all!(Consumer<Cell<u8>>: Send, Unpin, UnwindSafe, RefUnwindSafe);
    assert_impl_all!(Producer<Cell<u8>, Lines>: Send, Unpin, UnwindSafe, RefUnwindSafe);
    assert_impl_all!(Consumer<Cell<u8>, Lines>: Send, Unpin, UnwindSafe, RefUnwindSafe);
    assert_not_impl_any!(Producer<Rc<u8>, Lines>: Send, Sync);
    assert_not_impl_any!(Consumer<Rc<u8>, Lines>: Send, Sync);
    assert_not_impl_any!(Producer<u8>: Sync, Clone);
    assert_not_impl_any!(Consumer<u8>: Sync, Clone);
    assert_not_impl_any!(Producer<Rc<u8>>: Send, Sync);
    assert_not_impl_any!(Consumer<Rc<u8>>: Send, Sync);
    assert_impl_all!(Producer<Cell<u8>, Lines>: Send, Unpin, UnwindSafe, RefUnwindSafe);
    assert_impl_all!(Consumer<Cell<u8>, Lines>: Send, Unpin, UnwindSafe, RefUnwindSafe);
    assert_not_impl_any!(Producer<u8, Lines>: Sync, Clone);
    assert_not_impl_any!(Consumer<u8, Lines>: Sync, Clone);
    assert_not_impl_any!(Producer<Rc<u8>, Lines>: Send, Sync);
    assert_not_impl_any!(Consumer<Rc<u8>, Lines>: Send, Sync);
    // Two ends side by side share no cache line.
    const_assert!(align_of::<Producer<u8, Lines>>() >= 64);
    const_assert!(align_of::<Consumer<u8, Lines>>() >= 64);
    const_assert!(align_of::<Producer<u8>>() >= 64);
    const_assert!(align_of::<Consumer<u8>>() >= 64);

    // Many ends, shared by reference: a value goes from thread to thread, and no reference to it.
    assert_impl_all!(mpmc::Queue<Cell<u8>>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
    assert_not_impl_any!(mpmc::Queue<Rc<u8>>: Send, Sync);
    assert_not_impl_any!(mpmc::Queue<std::sync::MutexGuard<'static, u8>>: Send, Sync);
    assert_not_impl_any!(mpmc::Queue<u8>: Clone);
    assert_impl_all!(mpmc::TryPushError<Opaque>: Error, Send, Sync);
    assert_impl_all!(mpmc::TryPopError: Error, Send, Sync, Copy);

    #[cfg(feature = "std")]
    mod waiting {
        use std::future::Future;

        use super::*;

        assert_impl_all!(mpmc::Push<'static, u8>: Send, Sync, Unpin, Future);
        assert_impl_all!(mpmc::Push<'static, Cell<u8>>: Send);
        assert_not_impl_any!(mpmc::Push<'static, Cell<u8>>: Sync);
        assert_not_impl_any!(mpmc::Push<'static, Rc<u8>>: Send, Sync);
        assert_not_impl_any!(mpmc::Push<'static, u8>: Clone);
        assert_impl_all!(mpmc::Pop<'static, Cell<u8>>: Send, Sync, Unpin, Future);
        assert_not_impl_any!(mpmc::Pop<'static, Rc<u8>>: Send, Sync);
        assert_impl_all!(mpmc::Iter<'static, Cell<u8>>: Send, Sync, Unpin, Iterator);
        assert_not_impl_any!(mpmc::Iter<'static, Rc<u8>>: Send, Sync);
    }

    // Errors carry values that need not be `Debug`, and are errors all the same.
    struct Opaque;
    assert_impl_all!(Closed<Opaque>: Error, Send, Sync);
    assert_impl_all!(TryPushError<Opaque>: Error, Send, Sync);
    assert_impl_all!(PushTimeoutError<Opaque>: Error, Send, Sync);
    assert_impl_all!(TryPopError: Error, Send, Sync, Copy);
    assert_impl_all!(PopTimeoutError: Error, Send, Sync, Copy);
    assert_impl_all!(CapacityError: Error, Send, Sync, Copy);
}

#[cfg(feature = "std")]
mod byte_stream {
    use std::fmt::Debug;
    use std::io::{BufRead, Read, Write};

    use super::*;
    use untorn::pipe::{OnPanic, Reader, Writer};

    assert_impl_all!(Writer: Write, Send, Unpin, UnwindSafe, RefUnwindSafe, Debug);
    assert_impl_all!(Reader: Read, BufRead, Send, Unpin, UnwindSafe, RefUnwindSafe, Debug);
    assert_not_impl_any!(Writer: Sync, Clone, Read);
    assert_not_impl_any!(Reader: Sync, Clone, Write);
    assert_impl_all!(OnPanic: Send, Sync, Copy, Eq, Default, Debug);
    #[cfg(feature = "futures-io")]
    assert_impl_all!(Writer: futures_util::AsyncWrite);
    #[cfg(feature = "futures-io")]
    assert_impl_all!(Reader: futures_util::AsyncRead, futures_util::AsyncBufRead);
    #[cfg(feature = "tokio")]
    assert_impl_all!(Writer: tokio::io::AsyncWrite);
    #[cfg(feature = "tokio")]
    assert_impl_all!(Reader: tokio::io::AsyncRead, tokio::io::AsyncBufRead);
}

#[cfg(feature = "alloc")]
mod read_copy_update {
    use std::error::Error;
    use std::fmt::{Debug, Display};
    use std::hash::Hash;
    use std::sync::MutexGuard;

    use super::*;
    use untorn::Rcu;
    use untorn::rcu::{Guard, OwnedGuard, OwnedReader, Policy, Reader, Stuck, Writer};

    /// May be shared, but not sent.
    type Stays = MutexGuard<'static, u8>;

    // A cell lends `&T` to any thread, and drops a value on one that did not make it.
    assert_impl_all!(Rcu<u8>: Send, Sync, Unpin, Debug, Default, From<u8>);
    assert_impl_all!(Rcu<Vec<String>>: Send, Sync);
    assert_not_impl_any!(Rcu<Rc<u8>>: Send, Sync);
    assert_not_impl_any!(Rcu<Cell<u8>>: Sync);
    assert_not_impl_any!(Rcu<Stays>: Send, Sync);
    assert_not_impl_any!(Rcu<u8>: Clone);
    const_assert!(size_of::<Rcu<u8>>() <= 512);
    // It does not hold its value in place.
    const_assert_eq!(size_of::<Rcu<[u8; 4096]>>(), size_of::<Rcu<u8>>());

    // A guard is a `&T`, of the whole or of a part. A clone could be missed by a scan.
    assert_impl_all!(Guard<'static, u8>: Send, Sync, Unpin, Debug, Display);
    assert_impl_all!(Guard<'static, str>: Send, Sync, Unpin, Debug, Display);
    assert_impl_all!(Guard<'static, [u8]>: Send, Sync);
    assert_impl_all!(Guard<'static, dyn Error + Sync>: Send, Sync);
    assert_impl_all!(Guard<'static, Stays>: Send, Sync);
    assert_not_impl_any!(Guard<'static, dyn Error + Send>: Send, Sync);
    assert_not_impl_any!(Guard<'static, Cell<u8>>: Send, Sync);
    assert_not_impl_any!(Guard<'static, [Rc<u8>]>: Send, Sync);
    assert_not_impl_any!(Guard<'static, u8>: Clone, std::ops::DerefMut);
    const_assert!(size_of::<Guard<'static, u8>>() <= 4 * size_of::<usize>());
    assert_impl_all!(OwnedGuard<u8>: Send, Sync, Unpin, Debug);
    assert_not_impl_any!(OwnedGuard<Cell<u8>>: Send, Sync);
    assert_not_impl_any!(OwnedGuard<Stays>: Send, Sync);
    assert_not_impl_any!(OwnedGuard<u8>: Clone, std::ops::DerefMut);

    // A handle owns its slots, one thread at a time.
    assert_impl_all!(Reader<'static, u8>: Send, Unpin, Debug);
    assert_impl_all!(OwnedReader<u8>: Send, Unpin, Debug);
    assert_not_impl_any!(Reader<'static, u8>: Sync, Clone);
    assert_not_impl_any!(OwnedReader<u8>: Sync, Clone);
    assert_not_impl_any!(Reader<'static, Cell<u8>>: Send, Sync);
    assert_not_impl_any!(OwnedReader<Cell<u8>>: Send, Sync);
    assert_not_impl_any!(Reader<'static, Stays>: Send, Sync);
    assert_not_impl_any!(OwnedReader<Stays>: Send, Sync);
    assert_impl_all!(Writer<'static, u8>: Send, Sync, Unpin, Debug);
    assert_not_impl_any!(Writer<'static, Cell<u8>>: Send, Sync);
    assert_not_impl_any!(Writer<'static, Stays>: Send, Sync);
    assert_not_impl_any!(Writer<'static, u8>: Clone);

    assert_impl_all!(Policy: Send, Sync, Unpin, Copy, Eq, Debug, Default, UnwindSafe, RefUnwindSafe);
    assert_impl_all!(Stuck: Send, Sync, Unpin, Copy, Eq, Debug, Display, Error, UnwindSafe);
    // Neither orders nor hashes: more of them may come, and their order would mean nothing.
    assert_not_impl_any!(Policy: Ord, Hash);
}

#[cfg(feature = "std")]
mod waits {
    use std::fmt::Debug;
    use std::future::Future;
    use std::hash::Hash;
    use std::sync::atomic::{AtomicPtr, AtomicU8, AtomicU64};

    use super::*;
    use untorn::wait::{EventCount, Listener, Outcome, WaitAsync, WaitUntil, Waitable};

    assert_impl_all!(Outcome: Copy, Eq, Hash, Debug, Send, Sync, Unpin, UnwindSafe, RefUnwindSafe);
    assert_not_impl_any!(Outcome: Default);
    const_assert_eq!(size_of::<Outcome>(), 1);

    assert_impl_all!(EventCount: Send, Sync, Unpin, Debug, Default, UnwindSafe, RefUnwindSafe);
    assert_not_impl_any!(EventCount: Clone);
    const_assert!(size_of::<EventCount>() <= 16);

    // What waits is named by an address: it can be moved, and polled on any thread.
    assert_impl_all!(WaitAsync<'static, AtomicU8>: Send, Sync, Unpin, Debug, Future<Output = Outcome>);
    assert_impl_all!(WaitAsync<'static, AtomicPtr<Rc<u8>>>: Send, Sync);
    assert_not_impl_any!(WaitAsync<'static, AtomicU8>: Clone);
    assert_not_impl_any!(WaitAsync<'static, Cell<u8>>: Send, Sync);
    assert_impl_all!(Listener<'static>: Send, Sync, Unpin, Debug, Future<Output = ()>);
    assert_not_impl_any!(Listener<'static>: Clone);
    // With its condition.
    assert_impl_all!(WaitUntil<'static, fn() -> Option<Rc<u8>>>: Send, Sync, Unpin, Debug);
    assert_impl_all!(WaitUntil<'static, fn() -> Option<u8>>: Future<Output = u8>);
    assert_not_impl_any!(WaitUntil<'static, Rc<u8>>: Send, Sync);

    assert_impl_all!(AtomicU64: Waitable<Value = u64>);
    assert_impl_all!(AtomicPtr<Rc<u8>>: Waitable<Value = *mut Rc<u8>>);
    assert_not_impl_any!(u32: Waitable);
    assert_not_impl_any!(Cell<u32>: Waitable);
    assert_not_impl_any!(Counter: Waitable);
}

#[cfg(feature = "alloc")]
mod lossy_queue {
    use std::fmt::Debug;

    use super::*;
    use untorn::spsc::lossy::{Consumer, Producer};

    // Values go to the consumer, and back to the producer.
    assert_impl_all!(Producer<Cell<u8>>: Send, Unpin, UnwindSafe, RefUnwindSafe, Debug);
    assert_impl_all!(Consumer<Cell<u8>>: Send, Unpin, UnwindSafe, RefUnwindSafe, Debug);
    assert_not_impl_any!(Producer<u8>: Sync, Clone);
    assert_not_impl_any!(Consumer<u8>: Sync, Clone);
    assert_not_impl_any!(Producer<Rc<u8>>: Send);
    assert_not_impl_any!(Consumer<Rc<u8>>: Send);
}

#[cfg(feature = "std")]
mod shared_memory {
    use std::error::Error;
    use std::fmt::{Debug, Display};

    use super::*;
    use untorn::SharedBuffer;
    use untorn::shared::{
        ArrayView, Field, FieldError, FieldType, Heap, Layout, LayoutBuilder, LayoutError,
        MutexHeld, MutexView, MutexWord, RingConsumer, RingError, RingFields, RingItem,
        RingOpenError, RingProducer, SharedInteger, SpinHeld, SpinView, SpinWord, View,
    };

    // Atomic words and nothing else, so everything may go everywhere.
    assert_impl_all!(SharedBuffer: Send, Sync, Unpin, Clone, Debug, UnwindSafe, RefUnwindSafe);
    assert_impl_all!(View<'static, u64>: Send, Sync, Copy, Debug, Unpin, UnwindSafe);
    assert_impl_all!(ArrayView<'static, u8>: Send, Sync, Copy, Debug, Unpin, UnwindSafe);
    assert_impl_all!(SpinView<'static>: Send, Sync, Copy, Debug, Unpin, UnwindSafe);
    assert_impl_all!(MutexView<'static>: Send, Sync, Copy, Debug, Unpin, UnwindSafe);
    const_assert_eq!(size_of::<SharedBuffer>(), size_of::<usize>());
    const_assert_eq!(size_of::<MutexView<'static>>(), size_of::<usize>());
    // What holds a lock may be dropped anywhere, and once.
    assert_impl_all!(SpinHeld<'static>: Send, Sync, Unpin, Debug);
    assert_impl_all!(MutexHeld<'static>: Send, Sync, Unpin, Debug);
    assert_not_impl_any!(SpinHeld<'static>: Clone);
    assert_not_impl_any!(MutexHeld<'static>: Clone);

    // A key is a number and a place, whatever it opens.
    assert_impl_all!(Field<i32>: Send, Sync, Copy, Eq, Debug, Unpin, UnwindSafe, RefUnwindSafe);
    assert_impl_all!(Field<[u8]>: Send, Sync, Copy, Eq, Debug);
    assert_impl_all!(Field<MutexWord>: Send, Sync, Copy, Eq, Debug);
    assert_impl_all!(Layout: Send, Sync, Clone, Eq, Debug, Display);
    assert_impl_all!(LayoutBuilder: Send, Sync, Clone, Debug);
    assert_impl_all!(LayoutError: Error, Send, Sync, Clone, Eq);
    assert_impl_all!(FieldError: Error, Send, Sync, Clone, Eq);

    // Integers of fixed width, and locks that nobody reads as such.
    assert_impl_all!(i8: SharedInteger);
    assert_impl_all!(u64: SharedInteger);
    assert_impl_all!(SpinWord: FieldType);
    assert_not_impl_any!(SpinWord: SharedInteger);
    assert_not_impl_any!(MutexWord: SharedInteger);
    assert_not_impl_any!(usize: FieldType);
    assert_not_impl_any!(bool: FieldType);
    assert_not_impl_any!(f64: FieldType);
    assert_not_impl_any!(u128: FieldType);
    assert_not_impl_any!(*mut u8: FieldType);
    assert_impl_all!(Heap: Send, Sync, Debug);

    // One end, one thread at a time: sent, never shared. An item may be any bits, and is sent.
    assert_impl_all!(RingProducer<u64>: Send, Unpin, Debug);
    assert_impl_all!(RingConsumer<u64>: Send, Unpin, Debug);
    assert_not_impl_any!(RingProducer<u64>: Sync, Clone);
    assert_not_impl_any!(RingConsumer<u64>: Sync, Clone);
    assert_impl_all!(RingFields<u64>: Send, Sync, Copy, Debug, Unpin, UnwindSafe);
    assert_impl_all!(RingError: Error, Send, Sync, Copy, Eq);
    assert_impl_all!(RingOpenError: Error, Send, Sync);
    assert_impl_all!([f32; 3]: RingItem);
    assert_not_impl_any!(bool: RingItem);
    assert_not_impl_any!(char: RingItem);
    assert_not_impl_any!(String: RingItem);
    assert_not_impl_any!((u8, u32): RingItem);
    assert_not_impl_any!(*const u8: RingItem);
    assert_not_impl_any!(&'static u8: RingItem);

    #[cfg(all(
        any(target_os = "linux", target_os = "android", target_os = "freebsd"),
        target_pointer_width = "64"
    ))]
    mod between_processes {
        use std::os::fd::AsFd;

        use super::*;
        use untorn::shared::{AttachError, Mapped, ProcessWaitable};

        assert_impl_all!(SharedBuffer<Mapped>: Send, Sync, Clone, Debug, AsFd);
        assert_not_impl_any!(SharedBuffer<Heap>: AsFd);
        assert_impl_all!(AttachError: Error, Send, Sync);
        assert_impl_all!(i32: ProcessWaitable);
        assert_impl_all!(u32: ProcessWaitable);
        assert_not_impl_any!(u8: ProcessWaitable);
        assert_not_impl_any!(i64: ProcessWaitable);
    }
}
