//! The locks of a shared buffer.

use std::cell::UnsafeCell;
use std::time::Duration;

use untorn::SharedBuffer;
use untorn::shared::{Layout, MutexWord, SpinWord};

use super::{Random, leak, together};

/// Plain memory that the locks of a shared buffer guard by agreement.
struct ByAgreement(UnsafeCell<Vec<i32>>);

// SAFETY: who holds the lock touches it, and nobody else.
unsafe impl Sync for ByAgreement {}

impl ByAgreement {
    fn push(&self, id: i32) {
        // SAFETY: the caller holds the lock.
        unsafe { (*self.0.get()).push(id) };
    }
}

pub(crate) fn locks(random: &mut Random) {
    let mut layout = Layout::builder();
    let spin = layout.field::<SpinWord>("spin").unwrap();
    let mutex = layout.field::<MutexWord>("mutex").unwrap();
    let (buffer, steps) = (leak(SharedBuffer::new(layout.build())), random.steps());
    let [spun, slept] = [(); 2].map(|()| leak(ByAgreement(UnsafeCell::new(Vec::new()))));
    let part = |id: i32| -> Box<dyn FnOnce() + Send> {
        Box::new(move || {
            let lock = buffer.mutex(mutex);
            for step in 0..steps {
                buffer.spin_lock(spin).with(|| spun.push(id));
                let held = match step % 3 {
                    0 => Some(lock.lock()),
                    1 => lock.try_lock(),
                    _ => lock.lock_timeout(Duration::from_micros(step % 50)),
                };
                if held.is_some() {
                    slept.push(id);
                }
            }
        })
    };
    together(vec![part(0), part(1), part(2)]);
    let (_spun, _held) = (buffer.spin_lock(spin).lock(), buffer.mutex(mutex).lock());
    // SAFETY: both locks are held.
    let [spun, slept] = [spun, slept].map(|list| unsafe { (*list.0.get()).len() } as u64);
    assert_eq!(spun, 3 * steps);
    assert!(slept >= 3 * (steps / 3));
}
