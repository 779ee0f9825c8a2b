//! The real components that tests talk to and that npm installs: an IPFS node, and an EVM node with the compiler of the
//! contracts on it.

use std::{fs, path::Path, path::PathBuf};

use crate::process::{Cmd, Failure, Outcome};

/// A folder with a `package.json` of its own.
#[derive(Debug)]
pub(crate) struct NodePackage {
    dir: &'static str,
    /// When set to `1`, a test that finds the package missing fails instead of saying so and passing.
    pub(crate) require: &'static str,
    /// A program in the folder that makes something of what was installed, and the folder that it makes.
    make: Option<(&'static str, &'static str)>,
}

/// All of them.
pub(crate) const ALL: &[NodePackage] = &[
    NodePackage { dir: "tests/ipfs-node", require: "LORE_REQUIRE_IPFS_NODE", make: None },
    NodePackage {
        dir: "tests/evm-node",
        require: "LORE_REQUIRE_EVM_NODE",
        make: Some(("compile.mjs", "build")),
    },
];

/// Installs all.
pub(crate) fn install(root: &Path) -> Outcome {
    ALL.iter().try_for_each(|package| package.install(root))
}

impl NodePackage {
    fn path(&self, root: &Path) -> PathBuf {
        root.join(self.dir)
    }

    /// npm writes this file last.
    fn installed(&self, root: &Path) -> PathBuf {
        self.path(root).join("node_modules/.package-lock.json")
    }

    /// Whether the package is there, with what is made of it.
    pub(crate) fn is_installed(&self, root: &Path) -> bool {
        let is_made = self.make.is_none_or(|(_, made)| self.path(root).join(made).is_dir());
        is_made && self.installed(root).is_file()
    }

    fn install(&self, root: &Path) -> Outcome {
        let (dir, installed) = (self.path(root), self.installed(root));
        let (manifest, lock) = (dir.join("package.json"), dir.join("package-lock.json"));
        if is_newer(&installed, &manifest) && is_newer(&installed, &lock) {
            println!("{} is up to date", self.dir);
        } else {
            if Cmd::new("npm").arg("--version").probe().is_none() {
                return Err(Failure::new(
                    "npm is missing; install Node.js 20 or newer, or leave the stage out with `--skip setup`",
                ));
            }
            // No package may run code of its own during the install: some would download binaries.
            Cmd::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
                .dir(&dir)
                .run()?;
        }
        // Always: it takes seconds, and what it reads lies elsewhere.
        self.make.map_or(Ok(()), |(program, _)| Cmd::new("node").arg(program).dir(&dir).run())
    }
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    modified(file).zip(modified(than)).is_some_and(|(file, than)| file >= than)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_is_there_with_a_lock_and_has_a_variable_of_its_own() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        for package in ALL {
            assert!(package.path(&root).join("package-lock.json").is_file(), "{}", package.dir);
            let program = package.make.map(|(program, _)| package.path(&root).join(program));
            assert!(program.is_none_or(|program| program.is_file()), "{}", package.dir);
            assert_eq!(ALL.iter().filter(|other| other.require == package.require).count(), 1);
        }
    }
}
