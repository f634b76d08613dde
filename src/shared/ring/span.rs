//! How indices count, and which two of them are those of a ring.

/// The indices of a ring of `capacity` items run from 0 to twice that, and begin again. So an index names
/// a slot, and two of them tell a full ring from an empty one; and most numbers are no index.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// From 1 to half of what 32 bits can say.
    pub(super) capacity: u32,
}

impl Span {
    fn end(self) -> u32 {
        2 * self.capacity
    }

    /// The index after `index`, which is one.
    #[inline(always)]
    pub(super) fn after(self, index: u32) -> u32 {
        if index + 1 == self.end() { 0 } else { index + 1 }
    }

    /// The slot that `index` names, which is one.
    #[inline(always)]
    pub(super) fn slot(self, index: u32) -> usize {
        (if index < self.capacity { index } else { index - self.capacity }) as usize
    }

    /// Whether it is an index.
    pub(super) fn has(self, index: u32) -> bool {
        index < self.end()
    }

    /// How many items there are between the two, if they are the indices of a ring.
    #[inline(always)]
    pub(super) fn items(self, write: u32, read: u32) -> Option<u32> {
        if !self.has(write) || !self.has(read) {
            return None;
        }
        // No overflow: both are below the end.
        let items = if write >= read { write - read } else { self.end() - read + write };
        (items <= self.capacity).then_some(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All pairs of small numbers, beside what counting says.
    #[test]
    fn the_indices_of_a_ring_are_known_from_others() {
        for capacity in 1..5 {
            let span = Span { capacity };
            let mut found = [[None; 16]; 16];
            for read in 0..2 * capacity {
                let mut write = read;
                for items in 0..=capacity {
                    found[write as usize][read as usize] = Some(items);
                    assert_eq!(span.slot(write), ((read + items) % capacity) as usize);
                    write = span.after(write);
                }
            }
            for write in 0..16 {
                for read in 0..16 {
                    let seen = span.items(write, read);
                    assert_eq!(
                        seen, found[write as usize][read as usize],
                        "{capacity} {write} {read}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_largest_ring_has_indices() {
        let span = Span { capacity: u32::MAX / 2 };
        let last = u32::MAX - 2;
        assert_eq!((span.after(last), span.slot(last)), (0, span.capacity as usize - 1));
        assert_eq!(span.items(span.capacity - 1, last), Some(span.capacity));
        assert_eq!(span.items(span.capacity, last), None);
        assert_eq!(span.items(0, u32::MAX), None);
    }
}
