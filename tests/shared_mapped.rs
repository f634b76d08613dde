//! SharedBuffer in memory that can be mapped more than once: seals, attaching, and what is refused. Real
//! processes are in `shared_processes`.
#![cfg(all(feature = "std", target_os = "linux", target_pointer_width = "64", not(miri)))]

use std::error::Error;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::thread;
use std::time::{Duration, Instant};

use untorn::SharedBuffer;
use untorn::shared::{AttachError, Field, Layout, Mapped, MutexWord};
use untorn::wait::Outcome;

mod support;

struct Table {
    layout: Layout,
    lock: Field<MutexWord>,
    counter: Field<i32>,
    wide: Field<u64>,
    bytes: Field<[u8]>,
}

fn table() -> Table {
    let mut layout = Layout::builder();
    let lock = layout.field("lock").unwrap();
    let counter = layout.field("counter").unwrap();
    let wide = layout.field("wide").unwrap();
    let bytes = layout.array("bytes", 5000).unwrap();
    layout.reserved(3).unwrap();
    Table { layout: layout.build(), lock, counter, wide, bytes }
}

fn duplicate(buffer: &SharedBuffer<Mapped>) -> OwnedFd {
    buffer.as_fd().try_clone_to_owned().unwrap()
}

/// Two mappings of one object, as two processes would have them.
fn twins() -> (Table, SharedBuffer<Mapped>, SharedBuffer<Mapped>) {
    let table = table();
    let ours = SharedBuffer::memfd(table.layout.clone()).unwrap();
    let theirs = SharedBuffer::from_fd(duplicate(&ours), table.layout.clone()).unwrap();
    (table, ours, theirs)
}

#[test]
fn two_mappings_are_the_same_memory() {
    let (table, ours, theirs) = twins();
    assert_ne!(
        ours.view(table.wide).atomic().as_ptr().addr(),
        theirs.view(table.wide).atomic().as_ptr().addr()
    );
    ours.view(table.wide).store(u64::MAX);
    assert_eq!(theirs.view(table.wide).add(2), u64::MAX);
    assert_eq!(ours.view(table.wide).load(), 1);
    theirs.array(table.bytes).at(4999).store(9);
    assert_eq!(ours.array(table.bytes).iter().map(|byte| u32::from(byte.load())).sum::<u32>(), 9);
    assert_eq!((ours.len(), theirs.layout()), (table.layout.len(), &table.layout));
    drop(ours);
    assert_eq!(theirs.view(table.wide).load(), 1, "it lives as long as its last mapping");
}

/// What a program in another language sees that knows nothing but the table.
#[test]
fn fields_are_where_the_table_says() {
    let (table, ours, _) = twins();
    ours.view(table.wide).store(u64::from_ne_bytes(*b"eight by"));
    ours.array(table.bytes).at(1).store(b'!');
    let file = File::from(duplicate(&ours));
    let mut seen = [0; 10];
    file.read_exact_at(&mut seen, table.wide.offset() as u64).unwrap();
    assert_eq!(&seen, b"eight by\0!");
}

