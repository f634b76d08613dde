//! What the numbers were measured on, and what with.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::crew::Crew;

/// The machine and the build.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Environment {
    /// Version of the library.
    pub untorn: String,
    /// Revision of the workspace, with `-dirty` if it has changes; empty outside git.
    pub revision: String,
    /// The compiler.
    pub rustc: String,
    /// Cargo's profile, and extra compiler flags if there were any.
    pub build: String,
    /// Model name of the processor.
    pub cpu: String,
    /// How many cores this process may use.
    pub cores: usize,
    /// Whether a hypervisor runs below.
    pub virtual_machine: Option<bool>,
    /// Whether cores are shared by hardware threads.
    pub smt: Option<bool>,
    /// Operating system and kernel.
    pub kernel: String,
    /// Whether threads were pinned, where there were cores enough.
    pub pinned: bool,
}

impl Environment {
    /// As it is now.
    #[must_use]
    pub fn capture(crew: &Crew) -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |key: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(key))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let line_of = |path: &str| fs::read_to_string(path).ok().map(|s| s.trim().to_owned());
        let release = line_of("/proc/sys/kernel/osrelease").unwrap_or_default();
        let flags = env!("UNTORN_BENCH_RUSTFLAGS");
        let profile = env!("UNTORN_BENCH_PROFILE");
        Self {
            untorn: package_version("untorn").unwrap_or_default().to_owned(),
            revision: revision().unwrap_or_default(),
            rustc: env!("UNTORN_BENCH_RUSTC").to_owned(),
            build: format!("{profile} {flags}").trim().to_owned(),
            cpu: field("model name").unwrap_or_else(|| format!("{} CPU", std::env::consts::ARCH)),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            virtual_machine: field("flags").map(|flags| flags.contains("hypervisor")),
            smt: line_of("/sys/devices/system/cpu/smt/active").map(|active| active == "1"),
            kernel: format!("{} {release}", std::env::consts::OS).trim().to_owned(),
            pinned: crew.pins(),
        }
    }

    /// Whether the numbers mean anything.
    #[must_use]
    pub fn is_optimised(&self) -> bool {
        self.build.starts_with("release")
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "untorn {}", self.untorn)?;
        if !self.revision.is_empty() {
            write!(f, " · rev {}", self.revision)?;
        }
        // "rustc 1.95.0 (59807616e 2026-04-14)": the version is enough to read.
        let rustc: Vec<&str> = self.rustc.split(' ').take(2).collect();
        write!(f, " · {} · {}", rustc.join(" "), self.build)?;
        write!(f, " · {}, {} cores", self.cpu, self.cores)?;
        match self.smt {
            Some(true) => f.write_str(", SMT on")?,
            Some(false) => f.write_str(", no SMT")?,
            None => {}
        }
        match self.virtual_machine {
            Some(true) => f.write_str(", virtual machine")?,
            Some(false) => f.write_str(", no hypervisor seen")?,
            None => {}
        }
        write!(f, " · {}", self.kernel)?;
        f.write_str(if self.pinned { " · pinned" } else { " · not pinned" })?;
        if !self.is_optimised() {
            f.write_str(" · NOT OPTIMISED: the numbers mean nothing")?;
        }
        Ok(())
    }
}

/// The version that was linked of a crate, or the compiler's for `std`. A crate that is linked in
/// two versions is named with the beginning of the one that is meant: `parking_lot 0.12`.
#[must_use]
pub fn package_version(package: &str) -> Option<&'static str> {
    if package == "std" {
        return env!("UNTORN_BENCH_RUSTC").split(' ').nth(1);
    }
    let packages = env!("UNTORN_BENCH_PACKAGES").split(';');
    let (package, beginning) = package.split_once(' ').unwrap_or((package, ""));
    let mut pairs = packages.filter_map(|entry| entry.split_once(' '));
    pairs
        .find(|(name, version)| {
            let rest = version.strip_prefix(beginning);
            *name == package
                && rest.is_some_and(|r| beginning.is_empty() || r.is_empty() || r.starts_with('.'))
        })
        .map(|(_, version)| version)
}

/// The workspace's folder.
#[must_use]
pub fn workspace() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Where records of every run go.
#[must_use]
pub fn record_dir() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target.unwrap_or_else(|| workspace().join("target")).join("versus")
}

fn revision() -> Option<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(workspace());
    // Without optional locks a look at the tree disturbs nobody who works in it.
    git.args(["--no-optional-locks", "describe", "--always", "--dirty", "--exclude=*"]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

/// Now, as `2026-01-31T23:59:59Z`.
#[must_use]
pub fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    timestamp(since.as_secs())
}

/// Seconds since 1970 as a date and time, by counting days from a first of March: the leap day is
/// then the last of its year (H. Hinnant, "chrono-compatible low-level date algorithms").
fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn timestamps_know_leap_days() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(timestamp(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(timestamp(1_798_761_600), "2027-01-01T00:00:00Z");
    }
}
