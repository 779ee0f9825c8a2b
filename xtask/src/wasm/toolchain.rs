//! A toolchain that compiles for wasm, found or made.
//!
//! 1. The running toolchain has the target, or rustup can add it: nothing else is needed.
//! 2. Else Debian's `rustc-web`, of a newer version, with a standard library built once from `rust-web-src`. It goes
//!    into a sysroot of its own under `target/`, which looks like a toolchain, so that a plain `cargo build` with
//!    one environment variable uses it; nothing of the system or of rustup's toolchains is changed.
//!
//! A standard library fits one compiler only, so the second way cannot serve the running toolchain; and procedural
//! macros must be compiled by the compiler that loads them, so a compiler cannot be chosen per target either.
//! `docs/adr/0002-wasm-toolchain.md` says more.

use std::{
    env,
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use crate::{
    debian,
    process::{Cmd, Doing, Failure, Outcome, cargo, quoted},
};

/// The target of browsers and edge workers.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// Where Debian puts its compiler; a rustup of the same machine lies elsewhere.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

/// Under this name rustup knows the second way's toolchain.
const LINKED_AS: &str = "lore-wasm";

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    Auto,
    Rustup,
    Debian,
}

impl FromStr for Choice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "rustup" => Ok(Self::Rustup),
            "debian" => Ok(Self::Debian),
            _ => Err(()),
        }
    }
}

/// A toolchain that has the target.
#[derive(Debug)]
pub(crate) enum Toolchain {
    /// The one that runs anyway.
    Running,
    /// The one under `target/`.
    Made { sysroot: PathBuf, version: String },
}

impl Toolchain {
    /// What cargo must be told to use it.
    pub(crate) fn env(&self) -> Vec<(&'static str, OsString)> {
        match self {
            Self::Running => Vec::new(),
            Self::Made { sysroot, .. } => vec![("RUSTC", sysroot.join("bin/rustc").into())],
        }
    }

    /// The same for a shell.
    pub(crate) fn exports(&self) -> String {
        self.env().iter().map(|(key, value)| format!("export {key}={}\n", quoted(value))).collect()
    }

    /// Whether its clippy knows the target.
    pub(crate) fn has_clippy(&self) -> bool {
        matches!(self, Self::Running)
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => {
                write!(f, "the running one; by hand: `cargo build -p lore-core --target {TARGET}`")
            }
            Self::Made { version, .. } => write!(
                f,
                "Debian's rustc {version}; by hand: `cargo +{LINKED_AS} build -p lore-core --target {TARGET}`, or \
                 `eval \"$(cargo xtask wasm --env)\"` before the command without `+{LINKED_AS}`"
            ),
        }
    }
}

/// The toolchain, if it is there already.
pub(crate) fn find(root: &Path, choice: Choice) -> Outcome<Option<Toolchain>> {
    if choice != Choice::Debian && running_has_target() {
        return Ok(Some(Toolchain::Running));
    }
    if choice == Choice::Rustup {
        return Ok(None);
    }
    let Some(system) = System::find() else { return Ok(None) };
    let sysroot = system.sysroot(root);
    Ok(system.is_made(&sysroot).then_some(Toolchain::Made { sysroot, version: system.version }))
}

/// The toolchain, installed or made if need be.
pub(crate) fn get(root: &Path, choice: Choice) -> Outcome<Toolchain> {
    if let Some(found) = find(root, choice)? {
        return Ok(found);
    }
    if choice != Choice::Debian {
        match add_by_rustup() {
            Ok(()) => return Ok(Toolchain::Running),
            Err(why) if choice == Choice::Rustup => return Err(why),
            Err(why) => println!("{why}; going on with Debian's packages"),
        }
    }
    let system = match System::find() {
        Some(system) => system,
        None => install_packages()?,
    };
    let sysroot = system.sysroot(root);
    if !system.is_made(&sysroot) {
        system.make(root, &sysroot)?;
    }
    Ok(Toolchain::Made { sysroot, version: system.version })
}

