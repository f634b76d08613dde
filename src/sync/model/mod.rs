//! The façade on top of loom, compiled with `--cfg loom` and the feature `loom` together.
//!
//! The atomic types are wrappers that pass their ordering through [`weaken`], by which the ordering
//! mutator weakens one call site at a time without a new build.

#[path = "../condvar_futex.rs"]
mod condvar_futex;
mod region;
mod weaken;
mod words;

pub(crate) use condvar_futex::{Futex, OwnFutex, swap_and_wake};
pub(crate) use loom::cell::{MutPtr, UnsafeCell};
pub(crate) use loom::sync::Arc;
pub(crate) use loom::thread::yield_now;
pub(crate) use region::Region;
pub(crate) use words::Words;

pub use atomic::refuse_heavy_fences;
pub(crate) use atomic::{Refused, heavy, is_light, light, light_if};

/// The model has nothing to gain from spinning: every spin is a yield.
pub(crate) const fn pauses_per_microsecond() -> u32 {
    0
}

/// The words that users wait on.
pub(crate) use atomic::{access as order_of_user, on_failure as failure_of_user};
pub(crate) use loom::sync::atomic as users;

/// One queue, so that keys meet in it.
pub(crate) const BUCKETS: usize = 1;

/// Few, so that a model can fill them.
pub(crate) const SLOTS: usize = 2;

/// The model looks at every moment of its own accord.
pub(crate) const LOOKS: u32 = 1;
pub(crate) const GLANCES: u32 = 1;
pub(crate) const CHASES: u32 = 2;

/// A line of a ring has room for five words: so two or three values fit.
pub(crate) const LINE: usize = 48;

/// Loom has no caches.
pub(crate) fn prefetch_for_read(_: *const u8) {}

/// Loom has no caches.
pub(crate) fn prefetch_for_write(_: *const u8) {}

/// In the model a spin hint must let another thread run, or a spin loop never ends.
pub(crate) fn spin_hint() {
    yield_now();
}

/// Whether this thread unwinds.
pub(crate) fn is_panicking() -> bool {
    std::thread::panicking()
}

/// Who may touch which slot of a ring: one of loom's cells beside each.
#[derive(Debug)]
pub struct Tracks(alloc::boxed::Box<[UnsafeCell<()>]>);

impl Tracks {
    pub(crate) fn new(len: usize) -> Self {
        Self((0..len).map(|_| UnsafeCell::new(())).collect())
    }

    /// The slot is read now. Fails the model if its last writer does not happen-before this.
    #[track_caller]
    pub(crate) fn read(&self, slot: usize) {
        self.0[slot].with(|_| ());
    }

    /// The slot is written now. Fails the model if its last accesses do not happen-before this.
    #[track_caller]
    pub(crate) fn write(&self, slot: usize) {
        self.0[slot].with_mut(|_| ());
    }

    /// These slots are written now.
    #[track_caller]
    pub(crate) fn write_all(&self, slots: impl Iterator<Item = usize>) {
        for slot in slots {
            self.write(slot);
        }
    }
}

/// When a sleeper gives up. The model has no clock: a timed sleep ends at once.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    timed: bool,
}

impl Deadline {
    /// Sleeps until woken.
    pub(crate) const NEVER: Self = Self { timed: false };

    /// Has passed when it is first asked asleep, whatever the moment.
    pub(crate) fn at(_: std::time::Instant) -> Self {
        Self { timed: true }
    }

    /// Has passed when it is first asked asleep, whatever the timeout.
    pub(crate) fn after(_: core::time::Duration) -> Self {
        Self { timed: true }
    }

    pub(crate) fn at_most(self, _: core::time::Duration) -> Self {
        Self { timed: true }
    }

    /// In the model time passes asleep only, or no check would ever see a timed sleep.
    pub(crate) fn has_passed_awake(self) -> bool {
        false
    }

    pub(crate) fn has_passed(self) -> bool {
        self.timed
    }
}

mod monitor {
    pub(crate) use super::atomic::{AtomicU32, Ordering};
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};

    use super::Deadline;

    pub(crate) fn sleep(condvar: &Condvar, guard: MutexGuard<'_, ()>, deadline: Deadline) {
        if deadline.timed {
            drop(guard);
            super::yield_now();
        } else {
            drop(condvar.wait(guard));
        }
    }
}

/// The atomic types and the ordering vocabulary.
pub(crate) mod atomic {
    use core::panic::Location;

    pub(crate) use loom::sync::atomic::Ordering;

    use super::weaken::{Operation, weakened};

    /// Loom does not reorder what the compiler might.
    pub(crate) fn compiler_fence(_: Ordering) {}

    /// The frequent side of a handshake, which the mutator can weaken like any fence.
    #[track_caller]
    pub(crate) fn light() {
        fence(Ordering::SeqCst);
    }

    /// Whether that costs nothing.
    pub(crate) fn is_light() -> bool {
        REFUSING.get()
    }

    /// The frequent side, where the answer is at hand.
    #[track_caller]
    pub(crate) fn light_if(is_light: bool) {
        if !is_light {
            fence(Ordering::SeqCst);
        }
    }

    /// The rare side.
    #[track_caller]
    pub(crate) fn heavy() -> Result<(), Refused> {
        if REFUSING.get() {
            return Err(Refused);
        }
        fence(Ordering::SeqCst);
        Ok(())
    }

