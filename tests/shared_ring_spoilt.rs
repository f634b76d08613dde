//! The ring in a `SharedBuffer` whose memory others have spoilt, or left behind, and on Linux two mappings
//! of one object. Real processes are in `shared_ring_processes`.
#![cfg(feature = "std")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use untorn::SharedBuffer;
use untorn::shared::{Field, Layout, RingError, RingFields, RingIndex, RingItem, RingOpenError};

mod support;
use support::PATIENCE;
use support::threads::{in_time, until};

fn buffer<T: RingItem>(capacity: usize) -> (SharedBuffer, RingFields<T>) {
    let mut layout = Layout::builder();
    let ring = layout.ring("ring", capacity).unwrap();
    (SharedBuffer::new(layout.build()), ring)
}

/// The key to one of the words of a ring, for who is to spoil it.
fn word(buffer: &SharedBuffer, part: &str) -> Field<u32> {
    buffer.layout().find(&format!("ring.{part}")).unwrap()
}

/// Each number that an index can be spoilt to, to each end.
#[test]
fn a_corrupt_index_is_named() {
    for capacity in 1..4_u32 {
        for spoilt in (0..10).chain([u32::MAX / 2, u32::MAX / 2 + 1, u32::MAX - 1, u32::MAX]) {
            let (buffer, ring) = buffer(capacity as usize);
            let mut producer = buffer.ring_producer(ring).unwrap();
            let mut consumer = buffer.ring_consumer(ring).unwrap();
            let write = word(&buffer, "write index");
            buffer.view(write).store(spoilt);
            let corrupt =
                RingError::Corrupt { index: RingIndex::Write, offset: 128, value: spoilt };
            if spoilt <= capacity {
                assert_eq!(consumer.len(), Ok(spoilt as usize), "it could be so");
            } else {
                assert_eq!(consumer.try_pop(), Err(corrupt));
                assert_eq!(consumer.pop(), Err(corrupt));
                assert_eq!(consumer.pop_timeout(PATIENCE), Err(corrupt));
                assert_eq!(consumer.len(), Err(corrupt));
                let text =
                    format!("the write index at 128 is corrupt: {spoilt} is not within the ring");
                assert_eq!(corrupt.to_string(), text);
                assert!(format!("{consumer:?}").contains("Corrupt"), "and prints");
            }
            buffer.view(write).store(0);

            let read = word(&buffer, "read index");
            buffer.view(read).store(spoilt);
            // The read index may be behind the write index by the capacity, going round.
            let behind =
                spoilt < 2 * capacity && (2 * capacity - spoilt) % (2 * capacity) <= capacity;
            let corrupt = RingError::Corrupt { index: RingIndex::Read, offset: 256, value: spoilt };
            if behind {
                assert!(producer.len().is_ok());
            } else {
                assert_eq!(producer.try_push(1), Err(corrupt));
                assert_eq!(producer.push(1), Err(corrupt));
                assert_eq!(producer.push_timeout(1, PATIENCE), Err(corrupt));
                assert_eq!(producer.len(), Err(corrupt));
            }
            buffer.view(read).store(0);
            producer.try_push(7).expect("nothing was done on the strength of it");
            assert_eq!(consumer.try_pop(), Ok(7));
        }
    }
}

/// A waiting end learns it when it looks.
#[test]
fn an_index_that_is_spoilt_during_a_wait_ends_it() {
    in_time(|| {
        let (buffer, ring) = buffer::<u64>(1);
        let producer = buffer.ring_producer(ring).unwrap();
        let mut consumer = buffer.ring_consumer(ring).unwrap();
        let pop = thread::spawn(move || consumer.pop());
        until(|| buffer.view(word(&buffer, "consumer waits")).load() == 1);
        buffer.view(word(&buffer, "write index")).store(77);
        drop(producer);
        let corrupt = RingError::Corrupt { index: RingIndex::Write, offset: 128, value: 77 };
        assert_eq!(pop.join().unwrap(), Err(corrupt));
    });
}

