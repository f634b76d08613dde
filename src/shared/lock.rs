//! Locks whose whole state is one word of the buffer.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::time::Instant;

use super::memory::{Heap, Memory};
use crate::backoff::Backoff;
use crate::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use crate::sync::users::AtomicU32;
use crate::sync::{Deadline, Lent};
use crate::wait::Outcome;

/// Nobody holds the lock.
const FREE: u32 = 0;
/// Somebody holds it. Of a mutex: and nobody needs to be woken.
const HELD: u32 = 1;
/// Somebody holds the mutex, and somebody may sleep until it is free.
const AWAITED: u32 = 2;

/// A word as a spin lock: for sections of a few instructions, and holders that keep running.
///
/// Made by [`SharedBuffer::spin_lock`](crate::SharedBuffer::spin_lock). It guards no value: what it
/// guards is for the program to agree on, best in the names of the fields. So a thread that goes past
/// it, or a [`force_unlock`](Self::force_unlock), can break a program, but not its memory.
///
/// A process that dies with the lock held leaves it held, and [`lock`](Self::lock) then spins for ever.
/// Whoever shares it with processes that may die takes it by [`lock_timeout`](Self::lock_timeout), and
/// recovers as the [module](crate::shared#a-dead-peer) says.
///
/// ```
/// use untorn::SharedBuffer;
/// use untorn::shared::{Layout, SpinWord};
///
/// let mut layout = Layout::builder();
/// let lock = layout.field::<SpinWord>("lock")?;
/// let low = layout.field::<u32>("low")?;
/// let high = layout.field::<u32>("high")?;
/// let buffer = SharedBuffer::new(layout.build());
///
/// let carry = buffer.spin_lock(lock).with(|| {
///     // Whoever takes the lock sees both or neither.
///     buffer.view(low).store(1);
///     buffer.view(high).store(2)
/// });
/// assert_eq!(carry, 2);
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[must_use = "a lock that nobody takes excludes nobody"]
pub struct SpinView<'a> {
    /// `FREE` or `HELD` (I3).
    word: Lent<'a, AtomicU32>,
}

impl<'a> SpinView<'a> {
    pub(super) const fn new(word: &'a AtomicU32) -> Self {
        Self { word: Lent::new(word) }
    }

