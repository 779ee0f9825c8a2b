//! The repository suite on the repository in memory.
#![cfg(feature = "conformance")]

use std::sync::Arc;

use lore_core::{
    CreationId, Result, conformance::repository::Harness, memory::repository::MemoryRepository,
    port::repository::Repository,
};

struct Memory;

impl Harness for Memory {
    async fn fresh(&self) -> Result<Arc<dyn Repository>> {
        Ok(Arc::new(MemoryRepository::new()))
    }

    async fn reopen(&self) -> Result<Option<Arc<dyn Repository>>> {
        Ok(None)
    }

    async fn plant_unknown_step(&self, _creation: &CreationId) -> Result<bool> {
        Ok(false)
    }
}

mod memory {
    lore_core::repository_conformance!(super::Memory);
}
