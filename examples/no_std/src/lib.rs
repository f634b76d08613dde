//! What an interrupt handler and a main loop share, without an operating system and without a heap.
//!
//! The functions have C names so that a linker script could call them; the panic handler is ours,
//! which is only possible where nothing brings the standard library's.
#![no_std]

use untorn::{Counter, SeqLock, Snapshot, SpinLock};

/// Samples seen by the interrupt handler.
static SAMPLES: Counter = Counter::new();
/// The last sample: three axes that belong together.
static ACCELERATION: SeqLock<[i16; 3]> = SeqLock::new([0; 3]);
/// Calibration, replaced as a whole by the main loop; the handler must never wait for it.
static CALIBRATION: Snapshot<[i16; 3]> = Snapshot::new([0; 3]);
/// A display that both write to.
static LINES: SpinLock<u32> = SpinLock::new(0);

/// The interrupt handler.
#[unsafe(no_mangle)]
pub extern "C" fn on_sample(x: i16, y: i16, z: i16) {
    let zero = CALIBRATION.read();
    ACCELERATION.write([x - zero[0], y - zero[1], z - zero[2]]);
    SAMPLES.increment();
}

/// The main loop's turn: the length of the last vector, squared, or -1 if the handler was writing.
#[unsafe(no_mangle)]
pub extern "C" fn turn() -> i64 {
    let Some(vector) = ACCELERATION.try_read() else { return -1 };
    if let Some(mut lines) = LINES.try_lock() {
        *lines += 1;
    }
    vector.iter().map(|&axis| i64::from(axis) * i64::from(axis)).sum()
}

/// Makes the last sample the new zero.
#[unsafe(no_mangle)]
pub extern "C" fn calibrate() {
    CALIBRATION.publish(ACCELERATION.read());
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
