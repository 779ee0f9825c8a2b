//! The chain event store suite on the store in memory.
#![cfg(feature = "conformance")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use lore_core::{
    Result, conformance::chain_event_store::Harness, memory::chain_events::MemoryChainEventStore,
    port::chain_events::ChainEventStore,
};

#[derive(Default)]
struct Memory {
    newest: Mutex<MemoryChainEventStore>,
}

impl Harness for Memory {
    async fn fresh(&self) -> Result<Arc<dyn ChainEventStore>> {
        let store = MemoryChainEventStore::new();
        *self.newest.lock().unwrap() = store.clone();
        Ok(Arc::new(store))
    }

    /// Clones share their events: for the suite one of them is the other process.
    async fn again(&self) -> Result<Option<Arc<dyn ChainEventStore>>> {
        Ok(Some(Arc::new(self.newest.lock().unwrap().clone())))
    }
}

mod memory {
    lore_core::chain_event_store_conformance!(super::Memory::default());
}