    /// The fence failed.
    #[derive(Debug)]
    pub(crate) struct Refused;

    std::thread_local! {
        /// Whether the models of this thread have light fences that are none, and no heavy ones.
        static REFUSING: core::cell::Cell<bool> = const { core::cell::Cell::new(false) };
    }

    /// For the models that this thread explores from here on: `true` makes every light fence none,
    /// and every heavy one fail. What is still done then rests on nothing but C11.
    pub fn refuse_heavy_fences(refuse: bool) {
        REFUSING.set(refuse);
    }

    /// A fence, or nothing where the mutator drops it.
    #[track_caller]
    pub(crate) fn fence(order: Ordering) {
        if let Some(order) = weakened(Location::caller(), Operation::Fence, order) {
            loom::sync::atomic::fence(order);
        }
    }

    macro_rules! wrapper {
        ($name:ident, $value:ty) => {
            wrapper!(@base $name, $value);

            // The arithmetic of `core`'s type, whether or not a primitive uses it today.
            #[allow(dead_code)]
            impl $name {
                #[track_caller]
                pub(crate) fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                    self.0.fetch_add(value, access(order))
                }

                #[track_caller]
                pub(crate) fn fetch_sub(&self, value: $value, order: Ordering) -> $value {
                    self.0.fetch_sub(value, access(order))
                }

                #[track_caller]
                pub(crate) fn fetch_max(&self, value: $value, order: Ordering) -> $value {
                    self.0.fetch_max(value, access(order))
                }

                #[track_caller]
                pub(crate) fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                    self.0.fetch_or(value, access(order))
                }

                #[track_caller]
                pub(crate) fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                    self.0.fetch_and(value, access(order))
                }
            }
        };
        (@base $name:ident, $value:ty) => {
            /// loom's type with every ordering open to the mutator.
            pub(crate) struct $name(loom::sync::atomic::$name);

            impl crate::sync::Owned for $name {
                type Value = $value;

                fn own_load(&self) -> $value {
                    // SAFETY: loom itself reports the model as failed if another thread's store is
                    // not ordered before this read.
                    unsafe { self.0.unsync_load() }
                }
            }

            // The methods of `core`'s type, whether or not a primitive uses each today.
            #[allow(dead_code)]
            impl $name {
                pub(crate) fn new(value: $value) -> Self {
                    Self(loom::sync::atomic::$name::new(value))
                }

                pub(crate) fn into_inner(self) -> $value {
                    crate::sync::own_load(&self)
                }

                #[track_caller]
                pub(crate) fn load(&self, order: Ordering) -> $value {
                    self.0.load(access(order))
                }

                #[track_caller]
                pub(crate) fn store(&self, value: $value, order: Ordering) {
                    self.0.store(value, access(order));
                }

                #[track_caller]
                pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                    self.0.swap(value, access(order))
                }

                #[track_caller]
                pub(crate) fn compare_exchange(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.0.compare_exchange(current, new, access(success), on_failure(failure))
                }

                #[track_caller]
                pub(crate) fn compare_exchange_weak(
                    &self,
                    current: $value,
                    new: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.0.compare_exchange_weak(current, new, access(success), on_failure(failure))
                }
            }
        };
    }

    wrapper!(AtomicU32, u32);
    wrapper!(AtomicU64, u64);
    wrapper!(AtomicUsize, usize);
    wrapper!(@base AtomicBool, bool);

    /// A sequence number.
    pub(crate) type AtomicSeq = AtomicU64;
    /// What it counts in.
    pub(crate) type Seq = u64;
    /// The same in 64 bits.
    pub(crate) const fn wide(seq: Seq) -> u64 {
        seq
    }

    /// loom's pointer with every ordering open to the mutator.
    pub(crate) struct AtomicPtr<T>(loom::sync::atomic::AtomicPtr<T>);

    impl<T> crate::sync::Owned for AtomicPtr<T> {
        type Value = *mut T;

        fn own_load(&self) -> *mut T {
            // SAFETY: loom itself reports the model as failed if another thread's store is not
            // ordered before this read.
            unsafe { self.0.unsync_load() }
        }
    }

    impl<T> AtomicPtr<T> {
        pub(crate) fn new(value: *mut T) -> Self {
            Self(loom::sync::atomic::AtomicPtr::new(value))
        }

        #[track_caller]
        pub(crate) fn load(&self, order: Ordering) -> *mut T {
            self.0.load(access(order))
        }

        #[track_caller]
        pub(crate) fn swap(&self, value: *mut T, order: Ordering) -> *mut T {
            self.0.swap(value, access(order))
        }

        #[track_caller]
        pub(crate) fn compare_exchange(
            &self,
            current: *mut T,
            new: *mut T,
            success: Ordering,
            failure: Ordering,
        ) -> Result<*mut T, *mut T> {
            self.0.compare_exchange(current, new, access(success), on_failure(failure))
        }
    }

    /// The ordering of one access, which the mutator may weaken.
    #[track_caller]
    pub(crate) fn access(order: Ordering) -> Ordering {
        weakened(Location::caller(), Operation::Access, order).unwrap_or(order)
    }

    #[track_caller]
    pub(crate) fn on_failure(order: Ordering) -> Ordering {
        weakened(Location::caller(), Operation::Failure, order).unwrap_or(order)
    }
}
