//! A task on a model thread.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use loom::sync::Notify;

/// Runs a future to its end on a model thread. One that nobody wakes is a deadlock, which loom reports.
pub fn block_on<F: Future>(future: F) -> F::Output {
    struct Thread(Notify);
    impl Wake for Thread {
        fn wake(self: Arc<Self>) {
            self.0.notify();
        }
    }
    let mut future = pin!(future);
    let thread = Arc::new(Thread(Notify::new()));
    let waker = Waker::from(Arc::clone(&thread));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => {
                thread.0.wait();
                // It may have woken itself, to look again when another has got on.
                loom::thread::yield_now();
            }
        }
    }
}
