//! The ring in a `SharedBuffer` between real processes, some of which are killed: this program, started
//! again, which gets the memory as its standard input.

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", not(miri))))]
fn main() {}

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod support;

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
fn main() {
    match std::env::var(processes::ROLE).ok() {
        Some(role) => processes::child(&role),
        None => {
            processes::a_million_numbers_arrive_in_order();
            processes::both_ends_wait_for_each_other();
            processes::an_end_of_another_process_is_refused();
            processes::a_consumer_is_told_of_its_dead_producer();
            processes::a_producer_is_told_of_its_dead_consumer();
            processes::what_the_dead_had_pushed_arrives_and_another_goes_on();
            processes::a_stopped_process_is_not_dead();
            processes::a_death_is_told_under_signals();
            processes::an_end_that_was_dropped_is_free_whatever_a_forked_child_has();
            processes::a_forked_child_that_drops_its_copy_leaves_the_claim();
            processes::a_copy_in_a_forked_child_is_not_the_next_end();
            println!("shared_ring_processes: 11 scenarios passed");
        }
    }
}

#[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
mod processes {
    use std::io;
    use std::os::fd::AsFd;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use untorn::SharedBuffer;
    use untorn::shared::{
        Layout, Mapped, RingConsumer, RingError, RingFields, RingOpenError, RingPeer, RingProducer,
    };

    use crate::support::PATIENCE;
    use crate::support::threads::until;

    /// Names what a child does.
    pub(crate) const ROLE: &str = "UNTORN_RING_ROLE";

    const NUMBERS: u64 = 1_000_000;
    /// Within which a death must be told.
    const TOLD: Duration = Duration::from_secs(1);

    struct Table {
        layout: Layout,
        /// To the child, of one item.
        narrow: RingFields<u64>,
        /// From the child.
        wide: RingFields<[u64; 2]>,
    }

    fn table() -> Table {
        let mut layout = Layout::builder();
        let narrow = layout.ring("narrow", 1).unwrap();
        let wide = layout.ring("wide", 1000).unwrap();
        Table { layout: layout.build(), narrow, wide }
    }

    /// What a child does; its exit status is zero unless it panics.
    pub(crate) fn child(role: &str) {
        let table = table();
        let stdin = io::stdin().as_fd().try_clone_to_owned().unwrap();
        let buffer = SharedBuffer::from_fd(stdin, table.layout.clone()).unwrap();
        match role {
            "stream" => {
                let mut producer = buffer.ring_producer(table.wide).unwrap();
                (0..NUMBERS).for_each(|n| producer.push_timeout([n, !n], PATIENCE).unwrap());
            }
            "stream until left" => {
                let mut producer = buffer.ring_producer(table.wide).unwrap();
                let refused = (0..).find_map(|n| producer.push_timeout([n, !n], PATIENCE).err());
                assert_eq!(refused, Some(RingError::Closed));
            }
            "answer" => {
                let mut questions = buffer.ring_consumer(table.narrow).unwrap();
                let mut answers = buffer.ring_producer(table.wide).unwrap();
                while let Ok(question) = questions.pop_timeout(PATIENCE) {
                    answers.push_timeout([question, 2 * question], PATIENCE).unwrap();
                }
            }
            "refused" => {
                let refused = buffer.ring_producer(table.wide);
                assert!(matches!(refused, Err(RingOpenError::Taken)), "{refused:?}");
                let refused = buffer.ring_consumer(table.wide);
                assert!(matches!(refused, Err(RingOpenError::Taken)), "{refused:?}");
            }
            "refused the consumer" => {
                let refused = buffer.ring_consumer(table.wide);
                assert!(matches!(refused, Err(RingOpenError::Taken)), "{refused:?}");
            }
            // Both ends at rest, until it is killed.
            "push and rest" => {
                let mut producer = buffer.ring_producer(table.wide).unwrap();
                (0..3).for_each(|n| producer.push([n, !n]).unwrap());
                std::thread::sleep(PATIENCE);
            }
            "pop and rest" => {
                let mut consumer = buffer.ring_consumer(table.narrow).unwrap();
                assert_eq!(consumer.pop(), Ok(7));
                std::thread::sleep(PATIENCE);
            }
            // Killed in its sleep.
            "pop for ever" => {
                let mut consumer = buffer.ring_consumer(table.narrow).unwrap();
                while consumer.pop().is_ok() {}
            }
            _ => panic!("no such role: {role}"),
        }
    }