fn running_has_target() -> bool {
    let folder = Cmd::new("rustc").args(["--print", "target-libdir", "--target", TARGET]).probe();
    folder.is_some_and(|folder| has_std(Path::new(folder.trim())))
}

fn has_std(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}

fn add_by_rustup() -> Outcome {
    // Where rustup's server cannot be reached, it would try for minutes.
    Cmd::new("rustup").args(["target", "add", TARGET]).limit(Duration::from_secs(180)).run()?;
    if running_has_target() {
        Ok(())
    } else {
        Err(Failure::new(format!("rustup added {TARGET} to another toolchain than the running one")))
    }
}

fn install_packages() -> Outcome<System> {
    if !debian::has_apt() {
        return Err(Failure::new(format!(
            "no toolchain for {TARGET}: rustup could not add it, and this system has no apt-get. Install the \
             target's standard library for the running rustc, and try again"
        )));
    }
    debian::install(&PACKAGES)?;
    System::find().ok_or_else(|| {
        Failure::new(format!(
            "{} are installed, but {SYSTEM_RUSTC} or its sources are missing",
            PACKAGES.join(", ")
        ))
    })
}

/// The system's compiler, with its sources.
struct System {
    version: String,
    commit: String,
    host: String,
    sysroot: PathBuf,
}

impl System {
    fn find() -> Option<Self> {
        let verbose = Cmd::new(SYSTEM_RUSTC).arg("-vV").probe()?;
        let field = |name: &str| {
            verbose.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(String::from)
        };
        let sysroot = PathBuf::from(Cmd::new(SYSTEM_RUSTC).args(["--print", "sysroot"]).probe()?.trim());
        let system =
            Self { version: field("release")?, commit: field("commit-hash")?, host: field("host")?, sysroot };
        system.sources().join("std/Cargo.toml").is_file().then_some(system)
    }

    fn sources(&self) -> PathBuf {
        self.sysroot.join("lib/rustlib/src/rust/library")
    }

    /// Where the toolchain made of this compiler lies.
    fn sysroot(&self, root: &Path) -> PathBuf {
        root.join("target/tools/wasm-toolchain").join(&self.version)
    }

    /// Written last, so that a broken attempt is never taken for a toolchain.
    fn marker(sysroot: &Path) -> PathBuf {
        sysroot.join("made-of")
    }

    fn is_made(&self, sysroot: &Path) -> bool {
        fs::read_to_string(Self::marker(sysroot)).is_ok_and(|made_of| made_of.trim() == self.commit)
    }

    /// Lays a sysroot beside the system's: its compiler and host libraries by link, the target's library built.
    #[cfg(unix)]
    fn make(&self, root: &Path, sysroot: &Path) -> Outcome {
        use std::os::unix::fs::{PermissionsExt, symlink};

        println!("making a wasm toolchain of rustc {}", self.version);
        if sysroot.exists() {
            fs::remove_dir_all(sysroot).doing("cannot remove the unfinished toolchain")?;
        }
        let rustlib = sysroot.join("lib/rustlib");
        let host = rustlib.join(&self.host);
        for folder in [sysroot.join("bin"), host.join("bin"), rustlib.join(TARGET).join("lib")] {
            fs::create_dir_all(&folder).doing(format_args!("cannot make {}", folder.display()))?;
        }
        let link = |from: PathBuf, to: PathBuf| {
            symlink(&from, &to).doing(format_args!("cannot link {} to {}", to.display(), from.display()))
        };
        let system = self.sysroot.join("lib/rustlib");
        link(system.join(&self.host).join("lib"), host.join("lib"))?;
        link(system.join("src"), rustlib.join("src"))?;
        link(linker()?, host.join("bin/rust-lld"))?;
        if let Some(cargo) = env::var_os("CARGO") {
            link(cargo.into(), sysroot.join("bin/cargo"))?;
        }
        let rustc = sysroot.join("bin/rustc");
        let script =
            format!("#!/bin/sh\nexec {SYSTEM_RUSTC} --sysroot {} \"$@\"\n", quoted(sysroot.as_os_str()));
        fs::write(&rustc, script).doing("cannot write the compiler's script")?;
        fs::set_permissions(&rustc, fs::Permissions::from_mode(0o755)).doing("cannot mark it executable")?;

        self.build_std(root, &rustc, &rustlib.join(TARGET).join("lib"))?;
        fs::write(Self::marker(sysroot), &self.commit).doing("cannot mark the toolchain as made")?;
        link_in_rustup(sysroot);
        Ok(())
    }

