//! Packages of the system, where it is a Debian or one of its kin.

use crate::process::{Cmd, Outcome};

/// Whether packages can be had at all.
pub(crate) fn has_apt() -> bool {
    Cmd::new("apt-get").arg("--version").probe().is_some()
}

/// Installs packages with nothing that they only recommend.
pub(crate) fn install(packages: &[&str]) -> Outcome {
    let install = || apt(&["install", "-y", "--no-install-recommends"]).args(packages).run();
    // A new machine knows no packages yet.
    install().or_else(|_| apt(&["update"]).run().and_then(|()| install()))
}

/// `apt-get` with the rights it needs, without asking questions.
fn apt(args: &[&str]) -> Cmd {
    let is_root = Cmd::new("id").arg("-u").probe().is_some_and(|id| id.trim() == "0");
    let cmd = if is_root { Cmd::new("apt-get") } else { Cmd::new("sudo").args(["-n", "apt-get"]) };
    cmd.args(args).env("DEBIAN_FRONTEND", "noninteractive")
}