    /// Takes the lock until the result is dropped, spinning and then yielding until it is free. Blocking.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, SpinWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<SpinWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let lock = buffer.spin_lock(key);
    /// let held = lock.lock();
    /// assert!(lock.is_locked());
    /// drop(held);
    /// assert!(!lock.is_locked());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn lock(self) -> SpinHeld<'a> {
        match self.try_lock() {
            Some(held) => held,
            // Only a deadline ends the attempt.
            None => loop {
                if let Some(held) = self.lock_contended(Deadline::NEVER) {
                    return held;
                }
            },
        }
    }

    /// [`lock`](Self::lock) for at most `timeout`; `None` if it was not free in all that time. Blocking.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use untorn::{SharedBuffer, shared::{Layout, SpinWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<SpinWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let held = buffer.spin_lock(key).lock();
    /// assert!(buffer.spin_lock(key).lock_timeout(Duration::from_millis(1)).is_none());
    /// # drop(held);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use = "if unused the lock is released at once"]
    pub fn lock_timeout(self, timeout: Duration) -> Option<SpinHeld<'a>> {
        self.try_lock().or_else(|| self.lock_contended(Deadline::after(timeout)))
    }

    /// [`lock`](Self::lock) until `deadline` at the latest. Blocking.
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # use untorn::{SharedBuffer, shared::{Layout, SpinWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<SpinWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// assert!(buffer.spin_lock(key).lock_deadline(deadline).is_some());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use = "if unused the lock is released at once"]
    pub fn lock_deadline(self, deadline: Instant) -> Option<SpinHeld<'a>> {
        self.try_lock().or_else(|| self.lock_contended(Deadline::at(deadline)))
    }

    #[cold]
    #[inline(never)]
    fn lock_contended(self, deadline: Deadline) -> Option<SpinHeld<'a>> {
        let mut backoff = Backoff::new();
        loop {
            backoff.snooze();
            // Only the exchange decides. Looking first keeps the line shared while it is taken.
            if !self.is_locked() {
                if let Some(held) = self.try_lock() {
                    return Some(held);
                }
            }
            if deadline.has_passed() {
                return None;
            }
        }
    }

    /// Takes the lock if it is free. Wait-free.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, SpinWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<SpinWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let lock = buffer.spin_lock(key);
    /// let held = lock.try_lock().expect("free");
    /// assert!(lock.try_lock().is_none());
    /// # drop(held);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    #[must_use = "if unused the lock is released at once"]
    pub fn try_lock(self) -> Option<SpinHeld<'a>> {
        // Acquire (E2): what the last holder did happens-before what we do with the lock.
        // Relaxed: on failure nothing is touched.
        match self.word.compare_exchange(FREE, HELD, Acquire, Relaxed) {
            Ok(_) => Some(SpinHeld { lock: self }),
            Err(_) => None,
        }
    }

    /// Runs `section` with the lock held. Blocking. A panic releases the lock.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, SpinWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<SpinWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let lock = buffer.spin_lock(key);
    /// assert!(lock.with(|| lock.is_locked()));
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn with<R>(self, section: impl FnOnce() -> R) -> R {
        let _held = self.lock();
        section()
    }

    /// Whether somebody holds the lock; old news at once. Wait-free.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, SpinWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<SpinWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// assert!(!buffer.spin_lock(key).is_locked());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub fn is_locked(self) -> bool {
        // Relaxed: a hint; the exchange of `try_lock` makes the edge (E2).
        self.word.load(Relaxed) != FREE
    }

    /// Releases the lock in the name of a holder that is gone: a process that died with it. Wait-free.
    ///
    /// If the holder lives, it is no longer alone; and the next release may be of somebody else's lock.
    /// So one party alone may call it: see [a dead peer](crate::shared#a-dead-peer).
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, SpinWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<SpinWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let lock = buffer.spin_lock(key);
    /// std::mem::forget(lock.lock());
    /// lock.force_unlock();
    /// assert!(lock.try_lock().is_some());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn force_unlock(self) {
        // Release (E2): all that was done with the lock held happens-before the next holder.
        self.word.store(FREE, Release);
    }
}

/// Holds a [`SpinView`]; gives the lock back when dropped, on whichever thread.
#[must_use = "if unused the lock is released at once"]
pub struct SpinHeld<'a> {
    lock: SpinView<'a>,
}

impl Drop for SpinHeld<'_> {
    #[inline]
    fn drop(&mut self) {
        self.lock.force_unlock();
    }
}

/// A word as a mutex: who waits for it sleeps. Between processes by the kernel's futex.
///
/// Made by [`SharedBuffer::mutex`](crate::SharedBuffer::mutex). It guards no value: what it guards is for
/// the program to agree on, best in the names of the fields. So a thread that goes past it, or a
/// [`force_unlock`](Self::force_unlock), can break a program, but not its memory.
///
/// A process that dies with the lock held leaves it held, and one that dies as it wakes another, or as it
/// is woken, leaves the lock free and the others asleep. Whoever shares it with processes that may die
/// waits with a timeout, and recovers as the [module](crate::shared#a-dead-peer) says.
///
/// ```
/// use std::thread;
/// use untorn::SharedBuffer;
/// use untorn::shared::{Layout, MutexWord};
///
/// let mut layout = Layout::builder();
/// let lock = layout.field::<MutexWord>("lock")?;
/// let pair = layout.array::<u64>("pair", 2)?;
/// let buffer = SharedBuffer::new(layout.build());
///
/// thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| {
///             let (_held, pair) = (buffer.mutex(lock).lock(), buffer.array(pair));
///             assert_eq!(pair.at(0).add(1), pair.at(1).add(1));
///         });
///     }
/// });
/// # Ok::<(), untorn::shared::LayoutError>(())
/// ```
#[must_use = "a lock that nobody takes excludes nobody"]
pub struct MutexView<'a, M: Memory = Heap> {
    /// `FREE`, `HELD` or `AWAITED` (I3).
    word: Lent<'a, AtomicU32>,
    memory: PhantomData<M>,
}

impl<'a, M: Memory> MutexView<'a, M> {
    pub(super) const fn new(word: &'a AtomicU32) -> Self {
        Self { word: Lent::new(word), memory: PhantomData }
    }

