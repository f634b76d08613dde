//! Scenarios as processes, and how the kernel is made to refuse.

use std::env;
use std::io;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::PATIENCE;

const SCENARIO: &str = "UNTORN_TEST_SCENARIO";
/// The exit status of a scenario for which the kernel has no filters.
const NO_FILTERS: i32 = 77;

/// Runs each scenario in a process of its own; in such a process, that one.
pub(crate) fn run(scenarios: &[(&str, fn())]) {
    if let Ok(chosen) = env::var(SCENARIO) {
        let scenario = scenarios.iter().find(|(name, _)| *name == chosen);
        return scenario.expect("named by the parent").1();
    }
    let this = env::current_exe().expect("a test has a path");
    for (name, _) in scenarios {
        let child = Command::new(&this).env(SCENARIO, name).spawn();
        let mut child = child.expect("a test can be started again");
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().expect("our child") {
                break status;
            }
            if start.elapsed() > PATIENCE {
                child.kill().expect("our child");
                panic!("{name} hangs");
            }
            thread::sleep(Duration::from_millis(1));
        };
        if status.code() == Some(NO_FILTERS) {
            println!("*** SKIPPED: {name}: no filters on system calls here");
        } else {
            assert!(status.success(), "{name}: {status}");
            println!("{name} ... ok");
        }
    }
}

/// Has the kernel refuse membarrier(2) to all threads of this process from now on.
pub(crate) fn refuse_membarrier() {
    let instruction = |code: u32, yes: u8, no: u8, k: u32| libc::sock_filter {
        code: code as u16,
        jt: yes,
        jf: no,
        k,
    };
    let number = libc::SYS_membarrier as u32;
    let refuse = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
    let mut filter = [
        // The number of the call is the first word of what a filter sees.
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, refuse),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: takes no pointers.
    let promised = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is valid for the call, which copies it.
    let installed = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            libc::SECCOMP_FILTER_FLAG_TSYNC,
            &raw const program,
        )
    };
    if promised != 0 || installed != 0 {
        eprintln!("seccomp: {}", io::Error::last_os_error());
        std::process::exit(NO_FILTERS);
    }
    // SAFETY: takes no pointers.
    let asked = unsafe { libc::syscall(libc::SYS_membarrier, libc::MEMBARRIER_CMD_QUERY, 0, 0) };
    assert_eq!(asked, -1, "the filter is in force");
}

/// The number of the calling thread, for [`wait_until_asleep`].
pub(crate) fn thread_number() -> i32 {
    // SAFETY: takes no arguments.
    unsafe { libc::gettid() }
}

/// Waits until the thread of that number has been asleep for a while.
pub(crate) fn wait_until_asleep(thread: i32) {
    let is_asleep = || {
        let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
        let stat = stat.expect("the thread lives");
        let (_, state) = stat.rsplit_once(") ").expect("a name in brackets");
        state.starts_with('S')
    };
    let mut seen = 0;
    while seen < 20 {
        seen = if is_asleep() { seen + 1 } else { 0 };
        thread::sleep(Duration::from_millis(1));
    }
}
