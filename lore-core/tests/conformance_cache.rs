//! The cache suite on the cache in memory.
#![cfg(feature = "conformance")]

use std::{sync::Arc, time::Duration};

use lore_core::{
    Result,
    conformance::cache::Harness,
    memory::{cache::MemoryCache, clock::ManualClock},
    port::cache::Cache,
};

#[derive(Default)]
struct Memory {
    clock: ManualClock,
}

impl Harness for Memory {
    async fn fresh(&self) -> Result<Arc<dyn Cache>> {
        Ok(Arc::new(MemoryCache::new(Arc::new(self.clock.clone()), MemoryCache::DEFAULT_BYTES)))
    }

    async fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }
}

mod memory {
    lore_core::cache_conformance!(super::Memory::default());
}
