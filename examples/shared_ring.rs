//! Two processes, one ring: the second pushes readings, the first pops them. Then the second is killed, and
//! the first is told. The program starts itself as the second one.
//!
//! `cargo run --release --example shared_ring`

#[cfg(not(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64")))]
fn main() {
    println!("a process that dies is reported on 64-bit Linux and Android");
}

#[cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    match std::env::args().nth(1) {
        Some(count) => processes::second(count.parse()?),
        None => processes::first(),
    }
}

#[cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]
mod processes {
    use std::error::Error;
    use std::io;
    use std::os::fd::AsFd;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use untorn::SharedBuffer;
    use untorn::bytemuck::{Pod, Zeroable};
    use untorn::shared::{Layout, LayoutError, Mapped, RingError, RingFields};

    const READINGS: u64 = 2_000_000;

    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    struct Reading {
        number: u64,
        value: f64,
    }

    /// Both processes declare it, and attaching compares.
    fn layout() -> Result<(Layout, RingFields<Reading>), LayoutError> {
        let mut layout = Layout::builder();
        let ring = layout.ring("readings", 4096)?;
        Ok((layout.build(), ring))
    }

    /// Starts the second process, which gets the memory as its standard input.
    fn start(buffer: &SharedBuffer<Mapped>, count: u64) -> io::Result<Child> {
        let memory = buffer.as_fd().try_clone_to_owned()?;
        let program = std::env::current_exe()?;
        Command::new(program).arg(count.to_string()).stdin(Stdio::from(memory)).spawn()
    }

    pub(crate) fn first() -> Result<(), Box<dyn Error>> {
        let (layout, ring) = layout()?;
        print!("{layout}");
        let buffer = SharedBuffer::memfd(layout)?;

        let mut second = start(&buffer, READINGS)?;
        let mut consumer = buffer.ring_consumer(ring)?;
        let first_one = consumer.pop()?;
        let (begin, mut count, mut sum) = (Instant::now(), 1, first_one.value);
        let end = loop {
            match consumer.pop() {
                Ok(reading) => {
                    assert_eq!(reading.number, count, "in order, none missing");
                    sum += reading.value;
                    count += 1;
                }
                Err(end) => break end,
            }
        };
        let rate = count as f64 / begin.elapsed().as_secs_f64() / 1e6;
        println!("{count} readings of 16 bytes, {rate:.1} million a second; then: {end}");
        assert_eq!((end, count), (RingError::Closed, READINGS));
        assert_eq!(sum, READINGS as f64 * 0.5, "whole");
        second.wait()?;

        // Another one takes the place of the producer, and never ends: until it is killed.
        let mut second = start(&buffer, u64::MAX)?;
        let mut popped = 0;
        let end = loop {
            match consumer.pop_timeout(Duration::from_secs(60)) {
                Ok(_) if popped == 100_000 => {
                    second.kill()?;
                    popped += 1;
                }
                Ok(_) => popped += 1,
                // The one before has left, and this one is not there yet.
                Err(RingError::Closed) if popped == 0 => {}
                Err(end) => break end,
            }
        };
        second.wait()?;
        println!("killed the second process; what it had pushed arrived, and then: {end}");
        assert_eq!(end, RingError::PeerGone);
        Ok(())
    }

    pub(crate) fn second(count: u64) -> Result<(), Box<dyn Error>> {
        let (layout, ring) = layout()?;
        let memory = io::stdin().as_fd().try_clone_to_owned()?;
        let buffer = SharedBuffer::from_fd(memory, layout)?;
        let mut producer = buffer.ring_producer(ring)?;
        for number in 0..count {
            producer.push(Reading { number, value: 0.5 })?;
        }
        Ok(())
    }
}
