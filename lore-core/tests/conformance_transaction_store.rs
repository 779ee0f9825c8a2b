//! The transaction store suite on the store in memory.
#![cfg(feature = "conformance")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use lore_core::{
    Result, conformance::transaction_store::Harness, memory::transactions::MemoryTransactionStore,
    port::transactions::TransactionStore,
};

#[derive(Default)]
struct Memory {
    newest: Mutex<MemoryTransactionStore>,
}

impl Harness for Memory {
    async fn fresh(&self) -> Result<Arc<dyn TransactionStore>> {
        let store = MemoryTransactionStore::new();
        *self.newest.lock().unwrap() = store.clone();
        Ok(Arc::new(store))
    }

    /// Clones share their lanes: for the suite one of them is the other process.
    async fn again(&self) -> Result<Option<Arc<dyn TransactionStore>>> {
        Ok(Some(Arc::new(self.newest.lock().unwrap().clone())))
    }
}

mod memory {
    lore_core::transaction_store_conformance!(super::Memory::default());
}
