//! The values of a ring to come.

use core::fmt;
use core::iter::FusedIterator;

use super::consumer::Consumer;
use super::engine::{Heap, Storage};

/// The values of a ring to come, until the producer is gone; waits for each. Made by
/// [`Consumer::into_iter`].
#[must_use = "iterators are lazy"]
pub struct IntoIter<T, S: Storage = Heap>(Consumer<T, S>);

/// The same of a consumer that is borrowed, and stays.
#[must_use = "iterators are lazy"]
pub struct Iter<'a, T, S: Storage = Heap>(&'a mut Consumer<T, S>);

/// A `for` loop that waits for each value, and ends when the producer is gone and everything is popped.
///
/// ```
/// let (mut producer, consumer) = untorn::spsc::ring(4);
/// let consuming = std::thread::spawn(move || consumer.into_iter().sum::<u32>());
/// (1..=100).for_each(|value| producer.push(value).unwrap());
/// drop(producer);
/// assert_eq!(consuming.join().unwrap(), 5050);
/// ```
impl<T, S: Storage> IntoIterator for Consumer<T, S> {
    type Item = T;
    type IntoIter = IntoIter<T, S>;

    fn into_iter(self) -> IntoIter<T, S> {
        IntoIter(self)
    }
}

impl<'a, T, S: Storage> IntoIterator for &'a mut Consumer<T, S> {
    type Item = T;
    type IntoIter = Iter<'a, T, S>;

    fn into_iter(self) -> Iter<'a, T, S> {
        Iter(self)
    }
}

macro_rules! pops {
    ($name:literal: $iter:ty) => {
        impl<T, S: Storage> Iterator for $iter {
            type Item = T;

            fn next(&mut self) -> Option<T> {
                self.0.pop().ok()
            }

            /// At least what is inside.
            fn size_hint(&self) -> (usize, Option<usize>) {
                (self.0.len(), None)
            }
        }

        impl<T, S: Storage> FusedIterator for $iter {}

        impl<T, S: Storage> fmt::Debug for $iter {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple($name).field(&self.0).finish()
            }
        }
    };
}

pops!("IntoIter": IntoIter<T, S>);
pops!("Iter": Iter<'_, T, S>);