    /// Takes the lock until the result is dropped; spins a little, then sleeps until it is free.
    /// Blocking.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, MutexWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<MutexWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let lock = buffer.mutex(key);
    /// let held = lock.lock();
    /// assert!(lock.is_locked());
    /// # drop(held);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn lock(self) -> MutexHeld<'a, M> {
        match self.try_lock() {
            Some(held) => held,
            // Only a deadline ends the attempt.
            None => loop {
                if let Some(held) = self.lock_contended(None) {
                    return held;
                }
            },
        }
    }

    /// Takes the lock if it is free. Wait-free.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, MutexWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<MutexWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let held = buffer.mutex(key).try_lock().expect("free");
    /// assert!(buffer.mutex(key).try_lock().is_none());
    /// # drop(held);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    #[must_use = "if unused the lock is released at once"]
    pub fn try_lock(self) -> Option<MutexHeld<'a, M>> {
        // Acquire (E3): what the last holder did happens-before what we do with the lock.
        // Relaxed: on failure nothing is touched.
        match self.word.compare_exchange(FREE, HELD, Acquire, Relaxed) {
            Ok(_) => Some(MutexHeld { lock: self }),
            Err(_) => None,
        }
    }

    /// [`lock`](Self::lock) for at most `timeout`; `None` if it was not free in all that time. Blocking.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use untorn::{SharedBuffer, shared::{Layout, MutexWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<MutexWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let held = buffer.mutex(key).lock();
    /// assert!(buffer.mutex(key).lock_timeout(Duration::from_millis(1)).is_none());
    /// # drop(held);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use = "if unused the lock is released at once"]
    pub fn lock_timeout(self, timeout: Duration) -> Option<MutexHeld<'a, M>> {
        // A time past the end of the clock is never.
        self.try_lock().or_else(|| self.lock_contended(Instant::now().checked_add(timeout)))
    }

    /// [`lock`](Self::lock) until `deadline` at the latest. Blocking.
    ///
    /// ```
    /// # use std::time::{Duration, Instant};
    /// # use untorn::{SharedBuffer, shared::{Layout, MutexWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<MutexWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let deadline = Instant::now() + Duration::from_millis(1);
    /// assert!(buffer.mutex(key).lock_deadline(deadline).is_some());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use = "if unused the lock is released at once"]
    pub fn lock_deadline(self, deadline: Instant) -> Option<MutexHeld<'a, M>> {
        self.try_lock().or_else(|| self.lock_contended(Some(deadline)))
    }

    #[cold]
    #[inline(never)]
    fn lock_contended(self, deadline: Option<Instant>) -> Option<MutexHeld<'a, M>> {
        let mut backoff = Backoff::new();
        while backoff.spin() {
            // Only the exchange decides. Looking first keeps the line shared while it is taken.
            // Relaxed: a hint.
            if self.word.load(Relaxed) == FREE {
                if let Some(held) = self.try_lock() {
                    return Some(held);
                }
            }
        }
        loop {
            // Taken as awaited, since others may sleep for whom we were woken first (E4).
            // Acquire (E3): what the last holder did happens-before what we do with the lock.
            if self.word.swap(AWAITED, Acquire) == FREE {
                return Some(MutexHeld { lock: self });
            }
            // Who was woken goes round once more, so no wake is lost with who gives up.
            match M::sleep(self.word.word(), AWAITED, deadline) {
                Outcome::Woken => {}
                Outcome::TimedOut => return None,
                // The lock changes hands faster than we get to sleep, and a sleep that does not begin looks
                // at no clock. Whoever released it woke another, so nobody depends on us.
                Outcome::NotEqual => {
                    if deadline.is_some_and(|at| Deadline::at(at).has_passed_awake()) {
                        return self.try_lock();
                    }
                }
            }
        }
    }

    /// Runs `section` with the lock held. Blocking. A panic releases the lock.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, MutexWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<MutexWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let lock = buffer.mutex(key);
    /// assert!(lock.with(|| lock.is_locked()));
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[inline]
    pub fn with<R>(self, section: impl FnOnce() -> R) -> R {
        let _held = self.lock();
        section()
    }

    /// Whether somebody holds the lock; old news at once. Wait-free.
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, MutexWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<MutexWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// assert!(!buffer.mutex(key).is_locked());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub fn is_locked(self) -> bool {
        // Relaxed: a hint; taking the lock makes the edge (E3).
        self.word.load(Relaxed) != FREE
    }

    /// Releases the lock in the name of a holder that is gone: a process that died with it. Wakes one
    /// who sleeps, whatever the word says: if the other died between making the lock free and waking
    /// one, or was the one that was woken, the word says nothing of those that still sleep.
    ///
    /// If the holder lives, it is no longer alone; and the next release may be of somebody else's lock.
    /// So one party alone may call it: see [a dead peer](crate::shared#a-dead-peer).
    ///
    /// ```
    /// # use untorn::{SharedBuffer, shared::{Layout, MutexWord}};
    /// # let mut layout = Layout::builder();
    /// # let key = layout.field::<MutexWord>("lock")?;
    /// # let buffer = SharedBuffer::new(layout.build());
    /// let lock = buffer.mutex(key);
    /// std::mem::forget(lock.lock());
    /// lock.force_unlock();
    /// assert!(lock.try_lock().is_some());
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn force_unlock(self) {
        // An exchange and no store: where the lock is free already, the next holder sees through it what
        // the one did that made it so.
        // Release (E3): all that was done with the lock held happens-before the next holder.
        self.word.swap(FREE, Release);
        // Who is woken takes the lock as awaited, and so wakes the next (E4).
        M::wake_one(self.word.word());
    }

    /// Releases the lock that the caller holds.
    #[inline]
    fn release(self) {
        // Release (E3): all that was done with the lock held happens-before the next holder.
        if self.word.swap(FREE, Release) == AWAITED {
            M::wake_one(self.word.word());
        }
    }
}

