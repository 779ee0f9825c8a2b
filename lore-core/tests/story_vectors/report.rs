//! Runs cases by name and tells which failed.

use std::{panic::AssertUnwindSafe, process::ExitCode};

use serde_json::Value;

/// What is wrong with a case; `Ok` if nothing is.
pub(crate) type Verdict = Result<(), String>;

/// `Err` naming `what` if the values differ.
pub(crate) fn check<A: PartialEq<B> + std::fmt::Debug, B: std::fmt::Debug>(
    what: &str,
    found: A,
    expected: B,
) -> Verdict {
    if found == expected { Ok(()) } else { Err(format!("{what}: found {found:?}, expected {expected:?}")) }
}

/// A file of recorded cases.
pub(crate) fn vectors(name: &str) -> Value {
    let path = format!("{}/../tests/data/story/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cases of one file.
pub(crate) struct Suite<'a> {
    name: &'static str,
    filter: &'a str,
    passed: usize,
    failed: usize,
}

impl Suite<'_> {
    /// Runs a case if the filter lets it.
    pub(crate) fn case(&mut self, name: &str, run: impl FnOnce() -> Verdict) {
        if !name.contains(self.filter) {
            return;
        }
        let verdict = std::panic::catch_unwind(AssertUnwindSafe(run));
        match verdict.unwrap_or_else(|_| Err("panicked, see above".to_owned())) {
            Ok(()) => self.passed += 1,
            Err(why) => {
                self.failed += 1;
                println!("FAILED {} {name}: {why}", self.name);
            }
        }
    }
}

/// All files.
pub(crate) struct Report {
    filter: String,
    passed: Vec<(&'static str, usize)>,
    failed: usize,
}

impl Report {
    /// Takes the first argument that is no option as a filter.
    pub(crate) fn from_arguments() -> Self {
        let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
        Self { filter, passed: Vec::new(), failed: 0 }
    }

    /// Runs one file.
    pub(crate) fn run(&mut self, name: &'static str, run: impl FnOnce(&mut Suite<'_>)) {
        let mut suite = Suite { name, filter: &self.filter, passed: 0, failed: 0 };
        run(&mut suite);
        self.failed += suite.failed;
        self.passed.push((name, suite.passed));
    }

    /// Prints the closing line: passed cases by file.
    pub(crate) fn close(self) -> ExitCode {
        // What a file is about may stand behind its name, in brackets.
        let count = |(name, passed): &(&str, usize)| match name.split_once(" (") {
            Some((name, note)) => format!("{name} {passed} ({note}"),
            None => format!("{name} {passed}"),
        };
        let counts: Vec<_> = self.passed.iter().map(count).collect();
        println!("{}", counts.join(", "));
        if self.failed == 0 {
            return ExitCode::SUCCESS;
        }
        println!("{} failed", self.failed);
        ExitCode::FAILURE
    }
}
