//! SharedBuffer in memory that can be mapped more than once: seals, attaching, and what is refused. Real
//! processes are in `shared_processes`.
#![cfg(all(feature = "std", target_os = "linux", target_pointer_width = "64", not(miri)))]

use std::error::Error;
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
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

fn refusal(result: Result<SharedBuffer<Mapped>, AttachError>) -> String {
    result.expect_err("refused").to_string()
}

#[test]
fn what_is_no_such_buffer_is_refused() {
    let (table, ours, _) = twins();
    let len = table.layout.len();
    let whole = len.next_multiple_of(8) + 16;

    // A longer layout, a shorter one, and one of the same length.
    let mut shorter = Layout::with_len(len - 16);
    shorter.field::<MutexWord>("lock").unwrap();
    let found = refusal(SharedBuffer::from_fd(duplicate(&ours), shorter.build()));
    assert_eq!(
        found,
        format!("the memory has {whole} bytes where the layout needs {}", whole - 16)
    );
    let longer = Layout::with_len(len + 4096).build();
    let found = refusal(SharedBuffer::from_fd(duplicate(&ours), longer));
    assert_eq!(
        found,
        format!("the memory has {whole} bytes where the layout needs {}", whole + 4096)
    );
    let mut other = Layout::with_len(len);
    other.field::<u64>("wide").unwrap();
    let found = refusal(SharedBuffer::from_fd(duplicate(&ours), other.build()));
    assert_eq!(found, "the memory was not made with this layout");

    // What has no seals, or not all of them, although it has the length.
    let path = std::env::temp_dir().join(format!("untorn-shared-{}", std::process::id()));
    let file = File::options().read(true).write(true).create_new(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.set_len(whole as u64).unwrap();
    let found = refusal(SharedBuffer::from_fd(file, table.layout.clone()));
    assert_eq!(found, "the length of the memory is not sealed");
    for seals in [0, libc::F_SEAL_SHRINK, libc::F_SEAL_GROW] {
        let memory = sealed(whole, seals);
        let found = refusal(SharedBuffer::from_fd(memory, table.layout.clone()));
        assert_eq!(found, "the length of the memory is not sealed", "{seals}");
    }
    // What is sealed, has the length, and no trailer.
    let memory = sealed(whole, libc::F_SEAL_SHRINK | libc::F_SEAL_GROW);
    let found = refusal(SharedBuffer::from_fd(memory, table.layout.clone()));
    assert_eq!(found, "the memory was not made with this layout");
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

/// A memory object that this crate did not make.
fn sealed(len: usize, seals: i32) -> OwnedFd {
    use std::os::fd::{AsRawFd, FromRawFd};
    // SAFETY: the name is a C string.
    let fd = unsafe { libc::memfd_create(c"foreign".as_ptr(), libc::MFD_ALLOW_SEALING) };
    assert!(fd >= 0);
    // SAFETY: the descriptor is new.
    let file = unsafe { File::from_raw_fd(fd) };
    file.set_len(len as u64).unwrap();
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
    let buffer = unsafe { SharedBuffer::from_file(sealed(0, 0).into(), empty.clone()) }.unwrap();
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
