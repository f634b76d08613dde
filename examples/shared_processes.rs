//! Two processes lock, count and wait on the same 32 bytes. The program starts itself as the second one.
//!
//! `cargo run --example shared_processes`

#[cfg(not(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
)))]
fn main() {
    println!("processes share memory on 64-bit Linux, Android and FreeBSD");
}

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().nth(1).as_deref() == Some("second") {
        processes::second()
    } else {
        processes::first()
    }
}

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64"
))]
mod processes {
    use std::error::Error;
    use std::io;
    use std::os::fd::AsFd;
    use std::process::{Command, Stdio};
    use std::time::Duration;

    use untorn::SharedBuffer;
    use untorn::shared::{Field, Layout, LayoutError, Mapped, MutexWord};

    const INCREMENTS: i32 = 10_000;

    const IDLE: i32 = 0;
    const WORKING: i32 = 1;
    const DONE: i32 = 2;

    /// Both processes declare it, and attaching compares.
    struct Job {
        layout: Layout,
        lock: Field<MutexWord>,
        counter: Field<i32>,
        status: Field<i32>,
    }

    impl Job {
        fn new() -> Result<Self, LayoutError> {
            let mut layout = Layout::builder();
            let lock = layout.field("lock")?;
            let counter = layout.field("counter")?;
            let status = layout.field("status")?;
            layout.describe(counter, "guarded by the lock");
            layout.describe(status, "0 = idle, 1 = working, 2 = done");
            layout.reserved(5 * 4)?;
            Ok(Self { layout: layout.build(), lock, counter, status })
        }

        /// Counts by a load and a store, which the lock makes one step.
        fn count(&self, buffer: &SharedBuffer<Mapped>) {
            let counter = buffer.view(self.counter);
            for _ in 0..INCREMENTS {
                buffer.mutex(self.lock).with(|| counter.store(counter.load() + 1));
            }
        }
    }

    pub(crate) fn first() -> Result<(), Box<dyn Error>> {
        let job = Job::new()?;
        print!("{}", job.layout);
        let buffer = SharedBuffer::memfd(job.layout.clone())?;
        let status = buffer.view(job.status);

        // The second process gets the memory as its standard input.
        let memory = buffer.as_fd().try_clone_to_owned()?;
        let mut second = Command::new(std::env::current_exe()?)
            .arg("second")
            .stdin(Stdio::from(memory))
            .spawn()?;

        job.count(&buffer);
        println!("first: counted {INCREMENTS}");
        loop {
            match status.load() {
                DONE => break,
                // It may die instead of notifying, so the wait has an end.
                other => _ = status.wait_timeout(other, Duration::from_millis(100)),
            }
            if let Some(exit) = second.try_wait()? {
                if status.load() != DONE {
                    return Err(format!("the second process died: {exit}").into());
                }
            }
        }
        second.wait()?;

        let counter = buffer.view(job.counter).load();
        println!("expected: {}", 2 * INCREMENTS);
        println!("counter: {counter}");
        assert_eq!(counter, 2 * INCREMENTS, "the lock excludes across processes");

        // The length is sealed: whoever has the descriptor cannot cut the memory off.
        let file = std::fs::File::from(buffer.as_fd().try_clone_to_owned()?);
        println!("truncating: {}", file.set_len(0).expect_err("sealed"));
        Ok(())
    }

    pub(crate) fn second() -> Result<(), Box<dyn Error>> {
        let job = Job::new()?;
        let memory = io::stdin().as_fd().try_clone_to_owned()?;
        let buffer = SharedBuffer::from_fd(memory, job.layout.clone())?;
        let status = buffer.view(job.status);
        assert_eq!(status.compare_exchange(IDLE, WORKING), Ok(IDLE));
        job.count(&buffer);
        println!("second: counted {INCREMENTS}");
        status.store(DONE);
        status.notify_all();
        Ok(())
    }
}
