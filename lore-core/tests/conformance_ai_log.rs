//! The suites of the audit log and the call ledger on the adapter in memory.
#![cfg(feature = "conformance")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, Mutex};

use lore_core::{
    Result, ai::audit::LoggedEntry, conformance::audit_log::Harness, memory::ai_log::MemoryAiLog,
    port::ai_log::CallLedger,
};

#[derive(Default)]
struct Memory {
    newest: Mutex<MemoryAiLog>,
}

impl Harness for Memory {
    async fn fresh(&self) -> Result<Arc<dyn CallLedger>> {
        let log = MemoryAiLog::new();
        *self.newest.lock().unwrap() = log.clone();
        Ok(Arc::new(log))
    }

    /// Clones share their lines: for the suite one of them is the other process.
    async fn again(&self) -> Result<Option<Arc<dyn CallLedger>>> {
        Ok(Some(Arc::new(self.newest.lock().unwrap().clone())))
    }

    async fn tamper(&self, place: u64, line: &LoggedEntry) -> Result<()> {
        assert!(self.newest.lock().unwrap().tamper(place, line.clone()));
        Ok(())
    }
}

mod log {
    lore_core::audit_log_conformance!(super::Memory::default());
}

mod ledger {
    lore_core::call_ledger_conformance!(super::Memory::default());
}
