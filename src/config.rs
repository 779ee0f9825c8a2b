//! [`Config`]: which adapters, and where.

use std::path::{Path, PathBuf};

use lore_core::{Address, ChainId, ai::AiPolicy, memory::chain::SimulatedConfig};
use serde::Deserialize;

/// Everything [`open`](crate::open) needs. Real services are other values here, not another code path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where records are kept.
    pub store: StoreConfig,
    /// Where content is kept.
    pub pins: PinsConfig,
    /// Which chain.
    pub chain: ChainConfig,
    /// How patient creations are.
    #[serde(default)]
    pub creation: CreationConfig,
    /// How calls to adapters are guarded.
    #[serde(default)]
    pub calls: CallConfig,
    /// Which language models help, and how.
    #[serde(default)]
    pub ai: AiConfig,
}

/// Where records are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum StoreConfig {
    /// In a SQLite file.
    Sqlite {
        /// The file; made if it is not there.
        path: PathBuf,
    },
}

/// Where content is kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PinsConfig {
    /// In a directory of this machine.
    Blocks {
        /// The directory; made if it is not there.
        path: PathBuf,
    },
    /// At Pinata.
    #[cfg(feature = "pinata")]
    Pinata(lore_ipfs::pinata::PinataConfig),
    /// At a Kubo node or a compatible one.
    #[cfg(feature = "kubo")]
    Kubo(lore_ipfs::kubo::KuboConfig),
}

/// Which chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum ChainConfig {
    /// A simulated one, which nothing outside this application knows of.
    Simulated {
        /// Where its transactions are kept; made if it is not there. `None`: in memory only.
        path: Option<PathBuf>,
        /// Its id.
        chain_id: ChainId,
        /// The account that signs.
        signer: Address,
    },
    /// A chain that carries the protocol's contracts.
    #[cfg(feature = "story")]
    Story(Box<StoryChainConfig>),
}

/// Story Protocol, signed for with a key of this machine. For a key that is elsewhere, build the
/// [`StoryClient`](lore_story::StoryClient) and hand it to [`Lore::builder`](lore_core::Lore::builder).
#[cfg(feature = "story")]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StoryChainConfig {
    /// Network, collection, and how transactions are treated.
    pub client: lore_story::StoryConfig,
    /// The private key: 32 bytes in hexadecimal digits, with or without `0x`.
    pub key: lore_core::Secret,
}

#[cfg(feature = "story")]
impl StoryChainConfig {
    /// Signs with this key.
    #[must_use]
    pub const fn new(client: lore_story::StoryConfig, key: lore_core::Secret) -> Self {
        Self { client, key }
    }
}

/// How patient creations are; see [`CreationPolicy`](lore_core::creation::CreationPolicy).
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CreationConfig {
    /// How long a driver that died keeps others out, in seconds.
    pub lease_seconds: u64,
    /// Attempts at one step before the creation is stuck.
    pub max_attempts: u32,
}

impl Default for CreationConfig {
    fn default() -> Self {
        Self { lease_seconds: 30, max_attempts: 5 }
    }
}

/// How calls to adapters are guarded.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CallConfig {
    /// How long one call may take, in seconds.
    pub timeout_seconds: u64,
    /// Attempts at one call that surely had no effect.
    pub max_attempts: u32,
    /// Calls to one port at once.
    pub max_concurrent: usize,
}

impl Default for CallConfig {
    fn default() -> Self {
        Self { timeout_seconds: 300, max_attempts: 3, max_concurrent: 64 }
    }
}

/// Which language models help, and how.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AiConfig {
    /// Endpoints with their keys, asked in this order. None: documented rules answer on this machine, and say so.
    #[cfg(feature = "ai")]
    pub endpoints: Vec<lore_ai::OpenAiConfig>,
    /// A Redis server that several processes share answers through. None: each process has its own.
    #[cfg(feature = "redis")]
    pub shared_cache: Option<lore_store::redis::RedisConfig>,
    /// Models, times, budgets, and what the log keeps.
    pub policy: AiPolicy,
}

impl Config {
    /// Everything in one directory, on this machine alone: SQLite, a block store, a simulated chain.
    pub fn embedded(dir: impl AsRef<Path>, signer: Address) -> Self {
        let dir = dir.as_ref();
        Self {
            store: StoreConfig::Sqlite { path: dir.join("lore.sqlite") },
            pins: PinsConfig::Blocks { path: dir.join("blocks") },
            chain: ChainConfig::Simulated {
                path: Some(dir.join("simulated-chain.jsonl")),
                chain_id: SimulatedConfig::default().chain_id,
                signer,
            },
            creation: CreationConfig::default(),
            calls: CallConfig::default(),
            ai: AiConfig::default(),
        }
    }
}
