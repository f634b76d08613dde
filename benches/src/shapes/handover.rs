//! A thread makes 1 MiB of data at a time, and another looks at all of it: cloned on the way, moved, or
//! made and looked at in a queue that both share.
//!
//! Contract: every word comes in its order, and none is lost.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use crossbeam_utils::CachePadded;

use super::{ALWAYS, Contender, PATIENCE, Regime, Sample, Shape, together, within};
use crate::crew::{Crew, Part};

/// How many words are handed over at a time: 1 MiB.
pub const WORDS: usize = 1024 * 1024 / size_of::<u64>();

/// How many words are made at a time where they are made in a queue: 8 KiB.
pub const PIECE: usize = 1024;
/// How many words such a queue has room for: 64 KiB.
pub const ROOM: usize = 8 * PIECE;

/// A way for [`WORDS`] words from one thread to one other.
pub trait Handover: 'static {
    /// As shown in tables.
    const NAME: &'static str;
    /// The crate it comes from, or `std`.
    const PACKAGE: &'static str;

    /// The end that makes the data.
    type Tx: Send;
    /// The end that looks at it.
    type Rx: Send;

    /// A way with nothing on it.
    fn ends() -> (Self::Tx, Self::Rx);
    /// Makes the words in one place after the other, and hands them over.
    fn send(tx: &mut Self::Tx, make: impl FnMut(&mut [u64]));
    /// Waits for the words, and looks at them in their order.
    fn receive(rx: &mut Self::Rx, look: impl FnMut(&[u64]));
}

const REGIMES: &[Regime] = &[Regime::of_lanes(
    1,
    "1MiB",
    "How long does 1 MiB take from the thread that makes it to the one that looks at it?",
)
.beside(1)];

/// The shape, with these contenders.
#[must_use]
pub fn shape(contenders: Vec<Contender>) -> Shape {
    let operation = "make 1 MiB of words in one thread, and add them up in another";
    Shape { name: "handover", operation, regimes: REGIMES, contenders }
}

/// Enters `H`.
#[must_use]
pub fn entry<H: Handover>() -> Contender {
    let (name, package) = (H::NAME, H::PACKAGE);
    let (contract, sample) = (contract::<H>, sample::<H>);
    Contender { name, package, contract, sample, able: ALWAYS }
}

/// Fills pieces with numbers, one after the other.
#[inline]
fn count(next: &mut u64, piece: &mut [u64]) {
    let first = *next;
    piece.iter_mut().zip(first..).for_each(|(word, number)| *word = number);
    *next = first + piece.len() as u64;
}

/// Checks order and completeness.
///
/// # Errors
///
/// Says what broke.
pub fn contract<H: Handover>(operations: u64) -> Result<(), String> {
    let times = operations.div_ceil(1000);
    within(PATIENCE, move |_| all_arrives::<H>(times))
}

fn all_arrives<H: Handover>(times: u64) -> Result<(), String> {
    let (tx, rx) = H::ends();
    let ends = Mutex::new((Some(tx), Some(rx)));
    let take = || ends.lock().unwrap_or_else(PoisonError::into_inner);
    together(2, |index| {
        if index == 0 {
            let mut tx = take().0.take().ok_or("the sending end is taken")?;
            let mut next = 0;
            (0..times).for_each(|_| H::send(&mut tx, |piece| count(&mut next, piece)));
            // Kept: what happens when an end goes is no part of this contract.
            take().0 = Some(tx);
            return Ok(());
        }
        let mut rx = take().1.take().ok_or("the receiving end is taken")?;
        let mut result = Ok(());
        for time in 0..times {
            let (first, mut next) = (time * WORDS as u64, time * WORDS as u64);
            H::receive(&mut rx, |piece| {
                for &word in piece {
                    if word != next && result.is_ok() {
                        result = Err(format!("expected {next}, and {word} came"));
                    }
                    next += 1;
                }
            });
            let came = next - first;
            if came != WORDS as u64 && result.is_ok() {
                result = Err(format!("{WORDS} words were sent, and {came} came"));
            }
        }
        take().1 = Some(rx);
        result
    })
}

fn sample<H: Handover>(_: &Regime, times: u64, crew: &Crew) -> Sample {
    let (tx, rx) = H::ends();
    // Padded and borrowed for the reasons given in the stream of `spsc`.
    let (mut tx, mut rx) = (CachePadded::new(tx), CachePadded::new(rx));
    let (tx, rx): (&mut H::Tx, &mut H::Rx) = (&mut tx, &mut rx);
    let making = Part::counted(move || {
        let mut next = 0;
        (0..times).for_each(|_| H::send(tx, |piece| count(&mut next, piece)));
    });
    let looking = Part::counted(move || {
        let mut sum = 0_u64;
        let mut add =
            |piece: &[u64]| sum = piece.iter().fold(sum, |sum, word| sum.wrapping_add(*word));
        (0..times).for_each(|_| H::receive(rx, &mut add));
        black_box(sum);
    });
    crew.time(vec![making, looking]).into()
}
