//! The audit log: what was asked of which model, by whom, what it cost, and proof that nobody changed a line since.

mod chain;
mod entry;

pub use self::{
    chain::{ChainHead, LoggedEntry},
    entry::{
        AuditEntry, CacheOutcome, CallEntry, CallOutcome, InputRecord, RequestEntry, RequestOutcome, Rung,
        Source,
    },
};
