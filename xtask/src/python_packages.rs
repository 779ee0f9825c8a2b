//! Servers that tests talk to and that pip installs: LiteLLM's proxy.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::process::{Cmd, Doing, Failure, Outcome};

/// A folder with a `requirements.txt`, and the environment that is made of it.
#[derive(Debug)]
pub(crate) struct PythonPackage {
    dir: &'static str,
    environment: &'static str,
    /// When set to `1`, a test that finds the package missing fails instead of saying so and passing.
    pub(crate) require: &'static str,
}

/// All of them.
pub(crate) const ALL: &[PythonPackage] =
    &[PythonPackage { dir: "tests/litellm", environment: "target/litellm", require: "LORE_REQUIRE_LITELLM" }];

/// Installs all.
pub(crate) fn install(root: &Path) -> Outcome {
    ALL.iter().try_for_each(|package| package.install(root))
}

impl PythonPackage {
    fn requirements(&self, root: &Path) -> PathBuf {
        root.join(self.dir).join("requirements.txt")
    }

    /// A copy of what was installed, written last.
    fn installed(&self, root: &Path) -> PathBuf {
        root.join(self.environment).join("requirements.txt")
    }

    /// Whether the environment is there, with what is asked for now.
    pub(crate) fn is_installed(&self, root: &Path) -> bool {
        let read = |path: PathBuf| fs::read(path).ok();
        let installed = read(self.installed(root));
        installed.is_some() && installed == read(self.requirements(root))
    }

    fn install(&self, root: &Path) -> Outcome {
        if self.is_installed(root) {
            println!("{} is up to date", self.environment);
            return Ok(());
        }
        Cmd::new("python3")
            .args(["-m", "venv", "--clear", self.environment])
            .dir(root)
            .run()
            .map_err(|why| Failure::new(format!("{why}; install Python 3.11 or newer with its module `venv`, or leave the stage out with `--skip setup`")))?;
        // No package may run code of its own during the install, and the list is complete, so nothing is resolved.
        Cmd::new(root.join(self.environment).join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
            .args(["--only-binary", ":all:", "--requirement"])
            .arg(self.requirements(root))
            .dir(root)
            .run()?;
        fs::copy(self.requirements(root), self.installed(root))
            .map(|_| ())
            .doing(format_args!("cannot note what was installed in {}", self.environment))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_names_exact_versions_and_no_address() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for package in ALL {
            let text = fs::read_to_string(package.requirements(&root)).unwrap();
            for line in text.lines().filter(|line| !line.starts_with('#')) {
                let (name, version) = line.split_once("==").unwrap_or_default();
                assert!(!name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()), "{line}");
                assert!(!line.contains("://") && !line.contains(' '), "{line}");
            }
        }
    }
}