#[test]
fn a_spoilt_ring_is_not_opened() {
    for (part, value) in [("write index", 4), ("read index", u32::MAX), ("write index", 3)] {
        let (buffer, ring) = buffer::<u64>(2);
        buffer.view(word(&buffer, part)).store(value);
        for _ in 0..2 {
            let refused = buffer.ring_producer(ring).unwrap_err();
            assert!(matches!(refused, RingOpenError::Corrupt(_)), "{refused:?}");
            let refused = buffer.ring_consumer(ring).unwrap_err();
            assert!(matches!(refused, RingOpenError::Corrupt(_)), "{refused:?}");
        }
        buffer.view(word(&buffer, part)).store(0);
        assert!(buffer.ring_producer(ring).is_ok(), "the refused ones have given their end back");
    }
}

#[test]
fn another_ring_in_the_memory_is_not_opened() {
    let (buffer, ring) = buffer::<u64>(2);
    buffer.view(word(&buffer, "capacity")).store(3);
    let refused = buffer.ring_producer(ring).unwrap_err();
    let text = "the ring in the memory has a capacity of 3 instead of 2";
    assert_eq!(refused.to_string(), text);
    buffer.view(word(&buffer, "capacity")).store(2);
    buffer.view(word(&buffer, "item size")).store(4);
    let refused = buffer.ring_consumer(ring).unwrap_err();
    let text = "the ring in the memory has items of so many bytes: 4 instead of 8";
    assert_eq!(refused.to_string(), text);
}

/// A key that does not fit leaves nothing behind that keeps the right one from its ring.
#[test]
fn a_key_of_a_ring_of_another_length_changes_nothing() {
    fn refused<T: RingItem>(own: &SharedBuffer, capacity: usize) {
        let (_, ring) = buffer::<T>(capacity);
        for refused in [
            catch_unwind(AssertUnwindSafe(|| own.ring_producer(ring).is_ok())),
            catch_unwind(AssertUnwindSafe(|| own.ring_consumer(ring).is_ok())),
        ] {
            let panic = refused.expect_err("the key is of another layout");
            let text = panic.downcast::<String>().unwrap();
            assert!(text.ends_with("is not of the layout of this buffer"), "{text}");
        }
    }
    let (own, ring) = buffer::<u64>(4);
    refused::<u64>(&own, 1000);
    refused::<u64>(&own, 3);
    refused::<[u64; 2]>(&own, 4);
    assert_eq!(own.view(word(&own, "item size")).load(), 0);
    assert_eq!(own.view(word(&own, "capacity")).load(), 0);
    let (mut producer, mut consumer) =
        (own.ring_producer(ring).unwrap(), own.ring_consumer(ring).unwrap());
    for item in 0..10 {
        producer.try_push(item).unwrap();
        assert_eq!(consumer.try_pop(), Ok(item));
    }
}

