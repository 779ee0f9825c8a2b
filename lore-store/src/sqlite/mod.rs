//! Lore's records in one SQLite file.
//!
//! One connection writes and a few read: in WAL mode readers never wait for the writer, and writers queue in the process
//! instead of meeting on the file's lock. Every write is one `BEGIN IMMEDIATE` transaction that is on disk before the call
//! returns. A call that is dropped half way takes its connection with it: SQLite rolls back, and the next call opens
//! another one.

mod ai_log;
mod ai_report_rows;
mod ai_reports;
mod ai_rows;
mod asset_rows;
mod chain_event_rows;
mod chain_events;
mod commit;
mod config;
mod connection;
mod creation_rows;
mod error;
mod list;
mod migrations;
mod repository;
mod search;
#[cfg(test)]
mod tests;
mod transaction_rows;
mod transactions;
mod values;

pub use self::{
    ai_log::SqliteAiLog, ai_reports::SqliteAiReports, chain_events::SqliteChainEventStore,
    config::SqliteConfig, repository::SqliteRepository, transactions::SqliteTransactionStore,
};
