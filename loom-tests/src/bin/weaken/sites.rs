//! Finds every call in the library that names an ordering or fences, by its tokens.
//!
//! Tokens and not syntax trees, so that code inside macros is found too.

use std::error::Error;
use std::fmt;
use std::path::Path;

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// Not mutated: the native side is not what the model runs, the model side is the apparatus itself,
/// and the pause hook is no part of any protocol.
const APPARATUS: [&str; 3] = ["src/sync/native/", "src/sync/model/", "src/sync/pause.rs"];

const ACCESSES: [&str; 14] = [
    "load",
    "load_waitable",
    "store",
    "swap",
    "compare_exchange",
    "compare_exchange_weak",
    "fetch_add",
    "fetch_sub",
    "fetch_or",
    "fetch_and",
    "fetch_xor",
    "fetch_max",
    "fetch_min",
    "fetch_update",
];

/// One call site with one weakening.
pub(crate) struct Mutant {
    /// Relative to the workspace, with forward slashes, as `Location::file` has it.
    pub(crate) file: String,
    pub(crate) line: usize,
    /// From one, as `Location::column` counts.
    pub(crate) column: usize,
    /// `access`, `failure` or `fence`.
    pub(crate) kind: &'static str,
    pub(crate) from: String,
    pub(crate) to: &'static str,
    /// The source line: what survives when line numbers move.
    pub(crate) code: String,
}

impl Mutant {
    /// What `UNTORN_WEAKEN` is set to.
    pub(crate) fn variable(&self) -> String {
        format!("{}:{}:{}:{}:{}", self.file, self.line, self.column, self.kind, self.to)
    }

    /// Whether a program checks its primitive: of `shared`, the programs `shared` and `shared_ring`.
    pub(crate) fn is_of(&self, program: &str) -> bool {
        let rest = self.primitive().and_then(|primitive| program.strip_prefix(primitive));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    }

    /// The primitive it belongs to: `seqlock` for `src/seqlock/lock.rs`.
    pub(crate) fn primitive(&self) -> Option<&str> {
        primitive(&self.file)
    }

    pub(crate) fn weakening(&self) -> String {
        format!("{} {} -> {}", self.kind, self.from, self.to)
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{} {}", self.file, self.line, self.column, self.weakening())
    }
}

pub(crate) fn primitive(file: &str) -> Option<&str> {
    file.strip_prefix("src/")?.split_once('/').map(|(folder, _)| folder)
}

/// All mutants of the library, in the order of files and lines.
pub(crate) fn find(root: &Path) -> Result<Vec<Mutant>, Box<dyn Error>> {
    let mut mutants = Vec::new();
    for path in super::files_below(&root.join("src"))? {
        let file = path.strip_prefix(root)?.to_string_lossy().replace('\\', "/");
        if !file.ends_with(".rs") || APPARATUS.iter().any(|prefix| file.starts_with(prefix)) {
            continue;
        }
        let text = std::fs::read_to_string(&path)?;
        let tokens: TokenStream = text.parse().map_err(|error| format!("{file}: {error}"))?;
        let mut scan = Scan { file: &file, lines: text.lines().collect(), mutants: &mut mutants };
        scan.stream(tokens);
    }
    mutants.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
    Ok(mutants)
}

struct Scan<'a> {
    file: &'a str,
    lines: Vec<&'a str>,
    mutants: &'a mut Vec<Mutant>,
}

impl Scan<'_> {
    fn stream(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.stream(group.stream()),
                TokenTree::Ident(name) => {
                    let Some(TokenTree::Group(arguments)) = tokens.get(index + 1) else { continue };
                    if arguments.delimiter() != Delimiter::Parenthesis {
                        continue;
                    }
                    let before = index.checked_sub(1).and_then(|before| tokens.get(before));
                    let method = matches!(before, Some(TokenTree::Punct(p)) if p.as_char() == '.');
                    self.call(name, method, arguments.stream());
                }
                _ => {}
            }
        }
    }

    fn call(&mut self, name: &Ident, method: bool, arguments: TokenStream) {
        let function = name.to_string();
        // The last store to a word, by which the façade also wakes who sleeps there.
        let last = !method && function == "swap_and_wake";
        if last || method && ACCESSES.contains(&function.as_str()) {
            let kinds = ["access", "failure"];
            for (kind, from) in kinds.into_iter().zip(orderings(arguments)) {
                self.add(name, kind, &from);
            }
        } else if !method && function == "fence" {
            for from in orderings(arguments) {
                self.add(name, "fence", &from);
            }
        } else if !method && ["light", "light_if", "heavy"].contains(&function.as_str()) {
            // The two halves of an asymmetric fence, which the model runs as one fence each.
            self.add(name, "fence", "SeqCst");
        }
    }

    fn add(&mut self, name: &Ident, kind: &'static str, from: &str) {
        let weaker: &[&str] = match (kind, from) {
            ("fence", "SeqCst") => &["AcqRel", "none"],
            ("fence", "AcqRel") => &["Acquire", "Release", "none"],
            ("fence", _) => &["none"],
            (_, "Relaxed") => &[],
            (_, "AcqRel") => &["Acquire", "Release", "Relaxed"],
            // To loom a SeqCst access is AcqRel, so only this step shows.
            _ => &["Relaxed"],
        };
        let start = name.span().start();
        for to in weaker {
            self.mutants.push(Mutant {
                file: self.file.to_owned(),
                line: start.line,
                column: start.column + 1,
                kind,
                from: from.to_owned(),
                to,
                code: self.lines[start.line - 1].trim().to_owned(),
            });
        }
    }
}

/// The orderings among the arguments of one call, first to last.
fn orderings(arguments: TokenStream) -> Vec<String> {
    arguments
        .into_iter()
        .filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        })
        .filter(|name| {
            ["Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"].contains(&name.as_str())
        })
        .collect()
}