    #[cfg(not(unix))]
    fn make(&self, _: &Path, _: &Path) -> Outcome {
        Err(Failure::new("only rustup can add the target here"))
    }

    /// Compiles the standard library by way of an empty crate, and takes over the libraries.
    fn build_std(&self, root: &Path, rustc: &Path, into: &Path) -> Outcome {
        let work = root.join("target/tools/wasm-std");
        let writing = "cannot write the crate that pulls in the standard library";
        fs::create_dir_all(work.join("src")).doing(writing)?;
        let manifest = "[package]\nname = \"empty\"\nedition = \"2024\"\n[workspace]\n";
        fs::write(work.join("Cargo.toml"), manifest).doing(writing)?;
        fs::write(work.join("src/lib.rs"), "").doing(writing)?;
        cargo()
            .args(["build", "--release", "--quiet", "-Z", "build-std=std,panic_abort", "--target", TARGET])
            .arg("--target-dir")
            .arg(work.join("target"))
            .env("RUSTC", rustc)
            // `build-std` is not stable; a compiler as old as its sources is all it needs.
            .env("RUSTC_BOOTSTRAP", "1")
            .dir(&work)
            .run()?;
        let built = work.join("target").join(TARGET).join("release/deps");
        for entry in fs::read_dir(&built).doing("cannot read what was built")? {
            let path = entry.doing("cannot read what was built")?.path();
            let Some(name) = path.file_name() else { continue };
            let text = name.to_string_lossy();
            if text.ends_with(".rlib") && !text.starts_with("libempty-") {
                fs::copy(&path, into.join(name)).doing(format_args!("cannot copy {}", path.display()))?;
            }
        }
        if !has_std(into) {
            return Err(Failure::new(format!(
                "the standard library of rustc {} was not built",
                self.version
            )));
        }
        fs::remove_dir_all(&work).doing("cannot remove what was left of the build")
    }
}

/// The linker of the running toolchain, or the system's. Any version will do.
fn linker() -> Outcome<PathBuf> {
    let folder = Cmd::new("rustc").args(["--print", "target-libdir"]).probe();
    let own = folder.and_then(|folder| Some(Path::new(folder.trim()).parent()?.join("bin/rust-lld")));
    let system = ["lld-22", "lld-21", "lld-20", "lld-19", "lld"]
        .iter()
        .filter_map(|name| Cmd::new("which").arg(name).probe().map(|path| PathBuf::from(path.trim())));
    own.into_iter().chain(system).find(|path| path.is_file()).ok_or_else(|| {
        Failure::new("no linker for wasm: the running toolchain has no rust-lld, and no lld is installed")
    })
}

/// So that `cargo +lore-wasm` works. A convenience: without rustup, the environment variable does the same.
fn link_in_rustup(sysroot: &Path) {
    if let Err(why) = Cmd::new("rustup").args(["toolchain", "link", LINKED_AS]).arg(sysroot).run() {
        println!("{why}: `cargo +{LINKED_AS}` will not work, `cargo xtask wasm --env` does");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_told_what_cargo_needs() {
        let made = Toolchain::Made { sysroot: "a b".into(), version: "1.96.0".into() };
        assert_eq!(made.exports(), "export RUSTC='a b/bin/rustc'\n");
        assert_eq!(Toolchain::Running.exports(), "");
    }
}
