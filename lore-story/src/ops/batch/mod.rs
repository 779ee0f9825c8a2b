//! Many registrations at once, each with its own result.
//!
//! The workflows take several calls in one transaction (`multicall`), in which the sender stays the sender; an aggregator
//! would be the sender itself. All calls of a transaction fail together, so a transaction that would fail is never sent:
//! simulation tells, and it is halved until the bad ones are alone with their reasons.

mod packed;
mod plan;
mod run;

pub use self::{plan::BatchOptions, run::IN_FLIGHT};
