//! A buffer that several processes have mapped.

use alloc::vec::Vec;
use core::error::Error;
use core::fmt;
use core::time::Duration;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::time::Instant;

use super::buffer::SharedBuffer;
use super::field::{SharedInteger, sealed::FieldType};
use super::layout::Layout;
use super::memory::{Memory, sealed};
use super::view::View;
use crate::sync::users::AtomicU32;
use crate::sync::{CLAIMS_END, Claim, Mapping, Tracks, Word};
use crate::wait::Outcome;
use crate::wait::raw::shared;

/// Memory that several processes have mapped. Linux, Android and FreeBSD, on 64-bit machines.
///
/// ```no_run
/// use untorn::SharedBuffer;
/// use untorn::shared::{Layout, Mapped};
///
/// let buffer: SharedBuffer<Mapped> = SharedBuffer::memfd(Layout::with_len(4096).build())?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Mapped(Mapping);

/// What stands behind the last byte of the layout in a memory object: the layout as text, and at the very
/// end what finds it. Behind and not before, so that fields are where the table says. It is written
/// before anybody else has the descriptor, and read by the system's calls alone, so it is no part of
/// the memory that is accessed atomically.
struct Trailer {
    bytes: Vec<u8>,
}

impl Trailer {
    /// "untorn", and the version of this arrangement.
    const MAGIC: [u8; 8] = *b"untorn\0\x02";
    /// How long the layout is, how long its text, and the magic.
    const FOOT: usize = 2 * size_of::<u64>() + Self::MAGIC.len();

    fn of(layout: &Layout) -> Self {
        let mut bytes = layout.canonical().into_bytes();
        let text = bytes.len();
        for length in [layout.len(), text] {
            bytes.extend((length as u64).to_le_bytes());
        }
        bytes.extend(Self::MAGIC);
        Self { bytes }
    }

    /// Whether the file is a buffer of this very layout.
    fn check(&self, file: &File, layout: &Layout) -> Result<(), AttachError> {
        let read =
            |bytes: &mut [u8], at| file.read_exact_at(bytes, at).map_err(AttachError::System);
        let end = length(file)?;
        let Some(at) = end.checked_sub(Self::FOOT as u64) else {
            return Err(AttachError::OtherLayout);
        };
        let mut foot = [0; Self::FOOT];
        read(&mut foot, at)?;
        let found = u64::from_le_bytes(core::array::from_fn(|index| foot[index]));
        if !foot.ends_with(&Self::MAGIC) {
            return Err(AttachError::OtherLayout);
        }
        let expected = layout.len();
        if found != expected as u64 {
            return Err(AttachError::OtherLength { found, expected });
        }
        if end != (expected + self.bytes.len()) as u64 {
            return Err(AttachError::OtherLayout);
        }
        let mut bytes = alloc::vec![0; self.bytes.len()];
        read(&mut bytes, found)?;
        if bytes == self.bytes { Ok(()) } else { Err(AttachError::OtherLayout) }
    }
}

impl SharedBuffer<Mapped> {
    /// A buffer in a new memory object, all zero, whose length is sealed: nobody can cut it off under
    /// those who have it mapped. Its memory is taken at once, and not page by page when it is used:
    /// where there is none left, that is an error here and not a signal later.
    ///
    /// Other processes attach to it with [`from_fd`](Self::from_fd), once they have its descriptor: as an
    /// input of a child (`Stdio::from`), or sent over a Unix socket. Of those that get it something is
    /// [assumed](crate::shared#what-is-assumed-of-other-processes). The memory is freed with the last
    /// mapping and the last descriptor.
    ///
    /// # Errors
    ///
    /// If the system has no memory or descriptor left, or refuses.
    ///
    /// ```
    /// # if cfg!(miri) { return Ok(()); }
    /// use std::os::fd::AsFd;
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// let mut layout = Layout::builder();
    /// let counter = layout.field::<i32>("counter")?;
    /// let layout = layout.build();
    /// let ours = SharedBuffer::memfd(layout.clone())?;
    /// let theirs = SharedBuffer::from_fd(ours.as_fd().try_clone_to_owned()?, layout)?;
    /// theirs.view(counter).add(1);
    /// assert_eq!(ours.view(counter).load(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "memfd_create")]
    pub fn memfd(layout: Layout) -> io::Result<Self> {
        let mapping = Mapping::sealed(layout.len(), &Trailer::of(&layout).bytes)?;
        Ok(Self::over(layout, Mapped(mapping)))
    }

