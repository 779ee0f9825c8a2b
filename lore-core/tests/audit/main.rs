//! The audit log's bytes, proof, exports and archives.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod archivers;
mod archives;
mod bytes;
mod exports;
mod proof;

use lore_core::{
    ai::audit::AuditEntry, conformance::audit_log::fixtures::hit, memory::ai_log::MemoryAiLog,
    port::ai_log::AuditLog,
};

/// A log of so many lines.
async fn log_of(lines: u64) -> MemoryAiLog {
    let log = MemoryAiLog::new();
    log.append(&(1..=lines).map(hit).collect::<Vec<AuditEntry>>()).await.unwrap();
    log
}
