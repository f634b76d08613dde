//! A publication cell whose publications are announced: [`Watch`].

use core::fmt;

use super::watcher::Watcher;
use crate::sync::atomic::{
    AtomicSeq,
    Ordering::{Acquire, Relaxed, Release},
    Seq,
};
use crate::sync::{Arc, const_unless_loom};
use crate::wait::EventCount;
use crate::{PlainData, Rcu, SeqLock, Snapshot};

/// A publication cell, with the means to wait for the next publication. See the
/// [module](crate::watch) for what it promises.
///
/// ```
/// use untorn::{Snapshot, Watch};
///
/// static LIMITS: Watch<Snapshot<[u32; 2]>> = Watch::new(Snapshot::new([1, 2]));
///
/// let mut watcher = LIMITS.subscribe();
/// std::thread::scope(|scope| {
///     scope.spawn(|| LIMITS.publish([3, 4]));
///     watcher.changed();
///     assert_eq!(LIMITS.cell().read(), [3, 4]);
/// });
/// ```
///
/// The writer of a [`Latest`](crate::Latest) is a handle of its own. It publishes inside
/// [`publish_with`](Self::publish_with), and what is watched is any shared place:
///
/// ```
/// use untorn::{Watch, latest};
///
/// let (mut writer, mut readers) = latest::channel(vec![0], 1);
/// let news = Watch::new(());
/// let mut watcher = news.subscribe();
/// std::thread::scope(|scope| {
///     scope.spawn(|| news.publish_with(|()| writer.publish(vec![1])));
///     watcher.changed();
///     assert_eq!(*readers[0].read(), [1]);
/// });
/// ```
pub struct Watch<C> {
    cell: C,
    /// How many publications were announced.
    count: AtomicSeq,
    news: EventCount,
}

impl<C> Watch<C> {
    const_unless_loom! {
        /// Watches `cell`.
        ///
        /// ```
        /// use untorn::{SeqLock, Watch};
        ///
        /// static POSITION: Watch<SeqLock<[f32; 3]>> = Watch::new(SeqLock::new([0.0; 3]));
        /// assert_eq!(POSITION.cell().read(), [0.0; 3]);
        /// ```
        #[must_use]
        pub const fn new(cell: C) -> Self {
            Self { cell, count: AtomicSeq::new(0), news: EventCount::new() }
        }
    }

    /// The plain cell, to read from. What is published to it directly is not announced.
    ///
    /// ```
    /// let watch = untorn::Watch::new(untorn::Rcu::new(5));
    /// assert_eq!(*watch.cell().read(), 5);
    /// ```
    #[inline]
    pub const fn cell(&self) -> &C {
        &self.cell
    }

    /// The cell, once it is no longer shared.
    ///
    /// ```
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(5));
    /// assert_eq!(watch.into_inner().read(), 5);
    /// ```
    pub fn into_inner(self) -> C {
        self.cell
    }

    /// Runs `publish` and announces what it has published. As blocking as `publish` is.
    ///
    /// ```
    /// use untorn::{Rcu, Watch};
    ///
    /// let watch = Watch::new(Rcu::new(1));
    /// let watcher = watch.subscribe();
    /// watch.publish_with(|cell| cell.update(|value| value + 1));
    /// assert!(watcher.has_changed());
    /// assert_eq!(*watch.cell().read(), 2);
    /// ```
    pub fn publish_with<R>(&self, publish: impl FnOnce(&C) -> R) -> R {
        /// Announces, even if the publication panics: it may have happened.
        struct Announce<'a, C>(&'a Watch<C>);
        impl<C> Drop for Announce<'_, C> {
            fn drop(&mut self) {
                // Release (E1): the publication happens-before the return of `changed`.
                self.0.count.fetch_add(1, Release);
                self.0.news.notify_all();
            }
        }
        let announce = Announce(self);
        publish(&announce.0.cell)
    }

    /// Publishes `value` as the cell does, and announces it.
    ///
    /// ```
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// watch.publish(2);
    /// assert_eq!(watch.cell().read(), 2);
    /// ```
    pub fn publish(&self, value: C::Value)
    where
        C: Publish,
    {
        self.publish_with(|cell| cell.publish(value));
    }

    /// Somebody who has seen what was announced so far, and wants to know of what comes.
    ///
    /// ```
    /// let watch = untorn::Watch::new(untorn::SeqLock::new(1));
    /// assert!(!watch.subscribe().has_changed());
    /// ```
    pub fn subscribe(&self) -> Watcher<&Self> {
        Watcher::new(self, self.announced())
    }

    /// The same, with a share in the `Watch`, so that it can go anywhere.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// let watch = Arc::new(untorn::Watch::new(untorn::SeqLock::new(1)));
    /// let mut watcher = untorn::Watch::subscribe_owned(&watch);
    /// let thread = std::thread::spawn(move || {
    ///     watcher.changed();
    ///     watcher.cell().read()
    /// });
    /// watch.publish(2);
    /// assert_eq!(thread.join().unwrap(), 2);
    /// ```
    pub fn subscribe_owned(watch: &Arc<Self>) -> Watcher<Arc<Self>> {
        Watcher::new(Arc::clone(watch), watch.announced())
    }

    /// How many publications were announced.
    fn announced(&self) -> Seq {
        // Acquire (E1): who sees a publication counted finds it in the cell.
        self.count.load(Acquire)
    }

    /// The same, unless that is what was seen.
    pub(super) fn unseen(&self, seen: Seq) -> Option<Seq> {
        Some(self.announced()).filter(|announced| *announced != seen)
    }

    pub(super) const fn news(&self) -> &EventCount {
        &self.news
    }
}

impl<C> fmt::Debug for Watch<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Relaxed: nothing is read on the strength of it.
        let announced = self.count.load(Relaxed);
        f.debug_struct("Watch").field("announced", &announced).finish_non_exhaustive()
    }
}

/// A cell to which a shared reference is enough to publish.
pub trait Publish {
    /// What it holds.
    type Value;

    /// Replaces the value.
    ///
    /// ```
    /// use untorn::{Rcu, watch::Publish};
    ///
    /// let cell = Rcu::new(1);
    /// Publish::publish(&cell, 2);
    /// assert_eq!(*cell.read(), 2);
    /// ```
    fn publish(&self, value: Self::Value);
}

impl<T: PlainData> Publish for SeqLock<T> {
    type Value = T;

    fn publish(&self, value: T) {
        self.write(value);
    }
}

impl<T: PlainData, const N: usize> Publish for Snapshot<T, N> {
    type Value = T;

    fn publish(&self, value: T) {
        Self::publish(self, value);
    }
}

impl<T: Send + Sync> Publish for Rcu<T> {
    type Value = T;

    fn publish(&self, value: T) {
        self.store(value);
    }
}