    /// Attaches to a buffer that [`memfd`](Self::memfd) made, here or in another process.
    ///
    /// Demands that the length is sealed, and that the layout is the one that the buffer was made with:
    /// the same length, names, types and offsets, compared one by one. Of all who have the descriptor
    /// something is [assumed](crate::shared#what-is-assumed-of-other-processes) that cannot be checked.
    ///
    /// # Errors
    ///
    /// If it is not such a buffer, or the system refuses.
    ///
    /// ```
    /// use std::fs::File;
    /// use untorn::SharedBuffer;
    /// use untorn::shared::{AttachError, Layout};
    ///
    /// # if cfg!(miri) { return Ok(()); }
    /// let file = File::open("/dev/null")?;
    /// let attached = SharedBuffer::from_fd(file, Layout::with_len(16).build());
    /// assert!(matches!(attached, Err(AttachError::NotSealed)));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn from_fd(fd: impl Into<OwnedFd>, layout: Layout) -> Result<Self, AttachError> {
        let file = File::from(fd.into());
        // Before the length is looked at: afterwards it cannot change.
        if !Mapping::is_sealed(file.as_fd()).map_err(AttachError::System)? {
            return Err(AttachError::NotSealed);
        }
        let trailer = Trailer::of(&layout);
        trailer.check(&file, &layout)?;
        let whole = layout.len() + trailer.bytes.len();
        let mapping = Mapping::whole(file, whole).map_err(AttachError::System)?;
        Ok(Self::over(layout, Mapped(mapping)))
    }

    /// Maps the first bytes of any file that can be mapped: one in `/dev/shm`, or a memory object of a
    /// program in another language. Nothing but its length is looked at.
    ///
    /// # Safety
    ///
    /// As long as a handle of the buffer lives,
    ///
    /// * nobody makes the file shorter than the layout: an access to what was cut off kills the process
    ///   (`SIGBUS`);
    /// * each page of it can be had when it is accessed, or the same happens: no holes, which are filled only
    ///   then and for which there may be no space, as after `set_len` alone on a disk or in `/dev/shm` that
    ///   fills up; no device or network that fails to read it;
    /// * nobody writes to those bytes but by atomic operations of the width that the layout gives them, as
    ///   `write(2)` and plain stores are not. That goes for every mapping of them, in this process and in
    ///   others.
    ///
    /// # Errors
    ///
    /// If the file is shorter than the layout, or the system refuses.
    ///
    /// ```
    /// use std::fs::File;
    /// use untorn::SharedBuffer;
    /// use untorn::shared::Layout;
    ///
    /// # if cfg!(miri) { return Ok(()); }
    /// let path = std::env::temp_dir().join(format!("untorn-doc-{}", std::process::id()));
    /// let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    /// std::io::Write::write_all(&mut &file, &[0; 1024])?; // and not `set_len`, which leaves a hole
    ///
    /// let mut layout = Layout::with_len(1024);
    /// let hits = layout.field::<u64>("hits")?;
    /// // SAFETY: nobody else knows the file, and all of it has its place.
    /// let buffer = unsafe { SharedBuffer::from_file(file, layout.build())? };
    /// assert_eq!(buffer.view(hits).add(1), 0);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub unsafe fn from_file(file: File, layout: Layout) -> Result<Self, AttachError> {
        let (found, expected) = (length(&file)?, layout.len());
        if found < expected as u64 {
            return Err(AttachError::OtherLength { found, expected });
        }
        // No system maps nothing.
        let mapping = Mapping::whole(file, expected.max(1)).map_err(AttachError::System)?;
        Ok(Self::over(layout, Mapped(mapping)))
    }
}