    fn start(role: &str, buffer: &SharedBuffer<Mapped>) -> Child {
        let memory = buffer.as_fd().try_clone_to_owned().unwrap();
        Command::new(std::env::current_exe().unwrap())
            .env(ROLE, role)
            .stdin(Stdio::from(memory))
            .spawn()
            .unwrap()
    }

    fn succeeded(mut child: Child) {
        assert!(child.wait().unwrap().success(), "the child failed");
    }

    /// By SIGKILL, and gone when this returns.
    fn killed(child: &mut Child) {
        child.kill().unwrap();
        assert!(!child.wait().unwrap().success());
    }

    fn new() -> (Table, SharedBuffer<Mapped>) {
        let table = table();
        let buffer = SharedBuffer::memfd(table.layout.clone()).unwrap();
        (table, buffer)
    }

    fn consumer(table: &Table, buffer: &SharedBuffer<Mapped>) -> RingConsumer<[u64; 2], Mapped> {
        buffer.ring_consumer(table.wide).unwrap()
    }

    fn producer(table: &Table, buffer: &SharedBuffer<Mapped>) -> RingProducer<u64, Mapped> {
        buffer.ring_producer(table.narrow).unwrap()
    }

    pub(crate) fn a_million_numbers_arrive_in_order() {
        let (table, buffer) = new();
        let child = start("stream", &buffer);
        let mut consumer = consumer(&table, &buffer);
        for n in 0..NUMBERS {
            assert_eq!(consumer.pop_timeout(PATIENCE), Ok([n, !n]));
        }
        assert_eq!(consumer.pop_timeout(PATIENCE), Err(RingError::Closed));
        succeeded(child);
    }

    /// One item in flight: each end sleeps until the other has acted.
    pub(crate) fn both_ends_wait_for_each_other() {
        let (table, buffer) = new();
        let child = start("answer", &buffer);
        let (mut questions, mut answers) = (producer(&table, &buffer), consumer(&table, &buffer));
        for question in 0..10_000 {
            questions.push_timeout(question, PATIENCE).unwrap();
            assert_eq!(answers.pop_timeout(PATIENCE), Ok([question, 2 * question]));
        }
        drop(questions);
        assert_eq!(answers.pop_timeout(PATIENCE), Err(RingError::Closed));
        succeeded(child);
    }

    pub(crate) fn an_end_of_another_process_is_refused() {
        let (table, buffer) = new();
        let _ends = (buffer.ring_producer(table.wide).unwrap(), consumer(&table, &buffer));
        succeeded(start("refused", &buffer));
    }

    /// Killed while the other end sleeps for it; and in the same way if it is dead before.
    pub(crate) fn a_consumer_is_told_of_its_dead_producer() {
        let (table, buffer) = new();
        let mut child = start("push and rest", &buffer);
        let mut consumer = consumer(&table, &buffer);
        (0..3).for_each(|n| assert_eq!(consumer.pop_timeout(PATIENCE), Ok([n, !n])));
        assert_eq!(consumer.pop_timeout(Duration::from_millis(300)), Err(RingError::Timeout));
        let told = std::thread::spawn(move || {
            let told = consumer.pop();
            (told, Instant::now(), consumer)
        });
        std::thread::sleep(Duration::from_millis(50));
        killed(&mut child);
        let died = Instant::now();
        let (error, at, mut consumer) = told.join().unwrap();
        assert_eq!(error, Err(RingError::PeerGone));
        assert!(at.saturating_duration_since(died) < TOLD, "after {:?}", at - died);
        assert_eq!(consumer.peer(), RingPeer::Died);
        assert_eq!(consumer.pop_timeout(PATIENCE), Err(RingError::PeerGone));
        assert_eq!(consumer.try_pop(), Err(RingError::Empty), "without asking the system");
    }

