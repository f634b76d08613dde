//! The cell with its type.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;
use core::mem;

use super::Stuck;
use super::chain::{Unpublished, Version};
use super::engine::Engine;
use super::guard::Guard;
use super::owned::{OwnedGuard, OwnedReader};
use super::pin::Pin;
use super::policy::Policy;
use super::reader::Reader;
use super::threads;
use super::writer::Writer;
use crate::sync::Arc;

/// A value that many threads read and some replace. See the [module](crate::rcu) for what it
/// promises.
///
/// ```
/// use untorn::Rcu;
///
/// let routes = Rcu::new(vec!["a", "b"]);
/// std::thread::scope(|scope| {
///     scope.spawn(|| routes.store(vec!["c", "d", "e"]));
///     scope.spawn(|| {
///         let seen = routes.read(); // holds whichever list it found
///         assert!(*seen == ["a", "b"] || *seen == ["c", "d", "e"]);
///     });
/// });
/// assert_eq!(routes.read().len(), 3);
/// ```
#[doc(alias = "ArcSwap")]
#[doc(alias = "read-copy-update")]
#[doc(alias = "hazard pointer")]
#[doc(alias = "epoch")]
pub struct Rcu<T> {
    pub(super) engine: Engine,
    /// Owns values of `T`, and takes them in through `&self`: a cell of longer-lived values is not one
    /// of shorter-lived values.
    values: PhantomData<Cell<T>>,
}

// SAFETY: shared, the cell hands out `&T` to any thread (`Sync`), and values move in from one thread
// and are dropped on another (`Send`).
unsafe impl<T: Send + Sync> Sync for Rcu<T> {}
// SAFETY: the cell owns its values and nothing of any thread.
unsafe impl<T: Send> Send for Rcu<T> {}

impl<T: Send + Sync> Rcu<T> {
    /// A cell that holds `value`, with the default [`Policy`]. Allocates.
    ///
    /// ```
    /// assert_eq!(*untorn::Rcu::new(7).read(), 7);
    /// ```
    #[must_use]
    pub fn new(value: T) -> Self {
        Self::with_policy(value, Policy::default())
    }

    /// A cell that frees replaced values as `policy` says.
    ///
    /// ```
    /// use untorn::rcu::{Policy, Rcu};
    ///
    /// let cell = Rcu::with_policy(1, Policy::Manual);
    /// cell.store(2);
    /// assert_eq!(cell.pending(), 1);
    /// assert_eq!(cell.try_reclaim(), 1);
    /// ```
    #[must_use]
    pub fn with_policy(value: T, policy: Policy) -> Self {
        let first = Version::boxed(value);
        // SAFETY: just made, as all roots that this cell publishes are, and freed as it was made.
        let engine = unsafe { Engine::new(first, Version::<T>::free, policy) };
        Self { engine, values: PhantomData }
    }

