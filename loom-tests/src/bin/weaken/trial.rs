//! Builds the model checks once, and runs them with one site weakened.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::sites::Mutant;

/// A check that takes this long under a mutant is stopped. Unweakened, each takes seconds.
const PATIENCE: Duration = Duration::from_secs(180);

/// What became of a mutant.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Verdict {
    /// This check failed.
    Killed { by: String },
    /// Every check passed.
    Survived,
    /// Every check passed, and none executed the site.
    NotReached,
    /// This check did not end.
    Hung { at: String },
    /// This check failed before it came to the site: that says nothing about the mutant.
    Unrelated { at: String },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed { by } => write!(f, "killed by {by}"),
            Self::Survived => f.write_str("SURVIVED"),
            Self::NotReached => f.write_str("NOT REACHED by any check"),
            Self::Hung { at } => write!(f, "HUNG in {at}"),
            Self::Unrelated { at } => write!(f, "{at} FAILED ELSEWHERE"),
        }
    }
}

/// The check programs by name, each with its checks.
pub(crate) struct Programs {
    programs: BTreeMap<String, (PathBuf, Vec<String>)>,
}

impl Programs {
    /// Builds every check program: the same build as `cargo loom`.
    pub(crate) fn build(root: &Path) -> Result<Self, Box<dyn Error>> {
        let output = Command::new(env!("CARGO"))
            .args(["loom", "--no-run", "--message-format=json-render-diagnostics"])
            .current_dir(root)
            // It would replace the flags of the alias, `--cfg loom` among them.
            .env_remove("RUSTFLAGS")
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err("the model checks do not build".into());
        }
        let mut programs = BTreeMap::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let message: serde_json::Value = serde_json::from_str(line)?;
            let Some(path) = message["executable"].as_str() else { continue };
            if message["target"]["kind"][0] != "test" {
                continue;
            }
            let name = message["target"]["name"].as_str().ok_or("a target without a name")?;
            let path = PathBuf::from(path);
            let list = Command::new(&path).args(["--list", "--format=terse"]).output()?;
            let checks: Vec<String> = String::from_utf8(list.stdout)?
                .lines()
                .filter_map(|line| line.strip_suffix(": test").map(str::to_owned))
                .collect();
            if checks.is_empty() {
                return Err(format!("{name} has no checks: was it built without loom?").into());
            }
            programs.insert(name.to_owned(), (path, checks));
        }
        if programs.is_empty() {
            return Err("no model checks found".into());
        }
        Ok(Self { programs })
    }

    /// The checks must pass as they are, or a failure says nothing about a mutant.
    pub(crate) fn check_unweakened(&self) -> Result<(), Box<dyn Error>> {
        for (name, (path, _)) in &self.programs {
            let status = command(path).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
            if !status.success() {
                return Err(format!("{name} fails without any mutant; run `cargo loom`").into());
            }
        }
        Ok(())
    }

    /// Runs the checks of the mutant's primitive, or all if it belongs to none, until one fails.
    pub(crate) fn try_mutant(&self, mutant: &Mutant) -> Verdict {
        let own = self.programs.iter().filter(|(name, _)| mutant.is_of(name));
        let mut chosen: Vec<_> = own.map(|(_, program)| program).collect();
        if chosen.is_empty() {
            chosen = self.programs.values().collect();
        }
        let mut reached = false;
        for (path, checks) in chosen {
            for check in checks {
                match run(path, check, mutant) {
                    Outcome::Passed { reached: here } => reached |= here,
                    Outcome::Failed { reached: true } => {
                        return Verdict::Killed { by: check.clone() };
                    }
                    Outcome::Failed { reached: false } => {
                        return Verdict::Unrelated { at: check.clone() };
                    }
                    Outcome::Hung => return Verdict::Hung { at: check.clone() },
                }
            }
        }
        if reached { Verdict::Survived } else { Verdict::NotReached }
    }
}

enum Outcome {
    Passed { reached: bool },
    Failed { reached: bool },
    Hung,
}

fn run(path: &Path, check: &str, mutant: &Mutant) -> Outcome {
    let mut child = command(path)
        .args(["--exact", check, "--nocapture"])
        .env("UNTORN_WEAKEN", mutant.variable())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", path.display()));
    let mut stderr = child.stderr.take().expect("stderr is piped");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).map(|_| text).unwrap_or_default()
    });
    let Some(success) = wait(&mut child) else { return Outcome::Hung };
    let text = reader.join().expect("the reading thread does not panic");
    let reached = text.contains("weakened: ");
    if success { Outcome::Passed { reached } } else { Outcome::Failed { reached } }
}

/// Whether the program succeeded, or `None` if it had to be stopped.
fn wait(child: &mut Child) -> Option<bool> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            _ => {
                // It may have ended just now, so neither call has to succeed.
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

fn command(path: &Path) -> Command {
    let mut command = Command::new(path);
    // Loom unwinds through generators; a backtrace of each failure takes longer than the check.
    command.env("RUST_BACKTRACE", "0");
    command
}
