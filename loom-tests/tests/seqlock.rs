//! SeqLock: edges E1 (write to read), E2 (read to write) and E3 (writer to writer).
#![cfg(loom)]

use loom_tests::{Arc, explore, spawn};
use untorn::SeqLock;

/// Two words that are always equal, so that a torn read shows.
type Pair = [usize; 2];

/// One look at the cell: `None` if a write was in the way.
fn look(cell: &SeqLock<Pair>) -> Option<usize> {
    cell.try_read().map(|[a, b]| {
        assert_eq!(a, b, "torn");
        a
    })
}

/// E1 and E2. Two writes, so that a reader can be lapped; a read is whole or refused, and time does
/// not run backwards.
#[test]
fn e1_e2_a_read_is_whole_or_refused() {
    explore([None, Some(0), Some(1), Some(2)], || {
        let cell = Arc::new(SeqLock::new([0, 0]));
        let writer = spawn({
            let cell = Arc::clone(&cell);
            move || {
                let mut writer = cell.writer();
                writer.write([1, 1]);
                writer.write([2, 2]);
            }
        });
        let reader = spawn({
            let cell = Arc::clone(&cell);
            move || look(&cell)
        });
        writer.join();
        reader.join()
    });
}

#[test]
fn e1_a_reader_never_goes_back() {
    explore([(0, 0), (0, 1), (1, 1)], || {
        let cell = Arc::new(SeqLock::new([0, 0]));
        let writer = spawn({
            let cell = Arc::clone(&cell);
            move || cell.write([1, 1])
        });
        let reader = spawn({
            let cell = Arc::clone(&cell);
            move || (cell.read()[0], cell.read()[1])
        });
        writer.join();
        reader.join()
    });
}

/// E1 carries whatever the writer did before: other memory may be read on the strength of the value.
#[test]
fn e1_publishes_what_came_before() {
    use loom::cell::UnsafeCell;

    explore([false, true], || {
        let shared = Arc::new((UnsafeCell::new(0), SeqLock::new(0_usize)));
        let writer = spawn({
            let shared = Arc::clone(&shared);
            move || {
                // SAFETY: nobody reads the cell before the flag is set.
                shared.0.with_mut(|data| unsafe { *data = 7 });
                shared.1.write(1);
            }
        });
        let reader = spawn({
            let shared = Arc::clone(&shared);
            move || match shared.1.try_read() {
                Some(1) => {
                    // SAFETY: the flag is set, so the writer is done with the cell.
                    assert_eq!(shared.0.with(|data| unsafe { *data }), 7);
                    true
                }
                _ => false,
            }
        });
        writer.join();
        reader.join()
    });
}

/// E3. Writers hand the cell over with all that was written; no update is lost.
#[test]
fn e3_no_update_is_lost() {
    explore([[2, 2]], || {
        let cell = Arc::new(SeqLock::new([0, 0]));
        let bump = |cell: Arc<SeqLock<Pair>>| {
            move || {
                cell.update(|[a, b]| {
                    *a += 1;
                    *b += 1;
                });
            }
        };
        let (a, b) = (spawn(bump(Arc::clone(&cell))), spawn(bump(Arc::clone(&cell))));
        a.join();
        b.join();
        cell.read()
    });
}

/// A claimed cell refuses other writers, and takes them again afterwards.
#[test]
fn e3_one_writer_at_a_time() {
    explore([(true, 2), (false, 1)], || {
        let cell = Arc::new(SeqLock::new([0, 0]));
        let owner = spawn({
            let cell = Arc::clone(&cell);
            move || cell.writer().update(|value| *value = [value[0] + 1; 2])
        });
        let other = spawn({
            let cell = Arc::clone(&cell);
            move || match cell.try_writer() {
                Some(mut writer) => {
                    let [seen, _] = writer.read();
                    writer.write([seen + 1; 2]);
                    true
                }
                None => false,
            }
        });
        owner.join();
        (other.join(), cell.read()[0])
    });
}
