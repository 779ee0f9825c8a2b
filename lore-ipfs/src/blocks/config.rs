//! [`BlockStoreConfig`].

use std::path::PathBuf;

use lore_core::content::unixfs::Profile;
use serde::{Deserialize, Serialize};

/// Where and how a [`BlockStore`](super::BlockStore) keeps content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BlockStoreConfig {
    /// The directory; made if it does not exist.
    pub directory: PathBuf,
    /// How new content is cut into blocks. Default: [`Profile::UnixFsV1_2025`]. Content that was pinned under another
    /// profile stays readable.
    #[serde(default = "default_profile")]
    pub profile: Profile,
    /// Largest content in bytes. Default: 25 GiB.
    #[serde(default = "default_max_bytes")]
    pub max_bytes: u64,
}

const fn default_profile() -> Profile {
    Profile::UnixFsV1_2025
}

const fn default_max_bytes() -> u64 {
    25 * 1024 * 1024 * 1024
}

impl BlockStoreConfig {
    /// The defaults, in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), profile: default_profile(), max_bytes: default_max_bytes() }
    }

    /// Sets how new content is cut into blocks.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets the largest content in bytes.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }
}
