//! [`Node`]: anvil as a process of its own, on a free port.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use alloy::primitives::Address;

use crate::{launch::launch, rpc::Rpc};

/// When set to `1`, a test that finds no node fails instead of saying so and passing.
const REQUIRE: &str = "LORE_REQUIRE_EVM_NODE";

/// Keys of the accounts that every node has, each with 10,000 of the currency. They are public: anvil derives them from
/// a mnemonic that everybody knows.
pub const KEYS: [&str; 10] = [
    "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "0x5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "0x7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "0x47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "0x8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "0x92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "0x4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "0xdbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "0x2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];

/// Their addresses, in the same order. The last one deploys the contracts: tests leave it alone, so that the nonces of
/// the others start at zero.
pub const ACCOUNTS: [Address; 10] = [
    alloy::primitives::address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    alloy::primitives::address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    alloy::primitives::address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    alloy::primitives::address!("90F79bf6EB2c4f870365E785982E1f101E93b906"),
    alloy::primitives::address!("15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    alloy::primitives::address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
    alloy::primitives::address!("976EA74026E726554dB657fA54763abd0C3a0aa9"),
    alloy::primitives::address!("14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
    alloy::primitives::address!("23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
    alloy::primitives::address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720"),
];

/// When the node makes blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Mining {
    /// One for each transaction, at once.
    #[default]
    Auto,
    /// One every so often.
    Every(Duration),
    /// Only when [`Node::mine`] says so.
    Manual,
}

/// How the node is started.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeOptions {
    /// The chain's id; 1315 (Aeneid) unless told.
    pub chain_id: u64,
    /// When blocks are made.
    pub mining: Mining,
    /// How many of [`KEYS`] have money and are unlocked.
    pub accounts: usize,
    /// The port; a free one unless told.
    pub port: u16,
    /// Further options, as anvil takes them.
    pub options: Vec<String>,
}

impl Default for NodeOptions {
    fn default() -> Self {
        Self { chain_id: 1315, mining: Mining::Auto, accounts: KEYS.len(), port: 0, options: Vec::new() }
    }
}

impl NodeOptions {
    /// With blocks made in this way.
    #[must_use]
    pub fn mining(mining: Mining) -> Self {
        Self { mining, ..Self::default() }
    }

    /// With another chain's id.
    #[must_use]
    pub fn chain_id(mut self, chain_id: u64) -> Self {
        self.chain_id = chain_id;
        self
    }

    /// On this port: to start again where a client looks.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// With a further option of anvil.
    #[must_use]
    pub fn option(mut self, option: impl Into<String>) -> Self {
        self.options.push(option.into());
        self
    }

    fn words(&self) -> Vec<String> {
        let mut words = vec!["--port".to_owned(), self.port.to_string()];
        words.extend(["--chain-id".to_owned(), self.chain_id.to_string()]);
        words.extend(["--accounts".to_owned(), self.accounts.to_string()]);
        match self.mining {
            Mining::Auto => (),
            Mining::Every(time) => words.extend(["--block-time".to_owned(), time.as_secs_f64().to_string()]),
            Mining::Manual => words.push("--no-mining".to_owned()),
        }
        words.extend(self.options.iter().cloned());
        words
    }
}

/// A running node. It ends when this is dropped, and when the process that started it ends.
#[derive(Debug)]
pub struct Node {
    rpc: Rpc,
    options: NodeOptions,
    /// Holds the node's standard input.
    child: Child,
}

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../tests/evm-node")
}

/// The node's program, where npm puts it: in a package of its own for each platform.
fn program() -> PathBuf {
    let system = match env::consts::OS {
        "macos" => "darwin",
        "windows" => "win32",
        system => system,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        processor => processor,
    };
    let package = format!("node_modules/@foundry-rs/anvil-{system}-{processor}/bin");
    directory().join(package).join(format!("anvil{}", env::consts::EXE_SUFFIX))
}

/// Why the node cannot be started here, if it cannot. Panics instead where the node is required.
#[must_use]
pub fn missing() -> Option<String> {
    if program().is_file() && directory().join("build").is_dir() {
        return None;
    }
    let why = "the EVM node is not installed; run `cargo xtask setup`";
    assert!(env::var_os(REQUIRE).is_none_or(|value| value != "1"), "{why}");
    Some(why.to_owned())
}

impl Node {
    /// Starts a node for the named test, or says why the test is skipped.
    ///
    /// `let Some(node) = Node::start("the_test", NodeOptions::default()).await else { return };`
    pub async fn start(test: &str, options: NodeOptions) -> Option<Self> {
        if let Some(why) = missing() {
            println!("skipped: {test}: {why}");
            return None;
        }
        // It takes a fifth of a second, in which other tasks go on.
        Some(tokio::task::spawn_blocking(|| Self::launch(options)).await.unwrap())
    }

    fn launch(options: NodeOptions) -> Self {
        let (program, words) = (program(), options.words());
        let mut arguments = vec![program.as_os_str()];
        arguments.extend(words.iter().map(OsStr::new));
        let (child, url) = launch(&directory(), &arguments);
        Self { rpc: Rpc::new(&url), options, child }
    }

    /// The node's own address, with nothing between.
    #[must_use]
    pub fn url(&self) -> &str {
        self.rpc.url()
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.url().rsplit(':').next().unwrap().parse().unwrap()
    }

    /// The node's JSON-RPC, with nothing between.
    #[must_use]
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// How it was started.
    #[must_use]
    pub fn options(&self) -> &NodeOptions {
        &self.options
    }

    /// Ends the node and starts an empty one at the same address: what clients stored about the chain is then wrong.
    /// With [`dump`](Self::dump) and [`load`](Self::load) around it, it is a node that was away for a while.
    pub async fn restart(self) -> Self {
        let options = self.options.clone().port(self.port());
        drop(self);
        tokio::task::spawn_blocking(|| Self::launch(options)).await.unwrap()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // The launcher ends the node when its input closes; ending the launcher alone would leave the node behind.
        drop(self.child.stdin.take());
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(5) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(2));
        }
        eprintln!("the EVM node on port {} did not end", self.port());
    }
}
