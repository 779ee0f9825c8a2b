//! Help by language models: titles, descriptions, analysis, licence advice; with fallback, caching, budgets and a log that
//! proves itself.
//!
//! The one idea: an answer is a typed value that passed the product's rules, whoever gave it. Everything else follows from
//! that: only such values are cached, shared between callers, and returned.
//!
//! ```text
//! ask -> bounds -> key -> this process's cache -> a load under way? -> load, in a task of its own
//!                                                                       shared cache
//!                                                                       each model that is not left alone:
//!                                                                         ledger: open   (the budget is reserved)
//!                                                                         provider: complete
//!                                                                         ladder: read, mend, check the rules
//!                                                                         ledger: close  (with the log's lines, one commit)
//! ```
//!
//! The service needs threads and is not there in a browser; questions, their rules and how answers are read are.

pub mod answer;
pub mod audit;
mod budget;
mod key;
mod offline;
mod operation;
pub mod operations;
mod reports;
pub mod stats;
mod text;

#[cfg(not(target_family = "wasm"))]
mod catalogue;
#[cfg(not(target_family = "wasm"))]
mod closing;
#[cfg(not(target_family = "wasm"))]
mod cooldown;
#[cfg(not(target_family = "wasm"))]
mod engine;
#[cfg(not(target_family = "wasm"))]
mod flight;
#[cfg(not(target_family = "wasm"))]
mod kept;
#[cfg(not(target_family = "wasm"))]
mod line;
#[cfg(not(target_family = "wasm"))]
mod load;
#[cfg(not(target_family = "wasm"))]
mod pass;
#[cfg(not(target_family = "wasm"))]
mod policy;
#[cfg(not(target_family = "wasm"))]
mod queue;
#[cfg(not(target_family = "wasm"))]
mod reply;
#[cfg(not(target_family = "wasm"))]
mod run;
#[cfg(not(target_family = "wasm"))]
mod service;
#[cfg(not(target_family = "wasm"))]
mod shared;
#[cfg(not(target_family = "wasm"))]
mod sharing;
#[cfg(not(target_family = "wasm"))]
mod telemetry;

pub use self::{
    budget::budget_spent,
    key::{AnswerKey, KeyHasher},
    offline::OfflineProvider,
    operation::{Operation, OperationKind, Tier, Value},
    reports::{Accept, AiReports},
    text::{estimated_tokens, normalized},
};
#[cfg(not(target_family = "wasm"))]
pub use self::{
    catalogue::ModelReport,
    policy::{AiPolicy, LogText, TierModel},
    reply::{Answer, Ask, Freshness, Reply, Scope},
    service::{AiBuilder, AiService},
};
