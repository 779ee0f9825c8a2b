//! Help by language models: titles, descriptions, analysis, licence advice; with fallback, caching, budgets and a log that
//! proves itself.
//!
//! The one idea: an answer is a typed value that passed the product's rules, whoever gave it. Everything else follows from
//! that: only such values are cached, shared between callers, and returned.

pub mod audit;
mod budget;
mod key;
mod operation;
mod text;

pub use self::{
    budget::budget_spent,
    key::{AnswerKey, KeyHasher},
    operation::{Operation, OperationKind, Tier, Value},
    text::normalized,
};
