//! The report store suite on the store in memory.
#![cfg(feature = "conformance")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use lore_core::{
    Result, conformance::report_store::Harness, memory::ai_reports::MemoryAiReports,
    port::ai_reports::ReportStore,
};

#[derive(Default)]
struct Memory {
    newest: Mutex<MemoryAiReports>,
}

impl Harness for Memory {
    async fn fresh(&self) -> Result<Arc<dyn ReportStore>> {
        let store = MemoryAiReports::new();
        *self.newest.lock().unwrap() = store.clone();
        Ok(Arc::new(store))
    }

    /// Clones share their records: for the suite one of them is the other process.
    async fn again(&self) -> Result<Option<Arc<dyn ReportStore>>> {
        Ok(Some(Arc::new(self.newest.lock().unwrap().clone())))
    }
}

mod memory {
    lore_core::report_store_conformance!(super::Memory::default());
}
