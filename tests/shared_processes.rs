//! SharedBuffer between real processes: this program, started again, which gets the memory as its
//! standard input.

#[cfg(not(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64",
    not(miri)
)))]
fn main() {}

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64",
    not(miri)
))]
mod support;

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64",
    not(miri)
))]
fn main() {
    match std::env::var(processes::ROLE).ok() {
        Some(role) => processes::child(&role),
        None => {
            processes::no_count_is_lost();
            processes::locks_exclude();
            processes::waits_are_notified();
            processes::a_child_with_another_layout_is_refused();
            processes::a_dead_holder_is_replaced();
            processes::a_dead_sleeper_harms_nobody();
            println!("shared_processes: 6 scenarios passed");
        }
    }
}

#[cfg(all(
    any(target_os = "linux", target_os = "android", target_os = "freebsd"),
    target_pointer_width = "64",
    not(miri)
))]
mod processes {
    use std::io;
    use std::os::fd::AsFd;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use untorn::SharedBuffer;
    use untorn::shared::{AttachError, Field, Layout, Mapped, MutexWord, SpinWord};

    use crate::support::PATIENCE;

    /// Names what a child does.
    pub(crate) const ROLE: &str = "UNTORN_SHARED_ROLE";

    const CHILDREN: i32 = 3;
    const ROUNDS: i32 = 10_000;

    struct Table {
        layout: Layout,
        mutex: Field<MutexWord>,
        spin: Field<SpinWord>,
        counter: Field<i32>,
        /// Moved by holders of a lock only, in two steps.
        pair: Field<[u64]>,
        status: Field<i32>,
    }

    fn table() -> Table {
        let mut layout = Layout::builder();
        let mutex = layout.field("mutex").unwrap();
        let spin = layout.field("spin").unwrap();
        let counter = layout.field("counter").unwrap();
        let status = layout.field("status").unwrap();
        let pair = layout.array("pair", 2).unwrap();
        Table { layout: layout.build(), mutex, spin, counter, pair, status }
    }

    /// What a child does; its exit status is zero unless it panics.
    pub(crate) fn child(role: &str) {
        let stdin = io::stdin().as_fd().try_clone_to_owned().unwrap();
        if role == "stranger" {
            let attached = SharedBuffer::from_fd(stdin, Layout::with_len(32).build());
            assert!(matches!(attached, Err(AttachError::OtherLayout)), "{attached:?}");
            return;
        }
        let table = table();
        let buffer = SharedBuffer::from_fd(stdin, table.layout.clone()).unwrap();
        let (counter, status) = (buffer.view(table.counter), buffer.view(table.status));
        match role {
            "count" => (0..ROUNDS).for_each(|_| drop_old(counter.add(1))),
            "lock" => (0..ROUNDS).for_each(|round| {
                if round % 2 == 0 {
                    buffer.mutex(table.mutex).with(|| step(&buffer, &table));
                } else {
                    let held = buffer.mutex(table.mutex).lock_timeout(PATIENCE);
                    held.map(|_held| step(&buffer, &table)).expect("a turn within a minute");
                }
            }),
            "spin" => (0..ROUNDS).for_each(|_| {
                buffer.spin_lock(table.spin).with(|| step(&buffer, &table));
            }),
            // Answers each odd number with the even one that follows.
            "answer" => {
                for question in (1..2 * ROUNDS / 10).step_by(2) {
                    wait_for(&buffer, &table, question);
                    status.store(question + 1);
                    status.notify_all();
                }
            }
            "hold" => {
                std::mem::forget(buffer.mutex(table.mutex).lock());
                say_ready(&buffer, &table);
                std::thread::sleep(PATIENCE);
            }
            "sleep" => {
                say_ready(&buffer, &table);
                drop(buffer.mutex(table.mutex).lock());
            }
            _ => panic!("no such role: {role}"),
        }
    }

    fn drop_old(_: i32) {}

    fn say_ready(buffer: &SharedBuffer<Mapped>, table: &Table) {
        buffer.view(table.status).add(1);
        buffer.view(table.status).notify_all();
    }

