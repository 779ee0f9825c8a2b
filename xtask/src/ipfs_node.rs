//! The IPFS node that the tests of the Kubo adapter talk to: a JavaScript implementation, installed by npm.

use std::{fs, path::Path, path::PathBuf};

use crate::process::{Cmd, Failure, Outcome};

/// When set to `1`, a test that finds no node fails instead of saying so and passing.
pub(crate) const REQUIRE: &str = "LORE_REQUIRE_IPFS_NODE";

fn dir(root: &Path) -> PathBuf {
    root.join("tests/ipfs-node")
}

/// npm writes this file last.
fn installed(root: &Path) -> PathBuf {
    dir(root).join("node_modules/.package-lock.json")
}

/// Whether the node is there.
pub(crate) fn is_installed(root: &Path) -> bool {
    installed(root).is_file()
}

/// Installs the node, unless it is there and not older than its manifest.
pub(crate) fn install(root: &Path) -> Outcome {
    let dir = dir(root);
    let manifest = dir.join("package.json");
    if !manifest.is_file() {
        println!("tests/ipfs-node has no package.json: nothing to install");
        return Ok(());
    }
    let lock = dir.join("package-lock.json");
    if is_newer(&installed(root), &manifest) && (!lock.is_file() || is_newer(&installed(root), &lock)) {
        println!("tests/ipfs-node is up to date");
        return Ok(());
    }
    if Cmd::new("npm").arg("--version").probe().is_none() {
        return Err(Failure::new(
            "npm is missing; install Node.js 20 or newer, or leave the stage out with `--skip setup`",
        ));
    }
    // No package may run code of its own during the install: some would download binaries.
    Cmd::new("npm")
        .arg(if lock.is_file() { "ci" } else { "install" })
        .args(["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .dir(&dir)
        .run()
}

fn is_newer(file: &Path, than: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|meta| meta.modified()).ok();
    modified(file).zip(modified(than)).is_some_and(|(file, than)| file >= than)
}
