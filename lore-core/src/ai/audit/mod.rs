//! The audit log: what was asked of which model, by whom, what it cost, and proof that nobody changed a line since.
//!
//! The one idea: a line's hash is over its bytes and the hash before, so the last hash holds for all. Stores keep bytes and
//! hashes; what they mean, and whether they are true, is decided here.

#[cfg(not(target_family = "wasm"))]
mod archive;
pub mod canonical;
mod chain;
mod check;
mod codec;
mod entry;
mod export;
mod recover;
#[cfg(not(target_family = "wasm"))]
mod unfinished;
mod verify;

#[cfg(not(target_family = "wasm"))]
pub use self::archive::{Archived, Statistics, archive, verify_file, verify_with_archives};
pub use self::{
    chain::{ChainHead, LoggedEntry},
    check::{AuditReport, BrokenLine, LineFault, Verdict},
    entry::{
        AuditEntry, CacheOutcome, CallEntry, CallOutcome, InputRecord, RequestEntry, RequestOutcome, Rung,
        Source,
    },
    export::{ExportCheck, export, verify_export},
    recover::close_overdue_calls,
    verify::verify,
};
