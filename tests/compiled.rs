//! What the compiler makes of the crate, in a crate of a stranger's own: the code of the fast reads
//! and adds and of the locks, and the message for a value that will not do.
#![cfg(all(feature = "std", target_arch = "x86_64", target_os = "linux", not(miri)))]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Runs cargo on a package named `name` of one file that depends on this crate.
fn cargo(name: &str, program: &str, arguments: &[&str]) -> (PathBuf, Output) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let target = folder.join("target");
    std::fs::create_dir_all(folder.join("src")).expect("the folder can be made");
    let untorn = env!("CARGO_MANIFEST_DIR");
    let manifest = format!(
        "[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         untorn = {{ path = {untorn:?} }}\n"
    );
    std::fs::write(folder.join("Cargo.toml"), manifest).expect("the folder is writable");
    std::fs::write(folder.join("src/lib.rs"), program).expect("the folder is writable");
    // The versions that this crate was built with, which are there already.
    let lock = Path::new(untorn).join("Cargo.lock");
    std::fs::copy(lock, folder.join("Cargo.lock")).expect("the folder is writable");
    let run = |offline: &[&str]| {
        Command::new(env!("CARGO"))
            .args(offline)
            .args(arguments)
            .current_dir(&folder)
            .env("CARGO_TARGET_DIR", &target)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("cargo starts")
    };
    let mut output = run(&["--offline"]);
    if String::from_utf8_lossy(&output.stderr).contains("--offline") {
        output = run(&[]);
    }
    (target, output)
}

const READS: &str = r#"
use untorn::spsc::{Consumer, Lines, Producer};
use untorn::{Mutex, Rcu, SeqLock, ShardedCounter, Snapshot, SpinLock, latest, mpmc, rcu};

#[unsafe(no_mangle)]
pub fn with_a_handle(reader: &rcu::Reader<'_, u64>) -> u64 {
    *reader.read()
}

#[unsafe(no_mangle)]
pub fn without_a_handle(cell: &Rcu<u64>) -> u64 {
    *cell.read()
}

#[unsafe(no_mangle)]
pub fn cached(reader: &mut rcu::Reader<'_, u64>) -> u64 {
    *reader.cached()
}

#[unsafe(no_mangle)]
pub fn seqlock(cell: &SeqLock<[u64; 2]>) -> [u64; 2] {
    cell.read()
}

#[unsafe(no_mangle)]
pub fn snapshot(cell: &Snapshot<[u64; 2]>) -> [u64; 2] {
    cell.read()
}

#[unsafe(no_mangle)]
pub fn latest_clean<'r>(reader: &'r mut latest::Reader<'_, u64>) -> &'r u64 {
    reader.read()
}

#[unsafe(no_mangle)]
pub fn mutex(lock: &Mutex<u64>) {
    *lock.lock() += 1;
}

#[unsafe(no_mangle)]
pub fn spin_lock(lock: &SpinLock<u64>) {
    *lock.lock() += 1;
}

#[unsafe(no_mangle)]
pub fn sharded_increment(counter: &ShardedCounter) {
    counter.increment();
}

#[unsafe(no_mangle)]
pub fn sharded_add(counter: &ShardedCounter, n: u64) {
    counter.add(n);
}

#[unsafe(no_mangle)]
pub fn ring_push(producer: &mut Producer<u64>, value: u64) -> bool {
    producer.try_push(value).is_ok()
}

#[unsafe(no_mangle)]
pub fn ring_pop(consumer: &mut Consumer<u64>) -> Option<u64> {
    consumer.try_pop().ok()
}

#[unsafe(no_mangle)]
pub fn line_push(producer: &mut Producer<u64, Lines>, value: u64) -> bool {
    producer.try_push(value).is_ok()
}

#[unsafe(no_mangle)]
pub fn line_pop(consumer: &mut Consumer<u64, Lines>) -> Option<u64> {
    consumer.try_pop().ok()
}

#[unsafe(no_mangle)]
pub fn mpmc_push(queue: &mpmc::Queue<u64>, value: u64) -> bool {
    queue.try_push(value).is_ok()
}

#[unsafe(no_mangle)]
pub fn mpmc_pop(queue: &mpmc::Queue<u64>) -> u64 {
    queue.try_pop().unwrap_or(0)
}

