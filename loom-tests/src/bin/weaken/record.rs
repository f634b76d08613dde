//! What the last full run saw, and the survivors that are explained.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::sites::{self, Mutant};
use super::trial::Verdict;

/// The model's side of the façade and the harness: a change here may change any verdict.
const APPARATUS: [&str; 3] =
    ["src/sync/model", "src/sync/condvar_futex.rs", "loom-tests/src/lib.rs"];

/// The committed result of the last full run.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Record {
    killed: usize,
    mutants: usize,
    /// By library file.
    files: BTreeMap<String, FileRecord>,
}

#[derive(Serialize, Deserialize)]
struct FileRecord {
    /// Of the file, the checks of its primitive and the apparatus.
    hash: String,
    mutants: Vec<MutantRecord>,
}

#[derive(Serialize, Deserialize)]
struct MutantRecord {
    code: String,
    weakening: String,
    verdict: Verdict,
}

impl Record {
    /// An absent record is one in which everything has changed.
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(serde_json::from_str(&text)
                .map_err(|error| format!("{}: {error}", path.display()))?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(format!("{}: {error}", path.display()).into()),
        }
    }

    pub(crate) fn new(
        root: &Path,
        mutants: &[Mutant],
        verdicts: &[Verdict],
    ) -> Result<Self, Box<dyn Error>> {
        let mut record = Self { mutants: mutants.len(), ..Self::default() };
        for (mutant, verdict) in mutants.iter().zip(verdicts) {
            record.killed += usize::from(matches!(verdict, Verdict::Killed { .. }));
            if !record.files.contains_key(&mutant.file) {
                let hash = hash(root, &mutant.file)?;
                record.files.insert(mutant.file.clone(), FileRecord { hash, mutants: Vec::new() });
            }
            let file = record.files.get_mut(&mutant.file).expect("inserted above");
            file.mutants.push(MutantRecord {
                code: mutant.code.clone(),
                weakening: mutant.weakening(),
                verdict: verdict.clone(),
            });
        }
        Ok(record)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    /// Whether the last full run killed every mutant of the file, and neither it nor its checks nor
    /// the apparatus have changed since. A recorded survivor is tried again each time: otherwise it
    /// would be reported once and never more.
    pub(crate) fn has_settled(&self, root: &Path, file: &str) -> bool {
        let killed = |mutant: &MutantRecord| matches!(mutant.verdict, Verdict::Killed { .. });
        match (self.files.get(file), hash(root, file)) {
            (Some(recorded), Ok(hash)) => {
                recorded.hash == hash && recorded.mutants.iter().all(killed)
            }
            _ => false,
        }
    }
}

/// One hash of everything that decides a file's verdicts.
fn hash(root: &Path, file: &str) -> Result<String, Box<dyn Error>> {
    let tests = super::files_below(&root.join("loom-tests/tests"))?;
    let programs: Vec<_> = tests.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
    let checks = sites::checks_of(file, &programs);
    let checks = checks.into_iter().map(|name| format!("loom-tests/tests/{name}.rs"));
    let parts = APPARATUS.into_iter().chain([file]).map(str::to_owned).chain(checks);
    let mut hasher = Sha256::new();
    for part in parts {
        let path = root.join(part);
        let files = if path.is_dir() { super::files_below(&path)? } else { vec![path] };
        for path in files {
            hasher.update(fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?);
        }
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The survivors that are explained: `FILE | WEAKENING | CODE | REASON AND WHAT ELSE CHECKS IT`.
pub(crate) struct Survivors(Vec<[String; 4]>);

impl Survivors {
    pub(crate) fn read(path: &Path) -> Result<Self, Box<dyn Error>> {
        let text =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut entries = Vec::new();
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let parts: Vec<String> =
                line.splitn(4, " | ").map(|part| part.trim().to_owned()).collect();
            let entry = <[String; 4]>::try_from(parts).map_err(|_| {
                format!(
                    "{}:{}: expected FILE | WEAKENING | CODE | REASON",
                    path.display(),
                    index + 1
                )
            })?;
            entries.push(entry);
        }
        Ok(Self(entries))
    }

    pub(crate) fn reason(&self, mutant: &Mutant) -> Option<&str> {
        let weakening = mutant.weakening();
        self.0
            .iter()
            .find(|[file, change, code, _]| {
                *file == mutant.file && *change == weakening && *code == mutant.code
            })
            .map(|[.., reason]| reason.as_str())
    }
}
