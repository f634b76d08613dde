//! Waiting for an integer of a buffer on the heap: the operations of [`wait`](crate::wait).

use core::time::Duration;
use std::time::Instant;

use super::field::SharedInteger;
use super::memory::Heap;
use super::view::View;
use crate::wait::{self, Outcome, WaitAsync};

impl<'a, T: SharedInteger> View<'a, T, Heap> {
    /// Sleeps while it holds `expected`, until somebody notifies it. Blocking. See
    /// [`wait`](crate::wait::wait).
    ///
    /// ```
    /// use untorn::wait::Outcome;
    ///
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let ready = buffer.view(field);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         ready.store(1);
    ///         ready.notify(1);
    ///     });
    ///     // Woken; or not equal, if it is ready by now. Both mean the same here.
    ///     assert_ne!(ready.wait(0), Outcome::TimedOut);
    ///     assert_eq!(ready.load(), 1);
    /// });
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn wait(self, expected: T) -> Outcome {
        wait::wait(self.atomic(), expected)
    }

    /// [`wait`](Self::wait) for at most `timeout`. Blocking.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::wait::Outcome;
    ///
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let ready = buffer.view(field);
    /// assert_eq!(ready.wait_timeout(0, Duration::from_millis(1)), Outcome::TimedOut);
    /// assert_eq!(ready.wait_timeout(1, Duration::from_millis(1)), Outcome::NotEqual);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn wait_timeout(self, expected: T, timeout: Duration) -> Outcome {
        wait::wait_timeout(self.atomic(), expected, timeout)
    }

    /// [`wait`](Self::wait) until `deadline` at the latest. Blocking.
    ///
    /// ```
    /// use std::time::Instant;
    /// use untorn::wait::Outcome;
    ///
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.view(field).wait_deadline(0, Instant::now()), Outcome::TimedOut);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    pub fn wait_deadline(self, expected: T, deadline: Instant) -> Outcome {
        wait::wait_deadline(self.atomic(), expected, deadline)
    }

    /// [`wait`](Self::wait) for a task: queues up at once. See [`wait_async`](crate::wait::wait_async).
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let ready = buffer.view(field);
    /// let waits = ready.wait_async(0);
    /// assert_eq!(ready.notify(1), 1);
    /// # drop(waits);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[doc(alias = "waitAsync")]
    pub fn wait_async(self, expected: T) -> WaitAsync<'a, T::Atomic> {
        wait::wait_async(self.atomic(), expected)
    }

    /// Ends the waits of the first `n` who wait for it; how many there were. See
    /// [`notify`](crate::wait::notify).
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// assert_eq!(buffer.view(field).notify(1), 0);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[expect(clippy::must_use_candidate, reason = "few count whom they woke")]
    #[inline]
    pub fn notify(self, n: usize) -> usize {
        wait::notify(self.atomic(), n)
    }

    /// Ends the waits of all who wait for it; how many there were.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i64>("ready")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let ready = buffer.view(field);
    /// let waits = [ready.wait_async(0), ready.wait_async(0)];
    /// assert_eq!(ready.notify_all(), 2);
    /// # drop(waits);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[expect(clippy::must_use_candidate, reason = "few count whom they woke")]
    #[inline]
    pub fn notify_all(self) -> usize {
        wait::notify_all(self.atomic())
    }

    /// How many wait for it at this moment; old news at once.
    ///
    /// ```
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::new(layout.build());
    /// let waits = buffer.view(field).wait_async(0);
    /// assert_eq!(buffer.view(field).waiting(), 1);
    /// # drop(waits);
    /// # Ok::<(), untorn::shared::LayoutError>(())
    /// ```
    #[must_use]
    pub fn waiting(self) -> usize {
        wait::waiting(self.atomic())
    }
}
