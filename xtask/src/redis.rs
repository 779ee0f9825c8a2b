//! The Redis server that tests talk to. They start their own; all that is needed is the program.

use crate::{
    debian,
    process::{Cmd, Outcome},
};

/// When set to `1`, a test that finds the server missing fails instead of saying so and passing.
pub(crate) const REQUIRE: &str = "LORE_REQUIRE_REDIS";

/// Whether the server and its command line are there.
pub(crate) fn is_installed() -> bool {
    ["redis-server", "redis-cli"].iter().all(|program| Cmd::new(program).arg("--version").probe().is_some())
}

/// Installs the server if it is missing. Where that is not possible, the tests that need it say so and pass.
pub(crate) fn install() -> Outcome {
    if is_installed() {
        println!("redis-server is there");
        return Ok(());
    }
    if !debian::has_apt() {
        println!("this system has no apt-get to install redis-server with: its tests are NOT run");
        return Ok(());
    }
    debian::install(&["redis-server"])
}