/// Holds a [`MutexView`]; gives the lock back when dropped, on whichever thread.
#[must_use = "if unused the lock is released at once"]
pub struct MutexHeld<'a, M: Memory = Heap> {
    lock: MutexView<'a, M>,
}

impl<M: Memory> Drop for MutexHeld<'_, M> {
    #[inline]
    fn drop(&mut self) {
        self.lock.release();
    }
}

impl Clone for SpinView<'_> {
    fn clone(&self) -> Self {
        *self
    }
}

impl Copy for SpinView<'_> {}

impl<M: Memory> Clone for MutexView<'_, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M: Memory> Copy for MutexView<'_, M> {}

macro_rules! debug {
    ($([$($generics:tt)*] $name:literal $type:ty, |$this:ident| $held:expr;)*) => {$(
        impl<$($generics)*> fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $this = self;
                f.debug_struct($name).field("held", &$held).finish_non_exhaustive()
            }
        }
    )*};
}
debug! {
    [] "SpinView" SpinView<'_>, |this| this.is_locked();
    [] "SpinHeld" SpinHeld<'_>, |_this| true;
    [M: Memory] "MutexView" MutexView<'_, M>, |this| this.is_locked();
    [M: Memory] "MutexHeld" MutexHeld<'_, M>, |_this| true;
}

#[cfg(test)]
mod tests {
    use super::super::memory::sealed;
    use super::*;
    use crate::sync::{Tracks, Word};

    /// Memory whose lock changes hands whenever somebody wants to sleep.
    struct Busy;

    impl Memory for Busy {}

    impl sealed::Memory for Busy {
        unsafe fn words<W: Word>(&self, _: usize, _: usize) -> &[W] {
            &[]
        }

        fn sleep(_: &AtomicU32, _: u32, deadline: Option<Instant>) -> Outcome {
            let late = deadline.expect("a deadline").elapsed();
            assert!(late < Duration::from_secs(10), "for ever");
            Outcome::NotEqual
        }

        fn wake_one(_: &AtomicU32) {}

        type Claim = ();
        const CLAIMS_END: bool = false;
        const SLICE: Option<Duration> = None;

        fn claim(&self, _: usize) -> std::io::Result<Option<()>> {
            Ok(None)
        }

        fn is_claimed((): &(), _: usize) -> bool {
            true
        }

        fn tracks(&self, _: usize) -> &Tracks {
            unreachable!("it has no rings")
        }
    }

    #[test]
    fn a_deadline_ends_an_attempt_that_never_gets_to_sleep() {
        let word = AtomicU32::new(HELD);
        let lock = MutexView::<Busy>::new(&word);
        assert!(lock.lock_deadline(Instant::now()).is_none());
        assert!(lock.is_locked(), "somebody else holds it");
    }
}