#[test]
fn the_length_is_for_ever() {
    let (table, ours, _) = twins();
    let file = File::from(duplicate(&ours));
    let len = file.metadata().unwrap().len();
    for other in [0, len - 1, len + 1] {
        assert_eq!(file.set_len(other).unwrap_err().kind(), ErrorKind::PermissionDenied);
    }
    // Nor by writing behind the end.
    assert_eq!(file.write_at(b"x", len).unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(file.metadata().unwrap().len(), len);
    ours.array(table.bytes).at(4999).store(1);
}

/// Layouts whose rows would read the same, one below the other, if names were no more than text.
#[test]
fn a_name_that_looks_like_a_row_does_not_attach() {
    let mut wide = Layout::builder();
    wide.field::<u64>("x").unwrap();
    wide.field::<u64>("y\n8 u32 z").unwrap();
    let mut narrow = Layout::with_len(16);
    narrow.field::<u64>("x\n8 u64 y").unwrap();
    narrow.field::<u32>("z").unwrap();
    let buffer = SharedBuffer::memfd(wide.build()).unwrap();
    let attached = SharedBuffer::from_fd(duplicate(&buffer), narrow.build());
    assert!(matches!(attached, Err(AttachError::OtherLayout)), "{attached:?}");
}

/// The memory is there from the start: what had to be looked for later might not be found.
#[test]
fn all_pages_are_taken_at_once() {
    let buffer = SharedBuffer::memfd(Layout::with_len(1 << 20).build()).unwrap();
    let blocks = File::from(duplicate(&buffer)).metadata().unwrap().blocks();
    assert!(blocks * 512 >= 1 << 20, "{blocks} blocks of 512 bytes");
    // More than any process has room for is refused before it takes memory.
    let absurd = Layout::with_len(isize::MAX as usize / 2).build();
    assert_eq!(SharedBuffer::memfd(absurd).unwrap_err().kind(), ErrorKind::OutOfMemory);
}

/// No seal can be added, such as the one that would take the memory from who maps it next, and no program
/// that is started inherits the descriptor unless it is handed over.
#[test]
fn the_descriptor_is_ours_and_the_seals_are_final() {
    use std::os::fd::AsRawFd;
    let (_, ours, _) = twins();
    let fd = ours.as_fd().as_raw_fd();
    // SAFETY: the calls take no pointers.
    let [seals, flags] =
        [libc::F_GET_SEALS, libc::F_GETFD].map(|call| unsafe { libc::fcntl(fd, call) });
    let all = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    assert_eq!(seals & all, all);
    assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    // SAFETY: as above.
    assert_eq!(unsafe { libc::fcntl(fd, libc::F_ADD_SEALS, libc::F_SEAL_FUTURE_WRITE) }, -1);
}

fn refusal(result: Result<SharedBuffer<Mapped>, AttachError>) -> String {
    result.expect_err("refused").to_string()
}

#[test]
fn what_is_no_such_buffer_is_refused() {
    let (table, ours, _) = twins();
    let len = table.layout.len();

    // A longer layout, a shorter one, and one of the same length.
    let mut shorter = Layout::with_len(len - 16);
    shorter.field::<MutexWord>("lock").unwrap();
    let found = refusal(SharedBuffer::from_fd(duplicate(&ours), shorter.build()));
    assert_eq!(found, format!("the memory has {len} bytes where the layout needs {}", len - 16));
    let longer = Layout::with_len(len + 4096).build();
    let found = refusal(SharedBuffer::from_fd(duplicate(&ours), longer));
    assert_eq!(found, format!("the memory has {len} bytes where the layout needs {}", len + 4096));
    let mut other = Layout::with_len(len);
    other.field::<u64>("wide").unwrap();
    let found = refusal(SharedBuffer::from_fd(duplicate(&ours), other.build()));
    assert_eq!(found, "the memory was not made with this layout");

    // What has no seals, or not all of them, although it has each byte of the original.
    let original = bytes(&ours);
    let path = std::env::temp_dir().join(format!("untorn-shared-{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.write_all_at(&original, 0).unwrap();
    let found = refusal(SharedBuffer::from_fd(file, table.layout.clone()));
    assert_eq!(found, "the length of the memory is not sealed");
    for seals in [0, libc::F_SEAL_SHRINK, libc::F_SEAL_GROW] {
        let memory = sealed(&original, seals);
        let found = refusal(SharedBuffer::from_fd(memory, table.layout.clone()));
        assert_eq!(found, "the length of the memory is not sealed", "{seals}");
    }
    // What is sealed, and behind the fields has nothing, too little, or one byte that is another.
    let copy = |bytes: &[u8]| {
        let memory = sealed(bytes, libc::F_SEAL_SHRINK | libc::F_SEAL_GROW);
        SharedBuffer::from_fd(memory, table.layout.clone())
    };
    assert!(copy(&original).is_ok(), "a copy is as good");
    for foreign in [0, 8, original.len()] {
        let attached = copy(&vec![0; foreign]);
        assert!(matches!(attached, Err(AttachError::OtherLayout)), "{foreign}: {attached:?}");
    }
    let mut others = vec![[&[0], &original[..]].concat()];
    for index in len..original.len() {
        let mut other = original.clone();
        other[index] ^= 1;
        others.push(other);
    }
    for (index, other) in others.iter().enumerate() {
        match copy(other) {
            Err(AttachError::OtherLayout | AttachError::OtherLength { .. }) => {}
            other => panic!("number {index}: {other:?}"),
        }
    }
    // What may be read alone.
    let read_only =
        File::open(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&ours.as_fd())));
    let error = SharedBuffer::from_fd(read_only.unwrap(), table.layout).unwrap_err();
    assert!(
        matches!(&error, AttachError::System(cause) if cause.kind() == ErrorKind::PermissionDenied)
    );
    assert!(error.to_string().starts_with("the memory cannot be mapped: "), "{error}");
    assert!(error.source().is_some());
}

/// All bytes of the memory object, those behind the fields included.
fn bytes(buffer: &SharedBuffer<Mapped>) -> Vec<u8> {
    let file = File::from(duplicate(buffer));
    let mut bytes = vec![0; file.metadata().unwrap().len() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

/// A memory object that this crate did not make.
fn sealed(bytes: &[u8], seals: i32) -> OwnedFd {
    use std::os::fd::{AsRawFd, FromRawFd};
    // SAFETY: the name is a C string.
    let fd = unsafe { libc::memfd_create(c"foreign".as_ptr(), libc::MFD_ALLOW_SEALING) };
    assert!(fd >= 0);
    // SAFETY: the descriptor is new.
    let file = unsafe { File::from_raw_fd(fd) };
    file.write_all_at(bytes, 0).unwrap();
    // SAFETY: the call takes no pointers.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_ADD_SEALS, seals) }, 0);
    file.into()
}

#[test]
fn a_file_needs_the_length_and_nothing_else() {
    let table = table();
    let path = std::env::temp_dir().join(format!("untorn-shared-file-{}", std::process::id()));
    let open =
        || File::options().read(true).write(true).create(true).truncate(false).open(&path).unwrap();
    let len = table.layout.len();
    open().set_len(len as u64 - 1).unwrap();
    // SAFETY: nobody else knows the file, and nobody makes it shorter.
    let refused = unsafe { SharedBuffer::from_file(open(), table.layout.clone()) };
    assert_eq!(
        refusal(refused),
        format!("the memory has {} bytes where the layout needs {len}", len - 1)
    );
    open().set_len(len as u64 + 100).unwrap();
    // SAFETY: as above, and both mappings have the same layout.
    let [ours, theirs] =
        [(); 2].map(|()| unsafe { SharedBuffer::from_file(open(), table.layout.clone()).unwrap() });
    ours.view(table.counter).store(-5);
    assert_eq!(theirs.view(table.counter).load(), -5);
    drop((ours, theirs));
    assert_eq!(std::fs::read(&path).unwrap()[4..8], (-5_i32).to_ne_bytes());
    std::fs::remove_file(&path).unwrap();

    // Nothing can be mapped of nothing, and yet there is an empty buffer.
    let empty = Layout::builder().build();
    // SAFETY: a layout without fields has no accesses.
    let buffer = unsafe { SharedBuffer::from_file(sealed(&[], 0).into(), empty.clone()) }.unwrap();
    assert!(buffer.is_empty());
    assert!(SharedBuffer::memfd(empty).unwrap().is_empty());
}

#[test]
fn who_waits_on_one_mapping_is_woken_from_another() {
    let (table, ours, theirs) = twins();
    let (word, same) = (ours.view(table.counter), theirs.view(table.counter));
    assert_eq!(word.wait(1), Outcome::NotEqual);
    assert_eq!(word.wait_timeout(i32::MIN, Duration::MAX), Outcome::NotEqual);
    assert_eq!(word.notify(0), Some(0));
    word.store(-1);
    let (timeout, start) = (Duration::from_millis(5), Instant::now());
    // A signal may end it early, as `Woken`.
    if word.wait_timeout(-1, timeout) == Outcome::TimedOut {
        assert!(start.elapsed() >= timeout);
    }
    assert_ne!(word.wait_deadline(-1, start), Outcome::NotEqual);
    thread::scope(|scope| {
        let sleepers = [(); 3].map(|()| {
            scope.spawn(|| {
                while same.load() == -1 {
                    let _ = same.wait(-1);
                }
            })
        });
        // Woken for nothing, they go back to sleep; so sooner or later all three are there to be counted.
        let mut most = 0;
        while most < 3 {
            most = most.max(word.notify_all().expect("Linux counts"));
        }
        assert!(word.notify(1) <= Some(1));
        word.store(0);
        word.notify_all();
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    });
}

#[test]
fn the_lock_excludes_across_mappings() {
    let (table, ours, theirs) = twins();
    let step = |buffer: &SharedBuffer<Mapped>| {
        let counter = buffer.view(table.counter);
        counter.store(counter.load() + 1);
    };
    thread::scope(|scope| {
        for buffer in [&ours, &ours, &theirs, &theirs] {
            scope.spawn(move || {
                for round in 0..5_000 {
                    let lock = buffer.mutex(table.lock);
                    let held = if round % 2 == 0 {
                        lock.lock()
                    } else {
                        lock.lock_timeout(support::PATIENCE).expect("a turn within a minute")
                    };
                    step(buffer);
                    drop(held);
                }
            });
        }
    });
    assert_eq!(ours.view(table.counter).load(), 20_000);
    let held = ours.mutex(table.lock).lock();
    let (timeout, start) = (Duration::from_millis(5), Instant::now());
    assert!(theirs.mutex(table.lock).lock_timeout(timeout).is_none());
    assert!(start.elapsed() >= timeout, "not early");
    drop(held);
    assert!(theirs.mutex(table.lock).try_lock().is_some());
}

/// A process that is killed between making the lock free and waking one, or that was the one, leaves
/// sleepers behind a word that says nothing of them.
#[test]
fn force_wakes_one_whatever_the_word_says() {
    let (table, ours, theirs) = twins();
    let at = table.lock.offset() as u64;
    let file = File::from(duplicate(&ours));
    let word = || {
        let mut bytes = [0; 4];
        file.read_exact_at(&mut bytes, at).unwrap();
        u32::from_ne_bytes(bytes)
    };
    for left in [0_u32, 1] {
        std::mem::forget(ours.mutex(table.lock).lock());
        let (done, taken) = std::sync::mpsc::channel();
        // Not scoped, so that the failure is this test's and not a hang.
        let sleeper = thread::spawn({
            let theirs = theirs.clone();
            move || {
                drop(theirs.mutex(table.lock).lock());
                done.send(()).unwrap();
            }
        });
        while word() != 2 {
            thread::yield_now();
        }
        thread::sleep(Duration::from_millis(20));
        file.write_all_at(&left.to_ne_bytes(), at).unwrap();
        ours.mutex(table.lock).force_unlock();
        assert_eq!(taken.recv_timeout(support::PATIENCE), Ok(()), "it slept behind a {left}");
        sleeper.join().unwrap();
        assert!(!ours.mutex(table.lock).is_locked());
    }
}

/// The pages go with the last handle.
#[test]
fn the_pages_are_unmapped_with_the_last_handle() {
    let mut layout = Layout::builder();
    // Another length than the rest, to tell it from what other tests have mapped at the time.
    let bytes = layout.array::<u8>("bytes", 123 << 12).unwrap();
    let first = SharedBuffer::memfd(layout.build()).unwrap();
    let range = {
        let start = first.array(bytes).atomics().as_ptr().addr();
        format!("{start:x}-")
    };
    let listed = || {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().any(|line| line.starts_with(&range) && line.contains("/memfd:untorn"))
    };
    assert!(listed());
    let second = first.clone();
    drop(first);
    assert!(listed());
    assert!(format!("{second:?}").starts_with("SharedBuffer { len: 503808"));
    drop(second);
    assert!(!listed());
}
