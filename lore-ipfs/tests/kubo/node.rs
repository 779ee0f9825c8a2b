//! Starts the real node of `tests/ipfs-node`, once for all tests of this binary.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{self, Child},
    sync::OnceLock,
};

use crate::launch::launch;

struct Running {
    url: String,
    /// Holds the node's standard input: when this process ends, however it ends, the node stops and cleans up.
    _child: Child,
}

static NODE: OnceLock<Running> = OnceLock::new();

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ipfs-node")
}

/// Why the node cannot be started here, if it cannot. Panics instead where the node is required.
pub(crate) fn missing() -> Option<String> {
    if directory().join("node_modules/ipfs-core").is_dir() {
        return None;
    }
    let why = "the node is not installed; run `npm ci --ignore-scripts` in tests/ipfs-node";
    assert!(env::var_os("LORE_REQUIRE_IPFS_NODE").is_none_or(|value| value != "1"), "{why}");
    Some(why.to_owned())
}

/// Address of the node's RPC. Starts the node if it is not running yet.
pub(crate) fn node_url() -> &'static str {
    &NODE.get_or_init(start).url
}

fn start() -> Running {
    let repository = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("ipfs-node-{}", process::id()));
    fs::create_dir_all(&repository).unwrap();
    let (child, url) = launch(&directory(), &[repository.as_os_str(), "0".as_ref(), "--remove".as_ref()]);
    Running { url, _child: child }
}
