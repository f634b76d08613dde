//! file -> parse -> compress -> socket: four threads, three pipes, and as much memory for a gigabyte as for a
//! megabyte. Each stage is plain code over `Read`, `BufRead` and `Write`.
//!
//! `cargo run --release --example pipeline` makes its own log file, and `-- FILE` takes one. A thread of this
//! program is the other end of the socket; what arrives there is checked against a plain loop over the
//! file.

use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process;
use std::thread;
use std::time::Instant;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use indicatif::{ProgressBar, ProgressStyle};
use untorn::pipe::{Reader, Writer, pipe};

const CAPACITY: usize = 1 << 16;

/// How large a file to make. Without optimisation, compressing takes its time.
const OWN_SIZE: u64 = if cfg!(debug_assertions) { 2 << 20 } else { 128 << 20 };

/// `1718000000123 WARN checkout 4711`: when, how bad, who, and how long it took in microseconds.
struct Record<'a> {
    at: u64,
    level: Level,
    service: &'a str,
    micros: u32,
}

#[derive(PartialEq, Debug)]
enum Level {
    Info,
    Warn,
    Error,
}

impl<'a> Record<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let at = fields.next()?.parse().ok()?;
        let level = match fields.next()? {
            "INFO" => Level::Info,
            "WARN" => Level::Warn,
            "ERROR" => Level::Error,
            _ => return None,
        };
        let (service, micros) = (fields.next()?, fields.next()?.parse().ok()?);
        Some(Self { at, level, service, micros })
    }

    fn is_worth_keeping(&self) -> bool {
        self.level != Level::Info || self.micros > 10_000
    }
}

#[derive(Default, PartialEq, Debug)]
struct Counts {
    records: u64,
    kept: u64,
    malformed: u64,
}

/// The second stage: lines to records, and those that matter to lines of another form.
fn select(lines: &mut impl BufRead, kept: &mut impl Write) -> io::Result<Counts> {
    let (mut counts, mut line) = (Counts::default(), String::new());
    while lines.read_line(&mut line)? != 0 {
        match Record::parse(&line) {
            None => counts.malformed += 1,
            Some(record) => {
                counts.records += 1;
                if record.is_worth_keeping() {
                    let Record { at, level, service, micros } = record;
                    writeln!(kept, "{service}\t{micros}\t{level:?}\t{at}")?;
                    counts.kept += 1;
                }
            }
        }
        line.clear();
    }
    kept.flush()?;
    Ok(counts)
}

/// The length of what is written to it, and a checksum.
#[derive(Default)]
struct Digest(flate2::Crc);

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Digest {
    fn of(mut stream: impl Read) -> io::Result<(u32, u32)> {
        let mut digest = Self::default();
        io::copy(&mut stream, &mut digest)?;
        Ok(digest.value())
    }

    fn value(&self) -> (u32, u32) {
        (self.0.amount(), self.0.sum())
    }
}

/// Reads the file. Whoever reads from the pipe learns of an error here.
fn read_file(mut file: impl Read, mut lines: Writer) {
    if let Err(error) = lines.fill_from(&mut file) {
        lines.close_with_error(error);
    }
}

/// An error, of this stage or of one before, goes on to the next.
fn parse(mut lines: Reader, mut kept: Writer) -> io::Result<Counts> {
    let counts = select(&mut lines, &mut BufWriter::new(&mut kept));
    if let Err(error) = &counts {
        kept.close_with_error(error.kind().into());
    }
    counts
}

fn compress(mut kept: Reader, compressed: Writer) -> io::Result<()> {
    let mut encoder = GzEncoder::new(compressed, Compression::fast());
    let drained = kept.drain_to(&mut encoder);
    if let Err(error) = &drained {
        // First of all: the encoder writes the end of its stream when it is dropped.
        encoder.get_mut().close_with_error(error.kind().into());
    }
    drained.and_then(|_| encoder.finish()).map(drop)
}

