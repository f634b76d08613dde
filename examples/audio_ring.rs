//! A sound card calls back every few milliseconds, and the samples must be there: the callback neither
//! waits nor allocates. A synthesiser keeps the ring filled, and waits for room.
//!
//! `cargo run --release --example audio_ring`

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::f32::consts::TAU;
use std::thread;
use std::time::{Duration, Instant};

use untorn::spsc::{self, Consumer, Producer};

/// Left and right.
type Frame = [f32; 2];

const RATE: usize = 48_000;
/// How many frames one callback plays: five milliseconds.
const BLOCK: usize = RATE / 200;
/// What the ring holds: thirty milliseconds, by which the synthesiser may be late.
const CAPACITY: usize = 6 * BLOCK;
const CALLBACKS: usize = 200;
const PITCH: f32 = 440.0;
/// How far a sine can go from one frame to the next; more is a crack.
const STEEPEST: f32 = TAU * PITCH / RATE as f32;

/// The system's allocator, which counts what this thread asks of it.
struct Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does all the work.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: guaranteed by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        CALLS.set(CALLS.get() + 1);
        // SAFETY: guaranteed by the caller.
        unsafe { System.dealloc(block, layout) }
    }
}

/// The frame of that number.
fn sine(number: usize) -> Frame {
    // Reduced first: a float of 32 bits would lose the phase of a large number.
    let phase = TAU * ((number as f64 * f64::from(PITCH) / RATE as f64).fract() as f32);
    [phase.sin(), phase.cos()]
}

/// Keeps the ring full until nobody listens.
fn synthesise(mut frames: Producer<Frame>) {
    let mut number = 0;
    // Woken for each half of a ring, not for each frame.
    while frames.wait_for_room(CAPACITY / 2).is_ok() {
        let room = CAPACITY - frames.len();
        frames.push_iter((number..number + room).map(sine));
        number += room;
    }
}

/// What the sound card calls.
struct Callback {
    frames: Consumer<Frame>,
    last: Frame,
    /// How many frames were not there in time.
    underruns: usize,
    played: usize,
    cracks: usize,
}

impl Callback {
    fn fill(&mut self, block: &mut [Frame]) {
        let there = self.frames.pop_slice(block);
        // What is missing is the last frame held: a pause, and no crack.
        let (sound, missing) = block.split_at_mut(there);
        missing.fill(sound.last().copied().unwrap_or(self.last));
        self.underruns += missing.len();
        for frame in &*block {
            let step = (frame[0] - self.last[0]).abs().max((frame[1] - self.last[1]).abs());
            self.cracks += usize::from(step > 1.01 * STEEPEST);
            self.last = *frame;
        }
        self.played += there;
    }
}

fn main() {
    let (producer, frames) = spsc::ring(CAPACITY);
    let synthesiser = thread::spawn(|| synthesise(producer));
    let mut callback = Callback { frames, last: sine(0), underruns: 0, played: 0, cracks: 0 };
    // A card starts when there is something to play.
    callback.frames.wait_for_items(CAPACITY).expect("the synthesiser lives");

    let mut block = [Frame::default(); BLOCK];
    let (mut longest, mut allocated) = (Duration::ZERO, 0);
    let begin = Instant::now();
    for number in 1..=CALLBACKS {
        let deadline = begin + Duration::from_millis(5) * number as u32;
        thread::sleep(deadline.saturating_duration_since(Instant::now()));
        let (called, calls) = (Instant::now(), CALLS.get());
        callback.fill(&mut block);
        longest = longest.max(called.elapsed());
        allocated += CALLS.get() - calls;
    }
    let took = begin.elapsed();

    let Callback { frames, underruns, played, cracks, last } = callback;
    drop(frames);
    synthesiser.join().expect("the synthesiser does not panic");
    println!("{CALLBACKS} callbacks in {} ms, the longest took {longest:?}", took.as_millis());
    println!("{played} frames played, {underruns} were missing, {cracks} cracks");
    println!("allocations in the callback: {allocated}");
    assert_eq!(played + underruns, CALLBACKS * BLOCK, "each callback was filled");
    assert_eq!(allocated, 0, "the callback allocates nothing");
    assert_eq!(cracks, 0, "the sine goes on where it stopped");
    assert_eq!(last, sine(played - 1), "and it ends where so many frames lead");
}