fn length(file: &File) -> Result<u64, AttachError> {
    Ok(file.metadata().map_err(AttachError::System)?.len())
}

/// The descriptor of the memory, to give to another process, of which something is
/// [assumed](crate::shared#what-is-assumed-of-other-processes): it must not be written to, nor mapped for
/// plain accesses.
impl AsFd for SharedBuffer<Mapped> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inner.memory.0.as_fd()
    }
}

impl fmt::Debug for Mapped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapped").field("len", &self.0.len()).finish_non_exhaustive()
    }
}

impl Memory for Mapped {}

impl sealed::Memory for Mapped {
    #[inline(always)]
    unsafe fn words<W: Word>(&self, offset: usize, count: usize) -> &[W] {
        // SAFETY: the mapping is at least as long as the layout, whose rows are aligned and do not overlap
        // (I1, I2); the caller promises that this is one of them. What is behind it is as long: sealed,
        // or promised by the caller of `from_file`.
        unsafe { self.0.words(offset, count) }
    }

    fn sleep(word: &AtomicU32, expected: u32, deadline: Option<Instant>) -> Outcome {
        shared::wait(word, expected, deadline.map(left_until))
    }

    fn wake_one(word: &AtomicU32) {
        shared::wake(word, 1);
    }

    type Claim = Claim;
    const CLAIMS_END: bool = CLAIMS_END;
    /// Who waits for a process that has died is told within this time. A look at the lock takes less than
    /// a microsecond, so that five in a second are nothing.
    const SLICE: Option<Duration> = Some(Duration::from_millis(200));

    fn claim(&self, byte: usize) -> io::Result<Option<Claim>> {
        Claim::take(self.0.as_fd(), byte)
    }

    fn is_claimed(claim: &Claim, byte: usize) -> bool {
        claim.is_held(byte)
    }

    fn tracks(&self, _: usize) -> &Tracks {
        Tracks::NONE
    }
}

fn left_until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// The integers that processes can wait for: the kernel compares 32 bits. Sealed.
///
/// ```compile_fail,E0277
/// use untorn::shared::{Field, Mapped, SharedBuffer};
///
/// fn wait(buffer: &SharedBuffer<Mapped>, wide: Field<u64>) {
///     let _ = buffer.view(wide).wait(0);
/// }
/// ```
///
/// ```
/// use untorn::shared::{Field, Mapped, SharedBuffer};
///
/// fn wait(buffer: &SharedBuffer<Mapped>, word: Field<u32>) {
///     let _ = buffer.view(word).wait(0);
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "processes cannot wait for `{Self}`",
    label = "not 32 bits wide",
    note = "the kernel compares and sleeps on words of 32 bits: wait for an `i32` or a `u32`"
)]
pub trait ProcessWaitable:
    SharedInteger + FieldType<Word = <Self as SharedInteger>::Atomic>
{
    /// The word as the kernel sees it.
    #[doc(hidden)]
    fn kernel_word(word: &Self::Atomic) -> &AtomicU32;
    /// The value as the kernel sees it.
    #[doc(hidden)]
    fn kernel_value(self) -> u32;
}

impl ProcessWaitable for u32 {
    fn kernel_word(word: &Self::Atomic) -> &AtomicU32 {
        word
    }

    fn kernel_value(self) -> u32 {
        self
    }
}

impl ProcessWaitable for i32 {
    fn kernel_word(word: &Self::Atomic) -> &AtomicU32 {
        // SAFETY: an atomic of the same width, whose bits are a value of both, alive as long as `word`.
        unsafe { AtomicU32::from_ptr(word.as_ptr().cast()) }
    }

    fn kernel_value(self) -> u32 {
        u32::from_ne_bytes(self.to_ne_bytes())
    }
}

