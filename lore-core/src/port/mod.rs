//! The ports: what Lore needs from the outside, one object-safe trait per thing.

pub mod ai_log;
pub mod ai_reports;
pub mod cache;
pub mod chain;
pub mod chain_events;
pub mod llm;
pub mod pins;
pub mod refusal;
pub mod repository;
pub mod transactions;