    /// Holds the current value. Wait-free, but for the first read of a thread and each eighth guard
    /// that the thread keeps, which may allocate a line of slots.
    ///
    /// Keeps the value that it found, however often others are stored meanwhile. A thread may have
    /// any number of guards, may keep them across an `.await`, and may send them elsewhere.
    ///
    /// ```
    /// let cell = untorn::Rcu::new("old");
    /// let seen = cell.read();
    /// cell.store("new");
    /// assert_eq!((*seen, *cell.read()), ("old", "new"));
    /// ```
    #[doc(alias = "load")]
    #[inline]
    pub fn read(&self) -> Guard<'_, T> {
        Guard::new(threads::pin(&self.engine))
    }

    /// As [`read`](Self::read), with a guard that keeps the cell alive instead of borrowing it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::Rcu;
    ///
    /// let cell = Arc::new(Rcu::new(String::from("kept")));
    /// let guard = Rcu::read_owned(&cell);
    /// drop(cell);
    /// assert_eq!(*guard, "kept");
    /// ```
    pub fn read_owned(this: &Arc<Self>) -> OwnedGuard<T>
    where
        T: 'static,
    {
        OwnedGuard::new(Arc::clone(this))
    }

    /// A handle with slots of its own, for the fastest reads. Lock-free; may allocate.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// let reader = cell.reader();
    /// assert_eq!(*reader.read(), 1);
    /// ```
    #[must_use]
    pub fn reader(&self) -> Reader<'_, T> {
        Reader::new(&self.engine)
    }

    /// As [`reader`](Self::reader), with a handle that keeps the cell alive instead of borrowing it.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use untorn::Rcu;
    ///
    /// let cell = Arc::new(Rcu::new(1));
    /// let reader = Rcu::reader_owned(&cell);
    /// cell.store(2);
    /// let seen = std::thread::spawn(move || *reader.read()).join().unwrap();
    /// assert_eq!(seen, 2);
    /// ```
    #[must_use]
    pub fn reader_owned(this: &Arc<Self>) -> OwnedReader<T>
    where
        T: 'static,
    {
        OwnedReader::new(Arc::clone(this))
    }

    /// Replaces the value. Lock-free; allocates, and at times frees what was replaced before, as the
    /// [`Policy`] says.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// cell.store(2);
    /// assert_eq!(*cell.read(), 2);
    /// ```
    #[inline]
    pub fn store(&self, value: T) {
        self.publish(value);
    }

    /// Replaces the value, and returns the number of the new version.
    #[inline]
    pub(super) fn publish(&self, value: T) -> u64 {
        let pin = self.exchange(value);
        let version = pin.version() + 1;
        // Or it would be in its own way.
        drop(pin);
        self.engine.published(version);
        version
    }

    /// Replaces the value and holds the one that was replaced. Lock-free, as
    /// [`store`](Self::store).
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// let old = cell.swap(2);
    /// assert_eq!((*old, *cell.read()), (1, 2));
    /// ```
    #[inline]
    #[must_use = "to drop the old value's guard at once, use `store`"]
    pub fn swap(&self, value: T) -> Guard<'_, T> {
        let pin = self.exchange(value);
        self.engine.published(pin.version() + 1);
        Guard::new(pin)
    }

    /// Publishes `value`, and returns the hold on what it replaced.
    #[inline]
    fn exchange(&self, value: T) -> Pin<'_> {
        let new = Unpublished::new(value);
        loop {
            let pin = threads::pin(&self.engine);
            // SAFETY: the pin is one of this cell, whose versions are all `Version<T>`.
            if unsafe { new.replace(&self.engine, &pin) } {
                mem::forget(new);
                return pin;
            }
        }
    }

    /// Replaces the value by what `change` makes of it. Lock-free but for `change`, which runs again
    /// whenever another store came first, so no update is lost. If it panics, nothing is stored.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(vec![1, 2]);
    /// cell.update(|list| list.iter().map(|item| item * 10).collect());
    /// assert_eq!(*cell.read(), [10, 20]);
    /// ```
    #[doc(alias = "rcu")]
    pub fn update(&self, mut change: impl FnMut(&T) -> T) {
        loop {
            let guard = self.read();
            let version = Guard::version(&guard) + 1;
            let new = Unpublished::new(change(&guard));
            // SAFETY: the pin is one of this cell, whose versions are all `Version<T>`.
            if unsafe { new.replace(&self.engine, guard.pin()) } {
                mem::forget(new);
                // Or it would be in the way of what follows.
                drop(guard);
                return self.engine.published(version);
            }
        }
    }

    /// Replaces the value that `current` holds, if it still is the current one. Lock-free, as
    /// [`store`](Self::store).
    ///
    /// Two values that are equal are not the same: what counts is whether anything was stored since
    /// `current` was read. A guard of another cell never matches.
    ///
    /// # Errors
    ///
    /// Gives `new` back if another value was stored meanwhile.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// let seen = cell.read();
    /// assert_eq!(cell.compare_exchange(&seen, 2), Ok(()));
    /// assert_eq!(cell.compare_exchange(&seen, 3), Err(3));
    /// ```
    #[doc(alias = "compare_and_swap")]
    pub fn compare_exchange(&self, current: &Guard<'_, T>, new: T) -> Result<(), T> {
        let pin = current.pin();
        if !core::ptr::eq(pin.engine(), &raw const self.engine) {
            return Err(new);
        }
        let new = Unpublished::new(new);
        // SAFETY: the pin is one of this cell, whose versions are all `Version<T>`.
        if unsafe { new.replace(&self.engine, pin) } {
            mem::forget(new);
            self.engine.published(pin.version() + 1);
            Ok(())
        } else {
            Err(new.into_value())
        }
    }

    /// Claims the right to be the one writer who stamps versions and retires what they share.
    /// Blocking while another has it.
    ///
    /// ```
    /// let cell = untorn::Rcu::new('a');
    /// let mut writer = cell.writer();
    /// assert_eq!(writer.publish('b'), 1);
    /// ```
    #[must_use = "if unused the right is given back at once"]
    pub fn writer(&self) -> Writer<'_, T> {
        Writer::new(self, self.engine.writer.hold())
    }

    /// As [`writer`](Self::writer), or `None` if another has the right. Never waits.
    ///
    /// ```
    /// let cell = untorn::Rcu::new('a');
    /// let writer = cell.try_writer().expect("nobody has it");
    /// assert!(cell.try_writer().is_none());
    /// drop(writer);
    /// ```
    #[must_use = "if unused the right is given back at once"]
    pub fn try_writer(&self) -> Option<Writer<'_, T>> {
        self.engine.writer.try_hold().map(|claim| Writer::new(self, claim))
    }

    /// Frees what was replaced and is held by nobody, and returns how much that was: values, and
    /// garbage retired by a [`Writer`]. Never waits: if another thread is reclaiming, that thread
    /// does this, too, and the result is 0. Destructors run here.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// let held = cell.read();
    /// cell.store(2);
    /// cell.store(3);
    /// assert_eq!(cell.try_reclaim(), 1); // not the one that is held
    /// drop(held);
    /// assert_eq!(cell.try_reclaim(), 1);
    /// ```
    pub fn try_reclaim(&self) -> usize {
        self.engine.reclaim().freed
    }

    /// How many values and pieces of garbage are replaced and not freed; old news at once.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(1);
    /// cell.store(2);
    /// assert_eq!(cell.pending(), 1);
    /// ```
    #[must_use]
    pub fn pending(&self) -> usize {
        self.engine.pending(threads::pin(&self.engine).version())
    }

    /// Waits until nobody holds a value that was replaced before the call, and frees those values.
    /// Blocking: spins briefly, then sleeps. Waits for ever if the calling thread itself holds such
    /// a value, or if a guard of one was forgotten. So it has no place in the destructor of a value,
    /// which may run while its thread holds a guard. The destructors of some values may still be
    /// running on another thread that reclaims.
    ///
    /// # Errors
    ///
    /// [`Stuck`] if that cannot be known.
    ///
    /// ```
    /// let cell = untorn::Rcu::new(String::from("secret"));
    /// cell.store(String::new());
    /// cell.synchronize()?;
    /// assert_eq!(cell.pending(), 0);
    /// # Ok::<(), untorn::rcu::Stuck>(())
    /// ```
    pub fn synchronize(&self) -> Result<(), Stuck> {
        let target = threads::pin(&self.engine).version();
        self.engine.wait_until_freed(target).map_err(|_| Stuck(()))
    }

    /// The value, while no one else has the cell.
    ///
    /// ```
    /// let mut cell = untorn::Rcu::new(1);
    /// *cell.get_mut() += 1;
    /// assert_eq!(*cell.read(), 2);
    /// ```
    #[must_use]
    pub fn get_mut(&mut self) -> &mut T {
        let root = self.engine.own_current();
        // SAFETY: current, so not freed (I1); all versions of an `Rcu<T>` are `Version<T>`.
        let mut value = unsafe { Version::<T>::value(root) };
        // SAFETY: exclusive access: nobody holds it but forgotten guards, which nobody can use.
        unsafe { value.as_mut() }
    }
}

impl<T: Send + Sync + Default> Default for Rcu<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Send + Sync> From<T> for Rcu<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Prints the policy, never the value.
impl<T> fmt::Debug for Rcu<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rcu")
            .field("policy", &self.engine.reclaimer.policy())
            .finish_non_exhaustive()
    }
}