impl<T: ProcessWaitable> View<'_, T, Mapped> {
    /// Sleeps while it holds `expected`, until somebody in any process notifies it. Blocking.
    ///
    /// By the kernel's futex, which is less exact than the waits of a buffer on the heap:
    /// [`Outcome::Woken`] may have no reason but a signal, and a process that dies just woken takes the
    /// wake with it. So look at the value again, and where processes may die, wait with a timeout.
    ///
    /// ```
    /// use untorn::wait::Outcome;
    ///
    /// # if cfg!(miri) { return Ok(()); }
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::memfd(layout.build())?;
    /// let ready = buffer.view(field);
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| {
    ///         ready.store(1);
    ///         ready.notify(1);
    ///     });
    ///     while ready.load() == 0 {
    ///         let _: Outcome = ready.wait(0);
    ///     }
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait(self, expected: T) -> Outcome {
        shared::wait(T::kernel_word(self.atomic()), expected.kernel_value(), None)
    }

    /// [`wait`](Self::wait) for at most `timeout`. Blocking.
    ///
    /// ```
    /// use std::time::Duration;
    /// use untorn::wait::Outcome;
    ///
    /// # if cfg!(miri) { return Ok(()); }
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::memfd(layout.build())?;
    /// assert_eq!(buffer.view(field).wait_timeout(1, Duration::from_secs(60)), Outcome::NotEqual);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_timeout(self, expected: T, timeout: Duration) -> Outcome {
        shared::wait(T::kernel_word(self.atomic()), expected.kernel_value(), Some(timeout))
    }

    /// [`wait`](Self::wait) until `deadline` at the latest. Blocking.
    ///
    /// ```
    /// use std::time::Instant;
    /// use untorn::wait::Outcome;
    ///
    /// # if cfg!(miri) { return Ok(()); }
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::memfd(layout.build())?;
    /// assert_eq!(buffer.view(field).wait_deadline(1, Instant::now()), Outcome::NotEqual);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wait_deadline(self, expected: T, deadline: Instant) -> Outcome {
        self.wait_timeout(expected, left_until(deadline))
    }

    /// Wakes up to `n` who wait for it, in all processes; how many, or `None` where the system does not
    /// say (FreeBSD). Costs a system call.
    ///
    /// ```
    /// # if cfg!(miri) { return Ok(()); }
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::memfd(layout.build())?;
    /// assert_ne!(buffer.view(field).notify(1), Some(1)); // nobody waits
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::must_use_candidate, reason = "few count whom they woke")]
    pub fn notify(self, n: usize) -> Option<usize> {
        shared::wake(T::kernel_word(self.atomic()), n)
    }

    /// Wakes all who wait for it, in all processes. As [`notify`](Self::notify).
    ///
    /// ```
    /// # if cfg!(miri) { return Ok(()); }
    /// # let mut layout = untorn::shared::Layout::builder();
    /// # let field = layout.field::<i32>("ready")?;
    /// # let buffer = untorn::SharedBuffer::memfd(layout.build())?;
    /// assert_ne!(buffer.view(field).notify_all(), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[expect(clippy::must_use_candidate, reason = "few count whom they woke")]
    pub fn notify_all(self) -> Option<usize> {
        self.notify(usize::MAX)
    }
}

/// Why a process cannot attach to memory.
///
/// ```
/// let error = untorn::shared::AttachError::OtherLength { found: 16, expected: 48 };
/// assert_eq!(error.to_string(), "the memory has 16 bytes where the layout needs 48");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum AttachError {
    /// Its length could change under a mapping.
    NotSealed,
    /// Its length is not that of the layout. What stands behind the fields of a memory object, for
    /// `from_fd` to compare, counts in neither number.
    OtherLength {
        /// How many bytes there are.
        found: u64,
        /// How many there must be: at least, for a file.
        expected: usize,
    },
    /// It was made with another layout, or not as such a buffer at all.
    OtherLayout,
    /// The system refused.
    System(io::Error),
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSealed => f.write_str("the length of the memory is not sealed"),
            Self::OtherLength { found, expected } => {
                write!(f, "the memory has {found} bytes where the layout needs {expected}")
            }
            Self::OtherLayout => f.write_str("the memory was not made with this layout"),
            Self::System(error) => write!(f, "the memory cannot be mapped: {error}"),
        }
    }
}

impl Error for AttachError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::System(error) => Some(error),
            _ => None,
        }
    }
}
