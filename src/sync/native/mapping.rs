//! Memory that several processes have mapped: Linux, Android and FreeBSD, on 64-bit machines.

use core::ffi::CStr;
use core::ptr::{NonNull, null_mut};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd};
use std::os::unix::fs::FileExt;

use crate::sync::Word;

/// What `/proc` shows.
const NAME: &CStr = c"untorn";

/// The length is for ever: nobody can cut memory away under a mapping, nor take the seals off.
const SEALS: libc::c_int = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;

/// The pages of a memory object or a file, from its first byte on.
///
/// Invariant P1: from `start` on, `len` bytes are mapped for reading and writing until this is dropped,
/// and no reference to them exists but to atomic types. They are initialised: pages of a file are.
pub(crate) struct Mapping {
    start: NonNull<u8>,
    len: usize,
    file: File,
}

// SAFETY: by P1 the bytes are shared as atomic words alone.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// A new memory object of `len` zeroed bytes and a tail, which never changes its length.
    pub(crate) fn sealed(len: usize, tail: &[u8]) -> io::Result<Self> {
        // Mapped first, while it is empty: a length that no process has room for is refused before it
        // takes any memory.
        let mapping = Self::whole(memory_object()?, len + tail.len())?;
        // Written and not only made longer: a page that has no memory behind it would be looked for at the
        // first access, and if there was none, the process that accesses it would be killed. All
        // systems can write; not all can allocate the pages of such an object.
        let zeros = [0; 1 << 14];
        let mut end = 0;
        while end < len {
            let size = zeros.len().min(len - end);
            mapping.file.write_all_at(&zeros[..size], end as u64)?;
            end += size;
        }
        mapping.file.write_all_at(tail, len as u64)?;
        // SAFETY: the call takes no pointers.
        check(unsafe { libc::fcntl(mapping.file.as_raw_fd(), libc::F_ADD_SEALS, SEALS) })?;
        Ok(mapping)
    }

    /// Whether the length of what is behind the descriptor can never change.
    pub(crate) fn is_sealed(fd: BorrowedFd<'_>) -> io::Result<bool> {
        const LENGTH: libc::c_int = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW;
        // SAFETY: the call takes no pointers.
        match check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GET_SEALS) }) {
            Ok(seals) => Ok(seals & LENGTH == LENGTH),
            // Not a memory object, and so without seals.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Maps the first `len` bytes of the file, which has that many before they are used.
    pub(crate) fn whole(file: File, len: usize) -> io::Result<Self> {
        // SAFETY: a new mapping at a place that the kernel chooses touches no memory of ours.
        let start = unsafe {
            libc::mmap(
                null_mut(),
                len,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { start, len, file })
    }

    /// How many bytes are mapped.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The `count` words from `offset` on.
    ///
    /// # Safety
    ///
    /// They end within the mapping and within what is behind it, `offset` is aligned for them, and this
    /// process uses none of their bytes as a word of another width through this mapping.
    #[inline(always)]
    pub(crate) unsafe fn words<W: Word>(&self, offset: usize, count: usize) -> &[W] {
        // SAFETY: within the mapping, as the caller promises.
        let first = unsafe { self.start.add(offset) }.cast::<W>();
        // SAFETY: mapped as long as `self` lives and initialised (P1: each pattern of bits is a value of
        // an integer), aligned and of one width as the caller promises. Atomics may be changed behind
        // shared references.
        unsafe { core::slice::from_raw_parts(first.as_ptr(), count) }
    }
}

impl AsFd for Mapping {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: by P1, and whoever borrowed words borrowed `self`. Should it fail, the pages stay.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// An empty memory object that takes seals, and that no program started later inherits.
fn memory_object() -> io::Result<File> {
    const FLAGS: libc::c_uint = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // Where an administrator demands it, memory must say that it is not to be executed. Older kernels
    // do not know the flag, and refuse it.
    #[cfg(target_os = "linux")]
    let attempts = [FLAGS | libc::MFD_NOEXEC_SEAL, FLAGS];
    #[cfg(not(target_os = "linux"))]
    let attempts = [FLAGS];
    let mut refused = io::Error::from(io::ErrorKind::Unsupported);
    for flags in attempts {
        match create(flags) {
            // SAFETY: the descriptor is new and nobody else's.
            Ok(fd) => return Ok(unsafe { File::from_raw_fd(fd) }),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// By its number, since the C library may be older than the call.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn create(flags: libc::c_uint) -> io::Result<libc::c_int> {
    // SAFETY: the name is a C string.
    let fd = unsafe { libc::syscall(libc::SYS_memfd_create, NAME.as_ptr(), flags) };
    // A descriptor fits, and so does -1.
    check(fd as libc::c_int)
}

#[cfg(target_os = "freebsd")]
fn create(flags: libc::c_uint) -> io::Result<libc::c_int> {
    // SAFETY: the name is a C string.
    check(unsafe { libc::memfd_create(NAME.as_ptr(), flags) })
}

/// The result of a system call that returns -1 when it failed.
fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}