/// Has what the others must not have.
#[unsafe(no_mangle)]
pub fn control(word: &std::sync::atomic::AtomicU64) -> u64 {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
    word.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
"#;

/// The instructions of each of the functions above.
struct Assembly(String);

impl Assembly {
    fn of_the_reads() -> &'static Self {
        static ASSEMBLY: OnceLock<Assembly> = OnceLock::new();
        ASSEMBLY.get_or_init(Self::compile_the_reads)
    }

    fn compile_the_reads() -> Self {
        let arguments = ["rustc", "--release", "--", "--emit", "asm", "-Ccodegen-units=1"];
        let (target, output) = cargo("fast-reads", READS, &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let folder = std::fs::read_dir(target.join("release/deps")).expect("cargo made it");
        let file = folder
            .map(|entry| entry.expect("a readable folder").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "s"))
            .max_by_key(|path| path.metadata().and_then(|data| data.modified()).ok())
            .expect("rustc wrote its assembly");
        Self(std::fs::read_to_string(file).expect("a text"))
    }

    fn function(&self, name: &str) -> Vec<&str> {
        let start = self.0.find(&format!("\n{name}:\n"));
        let start = start.unwrap_or_else(|| panic!("no function `{name}`"));
        let body = &self.0[start..];
        let end = body.find(".cfi_endproc").expect("each function has an end");
        let lines = body[..end].lines().map(str::trim);
        lines.filter(|line| !line.is_empty() && !line.starts_with(['.', '#'])).collect()
    }

    /// The instructions that lock the bus or fence. An exchange with memory locks by itself.
    fn locked(&self, name: &str) -> Vec<&str> {
        let mut code = self.function(name);
        assert!(code.len() > 3, "`{name}` is no function: {code:?}");
        code.retain(|line| {
            let instruction = line.split_whitespace().next().expect("no line is empty");
            instruction == "lock"
                || instruction.ends_with("fence")
                || instruction.starts_with("xchg") && line.contains('(')
        });
        code
    }

    fn stores_to_a_slot(&self, name: &str) -> usize {
        let is_store = |line: &&&str| line.starts_with("mov") && line.ends_with(')');
        let to_a_register = |line: &str| line.split(", (%r").count() == 2;
        self.function(name).iter().filter(is_store).filter(|line| to_a_register(line)).count()
    }
}

#[test]
fn asm_of_the_fast_paths_has_no_locked_instruction_too_many_and_no_fence() {
    let assembly = Assembly::of_the_reads();
    for name in
        ["with_a_handle", "without_a_handle", "cached", "seqlock", "snapshot", "latest_clean"]
    {
        let locked = assembly.locked(name);
        assert!(locked.is_empty(), "{name}: {locked:?}\n{:#?}", assembly.function(name));
    }
    for name in ["with_a_handle", "without_a_handle"] {
        // Announce, settle, clear: a compiler that dropped the first as overwritten would break it.
        let stores = assembly.stores_to_a_slot(name);
        assert_eq!(stores, 3, "{name}: {:#?}", assembly.function(name));
    }
    for name in ["mutex", "spin_lock"] {
        // To take it; not to release it.
        let locked = assembly.locked(name);
        assert_eq!(locked.len(), 1, "{name}: {locked:?}\n{:#?}", assembly.function(name));
    }
    for name in ["mpmc_push", "mpmc_pop"] {
        // The claim; neither to publish, nor to look whether somebody waits.
        let locked = assembly.locked(name);
        assert_eq!(locked.len(), 1, "{name}: {locked:?}\n{:#?}", assembly.function(name));
    }
    assert_eq!(assembly.locked("control").len(), 2, "{:#?}", assembly.function("control"));
}

/// With all that it takes to wait compiled in: what is fenced or locked is in functions of its own, which are
/// called if the other end has something to say.
#[test]
fn asm_of_a_push_and_a_pop_has_no_fence_and_no_locked_instruction() {
    let assembly = Assembly::of_the_reads();
    for name in ["ring_push", "ring_pop", "line_push", "line_pop"] {
        let code = assembly.function(name);
        let locked = assembly.locked(name);
        assert!(locked.is_empty(), "{name}: {locked:?}\n{code:#?}");
        // It is there, and it looks at the other end's word.
        let calls = code.iter().filter(|line| line.starts_with("call")).count();
        assert!(calls > 0 && code.len() > 20, "{name} is not what it should be: {code:#?}");
        // Small enough to be inlined in a loop.
        assert!(code.len() < 100, "{name} has grown: {code:#?}");
    }
}

/// In one instruction: so no signal handler comes between the load and the store.
#[test]
fn asm_of_an_add_by_a_slot_is_one_addition_to_memory() {
    let assembly = Assembly::of_the_reads();
    for (name, addition) in [("sharded_increment", "incq\t("), ("sharded_add", "addq\t%r")] {
        let code = assembly.function(name);
        assert!(assembly.locked(name).is_empty(), "{name}: {code:#?}");
        let to_memory = |line: &&&str| line.starts_with(addition) && line.ends_with(')');
        assert_eq!(code.iter().filter(to_memory).count(), 1, "{name}: {code:#?}");
        // The slot's number and its one comparison; otherwise off to where slots are given out.
        let comparisons = code.iter().filter(|line| line.starts_with("cmp")).count();
        assert_eq!(comparisons, 1, "{name}: {code:#?}");
    }
}

#[test]
fn diagnostic_of_a_value_that_is_not_plain_data_says_what_to_do() {
    let program = "
        #[derive(Clone, Copy)]
        pub struct Padded(pub u8, pub u32);
        pub fn cell() -> untorn::SeqLock<Padded> { untorn::SeqLock::new(Padded(1, 2)) }
    ";
    let (_, output) = cargo("not-plain-data", program, &["check"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it must not compile");
    for expected in [
        "`Padded` is not plain data: it may have padding, pointers or a destructor",
        "#[derive(bytemuck::NoUninit)] #[repr(C)]",
        "publish a pointer to it",
    ] {
        assert!(text.contains(expected), "`{expected}` is missing in:\n{text}");
    }
}
