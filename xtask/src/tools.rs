//! Tools that cargo installs: pinned, and kept under `target/tools`, so that nothing outside the repository changes.

use std::path::{Path, PathBuf};

use crate::process::{Cmd, Failure, Outcome, cargo};

/// A program from a crate.
#[derive(Debug)]
pub(crate) struct Tool {
    /// Name of the crate and of its program.
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl Tool {
    /// The program: a developer's own of the same version, the one installed before, or a fresh one.
    pub(crate) fn get(&self, root: &Path) -> Outcome<PathBuf> {
        let own = root.join("target/tools/bin").join(self.name);
        for program in [PathBuf::from(self.name), own.clone()] {
            if self.is(&program) {
                return Ok(program);
            }
        }
        // Some registries lag behind the newest release of a crate that the lock file names.
        self.install(root, true).or_else(|why| {
            println!("{why}; trying again without its lock file");
            self.install(root, false)
        })?;
        if self.is(&own) {
            return Ok(own);
        }
        Err(Failure::new(format!("{} {} was installed but does not answer", self.name, self.version)))
    }

    fn is(&self, program: &Path) -> bool {
        let version = Cmd::new(program).arg("--version").probe();
        version.is_some_and(|text| text.split_whitespace().any(|word| word == self.version))
    }

    fn install(&self, root: &Path, locked: bool) -> Outcome {
        let cmd = cargo()
            .args(["install", self.name, "--version", self.version])
            // Half the time to compile, and speed does not matter here.
            .args(["--debug", "--quiet", "--root", "target/tools"])
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .dir(root);
        if locked { cmd.arg("--locked").run() } else { cmd.run() }
    }
}
