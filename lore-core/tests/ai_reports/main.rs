//! Figures over logs: what is counted, reported, and who may see it.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod counting;
mod hand_made;
mod naive;
mod service;

use std::sync::Arc;

use lore_core::{
    ai::{AiReports, audit::AuditEntry},
    conformance::repository::fixtures::{address, asset, at, insert},
    memory::{
        ai_log::MemoryAiLog, ai_reports::MemoryAiReports, clock::ManualClock, repository::MemoryRepository,
    },
    port::ai_log::AuditLog,
};

/// A log, a store, and reports about them; asset 1 is user 1's, asset 2 user 2's.
struct World {
    log: MemoryAiLog,
    store: MemoryAiReports,
    reports: AiReports,
}

impl World {
    async fn new(lines: &[AuditEntry]) -> Self {
        let (log, store, repository) = (MemoryAiLog::new(), MemoryAiReports::new(), MemoryRepository::new());
        log.append(lines).await.unwrap();
        let mut assets = [asset(1).unwrap(), asset(2).unwrap()];
        assets[1].owner = address(2);
        insert(&repository, &assets).await.unwrap();
        let clock = Arc::new(ManualClock::new(at(9_999_999)));
        let reports =
            AiReports::new(Arc::new(log.clone()), Arc::new(store.clone()), Arc::new(repository), clock);
        Self { log, store, reports }
    }
}
