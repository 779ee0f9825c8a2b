//! Adapters in memory: real ones, that pass the suites of their ports. For tests, for browsers, and as the embedded
//! defaults where nothing else is configured.

pub mod ai_log;
pub mod ai_reports;
pub mod cache;
pub mod chain;
pub mod chain_events;
pub mod clock;
pub mod llm;
pub mod pins;
pub mod repository;
pub mod transactions;