    pub(crate) fn a_producer_is_told_of_its_dead_consumer() {
        for role in ["pop and rest", "pop for ever"] {
            let (table, buffer) = new();
            let mut child = start(role, &buffer);
            let mut producer = producer(&table, &buffer);
            producer.push_timeout(7, PATIENCE).unwrap();
            until(|| producer.len() == Ok(0));
            let ends = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                killed(&mut child);
                Instant::now()
            });
            let told = loop {
                if let Err(error) = producer.push(8) {
                    break error;
                }
            };
            let at = Instant::now();
            assert_eq!(told, RingError::PeerGone);
            let died = ends.join().unwrap();
            assert!(at.saturating_duration_since(died) < TOLD, "{role}: after {:?}", at - died);
        }
    }

    pub(crate) fn what_the_dead_had_pushed_arrives_and_another_goes_on() {
        let (table, buffer) = new();
        let mut child = start("push and rest", &buffer);
        let mut consumer = consumer(&table, &buffer);
        until(|| consumer.len() == Ok(3));
        killed(&mut child);
        assert_eq!(consumer.peer(), RingPeer::Died);
        (0..3).for_each(|n| assert_eq!(consumer.pop(), Ok([n, !n])));
        assert_eq!(consumer.pop(), Err(RingError::PeerGone));
        let child = start("stream until left", &buffer);
        for n in 0..NUMBERS / 100 {
            loop {
                match consumer.pop() {
                    Ok(pair) => break assert_eq!(pair, [n, !n]),
                    // Until it is there.
                    Err(error) => assert_eq!((n, error), (0, RingError::PeerGone)),
                }
            }
        }
        drop(consumer);
        succeeded(child);
    }

    /// However long it is stopped, its lock stays.
    pub(crate) fn a_stopped_process_is_not_dead() {
        let (table, buffer) = new();
        let mut child = start("push and rest", &buffer);
        let mut consumer = consumer(&table, &buffer);
        (0..3).for_each(|n| assert_eq!(consumer.pop_timeout(PATIENCE), Ok([n, !n])));
        let pid = child.id() as libc::pid_t;
        // SAFETY: a signal to a child that is not waited for yet.
        assert_eq!(unsafe { libc::kill(pid, libc::SIGSTOP) }, 0);
        assert_eq!(consumer.pop_timeout(Duration::from_millis(500)), Err(RingError::Timeout));
        assert_eq!(consumer.peer(), RingPeer::Here);
        killed(&mut child);
        assert_eq!(consumer.peer(), RingPeer::Died);
    }
    extern "C" fn nothing(_: libc::c_int) {}

    /// Each so often a signal to this process, which ends a sleep and does nothing else; none at zero.
    fn signals(interval: Duration) {
        // SAFETY: all zeros are a set of no flags and no signals, and the handler does nothing.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = nothing as *const () as usize;
        // SAFETY: both pointers are valid; the handler that was there is of no interest.
        assert_eq!(unsafe { libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut()) }, 0);
        let each = libc::timeval { tv_sec: 0, tv_usec: interval.subsec_micros().into() };
        let timer = libc::itimerval { it_interval: each, it_value: each };
        let real = libc::ITIMER_REAL;
        // SAFETY: as above.
        assert_eq!(unsafe { libc::setitimer(real, &timer, std::ptr::null_mut()) }, 0);
    }

    /// The sleep never lasts long enough to end by itself.
    pub(crate) fn a_death_is_told_under_signals() {
        let (table, buffer) = new();
        let mut child = start("push and rest", &buffer);
        let mut consumer = consumer(&table, &buffer);
        (0..3).for_each(|n| assert_eq!(consumer.pop_timeout(PATIENCE), Ok([n, !n])));
        killed(&mut child);
        signals(Duration::from_millis(50));
        let start = Instant::now();
        let told = consumer.pop_timeout(PATIENCE);
        let took = start.elapsed();
        signals(Duration::ZERO);
        assert_eq!(told, Err(RingError::PeerGone));
        assert!(took < TOLD, "after {took:?}");
    }

    /// A child that has a copy of all that this process has, and does `part` with it.
    fn forked(part: impl FnOnce()) -> libc::pid_t {
        // SAFETY: this process has no other thread here, which could hold what the child needs.
        match unsafe { libc::fork() } {
            0 => {
                part();
                // SAFETY: it ends the child, and runs nothing of its parent's.
                unsafe { libc::_exit(0) }
            }
            child => {
                assert!(child > 0);
                child
            }
        }
    }

    /// Waits until it has ended, or has stopped.
    fn state_of(child: libc::pid_t) -> libc::c_int {
        let mut state = 0;
        // SAFETY: the pointer is to an integer.
        assert_eq!(unsafe { libc::waitpid(child, &mut state, libc::WUNTRACED) }, child);
        state
    }

    fn signal(child: libc::pid_t, signal: libc::c_int) {
        // SAFETY: a signal to a child that is not waited for yet.
        assert_eq!(unsafe { libc::kill(child, signal) }, 0);
    }

    fn stop_here() {
        // SAFETY: it stops this process until it is continued.
        unsafe { libc::raise(libc::SIGSTOP) };
    }

    /// Between `fork` and `exec` each child has copies of all descriptors.
    pub(crate) fn an_end_that_was_dropped_is_free_whatever_a_forked_child_has() {
        let (table, buffer) = new();
        let consumer = consumer(&table, &buffer);
        let child = forked(stop_here);
        assert!(libc::WIFSTOPPED(state_of(child)));
        drop(consumer);
        let again = buffer.ring_consumer(table.wide);
        assert!(again.is_ok(), "{again:?}");
        signal(child, libc::SIGKILL);
        assert!(libc::WIFSIGNALED(state_of(child)));
    }

    pub(crate) fn a_forked_child_that_drops_its_copy_leaves_the_claim() {
        let (table, buffer) = new();
        let mut consumer = Some(consumer(&table, &buffer));
        let child = forked(|| drop(consumer.take()));
        assert_eq!(state_of(child), 0);
        assert!(consumer.is_some(), "that was the child's copy");
        let second = buffer.ring_consumer(table.wide);
        assert!(matches!(second, Err(RingOpenError::Taken)), "{second:?}");
        succeeded(start("refused the consumer", &buffer));
        drop(consumer);
        let third = buffer.ring_consumer(table.wide);
        assert!(third.is_ok(), "{third:?}");
    }

    /// The child drops its copy when another end has taken the place of what it was copied from.
    pub(crate) fn a_copy_in_a_forked_child_is_not_the_next_end() {
        let (table, buffer) = new();
        let producer = buffer.ring_producer(table.wide).unwrap();
        let mut first = Some(consumer(&table, &buffer));
        let child = forked(|| {
            stop_here();
            drop(first.take());
        });
        assert!(libc::WIFSTOPPED(state_of(child)));
        drop(first);
        let _second = consumer(&table, &buffer);
        signal(child, libc::SIGCONT);
        assert_eq!(state_of(child), 0);
        assert_eq!(producer.peer(), RingPeer::Here);
        let third = buffer.ring_consumer(table.wide);
        assert!(matches!(third, Err(RingOpenError::Taken)), "{third:?}");
    }
}
