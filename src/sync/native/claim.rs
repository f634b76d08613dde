//! A lock on one byte of a file that the system releases when its holder dies: Linux and Android.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::process;

/// The lock on one byte. It is advisory: it keeps nobody from the byte, but from the lock.
///
/// It belongs to an open file description that nobody else opens, so it is released when the process ends,
/// however it ends; and it excludes others in this process as well. It is released too when this is
/// dropped, but not when the copy is that a forked child has.
#[derive(Debug)]
pub struct Claim {
    file: File,
    byte: usize,
    /// The process that took it.
    owner: u32,
}

/// Whether a claim ends with its holder.
pub(crate) const CLAIMS_END: bool = true;

impl Claim {
    /// Takes the lock on `byte` of what is behind the descriptor; `None` if somebody has it.
    pub(crate) fn take(fd: BorrowedFd<'_>, byte: usize) -> io::Result<Option<Self>> {
        // Opened anew: a copy of the descriptor, which is how another process gets the memory, would be of
        // the same description, and so of the same owner.
        let path = std::format!("/proc/self/fd/{}", fd.as_raw_fd());
        let file = File::options().read(true).write(true).open(path)?;
        match call(&file, libc::F_OFD_SETLK, &mut lock(libc::F_WRLCK, byte)) {
            Ok(()) => Ok(Some(Self { file, byte, owner: process::id() })),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN | libc::EACCES) => Ok(None),
                _ => Err(error),
            },
        }
    }

    /// Whether another claim on `byte` of the same file is held; also if the system does not say.
    pub(crate) fn is_held(&self, byte: usize) -> bool {
        let mut lock = lock(libc::F_WRLCK, byte);
        // A system that took the lock can look for one; if not, nobody is declared dead.
        let asked = call(&self.file, libc::F_OFD_GETLK, &mut lock);
        asked.is_err() || lock.l_type != libc::F_UNLCK as libc::c_short
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // A forked child shares the description, and with it the lock, which is still its parent's.
        if process::id() == self.owner {
            // That the file is closed is not enough: between `fork` and `exec` each child that any thread starts
            // has a copy of the descriptor, and the lock lasts as long as one of them.
            // A system that took the lock gives it back.
            _ = call(&self.file, libc::F_OFD_SETLK, &mut lock(libc::F_UNLCK, self.byte));
        }
    }
}

/// That kind of lock on one byte.
fn lock(kind: libc::c_int, byte: usize) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        // Within a mapping, so it is in range.
        l_start: byte as libc::off_t,
        l_len: 1,
        // As fcntl(2) demands.
        l_pid: 0,
    }
}

fn call(file: &File, operation: libc::c_int, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the pointer is to a lock that outlives the call.
    let done = unsafe { libc::fcntl(file.as_raw_fd(), operation, core::ptr::from_mut(lock)) };
    if done == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
