//! Adding up what the test runners say in their closing lines.

use std::fmt;

/// How many tests ran, over all runners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TestCount {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl TestCount {
    /// Takes a line of a runner's output: cargo's `test result: …`, or node's `# pass 3`.
    pub(crate) fn see(&mut self, line: &str) {
        if let Some(result) = line.trim_start().strip_prefix("test result: ") {
            // "ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s"
            for part in result.split_once(". ").map_or("", |(_, rest)| rest).split("; ") {
                self.add(part.split_once(' ').map(|(number, what)| (what, number)));
            }
        } else if let Some(result) = line.strip_prefix("# ") {
            self.add(result.split_once(' '));
        }
    }

    fn add(&mut self, part: Option<(&str, &str)>) {
        let Some((what, number)) = part else { return };
        let Ok(number) = number.parse::<u64>() else { return };
        match what {
            "passed" | "pass" => self.passed += number,
            "failed" | "fail" => self.failed += number,
            "ignored" | "skipped" => self.skipped += number,
            _ => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The plain closing line.
impl fmt::Display for TestCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_lines_of_all_runners_are_added_up() {
        let mut count = TestCount::default();
        for line in [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.00s",
            "test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.10s",
            "# tests 6",
            "# pass 5",
            "# fail 0",
            "# skipped 1",
            "# Subtest: pass 9",
        ] {
            count.see(line);
        }
        assert_eq!(count.to_string(), "12 passed, 2 failed, 2 skipped");
    }

    #[test]
    fn nothing_seen_is_nothing_run() {
        let mut count = TestCount::default();
        count.see(
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0s",
        );
        assert!(count.is_empty());
    }
}