    /// What no two holders may do at once: a second one would see the words differ, or undo a step.
    fn step(buffer: &SharedBuffer<Mapped>, table: &Table) {
        let pair = buffer.array(table.pair);
        let (left, right) = (pair.at(0).load(), pair.at(1).load());
        assert_eq!(left, right, "two holders");
        pair.at(0).store(left + 1);
        pair.at(1).store(right + 1);
    }

    /// Sleeps until the status is `wanted`.
    fn wait_for(buffer: &SharedBuffer<Mapped>, table: &Table, wanted: i32) {
        let status = buffer.view(table.status);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let now = status.load();
            if now == wanted {
                return;
            }
            assert!(Instant::now() < deadline, "status {now}, not {wanted}, after {PATIENCE:?}");
            let _ = status.wait_deadline(now, deadline);
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

    fn new() -> (Table, SharedBuffer<Mapped>) {
        let table = table();
        let buffer = SharedBuffer::memfd(table.layout.clone()).unwrap();
        (table, buffer)
    }

    pub(crate) fn no_count_is_lost() {
        let (table, buffer) = new();
        let children = [(); CHILDREN as usize].map(|()| start("count", &buffer));
        (0..ROUNDS).for_each(|_| drop_old(buffer.view(table.counter).add(1)));
        children.into_iter().for_each(succeeded);
        assert_eq!(buffer.view(table.counter).load(), (CHILDREN + 1) * ROUNDS);
    }

    pub(crate) fn locks_exclude() {
        for role in ["lock", "spin"] {
            let (table, buffer) = new();
            let children = [(); CHILDREN as usize].map(|()| start(role, &buffer));
            children.into_iter().for_each(succeeded);
            let steps = buffer.array(table.pair).at(0).load();
            assert_eq!(steps, (CHILDREN * ROUNDS) as u64, "{role}");
        }
    }

    pub(crate) fn waits_are_notified() {
        let (table, buffer) = new();
        let child = start("answer", &buffer);
        let status = buffer.view(table.status);
        for question in (1..2 * ROUNDS / 10).step_by(2) {
            status.store(question);
            status.notify_all();
            wait_for(&buffer, &table, question + 1);
        }
        succeeded(child);
    }

    pub(crate) fn a_child_with_another_layout_is_refused() {
        let (table, buffer) = new();
        assert_eq!(table.layout.len(), 32, "the stranger's has the same length");
        succeeded(start("stranger", &buffer));
    }

    /// What the page of the module says about a peer that died with the lock held.
    pub(crate) fn a_dead_holder_is_replaced() {
        let (table, buffer) = new();
        let mut holder = start("hold", &buffer);
        wait_for(&buffer, &table, 1);
        let lock = buffer.mutex(table.mutex);
        assert!(lock.try_lock().is_none());
        holder.kill().unwrap();
        assert!(!holder.wait().unwrap().success());
        assert!(lock.lock_timeout(Duration::from_millis(50)).is_none(), "the word does not know");
        // Somebody else sleeps for it by now.
        let sleeper = start("sleep", &buffer);
        wait_for(&buffer, &table, 2);
        std::thread::sleep(Duration::from_millis(50));
        lock.force_unlock();
        succeeded(sleeper);
        assert!(!lock.is_locked());
    }

    /// A process that is killed in its sleep is nobody to be woken, and holds nothing.
    pub(crate) fn a_dead_sleeper_harms_nobody() {
        let (table, buffer) = new();
        let lock = buffer.mutex(table.mutex);
        let held = lock.lock();
        let mut sleeper = start("sleep", &buffer);
        wait_for(&buffer, &table, 1);
        std::thread::sleep(Duration::from_millis(50));
        sleeper.kill().unwrap();
        assert!(!sleeper.wait().unwrap().success());
        drop(held);
        assert!(lock.lock_timeout(PATIENCE).is_some());
        succeeded(start("lock", &buffer));
    }
}
