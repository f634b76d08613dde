//! What the shapes of publication share: one thread writes numbers, others read them.

use std::hint::black_box;
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use super::{Patience, Sample, TURNS, together};
use crate::crew::{Crew, Part, Stop, pace};

/// The number that all words of a value hold.
pub(crate) fn whole<const W: usize>(value: &[u64; W]) -> Result<u64, String> {
    if value.iter().all(|&word| word == value[0]) {
        Ok(value[0])
    } else {
        Err(format!("a read was torn: {value:?}"))
    }
}

/// How a contract writes a number and reads one.
pub(super) struct Means<R, W> {
    pub(super) read: R,
    pub(super) write: W,
}

impl<R, W> Means<R, W> {
    /// Where nothing runs beside it, what was written is read.
    pub(super) fn alone<Reader, Writer>(
        &self,
        writer: &mut Writer,
        reader: &mut Reader,
    ) -> Result<(), String>
    where
        R: Fn(&mut Reader) -> Result<u64, String>,
        W: Fn(&mut Writer, u64),
    {
        const WRITES: u64 = 100;
        if (self.read)(reader)? != 0 {
            return Err("a new cell does not hold its value".to_owned());
        }
        for k in 1..=WRITES {
            (self.write)(writer, k);
            self.read_back(reader, k)?;
        }
        Ok(())
    }

    fn read_back<Reader>(&self, reader: &mut Reader, written: u64) -> Result<(), String>
    where
        R: Fn(&mut Reader) -> Result<u64, String>,
    {
        let seen = (self.read)(reader)?;
        if seen == written {
            Ok(())
        } else {
            Err(format!("{written} was written, and {seen} read back"))
        }
    }

    /// One writer, with a reader of its own if there are three, beside threads that read.
    pub(super) fn between_threads<Reader: Send, Writer: Send>(
        &self,
        writer: Writer,
        mut readers: Vec<Reader>,
        operations: u64,
    ) -> Result<(), String>
    where
        R: Fn(&mut Reader) -> Result<u64, String> + Sync,
        W: Fn(&mut Writer, u64) + Sync,
    {
        let all_written = AtomicBool::new(false);
        let given_up = AtomicBool::new(false);
        let own = if readers.len() > 2 { readers.pop() } else { None };
        let threads = 1 + readers.len();
        let ends = Mutex::new((Some((writer, own)), readers));
        let ends = || ends.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        together(threads, |index| {
            let result = if index == 0 {
                let (mut writer, mut own) = ends().0.take().ok_or("the writing end is taken")?;
                let written = self.write_all(&mut writer, own.as_mut(), operations, &given_up);
                all_written.store(true, Release);
                written
            } else {
                let mut reader = ends().1.pop().ok_or("the reading ends are taken")?;
                self.read_until_done(&mut reader, operations, &all_written)
            };
            if result.is_err() {
                given_up.store(true, Relaxed);
            }
            result
        })
    }

    fn write_all<Reader, Writer>(
        &self,
        writer: &mut Writer,
        mut own: Option<&mut Reader>,
        operations: u64,
        given_up: &AtomicBool,
    ) -> Result<(), String>
    where
        R: Fn(&mut Reader) -> Result<u64, String>,
        W: Fn(&mut Writer, u64),
    {
        /// How often the writer reads its own value back.
        const WRITES_PER_LOOK: u64 = 16;
        for k in 1..=operations {
            (self.write)(writer, k);
            if k % WRITES_PER_LOOK == 0 {
                if let Some(reader) = own.as_deref_mut() {
                    self.read_back(reader, k)?;
                }
                // On one core the readers would otherwise see the last value alone.
                thread::yield_now();
            }
            if given_up.load(Relaxed) {
                break;
            }
        }
        Ok(())
    }

    fn read_until_done<Reader>(
        &self,
        reader: &mut Reader,
        last: u64,
        all_written: &AtomicBool,
    ) -> Result<(), String>
    where
        R: Fn(&mut Reader) -> Result<u64, String>,
    {
        let mut before = 0;
        let mut patience = Patience::new();
        loop {
            // Looked at before the read: all that was written must be there for it.
            let all_written = all_written.load(Acquire);
            let seen = (self.read)(reader)?;
            if seen < before {
                return Err(format!("a reader saw {before} and later {seen}"));
            }
            if all_written {
                return if seen == last {
                    Ok(())
                } else {
                    Err(format!("after the last write, of {last}, a reader saw {seen}"))
                };
            }
            if seen != before {
                patience = Patience::new();
            }
            before = seen;
            patience.pause("a reader sees no new value")?;
        }
    }
}

/// Every reader reads that often, while the writer, if there is one, writes about a million times a
/// second.
pub(super) fn time_reads<Reader: Send, Writer: Send>(
    readers: Vec<Reader>,
    writer: Option<Writer>,
    each: u64,
    crew: &Crew,
    read: impl Fn(&mut Reader) + Copy + Send,
    write: impl Fn(&mut Writer, u64) + Send,
) -> Duration {
    let reading = |reader: Reader| {
        // Padded: two readers that keep something in their handles must not share a cache line.
        let mut reader = CachePadded::new(reader);
        Part::counted(move || {
            let reader: &mut Reader = &mut reader;
            (0..each).for_each(|_| read(reader));
        })
    };
    let writing = |writer: Writer| {
        let mut writer = CachePadded::new(writer);
        Part::background(move |stop: &Stop| {
            let writer: &mut Writer = &mut writer;
            let mut k = 0;
            while !stop.asked() {
                k += 1;
                write(writer, k);
                pace();
            }
        })
    };
    let mut parts: Vec<Part<'_>> = readers.into_iter().map(reading).collect();
    parts.extend(writer.map(writing));
    crew.time(parts)
}

/// One thread writes that often, while every reader reads without pause. Readers stay if they do
/// not read.
///
/// Where the threads outnumber the cores, the writer goes on until all of them had their turns: what
/// it does in a single turn says nothing about the others.
pub(super) fn time_writes<Reader: Send, Writer: Send, T>(
    writer: Writer,
    readers: Vec<Reader>,
    each: u64,
    crew: &Crew,
    write: impl Fn(&mut Writer, u64) + Send,
    read: impl Fn(&mut Reader) -> T + Copy + Send,
) -> Sample {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let in_turns = readers.len() >= cores;
    let mut written = each;
    let count = &mut written;
    let mut writer = CachePadded::new(writer);
    let mut parts = vec![Part::counted(move || {
        let writer: &mut Writer = &mut writer;
        if in_turns {
            *count = write_in_turns(each, |k| write(writer, k));
        } else {
            (0..each).for_each(|k| write(writer, k));
        }
    })];
    parts.extend(readers.into_iter().map(|reader| {
        let mut reader = CachePadded::new(reader);
        Part::background(move |stop: &Stop| {
            let reader: &mut Reader = &mut reader;
            while !stop.asked() {
                black_box(read(reader));
            }
        })
    }));
    let elapsed = crew.time(parts);
    Sample { elapsed, lanes: vec![written] }
}

/// Writes for some turns of the scheduler, and that often unless it takes much longer. Returns how
/// often it wrote.
fn write_in_turns(each: u64, mut write: impl FnMut(u64)) -> u64 {
    /// How often it writes before it looks at the clock again.
    const BETWEEN_LOOKS: u64 = 16;
    let begun = Instant::now();
    let mut written = 0;
    loop {
        for _ in 0..BETWEEN_LOOKS.min(each) {
            write(written);
            written += 1;
        }
        let so_far = begun.elapsed();
        if so_far > 4 * TURNS || so_far > TURNS && written >= each {
            return written;
        }
    }
}
