//! The suite of the port, against the block store under every profile.
#![expect(clippy::unwrap_used, reason = "a test without a directory must stop")]

use std::sync::{Arc, OnceLock};

use lore_core::{Result, conformance::pin_store::Harness, content::unixfs::Profile, port::pins::PinStore};
use lore_ipfs::blocks::{BlockStore, BlockStoreConfig};

struct BlocksHarness {
    directory: tempfile::TempDir,
    profile: Profile,
    store: OnceLock<BlockStore>,
}

impl BlocksHarness {
    fn new(profile: Profile) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), profile, store: OnceLock::new() }
    }
}

impl Harness for BlocksHarness {
    async fn fresh(&self) -> Result<Arc<dyn PinStore>> {
        let config = BlockStoreConfig::new(self.directory.path()).with_profile(self.profile);
        let store = BlockStore::open(config).await?;
        Ok(Arc::new(self.store.get_or_init(|| store).clone()))
    }

    async fn uploads(&self) -> Option<u64> {
        Some(self.store.get()?.stats().await.ok()?.uploads)
    }
}

mod v0_2015 {
    lore_core::pin_store_conformance!(super::BlocksHarness::new(super::Profile::UnixFsV0_2015));
}

mod v1_2025 {
    lore_core::pin_store_conformance!(super::BlocksHarness::new(super::Profile::UnixFsV1_2025));
}

mod pinata {
    lore_core::pin_store_conformance!(super::BlocksHarness::new(super::Profile::Pinata));
}
