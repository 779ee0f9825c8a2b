//! What may be linked: `cargo deny` with the rules of `deny.toml`.

use std::{path::Path, time::Duration};

use crate::{
    process::{Cmd, Outcome},
    tools::Tool,
};

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// The database lies on one public host, and cannot be had without a network.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// Licences, bans and sources must hold; advisories too, where their database can be had.
pub(crate) fn check(root: &Path) -> Outcome {
    let program = CARGO_DENY.get(root)?;
    let deny = || Cmd::new(&program).args(["--all-features", "--workspace"]).dir(root);
    deny().args(["check", "--hide-inclusion-graph", "bans", "licenses", "sources"]).run()?;
    if let Err(why) = deny().args(["fetch", "db"]).limit(FETCH_LIMIT).run() {
        println!("{why}");
        println!("the advisory database could not be reached: advisories are NOT checked in this run");
        return Ok(());
    }
    deny().args(["check", "--disable-fetch", "advisories"]).run()
}
