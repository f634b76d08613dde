//! A camera thread publishes frames into memory that it reuses; a display and a recorder each look at
//! the newest one, at their own pace. Nobody waits for anybody.
//!
//! `cargo run --example latest_frame`

use std::thread;
use std::time::Duration;

use untorn::Latest;
use untorn::latest::Reader;

const FRAMES: u32 = 60;

#[derive(Clone)]
struct Frame {
    number: u32,
    /// Every pixel has the colour of the frame's number: a torn frame would show.
    pixels: Vec<u8>,
}

/// Looks at the newest frame every `pace`; returns how many different ones it got.
fn watch(mut frames: Reader<'_, Frame>, pace: Duration) -> u32 {
    let (mut seen, mut last) = (0, 0);
    while last < FRAMES {
        thread::sleep(pace);
        if frames.has_news() {
            // Ours until the next `read`, however many frames are published meanwhile.
            let frame = frames.read();
            assert!(frame.pixels.iter().all(|&pixel| pixel == frame.number as u8), "a torn frame");
            assert!(frame.number > last, "news are newer");
            last = frame.number;
            seen += 1;
        }
    }
    seen
}

fn main() {
    let mut register = Latest::<_, 2>::new(Frame { number: 0, pixels: vec![0; 64 * 1024] });
    let (mut camera, [display, recorder]) = register.split();
    // From here on no frame is allocated.
    camera.fill();

    let (shown, recorded) = thread::scope(|scope| {
        let display = scope.spawn(|| watch(display, Duration::from_millis(1)));
        let recorder = scope.spawn(|| watch(recorder, Duration::from_millis(15)));
        for number in 1..=FRAMES {
            thread::sleep(Duration::from_millis(2));
            camera.publish_with(|frame| {
                frame.number = number;
                frame.pixels.fill(number as u8);
            });
        }
        (display.join().expect("no torn frame"), recorder.join().expect("no torn frame"))
    });
    println!("camera: {FRAMES} frames in {} buffers", 2 + 2);
    println!("display: {shown} frames, recorder: {recorded} frames, both ended with the last one");
    assert!((1..=FRAMES).contains(&shown) && (1..=FRAMES).contains(&recorded));
}