/// All stages; what the second one counted, and how many bytes went over the socket.
fn run(path: &Path, bar: &ProgressBar, socket: &mut TcpStream) -> io::Result<(Counts, u64)> {
    let file = bar.wrap_read(File::open(path)?);
    let (lines_in, lines_out) = pipe(CAPACITY);
    let (kept_in, kept_out) = pipe(CAPACITY);
    let (compressed_in, mut compressed_out) = pipe(CAPACITY);
    thread::scope(|scope| {
        scope.spawn(|| read_file(file, lines_in));
        let counts = scope.spawn(|| parse(lines_out, kept_in));
        let compressed = scope.spawn(|| compress(kept_out, compressed_in));
        let sent = compressed_out.drain_to(socket);
        let counts = counts.join().expect("no panic")?;
        compressed.join().expect("no panic")?;
        Ok((counts, sent?))
    })
}

/// Accepts one connection; the digest of what it receives, decompressed.
fn serve(listener: &TcpListener) -> io::Result<(u32, u32)> {
    let (socket, _) = listener.accept()?;
    Digest::of(GzDecoder::new(socket))
}

/// A file of about `size` bytes, the same each time.
fn make_log(path: &Path, size: u64) -> io::Result<()> {
    let mut log = BufWriter::new(File::create(path)?);
    let (mut at, mut written, mut chance) = (1_718_000_000_000_u64, 0, 1_u64);
    while written < size {
        chance =
            chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = chance >> 33;
        at += random % 5;
        let level = ["INFO", "INFO", "INFO", "WARN", "INFO", "ERROR"][(random % 6) as usize];
        let service = ["cart", "checkout", "search", "login"][(random / 8 % 4) as usize];
        let line = match random % 1_000 {
            0 => "-- rotated --\n".to_owned(),
            _ => format!("{at} {level} {service} {}\n", random / 64 % 12_000),
        };
        log.write_all(line.as_bytes())?;
        written += line.len() as u64;
    }
    log.flush()
}

/// The most memory that this process had so far, in KiB, where the system says so.
fn peak_memory() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// A file of ours, which goes when this is dropped.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = fs::remove_file(&self.0);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (path, _temporary) = match env::args_os().nth(1) {
        Some(path) => (PathBuf::from(path), None),
        None => {
            let path = env::temp_dir().join(format!("untorn-pipeline-{}.log", process::id()));
            let temporary = Temporary(path.clone());
            make_log(&path, OWN_SIZE)?;
            (path, Some(temporary))
        }
    };
    let size = fs::metadata(&path)?.len();
    let bar = ProgressBar::new(size).with_style(ProgressStyle::with_template(
        "{bar:40} {bytes}/{total_bytes} {binary_bytes_per_sec} {msg}",
    )?);

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let mut socket = TcpStream::connect(address)?;
    let (before, start) = (peak_memory(), Instant::now());
    let (result, received) = thread::scope(|scope| {
        let received = scope.spawn(|| serve(&listener));
        let result = run(&path, &bar, &mut socket);
        // The end, for the other side.
        drop(socket);
        (result, received.join().expect("no panic"))
    });
    let ((counts, sent), received) = (result?, received?);
    let (after, elapsed) = (peak_memory(), start.elapsed());
    bar.finish_with_message("done");

    println!("read:       {size} bytes");
    println!("records:    {}, of which {} kept", counts.records, counts.kept);
    println!("malformed:  {}", counts.malformed);
    println!("sent:       {sent} bytes, compressed from {}", received.0);
    println!("time:       {elapsed:.1?}");
    if let (Some(before), Some(after)) = (before, after) {
        println!(
            "memory:     {} KiB more than before, three pipes of 64 KiB among them",
            after - before
        );
    }

    // The same without threads, pipes, compression and sockets.
    let mut expected = Digest::default();
    let plain = select(&mut BufReader::new(File::open(&path)?), &mut expected)?;
    if (&plain, expected.value()) != (&counts, received) {
        return Err("what arrived is not what a plain loop finds".into());
    }
    println!("checked:    what arrived is what a plain loop over the file finds");
    Ok(())
}