/// Whatever the other words hold, calls end and stay within the ring.
#[test]
fn spoilt_words_harm_nobody() {
    for value in [1, 2, 3, u32::MAX] {
        let (buffer, ring) = buffer(2);
        let mut producer = buffer.ring_producer(ring).unwrap();
        let mut consumer = buffer.ring_consumer(ring).unwrap();
        for part in ["producer", "consumer", "producer waits", "consumer waits", "capacity"] {
            buffer.view(word(&buffer, part)).store(value);
        }
        for item in 0..10_u64 {
            producer.try_push(item).unwrap();
            assert_eq!(consumer.try_pop(), Ok(item));
        }
        assert!(consumer.pop_timeout(Duration::ZERO).is_err());
        assert!(producer.push_timeout(1, Duration::from_millis(1)).is_ok());
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod mapped {
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use support::rounds;
    use untorn::shared::{Mapped, RingPeer};

    fn twins(capacity: usize) -> (SharedBuffer<Mapped>, SharedBuffer<Mapped>, RingFields<u64>) {
        let mut layout = Layout::builder();
        let ring = layout.ring("ring", capacity).unwrap();
        let layout = layout.build();
        let ours = SharedBuffer::memfd(layout.clone()).unwrap();
        let fd = ours.as_fd().try_clone_to_owned().unwrap();
        (ours, SharedBuffer::from_fd(fd, layout).unwrap(), ring)
    }

    #[test]
    fn two_mappings_are_one_ring() {
        let (ours, theirs, ring) = twins(2);
        let mut producer = ours.ring_producer(ring).unwrap();
        let mut consumer = theirs.ring_consumer(ring).unwrap();
        assert_eq!((producer.peer(), consumer.peer()), (RingPeer::Here, RingPeer::Here));
        assert!(matches!(theirs.ring_producer(ring), Err(RingOpenError::Taken)));
        assert!(matches!(ours.ring_consumer(ring), Err(RingOpenError::Taken)));
        let items = rounds(50_000) as u64;
        let popping = thread::spawn(move || {
            (0..items).for_each(|item| assert_eq!(consumer.pop(), Ok(item)));
            consumer.pop()
        });
        (0..items).for_each(|item| producer.push(item).unwrap());
        drop(producer);
        assert_eq!(popping.join().unwrap(), Err(RingError::Closed));
        assert!(theirs.ring_producer(ring).is_ok(), "it was given back");
    }

    /// Nobody is declared dead who is not, however long he does nothing.
    #[test]
    fn an_end_at_rest_is_not_dead() {
        let (ours, theirs, ring) = twins(2);
        let _producer = ours.ring_producer(ring).unwrap();
        let mut consumer = theirs.ring_consumer(ring).unwrap();
        assert_eq!(consumer.peer(), RingPeer::Here);
        let wait = Duration::from_millis(300);
        assert_eq!(consumer.pop_timeout(wait), Err(RingError::Timeout));
    }

    /// A sleeper that is woken all the time, for nothing, still looks whether the other end is dead.
    #[test]
    fn a_death_is_told_whoever_wakes() {
        for pause in [Duration::ZERO, Duration::from_millis(20)] {
            in_time(move || {
                let (ours, theirs, ring) = twins(2);
                ours.view(ours.layout().find("ring.producer").unwrap()).store(5_u32);
                let mut consumer = ours.ring_consumer(ring).unwrap();
                let told = Arc::new(AtomicBool::new(false));
                let meddler = thread::spawn({
                    let told = Arc::clone(&told);
                    move || {
                        let waits =
                            theirs.view(theirs.layout().find("ring.consumer waits").unwrap());
                        while !told.load(Ordering::Relaxed) {
                            waits.store(0_u32);
                            waits.notify_all();
                            thread::sleep(pause);
                        }
                    }
                });
                assert_eq!(consumer.pop(), Err(RingError::PeerGone));
                told.store(true, Ordering::Relaxed);
                meddler.join().unwrap();
            });
        }
    }

    /// A file that was left by processes that died: the words say that both ends are there.
    #[test]
    fn what_the_dead_left_in_a_file_is_taken_over() {
        let path = std::env::temp_dir().join(format!("untorn-ring-{}", std::process::id()));
        let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
        let mut layout = Layout::builder();
        let ring = layout.ring::<u64>("ring", 2).unwrap();
        let layout = layout.build();
        (&file).write_all(&vec![0; layout.len()]).unwrap();
        // SAFETY: nobody else knows the file, and all of it has its place.
        let buffer = unsafe { SharedBuffer::from_file(file, layout.clone()) }.unwrap();
        std::fs::remove_file(&path).unwrap();
        for part in ["producer", "consumer"] {
            let there: Field<u32> = layout.find(&format!("ring.{part}")).unwrap();
            buffer.view(there).store(5);
        }
        let mut consumer = buffer.ring_consumer(ring).unwrap();
        assert_eq!(consumer.peer(), RingPeer::Died);
        assert_eq!(consumer.try_pop(), Err(RingError::Empty));
        assert_eq!(consumer.pop(), Err(RingError::PeerGone));
        assert_eq!(consumer.pop_timeout(Duration::from_millis(1)), Err(RingError::PeerGone));
        assert_eq!(consumer.pop_timeout(Duration::ZERO), Err(RingError::PeerGone));
        let mut producer = buffer.ring_producer(ring).unwrap();
        assert_eq!((producer.peer(), consumer.peer()), (RingPeer::Here, RingPeer::Here));
        producer.push(9).unwrap();
        assert_eq!(consumer.pop(), Ok(9));
    }
}
