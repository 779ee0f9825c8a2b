//! The stages that are cargo itself: format, lints, docs, tests, oldest Rust.

use std::path::Path;

use crate::{
    ci::Run,
    node_packages,
    process::{Cmd, Doing, Failure, Outcome, cargo},
    python_packages, redis,
};

/// Formats all code.
pub(crate) fn format(root: &Path) -> Outcome {
    cargo().args(["fmt", "--all"]).dir(root).run()
}

/// Fails if formatting would change anything.
pub(crate) fn check_format(root: &Path) -> Outcome {
    cargo().args(["fmt", "--all", "--check"]).dir(root).run()
}

/// Clippy over everything, the wasm face too (natively; `wasm` checks its own target).
pub(crate) fn lint(root: &Path) -> Outcome {
    cargo()
        .args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--keep-going",
            "--",
            "-D",
            "warnings",
        ])
        .dir(root)
        .run()
}

/// Documentation of all crates.
pub(crate) fn document(root: &Path) -> Outcome {
    cargo()
        .args(["doc", "--workspace", "--no-deps", "--all-features"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .dir(root)
        .run()
}

/// All tests. A test binary that fails does not hide the others.
pub(crate) fn test(run: &mut Run<'_>) -> Outcome {
    let mut cmd = cargo().args(["test", "--workspace", "--all-features", "--no-fail-fast"]).dir(run.root);
    let node = node_packages::ALL.iter().filter(|package| package.is_installed(run.root));
    let python = python_packages::ALL.iter().filter(|package| package.is_installed(run.root));
    for require in node.map(|package| package.require).chain(python.map(|package| package.require)) {
        // Without it, a test that finds no server says so and passes.
        cmd = cmd.env(require, "1");
    }
    if redis::is_installed() {
        cmd = cmd.env(redis::REQUIRE, "1");
    }
    let before = run.tests;
    let outcome = cmd.run_seeing(|line| run.tests.see(line));
    if outcome.is_ok() && run.tests == before {
        return Err(Failure::new("no test ran"));
    }
    outcome
}

/// Shows that the workspace builds with the Rust it promises.
///
/// The stages before this one prove it when they ran on exactly that version; on a newer one, rustup may have it.
pub(crate) fn check_oldest(root: &Path) -> Outcome {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).doing("cannot read Cargo.toml")?;
    let promised = promised(&manifest)
        .ok_or_else(|| Failure::new("Cargo.toml does not say `rust-version = \"MAJOR.MINOR\"`"))?;
    let version = Cmd::new("rustc").arg("-V").dir(root).read()?;
    let running = major_minor(version.split_whitespace().nth(1).unwrap_or_default())
        .ok_or_else(|| Failure::new(format!("cannot read the version of rustc from `{}`", version.trim())))?;
    let (major, minor) = promised;
    println!("promised: Rust {major}.{minor}; running: {}", version.trim());
    if running < promised {
        return Err(Failure::new(format!("this toolchain is older than Rust {major}.{minor}")));
    }
    if running == promised {
        println!("this is the promised version: lints, docs and tests of this run prove it");
        return Ok(());
    }
    let toolchain = format!("{major}.{minor}");
    if Cmd::new("rustup").args(["run", &toolchain, "rustc", "-V"]).probe().is_none() {
        println!("rustup has no toolchain {toolchain} here: the promise is NOT checked in this run");
        return Ok(());
    }
    Cmd::new("rustup")
        .args([
            "run",
            &toolchain,
            "cargo",
            "check",
            "--workspace",
            "--all-features",
            "--target-dir",
            "target/msrv",
        ])
        .dir(root)
        .run()
}

/// The `rust-version` of a workspace manifest.
fn promised(manifest: &str) -> Option<(u32, u32)> {
    let line = manifest.lines().find_map(|line| line.strip_prefix("rust-version"))?;
    major_minor(line.trim_start_matches([' ', '=']).trim().trim_matches('"'))
}

fn major_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(promised("[workspace.package]\nrust-version = \"1.95\"\n"), Some((1, 95)));
        assert_eq!(promised("[package]\nname = \"x\"\n"), None);
        assert!(major_minor("1.100.0") > major_minor("1.95.0"));
        assert_eq!(major_minor("1.97.0-nightly"), Some((1, 97)));
    }
}
